//! The daily partitions of `event`.

use chrono::{Days, NaiveDate};
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, PgPool};

/// A partition: the events that were received on one day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition(pub NaiveDate);

impl Partition {
    /// `event_20261121`. Made of digits only, so that it can stand in a statement.
    pub fn table(self) -> String {
        self.0.format("event_%Y%m%d").to_string()
    }

    fn of_table(name: &str) -> Option<Self> {
        NaiveDate::parse_from_str(name, "event_%Y%m%d")
            .ok()
            .map(Self)
    }
}

/// Today, by the clock that gives events their `received_at`.
pub async fn today(db: impl PgExecutor<'_>) -> sqlx::Result<NaiveDate> {
    sqlx::query_scalar!(r#"select (clock_timestamp() at time zone 'UTC')::date as "today!""#)
        .fetch_one(db)
        .await
}

/// All partitions, also those that were taken from the table and not dropped yet.
pub async fn all(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Partition>> {
    let names = sqlx::query_scalar!(
        r#"select relname::text as "name!" from pg_class
        where relkind = 'r'
            and relnamespace = (select relnamespace from pg_class where oid = 'event'::regclass)
        order by 1"#
    )
    .fetch_all(db)
    .await?;
    Ok(names
        .iter()
        .filter_map(|name| Partition::of_table(name))
        .collect())
}

/// Makes every other maker of partitions wait until this transaction ends. Readers and writers
/// of events go on.
pub async fn lock_for_making(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("lock table event in share update exclusive mode")
        .execute(db)
        .await?;
    Ok(())
}

/// Makes a partition. `ATTACH` lets readers and writers go on, `CREATE ... PARTITION OF` does not.
pub async fn make(db: &mut PgConnection, partition: Partition) -> sqlx::Result<()> {
    let Partition(day) = partition;
    let table = partition.table();
    let end = day + Days::new(1);
    let statement = format!(
        "create table {table} (like event including defaults including constraints);
        alter table event attach partition {table}
            for values from ('{day} 00:00:00+00') to ('{end} 00:00:00+00')"
    );
    // Only digits and dates were put into it.
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(db).await?;
    Ok(())
}

/// Drops a partition with its events. Readers and writers of the other days go on.
///
/// May be called again after it failed in its middle.
pub async fn drop(db: &PgPool, partition: Partition) -> sqlx::Result<()> {
    let table = partition.table();
    let pending = sqlx::query_scalar!(
        "select inhdetachpending from pg_inherits
        where inhrelid = to_regclass($1) and inhparent = 'event'::regclass",
        table
    )
    .fetch_optional(db)
    .await?;
    let how = match pending {
        Some(false) => Some("concurrently"),
        Some(true) => Some("finalize"),
        None => None,
    };
    if let Some(how) = how {
        let detach = format!("alter table event detach partition {table} {how}");
        sqlx::raw_sql(AssertSqlSafe(detach)).execute(db).await?;
    }
    sqlx::raw_sql(AssertSqlSafe(format!("drop table if exists {table}")))
        .execute(db)
        .await?;
    Ok(())
}

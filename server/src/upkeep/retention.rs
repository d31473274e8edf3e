//! What is too old goes: events by the day, for a dropped table costs nothing and deleted rows cost
//! a vacuum; the ledger, which is small, by the row.

use analysis::Timestamp;
use chrono::{Days, NaiveDate, NaiveTime};
use sqlx::PgPool;
use tracing::info;
use uuid::Uuid;

use super::lease::Lease;
use super::partitions::ensure;
use crate::app::App;
use crate::config::Retention;
use crate::db::{gaps, partitions, runs};

/// Rows that one statement deletes: far less than a statement may take, and ingest is not held up.
const AT_ONCE: u32 = 5_000;

/// Makes partitions ahead and drops what is too old, on one replica at a time.
pub(super) async fn pass(app: &App) -> sqlx::Result<()> {
    keep(&app.ingest_db, app.replica, &app.config.retention).await
}

/// One pass: drops whole days of events, then runs and gaps of the ledger.
///
/// # Errors
///
/// If Postgres does not answer. What was begun is finished by the next pass.
pub async fn keep(db: &PgPool, replica: Uuid, retention: &Retention) -> sqlx::Result<()> {
    let Some(lease) = Lease::take(db, "partitions", replica).await? else {
        return Ok(());
    };
    ensure(db).await?;
    let today = partitions::today(db).await?;
    if let Some(oldest) = oldest_kept(today, retention.events_days) {
        keep_events(db, &lease, oldest).await?;
    }
    if let Some(oldest) = oldest_kept(today, retention.ledger_days) {
        keep_ledger(db, &lease, oldest).await?;
    }
    Ok(())
}

/// `None`: there are not as many days, so everything is kept. Postgres has no such dates either.
fn oldest_kept(today: NaiveDate, days: u32) -> Option<NaiveDate> {
    let oldest = today.checked_sub_days(Days::new(days.into()))?;
    (oldest >= NaiveDate::default()).then_some(oldest)
}

async fn keep_events(db: &PgPool, lease: &Lease, oldest: NaiveDate) -> sqlx::Result<()> {
    for partition in partitions::all(db).await? {
        if partition.0 >= oldest {
            continue;
        }
        if !lease.still_held(db).await? {
            return Ok(());
        }
        partitions::drop(db, partition).await?;
        let table = partition.table();
        info!(partition = table, "dropped partition {table}");
    }
    Ok(())
}

async fn keep_ledger(db: &PgPool, lease: &Lease, oldest: NaiveDate) -> sqlx::Result<()> {
    let before: Timestamp = oldest.and_time(NaiveTime::MIN).and_utc();
    let limit = i64::from(AT_ONCE);
    let (mut old_runs, mut old_gaps, mut rest) = (0, 0, true);
    while rest && lease.still_held(db).await? {
        let (some_runs, some_gaps) = (
            runs::forget(db, before, limit).await?,
            gaps::forget(db, before, limit).await?,
        );
        old_runs += some_runs;
        old_gaps += some_gaps;
        rest = some_runs.max(some_gaps) >= u64::from(AT_ONCE);
    }
    if old_runs + old_gaps > 0 {
        info!(
            runs = old_runs,
            gaps = old_gaps,
            "deleted what was in the ledger before {oldest}: {old_runs} runs, {old_gaps} gaps"
        );
    }
    Ok(())
}

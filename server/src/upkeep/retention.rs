//! Old events go by the day: a dropped table costs nothing, deleted rows cost a vacuum.

use chrono::Days;
use sqlx::PgPool;
use tracing::info;
use uuid::Uuid;

use super::lease::Lease;
use super::partitions::ensure;
use crate::app::App;
use crate::db::partitions;

/// Makes partitions ahead and drops those that are too old, on one replica at a time.
pub(super) async fn pass(app: &App) -> sqlx::Result<()> {
    keep(
        &app.ingest_db,
        app.replica,
        app.config.retention.events_days,
    )
    .await
}

/// One pass: drops whole days that are more than `days` days old. The restart ledger stays.
///
/// # Errors
///
/// If Postgres does not answer. What was begun is finished by the next pass.
pub async fn keep(db: &PgPool, replica: Uuid, days: u32) -> sqlx::Result<()> {
    let Some(lease) = Lease::take(db, "partitions", replica).await? else {
        return Ok(());
    };
    ensure(db).await?;
    let today = partitions::today(db).await?;
    // So many days that there are not as many: everything is kept.
    let Some(oldest) = today.checked_sub_days(Days::new(days.into())) else {
        return Ok(());
    };
    for partition in partitions::all(db).await? {
        if partition.0 >= oldest {
            continue;
        }
        if !lease.still_held(db).await? {
            return Ok(());
        }
        partitions::drop(db, partition).await?;
        info!(
            partition = partition.table(),
            days,
            "dropped partition {}",
            partition.table()
        );
    }
    Ok(())
}

//! Partitions are made ahead of time.

use chrono::Days;
use sqlx::PgPool;
use tracing::info;

use crate::db::partitions::{self, Partition};

/// So many days beyond today have their partition.
const AHEAD: u64 = 7;

/// Makes the partitions of today and the week ahead that are missing.
///
/// Any number of servers may do this at once.
///
/// # Errors
///
/// If Postgres does not answer; call it again.
pub async fn ensure(db: &PgPool) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let today = partitions::today(&mut *tx).await?;
    let wanted = || (0..=AHEAD).map(|days| Partition(today + Days::new(days)));
    let there = partitions::all(&mut *tx).await?;
    if wanted().all(|partition| there.contains(&partition)) {
        return Ok(());
    }
    partitions::lock_for_making(&mut tx).await?;
    // Somebody may have made them while we waited.
    let there = partitions::all(&mut *tx).await?;
    for partition in wanted().filter(|partition| !there.contains(partition)) {
        partitions::make(&mut tx, partition).await?;
        info!(
            partition = partition.table(),
            "made partition {}",
            partition.table()
        );
    }
    tx.commit().await
}

//! What is known to be missing.

use analysis::Timestamp;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A stretch of which nothing is known but what is said here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapRow {
    pub gap_id: Uuid,
    /// The host's clock.
    pub at: Timestamp,
    pub source: String,
    /// Stable name of `analysis::event::GapReason`.
    pub reason: &'static str,
    /// `None`: nobody counted.
    pub lost: Option<u64>,
    pub detail: String,
}

/// Names a gap by what it was declared in, so that declaring it twice stores it once.
pub fn gap_id(agent: Uuid, what: &str, epoch: u64, seq: u64) -> Uuid {
    Uuid::new_v5(&agent, format!("{what}/{epoch}/{seq}").as_bytes())
}

/// Stores gaps; those that are known already stay as they are.
pub async fn insert(
    db: &mut PgConnection,
    agent: Uuid,
    gaps: &[GapRow],
    now: Timestamp,
) -> sqlx::Result<()> {
    for gap in gaps {
        sqlx::query!(
            "insert into gap (agent_id, gap_id, recorded_at, at, source, reason, lost, detail)
            values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
            agent,
            gap.gap_id,
            now,
            gap.at,
            gap.source,
            gap.reason,
            gap.lost.map(|lost| i64::try_from(lost).unwrap_or(i64::MAX)),
            gap.detail
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Deletes up to `limit` gaps that were stored before `before`, the oldest first. Tells how many:
/// fewer than `limit`, and those were all.
pub async fn forget(db: impl PgExecutor<'_>, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "delete from gap where ctid = any (array(
            select ctid from gap where recorded_at < $1
            order by recorded_at limit $2 for update skip locked
        ))",
        before,
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// A gap as it is read.
#[derive(Clone, Debug)]
pub struct StoredGap {
    pub at: Timestamp,
    pub source: String,
    pub reason: String,
    pub lost: Option<i64>,
    pub detail: String,
}

/// The gaps of a host within `since..until` on its clock, at most `limit`, the newest first.
pub async fn of_host(
    db: impl PgExecutor<'_>,
    agent: Uuid,
    since: Timestamp,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<StoredGap>> {
    sqlx::query_as!(
        StoredGap,
        "select at, source, reason, lost, detail from gap
        where agent_id = $1 and at >= $2 and at < $3 order by at desc limit $4",
        agent,
        since,
        until,
        limit
    )
    .fetch_all(db)
    .await
}

//! The public halves of the keys that sign orders.

use analysis::Timestamp;
use sqlx::{PgConnection, PgExecutor};

/// Keeps others from adding a key until the transaction ends: one of several servers that start
/// together makes the first.
pub async fn lock(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("lock table order_key in share row exclusive mode")
        .execute(db)
        .await?;
    Ok(())
}

/// All keys, the oldest first.
pub async fn all(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!("select public_key from order_key order by created_at, public_key")
        .fetch_all(db)
        .await
}

pub async fn insert(
    db: impl PgExecutor<'_>,
    public_key: &[u8],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into order_key (public_key, created_at) values ($1, $2)",
        public_key,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

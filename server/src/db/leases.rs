//! Work that one replica does at a time.

use sqlx::PgExecutor;
use uuid::Uuid;

/// Takes or prolongs the lease `name` for `seconds`. Answers its generation, `None`: another
/// replica holds it. Every change of the holder raises the generation.
pub async fn acquire(
    db: impl PgExecutor<'_>,
    name: &str,
    holder: Uuid,
    seconds: i32,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "insert into lease as l (name, holder, generation, expires_at)
        values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
        on conflict (name) do update set
            holder = excluded.holder,
            generation = l.generation + case when l.holder = excluded.holder then 0 else 1 end,
            expires_at = excluded.expires_at
        where l.holder = excluded.holder or l.expires_at < clock_timestamp()
        returning generation",
        name,
        holder,
        f64::from(seconds)
    )
    .fetch_optional(db)
    .await
}

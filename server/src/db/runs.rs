//! The restart ledger.

use analysis::Timestamp;
use analysis::identity::BootId;
use analysis::run::Run;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// A run of some host.
#[derive(Clone, Debug)]
pub struct RunRow {
    pub agent_id: Uuid,
    pub run: Json<Run>,
}

/// The run of one invocation, locked until the transaction ends.
pub async fn of_invocation(
    db: &mut PgConnection,
    agent: Uuid,
    unit: &str,
    invocation: Uuid,
) -> sqlx::Result<Option<Run>> {
    let run = sqlx::query_scalar!(
        r#"select run as "run: Json<Run>" from unit_run
        where agent_id = $1 and unit = $2 and invocation_id = $3 for update"#,
        agent,
        unit,
        invocation
    )
    .fetch_optional(db)
    .await?;
    Ok(run.map(|run| run.0))
}

/// The runs of a host that have not stopped, as far as is known, and that ended with the boot
/// `ended`: its own, and those of older boots, which began before `at`. Never one of `running`,
/// the boot that tells of it: a clock may have been ahead before.
pub async fn ended_with(
    db: &mut PgConnection,
    agent: Uuid,
    ended: BootId,
    at: Timestamp,
    running: BootId,
) -> sqlx::Result<Vec<Run>> {
    let runs = sqlx::query_scalar!(
        r#"select run as "run: Json<Run>" from unit_run
        where agent_id = $1 and stopped_at is null and boot_id <> $4
            and (boot_id = $2 or started_at < $3)
        order by started_at, unit for update"#,
        agent,
        ended.0,
        at,
        running.0
    )
    .fetch_all(db)
    .await?;
    Ok(runs.into_iter().map(|run| run.0).collect())
}

/// Stores a run as it is known by now.
pub async fn upsert(db: &mut PgConnection, agent: Uuid, run: &Run) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into unit_run (agent_id, unit, invocation_id, boot_id, started_at, ready_at,
            stopped_at, cause, certainty, run)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (agent_id, unit, invocation_id) do update set
            boot_id = excluded.boot_id, started_at = excluded.started_at,
            ready_at = excluded.ready_at, stopped_at = excluded.stopped_at,
            cause = excluded.cause, certainty = excluded.certainty, run = excluded.run,
            changed_at = now()",
        agent,
        run.unit.as_str(),
        run.invocation.0,
        run.boot.0,
        run.started_at,
        run.ready_at,
        run.stopped_at,
        run.stop.as_ref().map(|stop| stop.cause.name()),
        run.stop.as_ref().map(|stop| stop.certainty.name()),
        storable(run)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The JSON of a run without NUL, which Postgres' `jsonb` cannot hold and a host may well send.
fn storable(run: &Run) -> Value {
    let mut json = serde_json::to_value(run).unwrap_or_default();
    replace_nul(&mut json);
    json
}

fn replace_nul(json: &mut Value) {
    match json {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(items) => items.iter_mut().for_each(replace_nul),
        Value::Object(fields) => fields.values_mut().for_each(replace_nul),
        _ => {}
    }
}

/// Since when something is recorded of a host. `None`: nothing is.
pub async fn recorded_since(
    db: impl PgExecutor<'_>,
    agent: Uuid,
) -> sqlx::Result<Option<Timestamp>> {
    sqlx::query_scalar!(
        "select min(coalesce(started_at, ready_at, stopped_at)) from unit_run where agent_id = $1",
        agent
    )
    .fetch_one(db)
    .await
}

/// Deletes up to `limit` runs that have stopped, and of which nothing new was heard since `before`,
/// by the server's clock; the longest unheard first. Tells how many: fewer than `limit`, and those
/// were all.
pub async fn forget(db: impl PgExecutor<'_>, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "delete from unit_run where ctid = any (array(
            select ctid from unit_run where stopped_at is not null and changed_at < $1
            order by changed_at limit $2 for update skip locked
        ))",
        before,
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Runs of one host that were up within `since..until`, the newest first. `unit`: of this one.
pub async fn of_host(
    db: impl PgExecutor<'_>,
    agent: Uuid,
    unit: Option<&str>,
    since: Timestamp,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<RunRow>> {
    sqlx::query_as!(
        RunRow,
        r#"select agent_id, run as "run: Json<Run>" from unit_run
        where agent_id = $1 and ($2::text is null or unit = $2)
            and (stopped_at is null or stopped_at >= $3)
            and (started_at is null or started_at < $4)
        order by coalesce(started_at, stopped_at) desc nulls last, unit, invocation_id limit $5"#,
        agent,
        unit,
        since,
        until,
        limit
    )
    .fetch_all(db)
    .await
}

/// Runs of one unit on all hosts that stopped within `since..until`, the newest first.
pub async fn of_unit(
    db: impl PgExecutor<'_>,
    unit: &str,
    since: Timestamp,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<RunRow>> {
    sqlx::query_as!(
        RunRow,
        r#"select agent_id, run as "run: Json<Run>" from unit_run
        where unit = $1 and stopped_at >= $2 and stopped_at < $3
        order by stopped_at desc, agent_id, invocation_id limit $4"#,
        unit,
        since,
        until,
        limit
    )
    .fetch_all(db)
    .await
}

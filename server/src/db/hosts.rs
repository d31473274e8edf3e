//! The registry: what hosts say of themselves, and whether they can be asked.

use analysis::Timestamp;
use analysis::fleet::{Capability, HostFacts};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// What a Hello says that the registry keeps.
#[derive(Clone, Debug)]
pub struct Connected {
    pub host_name: String,
    pub machine_id: String,
    pub facts: HostFacts,
    pub boot_id: Uuid,
    pub heard: Heard,
}

/// What Hello and heartbeats say.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    pub last_durable_seq: i64,
    /// Wall clock of the host minus the server's.
    pub clock_offset_ms: i64,
}

/// One row of the registry, with what the stream adds to it.
#[derive(Clone, Debug)]
pub struct HostRow {
    pub agent_id: Uuid,
    pub host_name: String,
    pub labels: Value,
    pub enrolled_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub revoked_reason: Option<String>,
    pub certificate_expires_at: Timestamp,
    pub facts: Option<Json<HostFacts>>,
    pub connected_at: Option<Timestamp>,
    pub disconnected_at: Option<Timestamp>,
    pub disconnect_reason: Option<String>,
    pub last_heard_at: Option<Timestamp>,
    pub last_durable_seq: Option<i64>,
    pub clock_offset_ms: Option<i64>,
    pub acked: Option<i64>,
    pub clone_suspected_at: Option<Timestamp>,
}

/// Takes note of a Hello.
pub async fn connected(
    db: &mut PgConnection,
    agent: Uuid,
    hello: &Connected,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update agent set host_name = $2, machine_id = $3, facts = $4, boot_id = $5,
            last_durable_seq = $6, clock_offset_ms = $7, connected_at = $8, last_heard_at = $8,
            disconnected_at = null, disconnect_reason = null
        where agent_id = $1",
        agent,
        hello.host_name,
        hello.machine_id,
        Json(&hello.facts) as _,
        hello.boot_id,
        hello.heard.last_durable_seq,
        hello.heard.clock_offset_ms,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes note of a heartbeat of the stream `session`. False: that is not the newest stream.
///
/// Heals what another replica may have thought: an agent that is heard is connected.
pub async fn heard(
    db: impl PgExecutor<'_>,
    agent: Uuid,
    session: u64,
    heard: Heard,
    capabilities: &[Capability],
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update agent set last_heard_at = clock_timestamp(), last_durable_seq = $3,
            clock_offset_ms = $4, facts = jsonb_set(facts, '{capabilities}', $5),
            disconnected_at = null, disconnect_reason = null
        where agent_id = $1
            and exists (select 1 from agent_stream where agent_id = $1 and session = $2)",
        agent,
        session.cast_signed(),
        heard.last_durable_seq,
        heard.clock_offset_ms,
        Json(capabilities) as _
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes note that the stream `session` ended, unless a newer one took its place.
///
/// `reason` is a stable name of `analysis::fleet::OfflineReason`.
pub async fn disconnected(
    db: impl PgExecutor<'_>,
    agent: Uuid,
    session: u64,
    reason: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update agent set disconnected_at = clock_timestamp(), disconnect_reason = $3
        where agent_id = $1 and disconnected_at is null
            and exists (select 1 from agent_stream where agent_id = $1 and session = $2)",
        agent,
        session.cast_signed(),
        reason
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks as lost whoever was not heard for `silence_s` seconds: its replica died along with the
/// connection, so that nobody else will.
pub async fn mark_lost(db: impl PgExecutor<'_>, silence_s: f64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update agent a set disconnected_at = clock_timestamp(), disconnect_reason = 'lost'
        where connected_at is not null and disconnected_at is null
            and last_heard_at < clock_timestamp() - make_interval(secs => $1)
            and not exists (select 1 from agent_stream s where s.agent_id = a.agent_id
                and s.updated_at >= clock_timestamp() - make_interval(secs => $1))",
        silence_s
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Hosts by name, at most `limit`. `query`: part of a name; `labels`: what theirs have to contain.
pub async fn list(
    db: impl PgExecutor<'_>,
    query: Option<&str>,
    labels: &Value,
    limit: i64,
) -> sqlx::Result<Vec<HostRow>> {
    sqlx::query_as!(
        HostRow,
        r#"select a.agent_id, a.host_name, a.labels, a.enrolled_at, a.revoked_at, a.revoked_reason,
            a.certificate_expires_at, a.facts as "facts: Json<HostFacts>", a.connected_at,
            a.disconnected_at, a.disconnect_reason, a.last_durable_seq, a.clock_offset_ms,
            case when a.connected_at is not null then greatest(a.last_heard_at, s.updated_at) end
                as last_heard_at,
            s.acked as "acked?", s.clone_suspected_at as "clone_suspected_at?"
        from agent a left join agent_stream s using (agent_id)
        where ($1::text is null or position(lower($1) in lower(a.host_name)) > 0)
            and a.labels @> $2
        order by a.host_name, a.agent_id limit $3"#,
        query,
        labels,
        limit
    )
    .fetch_all(db)
    .await
}

/// The host with this `id`, or without one those called `name`, at most `limit`. Revoked ones come
/// last.
///
/// Not both: a host that calls itself by another's id would stand in that one's way.
pub async fn find(
    db: impl PgExecutor<'_>,
    id: Option<Uuid>,
    name: &str,
    limit: i64,
) -> sqlx::Result<Vec<HostRow>> {
    sqlx::query_as!(
        HostRow,
        r#"select a.agent_id, a.host_name, a.labels, a.enrolled_at, a.revoked_at, a.revoked_reason,
            a.certificate_expires_at, a.facts as "facts: Json<HostFacts>", a.connected_at,
            a.disconnected_at, a.disconnect_reason, a.last_durable_seq, a.clock_offset_ms,
            case when a.connected_at is not null then greatest(a.last_heard_at, s.updated_at) end
                as last_heard_at,
            s.acked as "acked?", s.clone_suspected_at as "clone_suspected_at?"
        from agent a left join agent_stream s using (agent_id)
        where a.agent_id = $1 or ($1::uuid is null and a.host_name = $2)
        order by a.revoked_at is not null, a.enrolled_at limit $3"#,
        id,
        name,
        limit
    )
    .fetch_all(db)
    .await
}

/// The hosts with these ids or names, and those that have all of `labels` and were not revoked; at
/// most `limit`.
pub async fn asked(
    db: impl PgExecutor<'_>,
    ids: &[Uuid],
    names: &[String],
    labels: Option<&Value>,
    limit: i64,
) -> sqlx::Result<Vec<HostRow>> {
    sqlx::query_as!(
        HostRow,
        r#"select a.agent_id, a.host_name, a.labels, a.enrolled_at, a.revoked_at, a.revoked_reason,
            a.certificate_expires_at, a.facts as "facts: Json<HostFacts>", a.connected_at,
            a.disconnected_at, a.disconnect_reason, a.last_durable_seq, a.clock_offset_ms,
            case when a.connected_at is not null then greatest(a.last_heard_at, s.updated_at) end
                as last_heard_at,
            s.acked as "acked?", s.clone_suspected_at as "clone_suspected_at?"
        from agent a left join agent_stream s using (agent_id)
        where a.agent_id = any($1) or a.host_name = any($2)
            or ($3::jsonb is not null and a.labels @> $3 and a.revoked_at is null)
        limit $4"#,
        ids,
        names,
        labels,
        limit
    )
    .fetch_all(db)
    .await
}

/// Names of hosts, for saying which one was perhaps meant.
pub async fn names(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select distinct host_name from agent where revoked_at is null order by 1 limit $1",
        limit
    )
    .fetch_all(db)
    .await
}

/// Everybody who was revoked.
pub async fn revoked(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!("select agent_id from agent where revoked_at is not null")
        .fetch_all(db)
        .await
}

/// How far the fleet is behind: connected agents, and events on their disks that are not stored.
#[derive(Clone, Copy, Debug)]
pub struct FleetLag {
    pub connected: i64,
    pub events: i64,
}

pub async fn fleet_lag(db: impl PgExecutor<'_>) -> sqlx::Result<FleetLag> {
    sqlx::query_as!(
        FleetLag,
        r#"select count(*) as "connected!",
            coalesce(sum(greatest(a.last_durable_seq - s.acked, 0)), 0)::bigint as "events!"
        from agent a join agent_stream s using (agent_id)
        where a.connected_at is not null and a.disconnected_at is null and a.revoked_at is null"#
    )
    .fetch_one(db)
    .await
}

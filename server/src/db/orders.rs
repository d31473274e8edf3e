//! Questions on their way to hosts, as agents' streams and upkeep see them.
//!
//! Everything that changes a row also notes the transaction in `changed_in`: readers resume there,
//! see [`super::inquiries`].

use analysis::Timestamp;
use analysis::order::{OrderState, Progress};
use analysis::question::{Analysis, Question};
use serde::Deserialize as _;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// An order that a stream has to carry now, and has not.
#[derive(Debug)]
pub struct Claimed {
    pub order_id: Uuid,
    /// `sent` or `running`.
    pub state: String,
    pub content: Option<Vec<u8>>,
    pub signature: Option<Vec<u8>>,
    pub is_cancelled: bool,
    /// An earlier stream carried it.
    pub was_sent: bool,
}

/// Gives the stream `session` of an agent every open order that another stream had, or none.
///
/// Also one that is too old to begin, if a stream had it: its host may have begun in time, and
/// tells when it sees it again.
///
/// Nothing for a stream that a newer one has replaced, nor for an agent that may not speak or does
/// not know orders.
pub async fn claim(
    db: impl PgExecutor<'_>,
    agent: Uuid,
    session: u64,
) -> sqlx::Result<Vec<Claimed>> {
    sqlx::query_as!(
        Claimed,
        r#"with open as (
            select o.order_id, o.session is not null as was_sent
            from host_order o
                join agent_stream s using (agent_id) join agent a using (agent_id)
            where o.agent_id = $1 and o.state <> 'ended' and o.session is distinct from $2
                and (o.session is not null or o.not_after > clock_timestamp())
                and s.session = $2 and s.clone_suspected_at is null and a.revoked_at is null
                and a.facts->'capabilities' @> '[{"source": "orders"}]'
            for update of o
        )
        update host_order o set session = $2,
            state = case when o.state = 'running' then o.state else 'sent' end,
            changed_in = pg_current_xact_id()::text::bigint
        from open where o.order_id = open.order_id
        returning o.order_id, o.state, o.content, o.signature,
            o.cancel_requested_at is not null as "is_cancelled!", open.was_sent as "was_sent!""#,
        agent,
        session.cast_signed()
    )
    .fetch_all(db)
    .await
}

/// An order on a stream whose agent has to hear something of it.
#[derive(Debug)]
pub struct Due {
    pub order_id: Uuid,
    pub is_cancelled: bool,
    /// It should have ended long ago.
    pub is_overdue: bool,
}

/// The orders of a stream that are to be cancelled, or have run for `grace_s` seconds more than
/// they may.
pub async fn due(
    db: impl PgExecutor<'_>,
    agent: Uuid,
    session: u64,
    grace_s: f64,
) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"select order_id as "order_id!", is_cancelled as "is_cancelled!",
            is_overdue as "is_overdue!"
        from (
            select order_id, cancel_requested_at is not null as is_cancelled,
                state = 'running' and clock_timestamp() > begun_at
                    + make_interval(secs => time_limit_ms / 1000.0 + $3::float8) as is_overdue
            from host_order
            where agent_id = $1 and session = $2 and state in ('sent', 'running')
        ) open
        where is_cancelled or is_overdue"#,
        agent,
        session.cast_signed(),
        grace_s
    )
    .fetch_all(db)
    .await
}

/// Connected agents whose streams have something to do, in case nobody told them: at most `limit`.
pub async fn to_wake(db: impl PgExecutor<'_>, grace_s: f64, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"select distinct o.agent_id
        from host_order o join agent a using (agent_id) join agent_stream s using (agent_id)
        where o.state <> 'ended' and a.connected_at is not null and a.disconnected_at is null
            and (o.session is distinct from s.session or o.cancel_requested_at is not null
                or o.begun_at + make_interval(secs => o.time_limit_ms / 1000.0 + $1::float8)
                    < clock_timestamp())
        limit $2"#,
        grace_s,
        limit
    )
    .fetch_all(db)
    .await
}

/// An order whose row is locked until the transaction ends.
#[derive(Debug)]
pub struct Locked {
    pub inquiry_id: Uuid,
    pub agent_id: Uuid,
    pub host_name: String,
    question: Value,
    pub requested_at: Timestamp,
    pub is_cancelled: bool,
    row: Open,
}

/// The columns that tell where an order is that has not ended.
#[derive(Debug)]
pub(super) struct Open {
    pub state: String,
    pub not_after: Timestamp,
    pub begun_at: Option<Timestamp>,
    /// `analysis::order::Progress`, or what a newer server knows.
    pub progress: Option<Value>,
}

impl Open {
    /// `None`: it has ended.
    pub fn state(&self) -> Option<OrderState> {
        match self.state.as_str() {
            "queued" => Some(OrderState::Queued {
                until: self.not_after,
            }),
            "sent" => Some(OrderState::Sent),
            "running" => Some(OrderState::Running {
                since: self.begun_at.unwrap_or(self.not_after),
                progress: self.progress.as_ref().and_then(|progress| {
                    // Of a step that this server does not know it says nothing.
                    Progress::deserialize(progress).ok()
                }),
            }),
            _ => None,
        }
    }
}

impl Locked {
    /// The analysis that was asked for, also if its parameters cannot be read. `None`: a newer
    /// server asked what this one does not know, or an older one what there is no longer.
    pub fn analysis(&self) -> Option<Analysis> {
        Analysis::deserialize(self.question.get("analysis")?).ok()
    }

    /// Whether a server of this version could have asked it.
    pub fn is_known(&self) -> bool {
        Question::deserialize(&self.question).is_ok()
    }

    /// Since when the host may have had an answer.
    pub fn begun_at(&self) -> Timestamp {
        self.row.begun_at.unwrap_or(self.requested_at)
    }

    /// `None`: it has ended.
    pub fn state(&self) -> Option<OrderState> {
        self.row.state()
    }
}

/// Locks an order. `None`: there is no such order, or no longer.
pub async fn lock(db: &mut PgConnection, order: Uuid) -> sqlx::Result<Option<Locked>> {
    let found = sqlx::query!(
        r#"select o.inquiry_id, o.agent_id, a.host_name, i.question, i.requested_at, o.state,
            o.not_after, o.begun_at, o.progress,
            o.cancel_requested_at is not null as "is_cancelled!"
        from host_order o join inquiry i using (inquiry_id) join agent a using (agent_id)
        where o.order_id = $1 for update of o"#,
        order
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|found| Locked {
        inquiry_id: found.inquiry_id,
        agent_id: found.agent_id,
        host_name: found.host_name,
        question: found.question,
        requested_at: found.requested_at,
        is_cancelled: found.is_cancelled,
        row: Open {
            state: found.state,
            not_after: found.not_after,
            begun_at: found.begun_at,
            progress: found.progress,
        },
    }))
}

/// The host runs it. Keeps the first `begun_at`; `None` as progress keeps what is known.
pub async fn runs(
    db: &mut PgConnection,
    order: Uuid,
    progress: Option<Progress>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update host_order set state = 'running', begun_at = coalesce(begun_at, clock_timestamp()),
            progress = coalesce($2, progress), changed_in = pg_current_xact_id()::text::bigint
        where order_id = $1",
        order,
        progress.map(Json) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// It has ended. `outcome`: without the report, which is given deflated.
pub async fn end(
    db: &mut PgConnection,
    order: Uuid,
    outcome: &Value,
    report: Option<&[u8]>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update host_order set state = 'ended', ended_at = clock_timestamp(), outcome = $2,
            report = $3, changed_in = pg_current_xact_id()::text::bigint
        where order_id = $1",
        order,
        outcome,
        report
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An order that the server ended.
#[derive(Debug)]
pub struct Ended {
    pub order_id: Uuid,
    pub inquiry_id: Uuid,
    pub host_name: String,
    pub outcome: String,
}

/// Ends up to `limit` orders that no stream took in time: these hosts never heard of them.
pub async fn expire(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Ended>> {
    sqlx::query_as!(
        Ended,
        r#"with due as (
            select order_id from host_order
            where state <> 'ended' and session is null and not_after < clock_timestamp()
            limit $1 for update skip locked
        )
        update host_order o set state = 'ended', ended_at = clock_timestamp(),
            outcome = jsonb_build_object('outcome',
                case when cancel_requested_at is null then 'expired' else 'cancelled' end),
            changed_in = pg_current_xact_id()::text::bigint
        from due, agent a where o.order_id = due.order_id and a.agent_id = o.agent_id
        returning o.order_id, o.inquiry_id, a.host_name, o.outcome->>'outcome' as "outcome!""#,
        limit
    )
    .fetch_all(db)
    .await
}

/// Ends up to `limit` orders that a stream took and of which nothing was heard until `grace_s`
/// seconds after the latest moment at which they could have ended, or, as far as is known, begun.
pub async fn give_up(db: &mut PgConnection, grace_s: f64, limit: i64) -> sqlx::Result<Vec<Ended>> {
    sqlx::query_as!(
        Ended,
        r#"with due as (
            select order_id from host_order
            where state <> 'ended' and session is not null
                and clock_timestamp() > make_interval(secs => $1)
                    + coalesce(begun_at + make_interval(secs => time_limit_ms / 1000.0), not_after)
            limit $2 for update skip locked
        )
        update host_order o set state = 'ended', ended_at = clock_timestamp(),
            outcome = '{"outcome": "lost"}', changed_in = pg_current_xact_id()::text::bigint
        from due, agent a where o.order_id = due.order_id and a.agent_id = o.agent_id
        returning o.order_id, o.inquiry_id, a.host_name, o.outcome->>'outcome' as "outcome!""#,
        grace_s,
        limit
    )
    .fetch_all(db)
    .await
}

/// How many orders have not ended.
pub async fn open(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from host_order where state <> 'ended'"#)
        .fetch_one(db)
        .await
}

/// Tells the replicas that these agents' streams have something to do. Only a hint: the table is
/// the truth, and they look into it each second.
pub async fn notify_agents(db: impl PgExecutor<'_>, agents: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "select pg_notify('aiops_order', agent::text) from unnest($1::uuid[]) agent",
        agents
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Tells the replicas that these inquiries have changed; a hint, too.
pub async fn notify_inquiries(db: impl PgExecutor<'_>, inquiries: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "select pg_notify('aiops_answer', inquiry::text) from unnest($1::uuid[]) inquiry",
        inquiries
    )
    .execute(db)
    .await?;
    Ok(())
}

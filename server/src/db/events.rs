//! Stored events: read on in the server's order.
//!
//! Events are ordered by (`received_at`, agent, epoch, seq). Transactions do not commit in that
//! order, so a reader that moves its position past one that is still open would never see its
//! events. Readers therefore stop at the [`horizon`]: nothing can be stored before it any more.

use analysis::Timestamp;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

/// A place in the order of all events; reading goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub received_at: Timestamp,
    pub agent_id: Uuid,
    pub epoch: i64,
    pub seq: i64,
}

impl Position {
    /// Before everything that was received at `at` or later.
    pub fn before(at: Timestamp) -> Self {
        Self {
            received_at: at,
            agent_id: Uuid::nil(),
            epoch: -1,
            seq: -1,
        }
    }
}

/// Which events are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub agent: Option<Uuid>,
    pub unit: Option<String>,
    /// Stable names of `analysis::event::Fact`. `None`: all.
    pub kinds: Option<Vec<String>>,
}

/// One stored event.
#[derive(Clone, Debug)]
pub struct EventRow {
    pub agent_id: Uuid,
    pub host_name: String,
    pub epoch: i64,
    pub seq: i64,
    pub received_at: Timestamp,
    /// An encoded `aiops.v1.Event`, or what could not be read as one.
    pub payload: Vec<u8>,
}

impl EventRow {
    pub fn position(&self) -> Position {
        Position {
            received_at: self.received_at,
            agent_id: self.agent_id,
            epoch: self.epoch,
            seq: self.seq,
        }
    }
}

/// The moment before which no event will be stored any more.
///
/// That is the start of the oldest transaction that stores events ([`super::streams::begin`] marks
/// them), or this statement's start. A transaction that is not in the list has either committed,
/// and then a later statement sees its rows; or it will mark itself and only then read the clock
/// for its `received_at`, which is behind this statement's start. All clocks here are one: the
/// database's.
pub async fn horizon(db: impl PgExecutor<'_>) -> sqlx::Result<Timestamp> {
    sqlx::query_scalar!(
        r#"select least(min(xact_start), statement_timestamp()) as "horizon!"
        from pg_stat_activity
        where datname = current_database() and application_name = 'aiops-ingest'"#
    )
    .fetch_one(db)
    .await
}

/// At most `limit` events behind `after` and before `until`, the oldest first.
///
/// One query for each index that can answer; what else is asked for is filtered along the way.
pub async fn page(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    after: Position,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<EventRow>> {
    match (filter.agent, &filter.unit) {
        (Some(agent), _) => of_agent(db, agent, filter, after, until, limit).await,
        (None, Some(unit)) => of_unit(db, unit, filter, after, until, limit).await,
        (None, None) if filter.is_without_processes() => {
            without_processes(db, filter, after, until, limit).await
        }
        (None, None) => of_fleet(db, filter, after, until, limit).await,
    }
}

impl Filter {
    fn is_without_processes(&self) -> bool {
        let none = |kinds: &Vec<String>| kinds.iter().all(|kind| !kind.starts_with("process-"));
        self.kinds.as_ref().is_some_and(none)
    }
}

async fn of_agent(
    db: impl PgExecutor<'_>,
    agent: Uuid,
    filter: &Filter,
    after: Position,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<EventRow>> {
    sqlx::query_as!(
        EventRow,
        r#"select agent_id, (select host_name from agent a where a.agent_id = e.agent_id)
            as "host_name!", epoch, seq, received_at, payload
        from event e
        where agent_id = $1 and received_at >= $2 and received_at < $6
            and (received_at, agent_id, epoch, seq) > ($2, $3, $4, $5)
            and ($7::text is null or unit = $7) and ($8::text[] is null or kind = any ($8))
        order by received_at, agent_id, epoch, seq limit $9"#,
        agent,
        after.received_at,
        after.agent_id,
        after.epoch,
        after.seq,
        until,
        filter.unit.as_deref(),
        filter.kinds.as_deref(),
        limit
    )
    .fetch_all(db)
    .await
}

async fn of_unit(
    db: impl PgExecutor<'_>,
    unit: &str,
    filter: &Filter,
    after: Position,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<EventRow>> {
    sqlx::query_as!(
        EventRow,
        r#"select agent_id, (select host_name from agent a where a.agent_id = e.agent_id)
            as "host_name!", epoch, seq, received_at, payload
        from event e
        where unit = $1 and received_at >= $2 and received_at < $6
            and (received_at, agent_id, epoch, seq) > ($2, $3, $4, $5)
            and ($7::text[] is null or kind = any ($7))
        order by received_at, agent_id, epoch, seq limit $8"#,
        unit,
        after.received_at,
        after.agent_id,
        after.epoch,
        after.seq,
        until,
        filter.kinds.as_deref(),
        limit
    )
    .fetch_all(db)
    .await
}

async fn without_processes(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    after: Position,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<EventRow>> {
    sqlx::query_as!(
        EventRow,
        r#"select agent_id, (select host_name from agent a where a.agent_id = e.agent_id)
            as "host_name!", epoch, seq, received_at, payload
        from event e
        where kind not like 'process-%' and received_at >= $1 and received_at < $5
            and (received_at, agent_id, epoch, seq) > ($1, $2, $3, $4)
            and ($6::text[] is null or kind = any ($6))
        order by received_at, agent_id, epoch, seq limit $7"#,
        after.received_at,
        after.agent_id,
        after.epoch,
        after.seq,
        until,
        filter.kinds.as_deref(),
        limit
    )
    .fetch_all(db)
    .await
}

async fn of_fleet(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    after: Position,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<EventRow>> {
    sqlx::query_as!(
        EventRow,
        r#"select agent_id, (select host_name from agent a where a.agent_id = e.agent_id)
            as "host_name!", epoch, seq, received_at, payload
        from event e
        where received_at >= $1 and received_at < $5
            and (received_at, agent_id, epoch, seq) > ($1, $2, $3, $4)
            and ($6::text[] is null or kind = any ($6))
        order by received_at, agent_id, epoch, seq limit $7"#,
        after.received_at,
        after.agent_id,
        after.epoch,
        after.seq,
        until,
        filter.kinds.as_deref(),
        limit
    )
    .fetch_all(db)
    .await
}

/// Without the mark of `streams::begin`: readers need not wait for a look-up.
const BEGIN_LOOK_UP: &str = "begin read only; set local statement_timeout to '3s'";

/// Which of `payloads` this agent has stored since `since`, by their places (from 1).
///
/// A record says when it happened to the nanosecond, so equal bytes are the same record. Only
/// records that were carried into a new epoch are looked up, which is rare: an index, or an id in
/// each row, would be paid for by every event.
///
/// # Errors
///
/// SQLSTATE 57014 when it takes longer than a few seconds: an agent may have sent millions of events.
pub async fn stored_already(
    db: &PgPool,
    agent: Uuid,
    since: Timestamp,
    payloads: &[Vec<u8>],
) -> sqlx::Result<Vec<i64>> {
    let mut tx = db.begin_with(BEGIN_LOOK_UP).await?;
    let places = sqlx::query_scalar!(
        r#"select place as "place!" from unnest($3::bytea[]) with ordinality as asked (payload, place)
        where exists (select 1 from event e
            where e.agent_id = $1 and e.received_at >= $2 and e.payload = asked.payload)"#,
        agent,
        since,
        payloads
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.rollback().await?;
    Ok(places)
}

/// Stores rows that were encoded for `COPY ... binary`.
pub async fn copy(db: &mut PgConnection, rows: Vec<u8>) -> sqlx::Result<u64> {
    let mut copy = db.copy_in_raw(COPY).await?;
    copy.send(rows).await?;
    copy.finish().await
}

const COPY: &str = "copy event (agent_id, epoch, seq, received_at, at, boot_id, kind, unit, pid, \
    payload) from stdin (format binary)";

//! The watermark of each agent.

use std::collections::BTreeMap;

use analysis::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use delivery::{SourceId, StreamRow};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

/// Marks the transactions that store events, so that readers know the oldest that is not over: see
/// [`super::events::horizon`]. The bounds keep a replica that hangs from holding up all readers.
const BEGIN: &str = "begin; set local application_name to 'aiops-ingest'; \
    set local statement_timeout to '20s'; \
    set local idle_in_transaction_session_timeout to '10s'";

/// Who took a living stream over, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredClash {
    pub at: Timestamp,
    pub boot_id: Uuid,
    /// Base64 of the agent's fingerprint.
    pub fingerprint: String,
}

/// The row of an agent, locked until the transaction ends.
#[derive(Debug)]
pub struct LockedStream {
    pub row: StreamRow,
    /// False: the agent was revoked.
    pub active: bool,
    /// Whether the registry believes that a stream of this agent lives.
    pub connected: bool,
    pub clashes: Vec<StoredClash>,
    pub clone_suspected_at: Option<Timestamp>,
    /// The database's clock, one for all replicas. It becomes `received_at`.
    pub now: Timestamp,
}

/// Begins a transaction that may store events.
pub async fn begin(db: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    db.begin_with(BEGIN).await
}

/// Makes the row of an agent that speaks for the first time.
pub async fn ensure(db: &mut PgConnection, agent: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into agent_stream (agent_id) values ($1) on conflict do nothing",
        agent
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks the row of an agent. `None`: the agent never said Hello, or does not exist.
///
/// Waits for whoever holds it: after a COMMIT of unknown outcome this reads what became of it.
pub async fn lock(db: &mut PgConnection, agent: Uuid) -> sqlx::Result<Option<LockedStream>> {
    let found = sqlx::query!(
        r#"select s.epoch, s.acked, s.chain, s.session,
            s.cursors as "cursors: Json<BTreeMap<u16, String>>",
            s.clashes as "clashes: Json<Vec<StoredClash>>", s.clone_suspected_at,
            a.revoked_at is null as "active!",
            a.connected_at is not null and a.disconnected_at is null as "connected!",
            clock_timestamp() as "now!"
        from agent_stream s join agent a using (agent_id)
        where s.agent_id = $1 for update of s"#,
        agent
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|found| LockedStream {
        row: StreamRow {
            epoch: found.epoch.cast_unsigned(),
            acked: found.acked.cast_unsigned(),
            chain: found.chain.cast_unsigned(),
            session: found.session.cast_unsigned(),
            cursors: decoded(&found.cursors),
        },
        active: found.active,
        connected: found.connected,
        clashes: found.clashes.0,
        clone_suspected_at: found.clone_suspected_at,
        now: found.now,
    }))
}

/// Stores the row that [`lock`] locked.
pub async fn store(
    db: &mut PgConnection,
    agent: Uuid,
    row: &StreamRow,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update agent_stream set epoch = $2, acked = $3, chain = $4, session = $5, cursors = $6,
            updated_at = $7
        where agent_id = $1",
        agent,
        row.epoch.cast_signed(),
        row.acked.cast_signed(),
        row.chain.cast_signed(),
        row.session.cast_signed(),
        Json(encoded(row)) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Stores who took the stream over lately, and since when two machines are suspected.
pub async fn store_clashes(
    db: &mut PgConnection,
    agent: Uuid,
    clashes: &[StoredClash],
    suspected_at: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update agent_stream set clashes = $2, clone_suspected_at = $3 where agent_id = $1",
        agent,
        Json(clashes) as _,
        suspected_at
    )
    .execute(db)
    .await?;
    Ok(())
}

fn encoded(row: &StreamRow) -> BTreeMap<u16, String> {
    row.cursors
        .iter()
        .map(|(source, cursor)| (source.0, STANDARD.encode(cursor)))
        .collect()
}

/// What is no base64 cannot be ours; the source then starts over, which loses nothing.
fn decoded(cursors: &BTreeMap<u16, String>) -> delivery::Cursors {
    cursors
        .iter()
        .filter_map(|(source, text)| Some((SourceId(*source), STANDARD.decode(text).ok()?)))
        .collect()
}

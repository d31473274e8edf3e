//! One batch, one transaction; before it, a look for records that were carried over.

use analysis::Timestamp;
use delivery::{Accept, Batch, BatchHead, Receiver, Refusal};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::carried::{self, Known};
use super::facts;
use super::rows::{Row, encode, rows};
use crate::db::streams::{self, LockedStream};
use crate::db::{events, gaps};

/// An agent has a handful. Each may keep a cursor of 4 KiB in the row that every batch reads and
/// writes.
const MAX_SOURCES: usize = 32;

/// Whose batch it is, from the certificate and the Hello.
#[derive(Clone, Copy, Debug)]
pub struct Speaker {
    pub agent: Uuid,
    pub boot: Uuid,
    /// Wall clock of the host minus ours.
    pub clock_offset_ms: i64,
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Stored(Stored),
    Refused(Refusal),
    Revoked,
    CloneSuspected,
}

/// What was committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Everything up to this number is stored.
    pub acked: u64,
    pub events: u64,
    /// Of these, what this version cannot read.
    pub unreadable: u64,
    /// Records left out because an older epoch holds them.
    pub carried_twice: u64,
    /// Records stored although an older epoch may hold them: to look took too long.
    pub carried_unchecked: u64,
}

/// How far one transaction came.
enum Step {
    Done(Outcome),
    /// Before anything is stored, somebody has to look for these carried records. The time is the
    /// database's.
    LookUp(Vec<usize>, Timestamp),
}

/// Stores a batch. What is stored already is skipped, so storing twice changes nothing.
///
/// To be polled to its end: sqlx leaves a connection whose COPY was dropped out of step.
///
/// # Errors
///
/// If Postgres fails. Whether the batch is stored is then not known; to find out, call it again.
pub async fn store(db: &PgPool, speaker: Speaker, batch: &Batch) -> sqlx::Result<Outcome> {
    let rows = rows(batch, speaker.boot);
    let mut known = None;
    loop {
        match step(db, speaker, batch, &rows, known.as_ref()).await? {
            Step::Done(outcome) => return Ok(outcome),
            Step::LookUp(asked, now) => {
                let (agent, offset) = (speaker.agent, speaker.clock_offset_ms);
                known = Some(carried::look_up(db, agent, &rows, &asked, offset, now).await?);
            }
        }
    }
}

/// Stores the batch in one transaction, unless `known` is missing and needed. Whether the batch is
/// in order is decided anew each time: the stream may have moved while carried records were looked
/// up.
async fn step(
    db: &PgPool,
    speaker: Speaker,
    batch: &Batch,
    rows: &[Row<'_>],
    known: Option<&Known>,
) -> sqlx::Result<Step> {
    let mut tx = streams::begin(db).await?;
    let Some(locked) = streams::lock(&mut tx, speaker.agent)
        .await?
        .filter(|row| row.active)
    else {
        return Ok(Step::Done(Outcome::Revoked));
    };
    if locked.clone_suspected_at.is_some() {
        return Ok(Step::Done(Outcome::CloneSuspected));
    }
    let accept = match decide(&locked, &batch.head()) {
        Ok(accept) => accept,
        Err(refusal) => {
            note_malformed(&mut tx, speaker.agent, batch, &refusal, &locked).await?;
            tx.commit().await?;
            return Ok(Step::Done(Outcome::Refused(refusal)));
        }
    };
    if known.is_none() && !accept.look_up.is_empty() {
        tx.rollback().await?;
        return Ok(Step::LookUp(accept.look_up, locked.now));
    }
    let stored = insert(&mut tx, speaker.agent, &locked, &accept, rows, known).await?;
    tx.commit().await?;
    Ok(Step::Done(Outcome::Stored(stored)))
}

fn decide(locked: &LockedStream, head: &BatchHead<'_>) -> Result<Accept, Refusal> {
    // Postgres has no unsigned numbers; nobody gets that far by counting.
    if head
        .records
        .iter()
        .any(|record| i64::try_from(record.seq).is_err())
    {
        return Err(Refusal::Malformed("number out of range"));
    }
    let accept = Receiver::default().batch(&locked.row, head)?;
    if accept.row.cursors.len() > MAX_SOURCES {
        return Err(Refusal::Malformed("more sources than an agent has"));
    }
    Ok(accept)
}

async fn insert(
    db: &mut PgConnection,
    agent: Uuid,
    locked: &LockedStream,
    accept: &Accept,
    rows: &[Row<'_>],
    known: Option<&Known>,
) -> sqlx::Result<Stored> {
    let is_known = |at: &usize| known.is_some_and(|known| known.stored.contains(at));
    let fresh: Vec<&Row<'_>> = (accept.skip..rows.len())
        .filter(|at| !is_known(at))
        .map(|at| &rows[at])
        .collect();
    let mut stored = Stored {
        acked: accept.row.acked,
        ..Stored::default()
    };
    if accept.skip == rows.len() {
        return Ok(stored);
    }
    if !fresh.is_empty() {
        let bytes = encode(agent, accept.row.epoch, locked.now, fresh.iter().copied());
        stored.events = events::copy(db, bytes).await?;
        facts::apply(db, agent, &locked.row, &fresh, locked.now).await?;
    }
    streams::store(db, agent, &accept.row, locked.now).await?;
    stored.unreadable = fresh.iter().filter(|row| row.is_unreadable()).count() as u64;
    stored.carried_twice = (rows.len() - accept.skip - fresh.len()) as u64;
    stored.carried_unchecked = known.map_or(0, |known| known.unchecked);
    Ok(stored)
}

/// A malformed batch is not stored, and what was in it may never come: charts have to know.
async fn note_malformed(
    db: &mut PgConnection,
    agent: Uuid,
    batch: &Batch,
    refusal: &Refusal,
    locked: &LockedStream,
) -> sqlx::Result<()> {
    if let Refusal::Malformed(what) = refusal {
        let gap = facts::malformed_gap(agent, batch.epoch, batch.first_seq, what, locked.now);
        gaps::insert(db, agent, &[gap], locked.now).await?;
    }
    Ok(())
}

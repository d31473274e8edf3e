//! The server's half: decisions over one stored row per agent.
//!
//! Every function takes the row as it is under the row lock and gives the row to store in the same
//! transaction. The caller answers the agent only after COMMIT returned. An unknown outcome of
//! COMMIT is harmless: the next Hello waits for the lock and reads what really happened.

use crate::chain::CHAIN_START;
use crate::message::{BatchHead, Cursors, Hello, Limits, RecordHead, StreamReset, Welcome};
use crate::rules::{Rule, Rules};

/// What the server remembers of one agent.
///
/// `chain` came with the record at `acked`; the server lacks the key and cannot compute it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamRow {
    /// 0: this agent never said Hello.
    pub epoch: u64,
    /// Everything up to this number of the epoch is stored.
    pub acked: u64,
    pub chain: u64,
    /// Raised by every Hello; only the newest stream may store.
    pub session: u64,
    /// Positions of the replayable sources. They outlive epochs.
    pub cursors: Cursors,
}

/// What to store and answer after Hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloOutcome {
    pub row: StreamRow,
    pub welcome: Welcome,
    /// An event to store with the row.
    pub reset: Option<StreamReset>,
}

/// What to store of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// So many records at the front are stored already.
    pub skip: usize,
    /// Indices of records to leave out if an event of this agent with their `unique_id` exists.
    pub look_up: Vec<usize>,
    pub row: StreamRow,
}

/// Why a batch is refused. All but [`Refusal::Malformed`] are cured by a new Hello.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("session {session} was replaced by {newest}")]
    Fenced { session: u64, newest: u64 },
    #[error("batch of epoch {batch} in a stream of epoch {stream}")]
    WrongEpoch { batch: u64, stream: u64 },
    #[error("batch starts at {first_seq}, stored is up to {acked}")]
    Gap { first_seq: u64, acked: u64 },
    #[error("malformed batch: {0}")]
    Malformed(&'static str),
}

/// Decides for the server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Receiver {
    /// Told to every agent.
    pub limits: Limits,
    pub rules: Rules,
}

impl Receiver {
    /// Opens a stream: raises the session, and the epoch if the spool does not continue the row.
    pub fn hello(&self, row: &StreamRow, hello: &Hello) -> HelloOutcome {
        let reset = self.reset_needed(row, hello);
        let mut row = row.clone();
        row.session += 1;
        if row.epoch == 0 || reset.is_some() {
            // The agent's own epoch counts too: after a failover the row may be the older one, and
            // an epoch that the agent has used must never come again.
            let above = if self.rules.hold(Rule::RaiseAboveBoth) {
                hello.epoch
            } else {
                0
            };
            row.epoch = row.epoch.max(above).saturating_add(1);
            row.acked = 0;
            row.chain = CHAIN_START;
        }
        let welcome = Welcome {
            session: row.session,
            epoch: row.epoch,
            acked: row.acked,
            chain_at_acked: row.chain,
            cursors: row.cursors.clone(),
            limits: self.limits,
        };
        HelloOutcome {
            row,
            welcome,
            reset,
        }
    }

    fn reset_needed(&self, row: &StreamRow, hello: &Hello) -> Option<StreamReset> {
        if row.epoch == 0 {
            return None;
        }
        if let Some(reason) = hello.force_new_epoch {
            return Some(StreamReset::Forced(reason));
        }
        if hello.epoch != row.epoch && self.rules.hold(Rule::RaiseOnOtherEpoch) {
            return Some(match hello.epoch {
                0 => StreamReset::SpoolLost,
                agent => StreamReset::OtherEpoch {
                    agent,
                    server: row.epoch,
                },
            });
        }
        let last_durable_seq = hello.last_durable_seq;
        (last_durable_seq < row.acked && self.rules.hold(Rule::RaiseWhenBehind)).then_some(
            StreamReset::Behind {
                last_durable_seq,
                acked: row.acked,
            },
        )
    }

    /// Takes a batch: the rows to insert and the row to store, or why not.
    ///
    /// A batch that is stored already is accepted with everything skipped: its ack was lost.
    ///
    /// # Errors
    ///
    /// [`Refusal`]; nothing may be stored then.
    pub fn batch(&self, row: &StreamRow, batch: &BatchHead<'_>) -> Result<Accept, Refusal> {
        if batch.session != row.session && self.rules.hold(Rule::Fencing) {
            return Err(Refusal::Fenced {
                session: batch.session,
                newest: row.session,
            });
        }
        if batch.epoch != row.epoch && self.rules.hold(Rule::EpochCheck) {
            return Err(Refusal::WrongEpoch {
                batch: batch.epoch,
                stream: row.epoch,
            });
        }
        check_numbering(batch)?;
        let next = row.acked.saturating_add(1);
        if batch.first_seq > next && self.rules.hold(Rule::GapCheck) {
            return Err(Refusal::Gap {
                first_seq: batch.first_seq,
                acked: row.acked,
            });
        }
        Ok(self.accept(row, &batch.records))
    }

    fn accept(&self, row: &StreamRow, records: &[RecordHead<'_>]) -> Accept {
        let dedup = self.rules.hold(Rule::Dedup);
        let skip = records
            .iter()
            .take_while(|record| dedup && record.seq <= row.acked)
            .count();
        let mut row = row.clone();
        for record in &records[skip..] {
            row.acked = record.seq;
            row.chain = record.chain;
            if let Some(cursor) = record.cursor {
                row.cursors.insert(record.source, cursor.to_vec());
            }
        }
        let look_up = (skip..records.len())
            .filter(|&at| records[at].carried && self.rules.hold(Rule::LookupCarried))
            .collect();
        Accept { skip, look_up, row }
    }
}

fn check_numbering(batch: &BatchHead<'_>) -> Result<(), Refusal> {
    if batch.records.is_empty() {
        return Err(Refusal::Malformed("no records"));
    }
    let mut next = batch.first_seq;
    for record in &batch.records {
        let first = record
            .seq
            .checked_add(1)
            .and_then(|end| end.checked_sub(record.covers));
        if record.covers == 0 || first != Some(next) || next == 0 {
            return Err(Refusal::Malformed("numbers do not follow each other"));
        }
        if record.carried && record.unique_id.is_none() {
            return Err(Refusal::Malformed("carried record without an identity"));
        }
        next = record.seq + 1;
    }
    Ok(())
}

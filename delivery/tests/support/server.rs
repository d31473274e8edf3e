//! The server of the model: one row, one table, transactions that commit or do not.

use super::world::Breakage;
use delivery::{
    Batch, Gap, Hello, HelloOutcome, Limits, Receiver, Record, Refusal, Rules, StreamReset,
    StreamRow,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What happens to the transaction of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Commits,
    Aborts,
}

#[derive(Clone, Debug)]
pub struct Server {
    pub receiver: Receiver,
    pub row: StreamRow,
    /// The event table.
    pub rows: Vec<(u64, Record)>,
    /// Numbers accepted, also of records that were left out as known: (epoch, first, last).
    pub ranges: Vec<(u64, u64, u64)>,
    pub gaps: Vec<Gap>,
    pub resets: Vec<StreamReset>,
    ids: BTreeSet<Uuid>,
    breakage: Breakage,
}

impl Server {
    pub fn new(rules: Rules, limits: Limits, breakage: Breakage) -> Self {
        Self {
            receiver: Receiver { limits, rules },
            row: StreamRow::default(),
            rows: Vec::new(),
            ranges: Vec::new(),
            gaps: Vec::new(),
            resets: Vec::new(),
            ids: BTreeSet::new(),
            breakage,
        }
    }

    pub fn hello(&mut self, hello: &Hello) -> HelloOutcome {
        let outcome = self.receiver.hello(&self.row, hello);
        self.row = outcome.row.clone();
        self.resets.extend(outcome.reset);
        outcome
    }

    /// Stores a batch; the ack, if the transaction commits.
    pub fn batch(&mut self, batch: &Batch, outcome: Outcome) -> Result<Option<u64>, Refusal> {
        let accept = self.receiver.batch(&self.row, &batch.head())?;
        let acked = accept.row.acked;
        if outcome == Outcome::Aborts {
            if self.breakage.cursor_in_its_own_transaction {
                self.row.cursors = accept.row.cursors;
            }
            return Ok(self.breakage.ack_before_commit.then_some(acked));
        }
        let before = self.row.acked;
        for (at, record) in batch.records.iter().enumerate().skip(accept.skip) {
            self.ranges
                .push((batch.epoch, record.first_seq(), record.seq));
            let known = record.unique_id.is_some_and(|id| self.ids.contains(&id));
            if accept.look_up.contains(&at) && known {
                continue;
            }
            self.ids.extend(record.unique_id);
            let own = |gap: &Gap| gap.epoch == batch.epoch;
            self.gaps.extend(record.gap().and_then(|gap| {
                if own(&gap) {
                    gap.after(before)
                } else {
                    Some(gap)
                }
            }));
            self.rows.push((batch.epoch, record.clone()));
        }
        self.row = accept.row;
        Ok(Some(acked))
    }
}

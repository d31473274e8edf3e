//! Turning records that cannot be kept into gap records that say so.

use crate::chain::ChainKey;
use crate::gap::{Gap, GapReason};
use crate::record::{Class, Kind, Record, SourceId};
use crate::rules::{Rule, Rules};
use crate::segment;

/// Drops records of one epoch for one reason.
pub(crate) struct Drops<'a> {
    pub key: &'a ChainKey,
    pub epoch: u64,
    pub reason: GapReason,
    pub rules: Rules,
}

impl Drops<'_> {
    /// The records with the oldest of `class` replaced by gaps, until `free` bytes are saved or
    /// none is left. Gaps next to each other become one.
    ///
    /// A gap keeps the chain value of the last record in it: the history behind it is the same.
    pub fn thin(&self, records: Vec<Record>, class: Class, free: usize) -> Vec<Record> {
        let mut kept: Vec<Record> = Vec::with_capacity(records.len());
        let mut freed = 0;
        for record in records {
            let victim = freed < free && record.class == class && record.kind == Kind::Event;
            let next = if victim {
                freed += segment::encoded_len(&record);
                self.gap_for(&record)
            } else {
                record
            };
            match kept.pop() {
                Some(last) => match self.joined(&last, &next) {
                    Some(joined) => kept.push(joined),
                    None => kept.extend([last, next]),
                },
                None => kept.push(next),
            }
        }
        kept
    }

    /// A gap in place of one record.
    pub fn gap_for(&self, lost: &Record) -> Record {
        let gap = Gap {
            epoch: self.epoch,
            from: lost.first_seq(),
            to: lost.seq,
            count: lost.covers,
            class: lost.class,
            reason: self.reason,
        };
        self.record(gap, lost)
    }

    /// Both gaps as one, or `None` if they are not gaps of this epoch for one reason.
    fn joined(&self, last: &Record, next: &Record) -> Option<Record> {
        let own = |record: &Record| record.gap().filter(|gap| gap.epoch == self.epoch);
        let (first, second) = (own(last)?, own(next)?);
        // Joined with an unknown number, a known one would be lost.
        if first.reason != second.reason {
            return None;
        }
        let mut gap = first.join(second);
        if !self.rules.hold(Rule::DeclareDrops) {
            gap.from = gap.to;
        }
        // A cursor in either of them would make the joined gap look readable again.
        let joinable = last.cursor.is_none() && next.cursor.is_none();
        joinable.then(|| Record {
            covers: last.covers + next.covers,
            ..self.record(gap, next)
        })
    }

    /// The gap as a record with number, chain value and clocks of `lost`.
    fn record(&self, gap: Gap, lost: &Record) -> Record {
        let mut record = Record {
            kind: Kind::Gap,
            class: Class::P0,
            source: SourceId::SPOOL,
            carried: false,
            unique_id: None,
            cursor: None,
            payload: gap.encode(),
            seq: lost.seq,
            covers: lost.covers,
            chain: lost.chain,
            mono_ns: lost.mono_ns,
            wall_ns: lost.wall_ns,
        };
        record.unique_id = Some(self.key.unique_id(record.chain, self.epoch, &record));
        record
    }
}

//! Taking records in.

use super::Spool;
use crate::drops::Drops;
use crate::gap::GapReason;
use crate::record::{Class, Draft, Kind, Record, RecordError, SourceId};
use crate::rules::Rule;
use crate::segment;
use crate::storage::Storage;

/// Sources with cursors; each takes room in every segment header.
const MAX_SOURCES: usize = 64;

/// What became of a draft. Either way it has a number; it is durable after the next sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    Event {
        seq: u64,
    },
    /// The event itself is lost; a gap record stands in its place.
    Gap {
        seq: u64,
        reason: GapReason,
        error: Option<RecordError>,
    },
}

/// Why a draft was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The event was read before the epoch changed and will be read again: forget it.
    #[error("source {} was not repositioned after the new epoch", .0.0)]
    Stale(SourceId),
    #[error("source {} is one more than {MAX_SOURCES} sources with cursors", .0.0)]
    TooManySources(SourceId),
}

impl<S: Storage> Spool<S> {
    /// Numbers a record and keeps it in memory until [`Self::sync`].
    ///
    /// A source that can be read again puts into every record the cursor behind it; two records
    /// never share a cursor. What cannot be kept is replaced by a gap record, which the result says.
    ///
    /// # Errors
    ///
    /// [`AppendError`]; the spool is unchanged then.
    pub fn append(&mut self, draft: Draft) -> Result<Appended, AppendError> {
        if draft.cursor.is_some() {
            self.admit(draft.source)?;
        }
        let error = draft.check().err();
        let mut record = self.number(draft, error.is_some());
        let bytes = segment::encoded_len(&record);
        // An event that will be a gap anyway needs no room of its size.
        let reason = match &error {
            Some(_) => Some(GapReason::Oversize),
            None => self.make_room(bytes, record.class),
        };
        if let Some(reason) = reason {
            record = self.drops(reason).gap_for(&record);
            self.stats.records += 1;
        }
        let seq = record.seq;
        self.chain = record.chain;
        self.next_seq += 1;
        self.push_pending(record);
        Ok(match reason {
            None => Appended::Event { seq },
            Some(reason) => Appended::Gap { seq, reason, error },
        })
    }

    /// Lets a source append records with cursors again after a new epoch.
    ///
    /// Call it when the source was set to its place in [`crate::Action::NewEpoch`] and everything
    /// that it had read before is gone from all queues.
    pub fn resume(&mut self, source: SourceId) {
        if let Some(resumed) = &mut self.resumed {
            resumed.insert(source);
        }
    }

    fn admit(&self, source: SourceId) -> Result<(), AppendError> {
        let held = self
            .resumed
            .as_ref()
            .is_some_and(|resumed| !resumed.contains(&source));
        if held && self.config.rules.hold(Rule::HoldStaleSources) {
            return Err(AppendError::Stale(source));
        }
        if self.cursors.len() >= MAX_SOURCES && !self.cursors.contains_key(&source) {
            return Err(AppendError::TooManySources(source));
        }
        Ok(())
    }

    fn number(&self, draft: Draft, oversize: bool) -> Record {
        let mut record = Record {
            seq: self.next_seq,
            covers: 1,
            chain: 0,
            kind: Kind::Event,
            class: draft.class,
            source: draft.source,
            mono_ns: draft.mono_ns,
            wall_ns: draft.wall_ns,
            unique_id: draft.unique_id,
            carried: false,
            cursor: draft.cursor,
            payload: if oversize { Vec::new() } else { draft.payload },
        };
        let key = &self.config.key;
        if record.unique_id.is_none() && record.cursor.is_none() {
            record.unique_id = Some(key.unique_id(self.chain, self.epoch, &record));
        }
        record.chain = key.next(self.chain, self.epoch, &record);
        record
    }

    fn push_pending(&mut self, record: Record) {
        // A flood of refused records is one growing gap, not one record each.
        let last = self
            .pending
            .pop_back_if(|last| last.kind == Kind::Gap && last.kind == record.kind);
        let pair: Vec<Record> = last.into_iter().chain([record]).collect();
        let bytes = |records: &[Record]| records.iter().map(segment::encoded_len).sum::<usize>();
        let before = if pair.len() == 2 {
            segment::encoded_len(&pair[0])
        } else {
            0
        };
        let joined = self.drops(GapReason::SpoolFull).thin(pair, Class::P0, 0);
        self.pending_bytes = self.pending_bytes - before + bytes(&joined);
        self.pending.extend(joined);
    }

    pub(super) fn drops(&self, reason: GapReason) -> Drops<'_> {
        Drops {
            key: &self.config.key,
            epoch: self.epoch,
            reason,
            rules: self.config.rules,
        }
    }
}

//! Moving into a new epoch: a new numbering for what still has to be delivered.
//!
//! Records of replayable sources are left behind, because the source reads them again from the
//! server's cursor. Records without a cursor exist only here: they move, under their unique id, and
//! the server leaves out those that it has already. The same goes for replayable sources of which
//! the server has nothing.
//!
//! The change survives a crash at any point: new segments are written beside the old ones, the
//! first rename decides, and recovery finishes or takes back.

use super::scan::advance;
use super::segments::{NEXT_EPOCH, SEGMENT, Segment};
use super::{Spool, SyncError};
use crate::chain::CHAIN_START;
use crate::gap::{Gap, GapReason};
use crate::message::Cursors;
use crate::record::{Class, Kind, Record, SourceId};
use crate::rules::Rule;
use crate::segment::{self, Header, SegmentName};
use crate::storage::Storage;
use std::collections::BTreeSet;
use std::io;

/// The new numbering while it is built.
struct NextEpoch {
    epoch: u64,
    chain: u64,
    next_seq: u64,
    cursors: Cursors,
    /// Finished, durable, not yet under their real names.
    segments: Vec<Segment>,
    /// The one that is being filled.
    bytes: Vec<u8>,
    open: Segment,
}

/// Which records their sources will read again, so that they stay behind.
struct ReadAgain<'a> {
    server: &'a Cursors,
    /// Cursors of everything older than the spool has; `None` if that cannot be told.
    deleted: Option<Cursors>,
    /// First damaged number.
    intact_below: u64,
}

impl ReadAgain<'_> {
    /// A source of which the server has nothing moves as long as its records follow each other from
    /// its beginning. Deleted ones were stored once, by a server that went back in time since.
    fn expected(&self, record: &Record) -> bool {
        let whole = self
            .deleted
            .as_ref()
            .is_some_and(|deleted| !deleted.contains_key(&record.source));
        let moves =
            whole && record.seq < self.intact_below && !self.server.contains_key(&record.source);
        record.cursor.is_some() && !moves
    }
}

impl<S: Storage> Spool<S> {
    /// Begins `epoch` and returns where every replayable source has to go on.
    ///
    /// A source that is not in the result starts from its beginning. Until [`Self::resume`] the
    /// records of replayable sources are refused.
    ///
    /// # Errors
    ///
    /// [`SyncError`] if the disk takes nothing; the spool is then in its old epoch as before.
    pub fn begin_epoch(&mut self, epoch: u64, server: &Cursors) -> Result<Cursors, SyncError> {
        self.sync()?;
        let mut next = self.start_next(epoch, server.clone());
        let built = self.carry_all(&mut next, server).map_err(SyncError::Write);
        if let Err(error) = built.and_then(|()| self.decide(&next).map_err(SyncError::Write)) {
            for name in next.names() {
                let _ = self.storage.remove(&name.file(NEXT_EPOCH));
            }
            return Err(error);
        }
        self.finish(&next);
        self.resumed = Some(BTreeSet::new());
        self.epoch = epoch;
        self.next_seq = next.next_seq;
        self.synced_seq = next.next_seq - 1;
        self.chain = next.chain;
        self.synced_chain = next.chain;
        self.acked = 0;
        self.recovered_seq = 0;
        self.cursors.clone_from(&next.cursors);
        self.segments = next.segments.into();
        self.active = true;
        self.holes.clear();
        self.reader = None;
        Ok(next.cursors)
    }

    fn start_next(&self, epoch: u64, cursors: Cursors) -> NextEpoch {
        let name = SegmentName {
            epoch,
            first_seq: 1,
        };
        let mut next = NextEpoch {
            epoch,
            chain: CHAIN_START,
            next_seq: 1,
            cursors,
            segments: Vec::new(),
            bytes: Vec::new(),
            open: Segment::empty(name, 0, CHAIN_START),
        };
        self.open_next(&mut next);
        next
    }

    fn carry_all(&mut self, next: &mut NextEpoch, server: &Cursors) -> io::Result<()> {
        for gap in self.holes.clone() {
            self.carry(next, self.declaration(&gap))?;
        }
        let mut again = ReadAgain {
            server,
            deleted: self.cursors_before_oldest(),
            intact_below: self
                .holes
                .iter()
                .map(|hole| hole.from)
                .min()
                .unwrap_or(u64::MAX),
        };
        for segment in self.segments.clone() {
            let (records, undamaged) = self.read_good_front(&segment);
            let after = records
                .last()
                .map_or(segment.name.first_seq, |last| last.seq + 1);
            for record in records {
                let keeps = record.cursor.is_some() || self.config.rules.hold(Rule::CarryOver);
                if keeps && !again.expected(&record) {
                    self.carry(next, record)?;
                }
            }
            if !undamaged {
                again.intact_below = again.intact_below.min(after);
                self.carry_unknown_damage(next, after, segment.last_seq)?;
            }
        }
        self.close_next(next)
    }

    /// The cursors of everything older than the spool has; `None` if that cannot be told.
    fn cursors_before_oldest(&self) -> Option<Cursors> {
        let oldest = self.segments.front()?;
        let bytes = usize::try_from(oldest.start).ok()?;
        let header = self.storage.read_at(&oldest.file(), 0, bytes).ok()?;
        Header::decode(&header)
            .ok()
            .map(|(header, _)| header.cursors)
    }

    /// Declares damage that the holes do not cover yet.
    fn carry_unknown_damage(&mut self, next: &mut NextEpoch, from: u64, to: u64) -> io::Result<()> {
        if self
            .holes
            .iter()
            .any(|hole| hole.from <= from && hole.to >= to)
        {
            return Ok(());
        }
        let gap = super::read::hole(self.epoch, from, to, GapReason::Corrupt);
        self.carry(next, self.declaration(&gap))
    }

    fn declaration(&self, gap: &Gap) -> Record {
        let mut record = Record {
            seq: gap.to,
            covers: 1,
            chain: 0,
            kind: Kind::Gap,
            class: Class::P0,
            source: SourceId::SPOOL,
            mono_ns: 0,
            wall_ns: 0,
            unique_id: None,
            carried: true,
            cursor: None,
            payload: gap.encode(),
        };
        // From the payload alone: the same hole has the same identity however often it moves.
        record.unique_id = Some(self.config.key.unique_id(CHAIN_START, gap.epoch, &record));
        record
    }

    fn carry(&mut self, next: &mut NextEpoch, mut record: Record) -> io::Result<()> {
        record.seq = next.next_seq;
        record.covers = 1;
        record.carried = record.cursor.is_none();
        record.chain = self.config.key.next(next.chain, next.epoch, &record);
        next.chain = record.chain;
        next.next_seq += 1;
        segment::encode(&record, &mut next.bytes);
        next.open.add(&record);
        advance(&mut next.cursors, &record);
        if next.open.end >= self.config.segment_bytes {
            self.close_next(next)?;
            self.open_next(next);
        }
        Ok(())
    }

    fn open_next(&self, next: &mut NextEpoch) {
        let name = SegmentName {
            epoch: next.epoch,
            first_seq: next.next_seq,
        };
        next.bytes = Header {
            agent_id: self.config.agent_id,
            epoch: name.epoch,
            first_seq: name.first_seq,
            boot_id: self.config.boot_id,
            base_chain: next.chain,
            cursors: next.cursors.clone(),
        }
        .encode();
        next.open = Segment::empty(name, next.bytes.len(), next.chain);
    }

    fn close_next(&mut self, next: &mut NextEpoch) -> io::Result<()> {
        self.write_new_file(&next.open.name.file(NEXT_EPOCH), &next.bytes, 0)?;
        next.segments.push(next.open.clone());
        Ok(())
    }

    /// After this the new epoch is the one that counts.
    fn decide(&mut self, next: &NextEpoch) -> io::Result<()> {
        self.storage.sync_dir()?;
        next.names().take(1).try_for_each(|first| {
            self.storage
                .rename(&first.file(NEXT_EPOCH), &first.file(SEGMENT))
        })
    }

    /// From here on nothing goes back; what fails is done again when the spool is opened.
    fn finish(&mut self, next: &NextEpoch) {
        let decision_is_durable = self.storage.sync_dir().is_ok();
        for name in next.names().skip(1) {
            let _ = self
                .storage
                .rename(&name.file(NEXT_EPOCH), &name.file(SEGMENT));
        }
        if decision_is_durable && self.storage.sync_dir().is_ok() {
            for old in &self.segments {
                let _ = self.storage.remove(&old.file());
            }
            let _ = self.storage.sync_dir();
        }
    }
}

impl NextEpoch {
    fn names(&self) -> impl Iterator<Item = SegmentName> + use<> {
        self.segments
            .iter()
            .map(|segment| segment.name)
            .collect::<Vec<_>>()
            .into_iter()
    }
}

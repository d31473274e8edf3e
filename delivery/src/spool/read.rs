//! Reading durable records back for sending.

use super::Spool;
use super::scan::walk;
use super::segments::Segment;
use crate::gap::{Gap, GapReason};
use crate::message::Limits;
use crate::record::{Class, Record};
use crate::rules::Rule;
use crate::segment::{self, Decoded, MAX_ENCODED_BYTES};
use crate::storage::Storage;
use std::io;

/// Records from here on cannot be read any more. A new Hello cures it with a new epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the spool is damaged at record {seq}")]
pub struct ReadError {
    pub seq: u64,
}

/// Where the next record to send stands, so that reading on needs no search.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadPosition {
    first_seq: u64,
    offset: u64,
    next_seq: u64,
}

impl<S: Storage> Spool<S> {
    /// Durable records from number `seq` on, within `limits`, one at least if there is any.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if the file was damaged after it was written. The damage is remembered, so
    /// that the next Hello asks for a new epoch.
    pub fn read_from(&mut self, seq: u64, limits: &Limits) -> Result<Vec<Record>, ReadError> {
        if seq > self.synced_seq && self.config.rules.hold(Rule::SyncBeforeSend) {
            return Ok(Vec::new());
        }
        let Some(segment) = self.segment_of(seq).cloned() else {
            return self.without_sync(seq);
        };
        let records = self.read_in(&segment, seq, limits);
        records.ok_or_else(|| {
            // From the first record that is gone, which may be one that is on its way already.
            let (front, _) = self.read_good_front(&segment);
            let from = front
                .last()
                .map_or(segment.name.first_seq, |record| record.seq + 1);
            self.note_damage(from.min(seq), segment.last_seq);
            ReadError { seq }
        })
    }

    /// The chain value at `seq`, or `None` if the spool no longer knows it.
    pub(crate) fn chain_at(&self, seq: u64) -> Option<u64> {
        if seq == self.synced_seq {
            return Some(self.synced_chain);
        }
        if let Some(next) = self
            .segments
            .iter()
            .find(|next| next.name.first_seq == seq + 1)
        {
            return Some(next.base_chain);
        }
        if let Some(waiting) = self.pending.iter().find(|record| record.seq == seq) {
            return Some(waiting.chain);
        }
        let segment = self.segment_of(seq)?;
        let records = self.read_segment(segment).ok()?;
        records
            .iter()
            .find(|record| record.seq == seq)
            .map(|record| record.chain)
    }

    pub(super) fn segment_of(&self, seq: u64) -> Option<&Segment> {
        let after = self
            .segments
            .partition_point(|segment| segment.name.first_seq <= seq);
        self.segments
            .get(after.checked_sub(1)?)
            .filter(|segment| seq <= segment.last_seq)
    }

    /// All records of a segment, or an error if not all of them are there.
    pub(super) fn read_segment(&self, segment: &Segment) -> io::Result<Vec<Record>> {
        let (records, whole) = self.read_good_front(segment);
        if whole {
            Ok(records)
        } else {
            Err(io::ErrorKind::InvalidData.into())
        }
    }

    /// The records of a segment up to the first damage, and whether that is all of them.
    pub(super) fn read_good_front(&self, segment: &Segment) -> (Vec<Record>, bool) {
        let bytes = usize::try_from(segment.end - segment.start).unwrap_or(usize::MAX);
        let read = self.storage.read_at(&segment.file(), segment.start, bytes);
        let mut records = Vec::new();
        let checksum = self.config.rules.hold(Rule::Checksum);
        walk(
            &read.unwrap_or_default(),
            segment.name.first_seq,
            u64::MAX,
            checksum,
            |record| {
                records.push(record);
            },
        );
        let last = records
            .last()
            .map_or(segment.name.first_seq - 1, |record| record.seq);
        (records, last == segment.last_seq)
    }

    /// `None`: damaged.
    fn read_in(&mut self, segment: &Segment, seq: u64, limits: &Limits) -> Option<Vec<Record>> {
        let mut position = match self.reader {
            Some(at) if at.first_seq == segment.name.first_seq && at.next_seq == seq => at,
            _ => ReadPosition {
                first_seq: segment.name.first_seq,
                offset: segment.start,
                next_seq: segment.name.first_seq,
            },
        };
        loop {
            let chunk = self.chunk(segment, position.offset, limits)?;
            let records = Chunk {
                bytes: &chunk,
                checksum: self.config.rules.hold(Rule::Checksum),
            };
            let (found, position_after) = records.take(position, seq, segment.last_seq, limits);
            // A chunk holds at least one record: without progress the bytes are no records.
            if position_after.offset == position.offset {
                return None;
            }
            position = position_after;
            if !found.is_empty() {
                self.reader = Some(position);
                return Some(found);
            }
        }
    }

    fn chunk(&self, segment: &Segment, offset: u64, limits: &Limits) -> Option<Vec<u8>> {
        let want = limits.max_batch_bytes.max(MAX_ENCODED_BYTES);
        let rest = usize::try_from(segment.end.checked_sub(offset)?).ok()?;
        self.storage
            .read_at(&segment.file(), offset, want.min(rest))
            .ok()
    }

    /// What the rule against sending unsynced records would have held back.
    fn without_sync(&mut self, seq: u64) -> Result<Vec<Record>, ReadError> {
        if seq <= self.synced_seq {
            self.note_damage(seq, seq);
            return Err(ReadError { seq });
        }
        Ok(self
            .pending
            .iter()
            .filter(|record| record.seq >= seq)
            .cloned()
            .collect())
    }

    pub(super) fn note_damage(&mut self, from: u64, to: u64) {
        self.holes
            .push(hole(self.epoch, from, to, GapReason::Corrupt));
        self.reader = None;
    }
}

/// Bytes of a segment that begin with a record and may end inside of one.
struct Chunk<'a> {
    bytes: &'a [u8],
    checksum: bool,
}

impl Chunk<'_> {
    /// The records from number `seq` on, and the position behind them.
    fn take(
        &self,
        mut at: ReadPosition,
        seq: u64,
        last_seq: u64,
        limits: &Limits,
    ) -> (Vec<Record>, ReadPosition) {
        let mut found = Vec::new();
        let (mut used, mut sent) = (0, 0);
        while let Decoded::Record(record, len) =
            segment::decode_checked(&self.bytes[used..], self.checksum)
        {
            let follows = record.first_seq() == at.next_seq && record.seq <= last_seq;
            let wanted = record.seq >= seq;
            let full = !found.is_empty()
                && (sent + len > limits.max_batch_bytes || found.len() >= limits.max_records);
            if !follows || (wanted && full) {
                break;
            }
            at.next_seq = record.seq + 1;
            at.offset += len as u64;
            used += len;
            if wanted {
                sent += len;
                found.push(*record);
            }
        }
        (found, at)
    }
}

/// The declaration that a range of numbers is lost.
pub(super) fn hole(epoch: u64, from: u64, to: u64, reason: GapReason) -> Gap {
    Gap {
        epoch,
        from,
        to,
        count: to - from + 1,
        class: Class::P0,
        reason,
    }
}

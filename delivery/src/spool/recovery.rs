//! Opening a spool from whatever is in its directory.
//!
//! A total function: every content gives a spool. What can be read is kept, what cannot is declared.
//! - A damaged tail of the last segment is cut off, and a gap record says that something may be
//!   lost. Both happen at once, by writing the segment anew: until then the damage stays, which is
//!   what a second recovery would find it by.
//! - A damaged segment before it is used up to the damage. The numbers missing after it are a hole,
//!   found by numbering alone, so nothing about it needs to be stored. A hole above the server's
//!   watermark leads to a new epoch.
//! - A file without a usable header is renamed to `.bad`; the newest four are kept.
//! - A newer format is left alone and the numbering jumps, which also leads to a new epoch.

use super::read::hole;
use super::scan::{advance, walk};
use super::segments::{NEXT_EPOCH, SEGMENT, SET_ASIDE, Segment, UNFINISHED};
use super::{Dropped, Spool, SpoolConfig};
use crate::chain::CHAIN_START;
use crate::gap::{Gap, GapReason};
use crate::message::Cursors;
use crate::record::{Class, Kind, Record, SourceId};
use crate::rules::Rule;
use crate::segment::{Header, HeaderError, SegmentName};
use crate::storage::Storage;
use std::collections::VecDeque;
use std::io;

/// More than any segment has; bounds what a foreign file can make us read.
const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
const SET_ASIDE_KEPT: usize = 4;
/// How far the numbering jumps over segments of a newer format, whose last number is unknown.
const NEWER_FORMAT_JUMP: u64 = 1 << 40;

/// The directory cannot be read at all. Damaged content never leads here.
#[derive(Debug, thiserror::Error)]
#[error("cannot list the spool directory")]
pub struct OpenError(#[source] pub io::Error);

/// What opening found, for the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Segments in use.
    pub segments: usize,
    /// Files renamed to `.bad`.
    pub set_aside: Vec<String>,
    /// Files of a newer format, left alone.
    pub newer: Vec<String>,
    /// Ranges of numbers that are lost.
    pub holes: Vec<Gap>,
    /// The end of the spool was damaged.
    pub torn_tail: bool,
    /// ... so badly that a whole file at the end was set aside.
    lost_end: bool,
    /// First number of a file that was set aside before the first usable one.
    lost_start: Option<u64>,
}

/// One usable segment, before its place among the others is checked.
struct Found {
    segment: Segment,
    /// Chain value of its last record.
    chain: u64,
    /// Cursors behind its last record.
    cursors: Cursors,
    /// Cursors before its first record.
    cursors_before: Cursors,
    clean: bool,
}

impl<S: Storage> Spool<S> {
    /// Opens the spool in `storage`.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the directory itself cannot be read.
    pub fn open(mut storage: S, config: SpoolConfig) -> Result<Self, OpenError> {
        let mut recovery = Recovery::default();
        clear_unfinished(&mut storage).map_err(OpenError)?;
        let found = find_segments(&mut storage, &config, &mut recovery).map_err(OpenError)?;
        let mut spool = Self::empty(storage, config);
        spool.adopt(found, &mut recovery);
        spool.jump_over_newer(&recovery.newer);
        recovery.segments = spool.segments.len();
        recovery.holes.clone_from(&spool.holes);
        spool.recovery = recovery;
        Ok(spool)
    }

    fn empty(storage: S, config: SpoolConfig) -> Self {
        Self {
            storage,
            config,
            epoch: 0,
            segments: VecDeque::new(),
            active: false,
            pending: VecDeque::new(),
            pending_bytes: 0,
            holes: Vec::new(),
            next_seq: 1,
            chain: CHAIN_START,
            synced_seq: 0,
            recovered_seq: 0,
            synced_chain: CHAIN_START,
            acked: 0,
            cursors: Cursors::new(),
            resumed: None,
            reader: None,
            stats: Dropped::default(),
            recovery: Recovery::default(),
        }
    }

    /// Takes over the segments, which are in the order of their numbers.
    fn adopt(&mut self, found: Vec<Found>, recovery: &mut Recovery) {
        let mut before_last = Cursors::new();
        for next in found {
            let first_seq = next.segment.name.first_seq;
            self.epoch = next.segment.name.epoch;
            let expected = if self.segments.is_empty() {
                // Nothing before the first is normal: the server had it.
                recovery.lost_start.unwrap_or(first_seq)
            } else {
                self.synced_seq + 1
            };
            if expected < first_seq {
                let to = first_seq - 1;
                self.holes
                    .push(hole(self.epoch, expected, to, GapReason::Corrupt));
            }
            self.synced_seq = next.segment.last_seq;
            self.synced_chain = next.chain;
            before_last = next.cursors_before;
            self.cursors = next.cursors;
            // An empty segment after a torn one was opened for the gap record that never came.
            let empty = next.segment.last_seq < first_seq;
            recovery.torn_tail = !next.clean || (empty && recovery.torn_tail);
            self.segments.push_back(next.segment);
        }
        recovery.torn_tail |= recovery.lost_end;
        self.recovered_seq = self.synced_seq;
        self.take_last_into_memory(before_last);
        if self.config.rules.hold(Rule::NeverReuseSeq) {
            self.next_seq = self.last_kept().map_or(self.synced_seq, |(seq, _)| seq) + 1;
            self.chain = self
                .last_kept()
                .map_or(self.synced_chain, |(_, chain)| chain);
        }
        if recovery.torn_tail {
            self.declare_torn_tail();
        }
        // While the disk takes nothing, they stay where the next sync finds them.
        let _ = self.sync();
    }

    /// Makes the last segment's records wait for a sync again.
    ///
    /// They were read, perhaps from the page cache only, perhaps after a sync that failed: syncing
    /// that file once more would prove nothing. The file is replaced as a whole, together with the
    /// declaration of its torn tail, so it stays the evidence of it until then.
    fn take_last_into_memory(&mut self, cursors_before: Cursors) {
        self.active = false;
        let Some(last) = self.segments.back().cloned() else {
            return;
        };
        let (records, _) = self.read_good_front(&last);
        self.pending_bytes = records.iter().map(crate::segment::encoded_len).sum();
        if !records.is_empty() {
            // An empty one stays listed until the next of its name replaces it.
            self.segments.pop_back();
        }
        self.pending = records.into();
        self.synced_seq = last.name.first_seq - 1;
        self.synced_chain = last.base_chain;
        self.cursors = cursors_before;
    }

    /// Number and chain value of the last record in memory.
    fn last_kept(&self) -> Option<(u64, u64)> {
        self.pending.back().map(|record| (record.seq, record.chain))
    }

    fn jump_over_newer(&mut self, newer: &[String]) {
        let names = newer
            .iter()
            .filter_map(|file| SegmentName::parse(file, SEGMENT));
        let last = names
            .filter(|name| name.epoch == self.epoch)
            .map(|name| name.first_seq)
            .max();
        let Some(last) = last.filter(|last| *last >= self.next_seq) else {
            return;
        };
        let to = last.saturating_add(NEWER_FORMAT_JUMP);
        let lost = hole(self.epoch, self.next_seq, to, GapReason::NewerFormat);
        self.holes.push(Gap { count: 0, ..lost });
        self.synced_seq = to;
        self.next_seq = to + 1;
        self.active = false;
    }

    /// A flipped bit in the last durable record looks like a write that was cut off, so the loss is
    /// declared in any case; its size is unknown.
    fn declare_torn_tail(&mut self) {
        let seq = self.next_seq;
        let gap = Gap {
            count: 0,
            ..hole(self.epoch, seq, seq, GapReason::TornTail)
        };
        let mut record = Record {
            seq,
            covers: 1,
            chain: 0,
            kind: Kind::Gap,
            class: Class::P0,
            source: SourceId::SPOOL,
            mono_ns: 0,
            wall_ns: 0,
            unique_id: None,
            carried: false,
            cursor: None,
            payload: gap.encode(),
        };
        record.unique_id = Some(self.config.key.unique_id(self.chain, self.epoch, &record));
        record.chain = self.config.key.next(self.chain, self.epoch, &record);
        self.chain = record.chain;
        self.next_seq += 1;
        self.pending_bytes += crate::segment::encoded_len(&record);
        self.pending.push_back(record);
    }
}

/// Removes half-written files and finishes, or takes back, the change to a new epoch.
fn clear_unfinished(storage: &mut impl Storage) -> io::Result<()> {
    let files = storage.list()?;
    let of = |suffix: &str| -> Vec<SegmentName> {
        files
            .iter()
            .filter_map(|file| SegmentName::parse(file, suffix))
            .collect()
    };
    for name in of(UNFINISHED) {
        let _ = storage.remove(&name.file(UNFINISHED));
    }
    let (segments, coming) = (of(SEGMENT), of(NEXT_EPOCH));
    let Some(epoch) = coming.iter().map(|name| name.epoch).max() else {
        return Ok(());
    };
    // The first rename decided. Before it the old epoch is whole, after it the new one is.
    let decided = segments.iter().any(|name| name.epoch == epoch)
        || segments.iter().all(|name| name.epoch > epoch);
    for name in coming {
        let _ = if decided && name.epoch == epoch {
            storage.rename(&name.file(NEXT_EPOCH), &name.file(SEGMENT))
        } else {
            storage.remove(&name.file(NEXT_EPOCH))
        };
    }
    let _ = storage.sync_dir();
    Ok(())
}

/// The usable segments of the newest epoch, in the order of their numbers.
fn find_segments(
    storage: &mut impl Storage,
    config: &SpoolConfig,
    recovery: &mut Recovery,
) -> io::Result<Vec<Found>> {
    let files = storage.list()?;
    let mut names: Vec<SegmentName> = files
        .iter()
        .filter_map(|file| SegmentName::parse(file, SEGMENT))
        .collect();
    names.sort_unstable();
    let mut found: Vec<Found> = Vec::new();
    // From the end: where a segment ends is told by the first number of the next one.
    for name in names.into_iter().rev() {
        let file = name.file(SEGMENT);
        let newest = found.last();
        if newest.is_some_and(|newest| newest.segment.name.epoch != name.epoch) {
            // Left over from a finished change of epoch, unless a newer version wrote it.
            if !matches!(read_header(storage, &file), Err(HeaderError::Newer(_))) {
                let _ = storage.remove(&file);
            }
            continue;
        }
        let limit = newest.map_or(u64::MAX, |next| next.segment.name.first_seq - 1);
        match inspect(storage, name, limit, config) {
            Ok(segment) => found.push(segment),
            Err(HeaderError::Newer(_)) => recovery.newer.push(file),
            Err(HeaderError::Damaged) => {
                let _ = storage.rename(&file, &name.file(SET_ASIDE));
                recovery.set_aside.push(file);
            }
        }
    }
    found.reverse();
    let lost = set_aside(storage)?;
    let of_epoch = |name: &SegmentName, found: &Found| name.epoch == found.segment.name.epoch;
    recovery.lost_end = found.last().map_or(!lost.is_empty(), |last| {
        lost.iter()
            .any(|name| of_epoch(name, last) && name.first_seq > last.segment.last_seq)
    });
    recovery.lost_start = found.first().and_then(|first| {
        lost.iter()
            .filter(|name| of_epoch(name, first) && name.first_seq < first.segment.name.first_seq)
            .map(|name| name.first_seq)
            .min()
    });
    Ok(found)
}

fn read_header(
    storage: &impl Storage,
    file: &str,
) -> Result<(Header, usize, Vec<u8>), HeaderError> {
    let bytes = storage
        .read_at(file, 0, MAX_FILE_BYTES)
        .map_err(|_| HeaderError::Damaged)?;
    let (header, len) = Header::decode(&bytes)?;
    Ok((header, len, bytes))
}

fn inspect(
    storage: &impl Storage,
    name: SegmentName,
    limit: u64,
    config: &SpoolConfig,
) -> Result<Found, HeaderError> {
    let (header, len, bytes) = read_header(storage, &name.file(SEGMENT))?;
    let named = SegmentName {
        epoch: header.epoch,
        first_seq: header.first_seq,
    };
    if named != name || header.agent_id != config.agent_id {
        return Err(HeaderError::Damaged);
    }
    let mut segment = Segment::empty(name, len, header.base_chain);
    let (mut chain, mut cursors) = (header.base_chain, header.cursors.clone());
    let checksum = config.rules.hold(Rule::Checksum);
    let clean = walk(&bytes[len..], name.first_seq, limit, checksum, |record| {
        segment.add(&record);
        chain = record.chain;
        advance(&mut cursors, &record);
    });
    Ok(Found {
        segment,
        chain,
        cursors,
        cursors_before: header.cursors,
        clean,
    })
}

/// Segments that were set aside, now or earlier. Only the newest of them are kept.
fn set_aside(storage: &mut impl Storage) -> io::Result<Vec<SegmentName>> {
    let files = storage.list()?;
    let mut lost: Vec<SegmentName> = files
        .iter()
        .filter_map(|file| SegmentName::parse(file, SET_ASIDE))
        .collect();
    lost.sort_unstable();
    let too_many = lost.len().saturating_sub(SET_ASIDE_KEPT);
    for name in &lost[..too_many] {
        let _ = storage.remove(&name.file(SET_ASIDE));
    }
    Ok(lost)
}

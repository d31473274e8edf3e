//! Staying within the limits: the oldest of the least important class goes first.

use super::Spool;
use super::segments::{Segment, UNFINISHED};
use crate::gap::GapReason;
use crate::record::{Class, Kind, Record};
use crate::segment;
use crate::storage::Storage;
use std::collections::BTreeMap;
use std::io;

impl<S: Storage> Spool<S> {
    /// Everything that counts against the limit: what is written, what waits, and one segment that
    /// is reserved or may have to be.
    pub(super) fn used_bytes(&self) -> u64 {
        let files: u64 = self.segments.iter().map(|segment| segment.end).sum();
        files + self.config.segment_bytes + self.pending_bytes as u64
    }

    /// Makes room for a record of `class`, or says why it has to become a gap itself.
    pub(super) fn make_room(&mut self, bytes: usize, class: Class) -> Option<GapReason> {
        let max = self.config.max_bytes;
        let limit = if class == Class::P0 {
            max
        } else {
            max - max / 10
        };
        while self.used_bytes() + bytes as u64 > limit {
            if !self.delete_oldest_acked() && !self.drop_on_disk(class) {
                return Some(GapReason::SpoolFull);
            }
        }
        while self.is_memory_full(bytes) {
            if !self.drop_in_memory(bytes, class) {
                return Some(GapReason::DiskUnwritable);
            }
        }
        None
    }

    /// Drops what matters less than `class`, or as much and is older. False: there is nothing.
    fn drop_on_disk(&mut self, class: Class) -> bool {
        let least_first = [Class::P2, Class::P1, Class::P0].into_iter();
        for victim in least_first.take_while(|victim| *victim >= class) {
            if let Some(at) = self
                .segments
                .iter()
                .position(|segment| segment.holds(victim))
            {
                match self.thin_segment(at, victim) {
                    Ok(0) => {}
                    Ok(_) => return true,
                    // A disk that refuses to rewrite leaves the incoming record as the one to drop.
                    Err(_) => return false,
                }
            }
        }
        self.join_gaps_on_disk()
    }

    /// Joins what a long time at the limit leaves behind: one gap record per sync.
    fn join_gaps_on_disk(&mut self) -> bool {
        let worth_it = self.config.segment_bytes / 4;
        let many = |segment: &Segment| segment.joinable_bytes > worth_it;
        let Some(at) = self.segments.iter().position(many) else {
            return false;
        };
        // Nothing of this class is left, so that only gaps change.
        self.thin_segment(at, Class::P2).is_ok()
    }

    /// Rewrites a segment without `class` and returns how many events went. The file is replaced as
    /// a whole or stays as it was.
    fn thin_segment(&mut self, at: usize, class: Class) -> io::Result<u64> {
        let mut segment = self.segments[at].clone();
        let before = self.read_segment(&segment)?;
        let events = count(&before, class);
        let is_last = at + 1 == self.segments.len();
        let after = self.thin(before, class, is_last);
        let lost = events - count(&after, class);
        let file = segment.file();
        let start = usize::try_from(segment.start).unwrap_or(0);
        let mut bytes = self.storage.read_at(&file, 0, start)?;
        let acked_at_ms = segment.acked_at_ms;
        segment = Segment::empty(segment.name, start, segment.base_chain);
        segment.acked_at_ms = acked_at_ms;
        for record in &after {
            segment::encode(record, &mut bytes);
            segment.add(record);
        }
        // Trying again would win nothing of those that are left.
        segment.joinable_bytes = 0;
        segment.class_bytes[class as usize] = 0;
        let unfinished = segment.name.file(UNFINISHED);
        self.write_new_file(&unfinished, &bytes, 0)?;
        self.storage.rename(&unfinished, &file)?;
        if self.storage.sync_dir().is_err() {
            // The old file may come back, so nothing more is written to the new one.
            self.active &= at + 1 < self.segments.len();
        }
        self.segments[at] = segment;
        self.stats.records += lost;
        self.reader = None;
        Ok(lost)
    }

    /// The records without those of `class`. Of the last segment each source keeps its last one:
    /// no header behind it has that cursor, and what the server has stored already would be read
    /// and stored again.
    fn thin(&self, records: Vec<Record>, class: Class, is_last: bool) -> Vec<Record> {
        let cursors = records.iter().filter(|record| record.cursor.is_some());
        let last: BTreeMap<_, _> = cursors.map(|record| (record.source, record.seq)).collect();
        let stays = |record: &Record| is_last && last.get(&record.source) == Some(&record.seq);
        let drops = self.drops(GapReason::SpoolFull);
        let parts = records.chunk_by(|one, next| !stays(one) && !stays(next));
        let thinned = parts.map(|part| match part {
            [one] if stays(one) => vec![one.clone()],
            part => drops.thin(part.to_vec(), class, usize::MAX),
        });
        thinned.flatten().collect()
    }

    /// What opening found does not count: it is not dropped, and one segment at most.
    fn is_memory_full(&self, bytes: usize) -> bool {
        let limit = self.config.pending_bytes;
        if self.pending_bytes + bytes <= limit {
            return false;
        }
        let found = self.pending.iter().take(self.found_pending());
        let found: usize = found.map(segment::encoded_len).sum();
        self.pending_bytes - found + bytes > limit
    }

    /// How many of the records in memory were found on the disk by opening. The server may have them
    /// already: dropped here, their cursors would be lost, and they would be read and stored again.
    fn found_pending(&self) -> usize {
        self.pending
            .partition_point(|record| record.seq <= self.recovered_seq)
    }

    fn drop_in_memory(&mut self, bytes: usize, class: Class) -> bool {
        let least_first = [Class::P2, Class::P1, Class::P0].into_iter();
        for victim in least_first.take_while(|victim| *victim >= class) {
            let is_victim = |record: &Record| record.class == victim && record.kind == Kind::Event;
            let found = self.found_pending();
            if self.pending.iter().skip(found).any(is_victim) {
                let before: Vec<Record> = self.pending.drain(found..).collect();
                let lost = count(&before, victim);
                // An eighth at a time, so that not every append has to go through all of them.
                let free = bytes.max(self.config.pending_bytes / 8);
                let after = self
                    .drops(GapReason::DiskUnwritable)
                    .thin(before, victim, free);
                self.stats.records += lost - count(&after, victim);
                self.pending.extend(after);
                self.pending_bytes = self.pending.iter().map(segment::encoded_len).sum();
                return true;
            }
        }
        false
    }
}

fn count(records: &[Record], class: Class) -> u64 {
    records
        .iter()
        .filter(|record| record.class == class && record.kind == Kind::Event)
        .count() as u64
}

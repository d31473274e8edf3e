//! Staying within the limits: the oldest of the least important class goes first.

use super::Spool;
use super::segments::UNFINISHED;
use crate::gap::GapReason;
use crate::record::{Class, Kind, Record};
use crate::segment;
use crate::storage::Storage;
use std::io;

impl<S: Storage> Spool<S> {
    /// Everything that counts against the limit. The open segment counts as it is reserved.
    pub(super) fn used_bytes(&self) -> u64 {
        let files: u64 = self.segments.iter().map(|segment| segment.end).sum();
        let open = self
            .segments
            .back()
            .filter(|_| self.active)
            .map_or(0, |segment| segment.end);
        files + self.config.segment_bytes.saturating_sub(open) + self.pending_bytes as u64
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
        while self.pending_bytes + bytes > self.config.pending_bytes {
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
                // A disk that refuses to rewrite leaves the incoming record as the one to drop.
                return self.thin_segment(at, victim).is_ok();
            }
        }
        false
    }

    /// Rewrites a segment without `class`. The file is replaced as a whole or stays as it was.
    fn thin_segment(&mut self, at: usize, class: Class) -> io::Result<()> {
        if at + 1 == self.segments.len() {
            self.active = false;
        }
        let mut segment = self.segments[at].clone();
        let before = self.read_segment(&segment)?;
        let lost = count(&before, class);
        let after = self
            .drops(GapReason::SpoolFull)
            .thin(before, class, usize::MAX);
        let file = segment.file();
        let start = usize::try_from(segment.start).unwrap_or(0);
        let mut bytes = self.storage.read_at(&file, 0, start)?;
        segment.end = segment.start;
        segment.class_bytes = [0; 3];
        for record in &after {
            segment::encode(record, &mut bytes);
            segment.add(record);
        }
        self.replace_file(&segment.name.file(UNFINISHED), &file, &bytes)?;
        self.segments[at] = segment;
        self.stats.records += lost;
        self.reader = None;
        Ok(())
    }

    /// Writes `bytes` to a file of their own and gives it the name of another.
    pub(super) fn replace_file(&mut self, via: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write_new_file(via, bytes, 0)?;
        self.storage.rename(via, name)?;
        self.storage.sync_dir()
    }

    fn drop_in_memory(&mut self, bytes: usize, class: Class) -> bool {
        let least_first = [Class::P2, Class::P1, Class::P0].into_iter();
        for victim in least_first.take_while(|victim| *victim >= class) {
            let is_victim = |record: &Record| record.class == victim && record.kind == Kind::Event;
            if self.pending.iter().any(is_victim) {
                let before: Vec<Record> = self.pending.drain(..).collect();
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

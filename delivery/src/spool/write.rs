//! Making records durable.

use super::Spool;
use super::scan::advance;
use super::segments::{SEGMENT, Segment, UNFINISHED};
use crate::rules::Rule;
use crate::segment::{self, Header, SegmentName};
use crate::storage::Storage;
use std::io;

/// Why records are not durable. They stay in memory, in their order, and the next sync tries again.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error("cannot open a new segment")]
    Create(#[source] io::Error),
    #[error("cannot write to the spool")]
    Write(#[source] io::Error),
    #[error("cannot make the spool durable")]
    Sync(#[source] io::Error),
}

impl SyncError {
    /// Whether the cure is free space.
    pub fn is_disk_full(&self) -> bool {
        let (Self::Create(error) | Self::Write(error) | Self::Sync(error)) = self;
        matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    }
}

impl<S: Storage> Spool<S> {
    /// Makes everything appended so far durable and returns the last durable number.
    ///
    /// One fdatasync, as a rule; callers group: every 100 ms or 256 KiB. A file that refused a
    /// write or a sync is left, and its unsynced records go to a new one.
    ///
    /// # Errors
    ///
    /// [`SyncError`] if the disk takes nothing. Appending goes on in memory, bounded, with gaps.
    pub fn sync(&mut self) -> Result<u64, SyncError> {
        let mut refused = false;
        while !self.pending.is_empty() {
            let written = if self.has_open_segment() {
                self.extend_segment()
            } else {
                self.start_segment().map_err(SyncError::Create)
            };
            if let Err(error) = written {
                self.leave_segment();
                let again = matches!(error, SyncError::Sync(_)) && !refused;
                if !again {
                    return Err(error);
                }
                refused = true;
            }
        }
        Ok(self.synced_seq)
    }

    fn has_open_segment(&self) -> bool {
        let room = |segment: &Segment| segment.end < self.config.segment_bytes;
        self.active && self.segments.back().is_some_and(room)
    }

    /// Ends writing to the last segment. Gives back what was reserved, and what was refused but may
    /// stand there all the same: if the next segment is damaged, it would pass for the whole of it.
    fn leave_segment(&mut self) {
        if let Some(last) = self.segments.back().filter(|_| self.active) {
            let _ = self.storage.truncate(&last.file(), last.end);
        }
        self.active = false;
    }

    /// Starts a segment that has its first records from the moment it has its name: it may replace
    /// one of the same name, whose records are among them.
    fn start_segment(&mut self) -> io::Result<()> {
        self.leave_segment();
        let name = SegmentName {
            epoch: self.epoch,
            first_seq: self.synced_seq + 1,
        };
        let mut bytes = self.header(name).encode();
        let mut segment = Segment::empty(name, bytes.len(), self.synced_chain);
        let count = self.encode_pending(&mut segment, &mut bytes);
        let unfinished = name.file(UNFINISHED);
        self.write_new_file(&unfinished, &bytes, self.config.segment_bytes)?;
        self.storage.rename(&unfinished, &name.file(SEGMENT))?;
        if self.config.rules.hold(Rule::DirectorySync) {
            self.storage.sync_dir()?;
        }
        self.segments.retain(|old| old.name != name);
        self.segments.push_back(segment);
        self.active = true;
        self.mark_durable(count);
        Ok(())
    }

    fn header(&self, name: SegmentName) -> Header {
        Header {
            agent_id: self.config.agent_id,
            epoch: name.epoch,
            first_seq: name.first_seq,
            boot_id: self.config.boot_id,
            base_chain: self.synced_chain,
            cursors: self.cursors.clone(),
        }
    }

    /// Makes a durable file with these bytes in front and `reserve` bytes in all.
    pub(super) fn write_new_file(
        &mut self,
        name: &str,
        bytes: &[u8],
        reserve: u64,
    ) -> io::Result<()> {
        let written = (|| {
            self.storage.create(name, reserve)?;
            self.storage.write_at(name, 0, bytes)?;
            self.storage.sync(name)
        })();
        if written.is_err() {
            // Recovery removes it too, if this fails.
            let _ = self.storage.remove(name);
        }
        written
    }

    fn extend_segment(&mut self) -> Result<(), SyncError> {
        let Some(mut segment) = self.segments.back().cloned() else {
            return Ok(());
        };
        let (file, offset) = (segment.file(), segment.end);
        let mut bytes = Vec::new();
        let count = self.encode_pending(&mut segment, &mut bytes);
        let written = self.storage.write_at(&file, offset, &bytes);
        written.map_err(SyncError::Write)?;
        if let Err(error) = self.storage.sync(&file)
            && self.config.rules.hold(Rule::NewFileAfterSyncError)
        {
            return Err(SyncError::Sync(error));
        }
        if let Some(last) = self.segments.back_mut() {
            *last = segment;
        }
        self.mark_durable(count);
        Ok(())
    }

    /// Appends what the segment has room for, one record at least, and returns how many.
    fn encode_pending(&self, segment: &mut Segment, bytes: &mut Vec<u8>) -> usize {
        let mut count = 0;
        for record in &self.pending {
            if count > 0 && segment.end >= self.config.segment_bytes {
                break;
            }
            segment::encode(record, bytes);
            segment.add(record);
            count += 1;
        }
        count
    }

    fn mark_durable(&mut self, count: usize) {
        for record in self.pending.drain(..count) {
            self.pending_bytes -= segment::encoded_len(&record);
            self.synced_seq = record.seq;
            self.synced_chain = record.chain;
            advance(&mut self.cursors, &record);
        }
    }
}

//! Making records durable.

use super::Spool;
use super::segments::{SEGMENT, Segment, UNFINISHED};
use crate::record::Record;
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
            self.open_segment().map_err(SyncError::Create)?;
            if let Err(error) = self.flush_into_segment() {
                self.active = false;
                let again = matches!(error, SyncError::Sync(_)) && !refused;
                if !again {
                    return Err(error);
                }
                refused = true;
            }
        }
        Ok(self.synced_seq)
    }

    /// Makes sure that the last segment takes records.
    fn open_segment(&mut self) -> io::Result<()> {
        let room = |segment: &Segment| segment.end < self.config.segment_bytes;
        if self.active && self.segments.back().is_some_and(room) {
            return Ok(());
        }
        if let Some(full) = self.segments.back().filter(|_| self.active) {
            // Gives back what was reserved. Nothing depends on it.
            let _ = self.storage.truncate(&full.file(), full.end);
        }
        self.active = false;
        let segment = self.create_segment()?;
        // One that was left without a durable record had the same name and is replaced.
        self.segments.retain(|old| old.name != segment.name);
        self.segments.push_back(segment);
        self.active = true;
        Ok(())
    }

    fn create_segment(&mut self) -> io::Result<Segment> {
        let name = SegmentName {
            epoch: self.epoch,
            first_seq: self.synced_seq + 1,
        };
        let header = self.header(name).encode();
        let unfinished = name.file(UNFINISHED);
        self.write_new_file(&unfinished, &header, self.config.segment_bytes)?;
        // Under its real name it always has a whole header.
        self.storage.rename(&unfinished, &name.file(SEGMENT))?;
        if self.config.rules.hold(Rule::DirectorySync) {
            self.storage.sync_dir()?;
        }
        Ok(Segment::empty(name, header.len(), self.synced_chain))
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

    fn flush_into_segment(&mut self) -> Result<(), SyncError> {
        let Some(segment) = self.segments.back_mut() else {
            return Ok(());
        };
        let mut bytes = Vec::new();
        let mut grown = segment.clone();
        let mut count = 0;
        for record in &self.pending {
            if count > 0 && grown.end >= self.config.segment_bytes {
                break;
            }
            segment::encode(record, &mut bytes);
            grown.add(record);
            count += 1;
        }
        let file = segment.file();
        self.storage
            .write_at(&file, segment.end, &bytes)
            .map_err(SyncError::Write)?;
        if let Err(error) = self.storage.sync(&file)
            && self.config.rules.hold(Rule::NewFileAfterSyncError)
        {
            return Err(SyncError::Sync(error));
        }
        *segment = grown;
        let durable: Vec<Record> = self.pending.drain(..count).collect();
        self.pending_bytes -= bytes.len();
        durable
            .into_iter()
            .for_each(|record| self.mark_durable(record));
        Ok(())
    }

    fn mark_durable(&mut self, record: Record) {
        self.synced_seq = record.seq;
        self.synced_chain = record.chain;
        if let Some(cursor) = record.cursor {
            self.cursors.insert(record.source, cursor);
        }
    }
}

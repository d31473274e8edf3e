//! Entries as they are written, in batches, for a thread of their own.

use std::time::Duration;

use analysis::journal::JournalEntry;

use super::{JournalOptions, JournalSource, Opened, Position, Seek, Wakeup, open};
use crate::CollectError;

/// Reads a journal on and on. Make it on the thread that uses it: it cannot be sent to another.
pub struct Follower {
    source: Box<dyn JournalSource>,
    degraded: Option<CollectError>,
    told_corrupt: u64,
}

/// What was read at once.
#[derive(Debug, Default)]
pub struct Batch {
    /// The oldest first; the cursor of the last is the place to resume at.
    pub entries: Vec<JournalEntry>,
    /// Entries that could not be read, since the batch before: the caller stores a gap.
    pub corrupt: u64,
}

impl Follower {
    /// Opens the journal, and starts to read at `position`.
    ///
    /// # Errors
    ///
    /// Those of [`open`] and of [`JournalSource::seek`].
    pub fn start(
        options: &JournalOptions,
        position: &Position,
    ) -> Result<(Self, Seek), CollectError> {
        let following = JournalOptions {
            follow: true,
            ..options.clone()
        };
        let Opened { source, degraded } = open(&following)?;
        Self::with(source, degraded, position)
    }

    /// Starts to read `source` at `position`.
    pub fn with(
        mut source: Box<dyn JournalSource>,
        degraded: Option<CollectError>,
        position: &Position,
    ) -> Result<(Self, Seek), CollectError> {
        let seek = source.seek(position)?;
        let follower = Self {
            source,
            degraded,
            told_corrupt: 0,
        };
        Ok((follower, seek))
    }

    /// How it reads, `libsystemd` or `journalctl`, and why not in the better way.
    pub fn runs(&self) -> (&'static str, Option<&CollectError>) {
        (self.source.name(), self.degraded.as_ref())
    }

    /// Up to `max` entries. With none there, waits for the first at most `timeout`, and then
    /// returns an empty batch. journald tells of new entries up to 250 ms after it wrote them.
    pub fn next_batch(&mut self, max: usize, timeout: Duration) -> Result<Batch, CollectError> {
        let mut entries = Vec::new();
        self.drain(max, &mut entries)?;
        if entries.is_empty() && self.source.wait(timeout)? == Wakeup::Entries {
            self.drain(max, &mut entries)?;
        }
        let corrupt = self.source.corrupt() - self.told_corrupt;
        self.told_corrupt = self.source.corrupt();
        Ok(Batch { entries, corrupt })
    }

    fn drain(&mut self, max: usize, entries: &mut Vec<JournalEntry>) -> Result<(), CollectError> {
        while entries.len() < max
            && let Some(entry) = self.source.next()
        {
            entries.push(entry?);
        }
        Ok(())
    }
}

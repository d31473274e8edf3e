//! The journal through libsystemd.

use std::{collections::BTreeMap, io, sync::LazyLock, time::Duration};

use analysis::{
    Timestamp,
    identity::BootId,
    journal::{JournalEntry, WANTED_FIELDS},
};
use uuid::Uuid;

use super::{
    JournalOptions, JournalSource, Matches, Position, Seek, Wakeup, access,
    libsystemd::{SdJournal, failed},
};
use crate::CollectError;

/// A journal that libsystemd reads.
pub struct Journal {
    files: SdJournal,
    matches: Matches,
    corrupt: u64,
}

impl Journal {
    /// Opens the journal, at its head.
    ///
    /// # Errors
    ///
    /// [`CollectError::NoLibsystemd`] if the library cannot be loaded,
    /// [`CollectError::JournalDenied`] or [`CollectError::NoJournal`] if there is nothing to read.
    pub fn open(options: &JournalOptions) -> Result<Self, CollectError> {
        let files = SdJournal::open(options.directory.as_deref())?;
        access::check(options.directory.as_deref())?;
        let mut journal = Self {
            files,
            matches: options.matches.clone(),
            corrupt: 0,
        };
        journal.seek(&Position::Head)?;
        Ok(journal)
    }

    fn apply_matches(&mut self) -> io::Result<()> {
        self.files.flush_matches();
        for (number, group) in self.matches.groups().iter().enumerate() {
            if number > 0 {
                self.files.add_disjunction()?;
            }
            for one in group {
                self.files.add_match(&one.expression())?;
            }
        }
        Ok(())
    }

    fn seek_plain(&mut self, position: &Position) -> io::Result<()> {
        match position {
            Position::Head => self.files.seek_head(),
            Position::Since(time) => {
                let us = u64::try_from(time.timestamp_micros()).unwrap_or(0);
                self.files.seek_realtime(us)
            }
            Position::Tail => {
                // `seek_tail` alone leaves the place open, and a `next` after it finds the last
                // entry or nothing, depending on the version: stand on the last entry instead.
                self.files.seek_tail()?;
                if self.files.previous()? {
                    Ok(())
                } else {
                    // Nothing was written yet: whatever comes is behind the newest.
                    self.files.seek_head()
                }
            }
            Position::Last(entries) => {
                self.files.seek_tail()?;
                // Onto the entry before them: the next step goes to the first of them.
                match self.files.back(entries.saturating_add(1))? {
                    true => Ok(()),
                    false => self.files.seek_head(),
                }
            }
            Position::After(cursor) => self.files.seek_cursor(cursor),
        }
    }

    /// Whether the entry of `cursor` is in the journal. Leaves the place open and no matches set:
    /// an entry that the matches hide is not gone.
    fn has(&mut self, cursor: &str) -> io::Result<bool> {
        self.files.flush_matches();
        self.files.seek_cursor(cursor)?;
        Ok(self.files.next()? && self.files.is_at(cursor)?)
    }

    fn oldest(&mut self) -> io::Result<Option<Timestamp>> {
        self.files.flush_matches();
        self.files.seek_head()?;
        if !self.files.next()? {
            return Ok(None);
        }
        let us = self.files.realtime_us()?;
        Ok(timestamp(us))
    }

    fn seek_after(&mut self, cursor: &str) -> io::Result<Seek> {
        let seek = if self.has(cursor)? {
            Seek::Done
        } else {
            Seek::CursorGone {
                oldest: self.oldest()?,
            }
        };
        self.apply_matches()?;
        self.files.seek_cursor(cursor)?;
        if !self.files.next()? || !self.files.is_at(cursor)? {
            // That was the first later entry, or none: the next step has to find it again.
            self.files.seek_cursor(cursor)?;
        }
        Ok(seek)
    }

    fn read_entry(&mut self) -> io::Result<JournalEntry> {
        let mut fields = BTreeMap::new();
        self.files
            .each_field(|data| keep_wanted(&mut fields, data))?;
        let (monotonic_us, boot) = self.files.monotonic()?;
        let at = timestamp(self.files.realtime_us()?)
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok(JournalEntry {
            cursor: self.files.cursor()?,
            at,
            monotonic_us,
            boot: BootId(Uuid::from_bytes(boot)),
            fields,
        })
    }
}

impl JournalSource for Journal {
    fn seek(&mut self, position: &Position) -> Result<Seek, CollectError> {
        let sought = match position {
            Position::After(cursor) => self.seek_after(cursor),
            other => self
                .apply_matches()
                .and_then(|()| self.seek_plain(other))
                .map(|()| Seek::Done),
        };
        sought.map_err(|source| match (position, source.kind()) {
            (Position::After(cursor), io::ErrorKind::InvalidInput) => {
                CollectError::BadCursor(cursor.clone())
            }
            _ => failed("seek in", source),
        })
    }

    fn next(&mut self) -> Option<Result<JournalEntry, CollectError>> {
        loop {
            match self.files.next() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(failed("read", error))),
            }
            match self.read_entry() {
                Ok(entry) => return Some(Ok(entry)),
                // The step above has left it behind, so this ends.
                Err(_) => self.corrupt += 1,
            }
        }
    }

    fn corrupt(&self) -> u64 {
        self.corrupt
    }

    fn wait(&mut self, timeout: Duration) -> Result<Wakeup, CollectError> {
        match self.files.wait(timeout) {
            Ok(true) => Ok(Wakeup::Entries),
            Ok(false) => Ok(Wakeup::Nothing),
            Err(source) if source.kind() == io::ErrorKind::Interrupted => Ok(Wakeup::Nothing),
            Err(source) => Err(failed("wait for", source)),
        }
    }

    fn name(&self) -> &'static str {
        "libsystemd"
    }
}

/// Keeps a field, given as `NAME=value`, if it is a wanted one and the first of its name.
pub(super) fn keep_wanted(fields: &mut BTreeMap<String, String>, data: &[u8]) {
    if let Some(equals) = data.iter().position(|byte| *byte == b'=') {
        keep_field(fields, &data[..equals], &data[equals + 1..]);
    }
}

pub(super) fn keep_field(fields: &mut BTreeMap<String, String>, name: &[u8], value: &[u8]) {
    // Most of the time of a long reading goes by here, so the names are searched, not compared.
    static SORTED: LazyLock<[&str; WANTED_FIELDS.len()]> = LazyLock::new(|| {
        let mut names = WANTED_FIELDS;
        names.sort_unstable();
        names
    });
    let place = SORTED.binary_search_by(|wanted| wanted.as_bytes().cmp(name));
    if let Ok(place) = place
        && !fields.contains_key(SORTED[place])
    {
        let value = String::from_utf8_lossy(value).into_owned();
        fields.insert(SORTED[place].to_owned(), value);
    }
}

pub(super) fn timestamp(since_epoch_us: u64) -> Option<Timestamp> {
    Timestamp::from_timestamp_micros(i64::try_from(since_epoch_us).ok()?)
}

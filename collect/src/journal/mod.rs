//! The systemd journal: read by cursor, followed, and written to.
//!
//! Two readers stand behind [`JournalSource`]: libsystemd, opened at run time, and `journalctl` as
//! a child for where that library cannot be loaded (static binaries). Neither judges an entry.

mod access;
mod child;
mod export;
mod follow;
mod libsystemd;
mod matches;
mod reader;
mod run;
mod send;
mod synchronize;

use std::{path::PathBuf, time::Duration};

use analysis::{Timestamp, journal::JournalEntry};

pub(crate) use self::run::JournaledRun;
pub use self::{
    child::JournalctlChild,
    follow::{Batch, Follower},
    matches::{Match, Matches, lifecycle_matches},
    reader::Journal,
    send::{send, send_to},
    synchronize::synchronize,
};
use crate::CollectError;

/// Which journal to read, and what of it.
#[derive(Clone, Debug, Default)]
pub struct JournalOptions {
    /// Where the journal's files are. `None`: the journal of this host.
    pub directory: Option<PathBuf>,
    /// What to read. Empty: everything.
    pub matches: Matches,
    /// Whether entries that are written later are wanted too.
    pub follow: bool,
}

/// Where to read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// The oldest entry.
    Head,
    /// Behind the newest entry.
    Tail,
    /// The first of so many entries at the end.
    Last(u32),
    /// The first entry at or after that time.
    Since(Timestamp),
    /// The first entry behind the one that a cursor names.
    After(String),
}

/// How a seek went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seek {
    Done,
    /// The journal no longer has the cursor's entry: it was vacuumed, or the disk was set back.
    /// Reading goes on with the next entry that there is; the caller stores a gap.
    CursorGone {
        /// Time of the oldest entry of the whole journal. `None`: it is empty.
        oldest: Option<Timestamp>,
    },
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// The time is over.
    Nothing,
    /// There may be entries to read.
    Entries,
}

/// A reader of a journal: entries of all boots, the oldest first.
///
/// A trait, because there are two readers, not for tests: those read real journal files.
pub trait JournalSource {
    /// Moves to `position`.
    ///
    /// # Errors
    ///
    /// [`CollectError::BadCursor`] if the text is no cursor; else the journal cannot be read.
    fn seek(&mut self, position: &Position) -> Result<Seek, CollectError>;

    /// The next entry. `None`: there is none yet. Entries that cannot be read are passed over.
    fn next(&mut self) -> Option<Result<JournalEntry, CollectError>>;

    /// How many entries were passed over because they could not be read.
    ///
    /// A lower bound with libsystemd: it leaves out damaged files, entries and fields by itself,
    /// and tells nobody. Only a hole in the numbers of a reading without matches would show them.
    fn corrupt(&self) -> u64;

    /// Waits until there may be more to read, at most `timeout`.
    fn wait(&mut self, timeout: Duration) -> Result<Wakeup, CollectError>;

    /// How it reads: `libsystemd`, `journalctl`.
    fn name(&self) -> &'static str;
}

/// A journal, and what is worse about its reader than it could be.
pub struct Opened {
    pub source: Box<dyn JournalSource>,
    /// Why libsystemd does not read it. `None`: it does.
    pub degraded: Option<CollectError>,
}

/// Opens the journal with libsystemd, or, where that cannot be loaded, with `journalctl`.
///
/// The source must stay on the thread that opened it: libsystemd allows no other.
///
/// # Errors
///
/// [`CollectError::JournalDenied`] and [`CollectError::NoJournal`] concern both readers.
pub fn open(options: &JournalOptions) -> Result<Opened, CollectError> {
    match Journal::open(options) {
        Ok(journal) => Ok(Opened {
            source: Box::new(journal),
            degraded: None,
        }),
        Err(reason @ CollectError::NoLibsystemd(_)) => Ok(Opened {
            source: Box::new(JournalctlChild::open(options)?),
            degraded: Some(reason),
        }),
        Err(error) => Err(error),
    }
}

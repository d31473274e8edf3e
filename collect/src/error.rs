//! Why a fact about this host could not be read.

use std::{io, path::PathBuf, time::Duration};

/// Why a fact about this host could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Normal on a busy host: callers skip the process.
    #[error("process {0} exited while it was being read")]
    Gone(u32),
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: expected {expected}, found {found:?}", path.display())]
    Malformed {
        path: PathBuf,
        expected: &'static str,
        found: String,
    },
    #[error("{what} did not answer within {limit:?}")]
    Deadline { what: String, limit: Duration },
    /// Reads that hang hold a thread each; there are as many as we allow.
    #[error("cannot read {what}: {stuck} earlier reads still hang")]
    TooManyStuck { what: String, stuck: usize },
    #[error("no permission to read the journal at {}", path.display())]
    JournalDenied { path: PathBuf },
    #[error("this host keeps no journal")]
    NoJournal,
    #[error("cannot load libsystemd")]
    NoLibsystemd(#[source] libloading::Error),
    #[error("cannot {action} the journal")]
    Journal {
        action: &'static str,
        source: io::Error,
    },
    #[error("{0:?} is not a cursor of the journal")]
    BadCursor(String),
    #[error("the entry is too large for the journal's socket: {0} bytes")]
    EntryTooLarge(usize),
    #[error(transparent)]
    NoSystemd(#[from] NoSystemd),
    #[error("systemd refused {call}")]
    Systemd {
        call: &'static str,
        source: Box<zbus::Error>,
    },
}

/// Why systemd cannot be asked on this host.
#[derive(Debug, thiserror::Error)]
pub enum NoSystemd {
    #[error("systemd does not run this host")]
    NotInit,
    #[error("systemd runs this host, but the D-Bus system bus is not there")]
    NoBus(#[source] Box<zbus::Error>),
}

/// What a person can do about an error. Typed, so that it can be said in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Join one of these groups, or run as root.
    JoinJournalGroup { groups: &'static [&'static str] },
    /// Install the package that has the D-Bus daemon, and start it.
    InstallDbus,
}

/// Groups whose members may read the system journal.
pub const JOURNAL_GROUPS: [&str; 3] = ["systemd-journal", "adm", "wheel"];

impl CollectError {
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::JournalDenied { .. } => Some(Hint::JoinJournalGroup {
                groups: &JOURNAL_GROUPS,
            }),
            Self::NoSystemd(NoSystemd::NoBus(_)) => Some(Hint::InstallDbus),
            _ => None,
        }
    }
}

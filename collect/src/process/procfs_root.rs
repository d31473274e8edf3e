//! The directory that process facts are read below, and its errors.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::param::{clock_ticks_per_second, page_size};

use super::stat::{ProcessStat, Units, parse};
use crate::{CollectError, deadline::Deadline};

/// A command line is there in microseconds, or its process holds a lock for who knows how long.
const COMMAND_LINE_DEADLINE: Duration = Duration::from_millis(200);

/// Reads process facts below `root`: procfs of this host, or a directory that a test filled.
///
/// Single files of one process are parsed by the crate `procfs` where it fits. Scans have a parser
/// of their own: per process that crate allocates and opens more, which makes it 1.6 times as
/// dear for `stat` alone, and a scan runs every second.
pub struct Procfs {
    pub(super) root: PathBuf,
    pub(super) units: Units,
    pub(super) deadline: Deadline,
}

impl Procfs {
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            units: Units {
                ticks_per_second: clock_ticks_per_second(),
                page_bytes: page_size() as u64,
            },
            deadline: Deadline::of(COMMAND_LINE_DEADLINE),
        }
    }

    /// Sets how long the read of a command line may take.
    #[must_use]
    pub fn with_deadline(mut self, limit: Duration) -> Self {
        self.deadline = Deadline::of(limit);
        self
    }

    /// What `stat` says of one process.
    ///
    /// # Errors
    ///
    /// [`CollectError::Gone`] if there is no such process.
    pub fn stat(&self, pid: u32) -> Result<ProcessStat, CollectError> {
        let path = self.path(pid, "stat");
        let bytes = fs::read(&path).map_err(|source| read_error(pid, &path, source))?;
        parse(&bytes, self.units).ok_or_else(|| malformed(&path, "the fields of stat", &bytes))
    }

    /// Names of the programs above `pid`, nearest first, without process 1. Ends early where one
    /// of them is gone.
    pub fn ancestors(&self, pid: u32) -> Vec<String> {
        /// Deeper trees exist only by accident or malice.
        const DEEPEST: usize = 32;
        let mut names = Vec::new();
        let mut next = self.stat(pid).map(|stat| stat.parent_pid);
        while let Ok(parent) = next
            && parent > 1
            && names.len() < DEEPEST
        {
            next = self.stat(parent).map(|stat| {
                names.push(stat.comm);
                stat.parent_pid
            });
        }
        names
    }

    pub(super) fn path(&self, pid: u32, file: &str) -> PathBuf {
        self.root.join(pid.to_string()).join(file)
    }
}

/// A process may vanish before its file is opened (`ENOENT`), or between open and read (`ESRCH`).
pub(super) fn read_error(pid: u32, path: &Path, source: io::Error) -> CollectError {
    if source.kind() == io::ErrorKind::NotFound || source.raw_os_error() == Some(libc::ESRCH) {
        CollectError::Gone(pid)
    } else {
        CollectError::Read {
            path: path.to_owned(),
            source,
        }
    }
}

pub(super) fn malformed(path: &Path, expected: &'static str, found: &[u8]) -> CollectError {
    let start = &found[..found.len().min(200)];
    CollectError::Malformed {
        path: path.to_owned(),
        expected,
        found: String::from_utf8_lossy(start).into_owned(),
    }
}

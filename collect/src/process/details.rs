//! Everything about one process, for those that are watched or that just began.

use std::{
    fs::{self, File},
    io::{self, Cursor, Read},
    path::Path,
};

use analysis::event::Placement;
use procfs::{FromRead, process::Status};

use super::{
    placement::most_telling_cgroup,
    procfs_root::{Procfs, malformed, read_error},
    stat::{ProcessStat, State},
};
use crate::CollectError;

/// Longest command line that is read, in bytes; those of some JVMs have a megabyte.
pub(super) const COMMAND_LINE_BYTES: u64 = 4096;

/// Everything about one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub stat: ProcessStat,
    /// The real user.
    pub uid: u32,
    /// The user that logged in. `None`: no login, or a kernel without audit.
    pub login_uid: Option<u32>,
    /// The audit session of that login.
    pub session: Option<u32>,
    /// Its pid in its innermost pid namespace. `None`: the kernel is too old to say.
    pub pid_in_namespace: Option<u32>,
    pub command_line: CommandLine,
    pub placement: Placement,
}

/// The arguments of a process, as they are: they may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    Arguments {
        /// Empty for kernel threads and zombies. Bytes that are no UTF-8 have been replaced.
        argv: Vec<String>,
        /// Whether there was more than is read.
        truncated: bool,
    },
    Withheld(Withheld),
}

/// Why a command line was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// It waits for a device or a lock, and whoever reads its memory may wait with it.
    Uninterruptible,
    /// The read took too long and was given up.
    Deadline,
    /// Too many reads hang already.
    TooManyStuck,
    /// The kernel gave no thread to read on: the limit of processes or of memory is reached.
    NoThread,
    Denied,
}

impl Procfs {
    /// Everything about one process.
    ///
    /// # Errors
    ///
    /// [`CollectError::Gone`] if it ended meanwhile. What only the command line has against it is
    /// no error: see [`Withheld`].
    pub fn details(&self, pid: u32) -> Result<Details, CollectError> {
        let stat = self.stat(pid)?;
        let status = self.status(pid)?;
        let innermost = status.nspid.and_then(|pids| pids.last().copied());
        let cgroups = self.text(pid, "cgroup")?;
        Ok(Details {
            uid: status.ruid,
            login_uid: self.audit_number(pid, "loginuid"),
            session: self.audit_number(pid, "sessionid"),
            pid_in_namespace: innermost.and_then(|pid| u32::try_from(pid).ok()),
            command_line: self.command_line(pid, stat.state)?,
            placement: Placement::of_cgroup(most_telling_cgroup(&cgroups)),
            stat,
        })
    }

    /// Where one process runs.
    ///
    /// # Errors
    ///
    /// [`CollectError::Gone`] if it ended meanwhile.
    pub fn placement(&self, pid: u32) -> Result<Placement, CollectError> {
        let cgroups = self.text(pid, "cgroup")?;
        Ok(Placement::of_cgroup(most_telling_cgroup(&cgroups)))
    }

    /// The arguments of one process, within the deadline: a process that hangs may hang its reader.
    ///
    /// # Errors
    ///
    /// [`CollectError::Gone`] if it ended meanwhile.
    pub fn arguments(&self, pid: u32) -> Result<CommandLine, CollectError> {
        self.command_line(pid, self.stat(pid)?.state)
    }

    pub(crate) fn status(&self, pid: u32) -> Result<Status, CollectError> {
        // As text first: a program's name may be no UTF-8, and the parser would refuse the file.
        let text = self.text(pid, "status")?;
        Status::from_read(Cursor::new(&text)).map_err(|_| {
            malformed(
                &self.path(pid, "status"),
                "the fields of status",
                text.as_bytes(),
            )
        })
    }

    fn text(&self, pid: u32, file: &str) -> Result<String, CollectError> {
        let path = self.path(pid, file);
        let bytes = fs::read(&path).map_err(|source| read_error(pid, &path, source))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A number of the audit system, whose largest value means "none".
    fn audit_number(&self, pid: u32, file: &str) -> Option<u32> {
        let text = self.text(pid, file).ok()?;
        text.trim()
            .parse()
            .ok()
            .filter(|number| *number != u32::MAX)
    }

    fn command_line(&self, pid: u32, state: State) -> Result<CommandLine, CollectError> {
        if state == State::Uninterruptible {
            return Ok(CommandLine::Withheld(Withheld::Uninterruptible));
        }
        let path = self.path(pid, "cmdline");
        let what = path.display().to_string();
        let read = {
            let path = path.clone();
            move || read_start(&path)
        };
        match self.deadline.run(&what, read) {
            Ok(Ok(bytes)) => Ok(arguments(bytes)),
            Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
                Ok(CommandLine::Withheld(Withheld::Denied))
            }
            Ok(Err(error)) => Err(read_error(pid, &path, error)),
            Err(CollectError::TooManyStuck { .. }) => {
                Ok(CommandLine::Withheld(Withheld::TooManyStuck))
            }
            Err(_) => Ok(CommandLine::Withheld(Withheld::Deadline)),
        }
    }
}

/// One byte more than is kept, which tells whether there was more.
fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(COMMAND_LINE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn arguments(mut bytes: Vec<u8>) -> CommandLine {
    let truncated = bytes.len() as u64 > COMMAND_LINE_BYTES;
    if truncated {
        bytes.truncate(COMMAND_LINE_BYTES as usize);
    } else if bytes.last() == Some(&0) {
        bytes.pop();
    }
    let argv = match bytes.is_empty() {
        true => Vec::new(),
        false => bytes
            .split(|byte| *byte == 0)
            .map(|argument| String::from_utf8_lossy(argument).into_owned())
            .collect(),
    };
    CommandLine::Arguments { argv, truncated }
}

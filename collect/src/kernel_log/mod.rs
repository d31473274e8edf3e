//! The kernel's log from `/dev/kmsg`, for hosts without journald. What its lines mean is decided
//! elsewhere.

mod record;

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::{fd::AsFd, unix::fs::OpenOptionsExt},
    path::PathBuf,
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use self::record::KernelLine;
use crate::CollectError;

/// The kernel's longest record (`PRINTK_MESSAGE_MAX` with room to spare); reads of a shorter
/// buffer would fail.
const RECORD_BYTES: usize = 8192;

/// Reads the kernel's log, from the oldest line that the kernel keeps.
pub struct KernelLog {
    path: PathBuf,
    file: File,
    buffer: Box<[u8; RECORD_BYTES]>,
    /// The number that the next line has if none is lost.
    expected: Option<u64>,
    /// A line that came behind a loss, which is told first.
    held: Option<KernelLine>,
}

/// What a read gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelRead {
    Line(KernelLine),
    /// The kernel wrote over so many lines before they were read.
    Lost(u64),
    /// There is nothing more for now.
    Nothing,
}

impl KernelLog {
    /// Opens the log of this host. Needs root or `CAP_SYSLOG` where `dmesg_restrict` is set.
    ///
    /// # Errors
    ///
    /// [`CollectError::Read`] if that is missing, or the device.
    pub fn open() -> Result<Self, CollectError> {
        let path = PathBuf::from("/dev/kmsg");
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&path)
            .map_err(|source| CollectError::Read {
                path: path.clone(),
                source,
            })?;
        Ok(Self::of(path, file))
    }

    /// Reads from `file`, which must not block, and gives one record with each read.
    pub fn of(path: PathBuf, file: File) -> Self {
        Self {
            path,
            file,
            buffer: Box::new([0; RECORD_BYTES]),
            expected: None,
            held: None,
        }
    }

    /// The next line. Records that are no lines are passed over.
    pub fn read(&mut self) -> Result<KernelRead, CollectError> {
        if let Some(line) = self.held.take() {
            return Ok(KernelRead::Line(line));
        }
        loop {
            let length = match self.file.read(&mut self.buffer[..]) {
                Ok(0) => return Ok(KernelRead::Nothing),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(KernelRead::Nothing);
                }
                // Lines were overwritten: the number of the next one tells how many.
                Err(error) if error.raw_os_error() == Some(libc::EPIPE) => continue,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(self.failed(source)),
            };
            if let Some(line) = KernelLine::parse(&self.buffer[..length]) {
                return Ok(self.in_order(line));
            }
        }
    }

    /// Waits until there may be more to read, at most `timeout`.
    pub fn wait(&self, timeout: Duration) -> Result<(), CollectError> {
        let mut fds = [PollFd::from_borrowed_fd(self.file.as_fd(), PollFlags::IN)];
        let timeout = Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(self.failed(error.into())),
        }
    }

    fn in_order(&mut self, line: KernelLine) -> KernelRead {
        let expected = self.expected.unwrap_or(line.sequence);
        self.expected = Some(line.sequence.saturating_add(1));
        match line.sequence.checked_sub(expected) {
            Some(lost @ 1..) => {
                self.held = Some(line);
                KernelRead::Lost(lost)
            }
            _ => KernelRead::Line(line),
        }
    }

    fn failed(&self, source: io::Error) -> CollectError {
        CollectError::Read {
            path: self.path.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    #[test]
    fn lines_that_were_overwritten_are_counted() {
        // A packet pipe gives one record with each read, as the device does.
        let flags = PipeFlags::DIRECT | PipeFlags::NONBLOCK | PipeFlags::CLOEXEC;
        let (output, input) = pipe_with(flags).unwrap();
        let mut kernel = File::from(input);
        let mut log = KernelLog::of("kmsg".into(), File::from(output));
        for record in ["6,5,1,-;a\n", "nonsense", "6,6,2,-;b\n", "6,9,3,-;c\n"] {
            kernel.write_all(record.as_bytes()).unwrap();
        }
        let mut told = Vec::new();
        loop {
            match log.read().unwrap() {
                KernelRead::Line(line) => told.push(line.text),
                KernelRead::Lost(lost) => told.push(format!("lost {lost}")),
                KernelRead::Nothing => break,
            }
        }
        assert_eq!(told, ["a", "b", "lost 2", "c"]);
    }
}

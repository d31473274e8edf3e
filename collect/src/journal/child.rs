//! The journal through `journalctl -o export` as a child, where libsystemd cannot be loaded.

use std::{
    ffi::OsString,
    io::{self, Read},
    os::fd::AsFd,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use analysis::{
    Timestamp,
    journal::{JournalEntry, WANTED_FIELDS},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    JournalOptions, JournalSource, Position, Seek, Wakeup, access, export::ExportParser,
    libsystemd::failed,
};
use crate::{CollectError, host::Host};

/// A follower starts otherwise with the last ten lines, and shows this boot only, whatever the
/// place is. Not even `--boot=all` helps against that; `--merge` does, and would also show what
/// other machines sent here: see [`JournalctlChild::own_machine`].
const FOLLOW: [&str; 3] = ["--follow", "--no-tail", "--merge"];

/// A journal that a child reads. The child lives from the first read to the next seek.
pub struct JournalctlChild {
    options: JournalOptions,
    /// Arguments that make `journalctl` start at the place that was sought.
    place: Vec<OsString>,
    /// The cursor of an entry that is not wanted again: the sought place is behind it.
    after: Option<String>,
    running: Option<Running>,
    corrupt: u64,
    buffer: Vec<u8>,
}

/// Killed when dropped, so that no child outlives its reader.
struct Running {
    child: Child,
    parser: ExportParser,
}

impl JournalctlChild {
    /// Prepares to read, at the journal's head.
    ///
    /// # Errors
    ///
    /// [`CollectError::JournalDenied`] or [`CollectError::NoJournal`] if there is nothing to read.
    pub fn open(options: &JournalOptions) -> Result<Self, CollectError> {
        access::check(options.directory.as_deref())?;
        Ok(Self {
            options: options.clone(),
            place: Vec::new(),
            after: None,
            running: None,
            corrupt: 0,
            buffer: vec![0; 64 * 1024],
        })
    }

    fn running(&mut self) -> Result<&mut Running, CollectError> {
        if self.running.is_none() {
            let mut arguments = self.place.clone();
            if self.options.follow {
                arguments.extend(FOLLOW.map(OsString::from));
            }
            arguments.extend(self.match_arguments());
            self.running = Some(self.spawn(&arguments)?);
        }
        Ok(self.running.as_mut().expect("set just above"))
    }

    fn match_arguments(&self) -> Vec<OsString> {
        let own_machine = self.own_machine();
        let groups = self.options.matches.groups();
        if groups.is_empty() {
            return own_machine.into_iter().collect();
        }
        let mut arguments = Vec::new();
        for (number, group) in groups.iter().enumerate() {
            if number > 0 {
                arguments.push("+".into());
            }
            arguments.extend(group.iter().map(|one| one.expression().into()));
            arguments.extend(own_machine.clone());
        }
        arguments
    }

    /// The match that leaves out other machines' entries. `None`: none are read anyway.
    fn own_machine(&self) -> Option<OsString> {
        if !self.options.follow || self.options.directory.is_some() {
            return None;
        }
        let id = Host::at("/").machine_id()?;
        Some(format!("_MACHINE_ID={id}").into())
    }

    fn spawn(&self, arguments: &[OsString]) -> Result<Running, CollectError> {
        let mut command = Command::new("journalctl");
        command
            .args(["--quiet", "--no-pager", "--output=export"])
            .arg(format!("--output-fields={}", WANTED_FIELDS.join(",")));
        if let Some(directory) = &self.options.directory {
            command.arg("--directory").arg(directory);
        }
        let child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| CollectError::Read {
                path: PathBuf::from("journalctl"),
                source,
            })?;
        Ok(Running {
            child,
            parser: ExportParser::default(),
        })
    }

    /// The first entry that a child with `arguments` and no matches prints.
    fn first(&mut self, arguments: &[OsString]) -> Result<Option<JournalEntry>, CollectError> {
        let mut running = self.spawn(arguments)?;
        loop {
            if let Some(entry) = running.parser.next() {
                return Ok(Some(entry));
            }
            if running.read(&mut self.buffer)? == 0 {
                return Ok(None);
            }
        }
    }

    /// Starts over behind the entry of `cursor`, or with the first that is later.
    fn go_behind(&mut self, cursor: &str) {
        // Not `--after-cursor`: that passes over one entry even if it is not the cursor's.
        self.place = vec![format!("--cursor={cursor}").into()];
        self.after = Some(cursor.to_owned());
    }

    fn seek_after(&mut self, cursor: &str) -> Result<Seek, CollectError> {
        // All cursors begin so; `journalctl` says only "failed" for anything else.
        if !cursor.starts_with("s=") {
            return Err(CollectError::BadCursor(cursor.to_owned()));
        }
        self.go_behind(cursor);
        let there = self.first(&[format!("--cursor={cursor}").into()])?;
        if there.is_some_and(|entry| entry.cursor == cursor) {
            return Ok(Seek::Done);
        }
        let oldest: Option<Timestamp> = self.first(&[])?.map(|entry| entry.at);
        Ok(Seek::CursorGone { oldest })
    }

    /// The last entry is found before this returns: a child that looks for it later would pass
    /// over what is written meanwhile.
    fn seek_tail(&mut self) -> Result<(), CollectError> {
        if let Some(last) = self.first(&["--lines=1".into()])? {
            self.go_behind(&last.cursor);
        }
        Ok(())
    }

    fn step(&mut self) -> Result<Option<JournalEntry>, CollectError> {
        let follow = self.options.follow;
        let after = self.after.clone();
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut read = || -> Result<Option<JournalEntry>, CollectError> {
            let running = self.running()?;
            loop {
                if let Some(entry) = running.parser.next() {
                    if after.as_ref() == Some(&entry.cursor) {
                        continue;
                    }
                    return Ok(Some(entry));
                }
                // A follower must not block here; a reader of history has nothing else to do.
                if follow && !running.is_readable(Duration::ZERO)? {
                    return Ok(None);
                }
                if running.read(&mut buffer)? == 0 {
                    return running.finish(follow);
                }
            }
        };
        let outcome = read();
        self.buffer = buffer;
        outcome
    }
}

impl JournalSource for JournalctlChild {
    fn seek(&mut self, position: &Position) -> Result<Seek, CollectError> {
        self.corrupt = self.corrupt();
        self.running = None;
        (self.place, self.after) = (Vec::new(), None);
        match position {
            Position::Head => {}
            Position::Tail => self.seek_tail()?,
            Position::Last(entries) => self.place = vec![format!("--lines={entries}").into()],
            Position::Since(time) => self.place = vec![since(time)],
            Position::After(cursor) => return self.seek_after(cursor),
        }
        Ok(Seek::Done)
    }

    fn next(&mut self) -> Option<Result<JournalEntry, CollectError>> {
        self.step().transpose()
    }

    fn corrupt(&self) -> u64 {
        let of_running = self
            .running
            .as_ref()
            .map(|running| running.parser.corrupt());
        self.corrupt + of_running.unwrap_or(0)
    }

    fn wait(&mut self, timeout: Duration) -> Result<Wakeup, CollectError> {
        match self.running()?.is_readable(timeout)? {
            true => Ok(Wakeup::Entries),
            false => Ok(Wakeup::Nothing),
        }
    }

    fn name(&self) -> &'static str {
        "journalctl"
    }
}

impl Running {
    /// Blocks until there is output; 0 is its end.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, CollectError> {
        let output = self.child.stdout.as_mut().expect("it was made with a pipe");
        let length = output
            .read(buffer)
            .map_err(|source| failed("read", source))?;
        self.parser.push(&buffer[..length]);
        Ok(length)
    }

    fn is_readable(&self, timeout: Duration) -> Result<bool, CollectError> {
        let output = self.child.stdout.as_ref().expect("it was made with a pipe");
        let mut fds = [PollFd::from_borrowed_fd(output.as_fd(), PollFlags::IN)];
        let timeout = Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(failed("wait for", error.into())),
        }
    }

    /// Says what the end of the output means: the end of the journal, or a failure.
    fn finish(&mut self, follow: bool) -> Result<Option<JournalEntry>, CollectError> {
        let status = self.child.wait().map_err(|source| failed("read", source))?;
        if status.success() && !follow {
            return Ok(None);
        }
        let source = io::Error::other(format!("journalctl ended: {status}"));
        Err(failed("read", source))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn since(time: &Timestamp) -> OsString {
    let micros = time.timestamp_micros();
    let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    format!("--since=@{seconds}.{rest:06}").into()
}

//! Reads one process after the other, on a thread that may be given up.

use std::{
    collections::BTreeMap,
    ffi::CStr,
    io::Write as _,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use analysis::event::Placement;
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{Mode, OFlags, fstat, openat, readlinkat},
    io::{Errno, read},
};

use crate::process::{
    CommandLine, State, Withheld,
    details::{COMMAND_LINE_BYTES, arguments},
    placement::most_telling_cgroup,
    stat::{ProcessStat, Units, parse},
};

/// `stat` has at most some 400 bytes, `cgroup` in the worst case (13 hierarchies of version 1,
/// Kubernetes) some 4000. What is longer is cut off.
const FILE_BYTES: usize = 16 * 1024;

/// One process, as it was found.
pub(super) enum Found {
    Process(Box<Facts>),
    /// It is there, and not even `stat` may be read (`hidepid`).
    Hidden,
}

/// What was read of one process. An error is what the kernel said instead.
pub(super) struct Facts {
    pub(super) stat: ProcessStat,
    pub(super) uid: Option<u32>,
    pub(super) placement: Result<Arc<Placement>, Errno>,
    pub(super) deleted_program: Result<Option<String>, Errno>,
    pub(super) command_line: CommandLine,
}

/// What a reader has found until now, for the one who waits for it.
pub(super) struct Reading {
    /// `None`: nobody waits for it any more.
    found: Mutex<Option<Vec<Found>>>,
    begun: AtomicUsize,
    /// Why no command line is read at all.
    withheld: Option<Withheld>,
}

impl Reading {
    pub(super) fn with_command_lines() -> Self {
        Self {
            found: Mutex::new(Some(Vec::new())),
            begun: AtomicUsize::new(0),
            withheld: None,
        }
    }

    pub(super) fn without_command_lines(why: Withheld) -> Self {
        Self {
            withheld: Some(why),
            ..Self::with_command_lines()
        }
    }

    /// How many processes were begun.
    pub(super) fn begun(&self) -> usize {
        self.begun.load(Ordering::Acquire)
    }

    /// Takes what was found. A reader that comes loose later finds that nobody waits, and ends.
    pub(super) fn end(&self) -> Vec<Found> {
        self.found().take().unwrap_or_default()
    }

    fn found(&self) -> MutexGuard<'_, Option<Vec<Found>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads processes below a directory of procfs, each through one directory of its own: should the
/// pid be used again meanwhile, the rest is not there, rather than of another process.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) root: Arc<OwnedFd>,
    pub(super) units: Units,
}

impl Reader {
    pub(super) fn read(&self, pids: &[u32], reading: &Reading) {
        let mut buffers = Buffers::default();
        for pid in pids {
            reading.begun.fetch_add(1, Ordering::Release);
            let Ok(directory) = self.directory(*pid, &mut buffers) else {
                continue;
            };
            let found = match self.process(&directory, &mut buffers) {
                Ok(found) => found,
                Err(Errno::ACCESS | Errno::PERM) => Found::Hidden,
                // It ended meanwhile.
                Err(_) => continue,
            };
            let has_memory = found.reads_memory();
            // Before its command line is read, which may hang: the rest is then known already.
            match reading.found().as_mut() {
                Some(all) => all.push(found),
                None => return,
            }
            if !has_memory {
                continue;
            }
            let command_line = match reading.withheld {
                Some(why) => CommandLine::Withheld(why),
                None => command_line(&directory, &mut buffers),
            };
            let mut all = reading.found();
            let Some(all) = all.as_mut() else { return };
            if let Some(Found::Process(facts)) = all.last_mut() {
                facts.command_line = command_line;
            }
        }
    }

    fn directory(&self, pid: u32, buffers: &mut Buffers) -> Result<OwnedFd, Errno> {
        buffers.path.clear();
        // Writing to a Vec cannot fail.
        let _ = write!(buffers.path, "{pid}");
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&*self.root, &buffers.path[..], flags, Mode::empty())
    }

    fn process(&self, directory: &OwnedFd, buffers: &mut Buffers) -> Result<Found, Errno> {
        let stat = read_file(directory, c"stat", &mut buffers.file)?;
        let stat = parse(stat, self.units).ok_or(Errno::SRCH)?;
        if stat.is_kernel_thread {
            return Ok(Found::of(stat, Some(0), Ok(Arc::default()), Ok(None)));
        }
        // The effective user owns the directory, whatever else the process hides.
        let uid = fstat(directory).ok().map(|status| status.st_uid);
        let placement = read_file(directory, c"cgroup", &mut buffers.file)
            .map(|text| buffers.placements.of(text));
        let deleted_program = match stat.state {
            State::Zombie => Ok(None),
            _ => deleted_program(directory, &mut buffers.link),
        };
        Ok(Found::of(stat, uid, placement, deleted_program))
    }
}

impl Found {
    fn of(
        stat: ProcessStat,
        uid: Option<u32>,
        placement: Result<Arc<Placement>, Errno>,
        deleted_program: Result<Option<String>, Errno>,
    ) -> Self {
        let command_line = match stat.state {
            _ if stat.is_kernel_thread => nothing(),
            State::Zombie => nothing(),
            State::Uninterruptible => CommandLine::Withheld(Withheld::Uninterruptible),
            // Until it was read.
            _ => CommandLine::Withheld(Withheld::Deadline),
        };
        Self::Process(Box::new(Facts {
            stat,
            uid,
            placement,
            deleted_program,
            command_line,
        }))
    }

    /// Whether there is a command line to read.
    fn reads_memory(&self) -> bool {
        let waits = CommandLine::Withheld(Withheld::Deadline);
        matches!(self, Self::Process(facts) if facts.command_line == waits)
    }
}

fn nothing() -> CommandLine {
    CommandLine::Arguments {
        argv: Vec::new(),
        truncated: false,
    }
}

fn command_line(directory: &OwnedFd, buffers: &mut Buffers) -> CommandLine {
    let limit = COMMAND_LINE_BYTES as usize + 1;
    match read_file(directory, c"cmdline", &mut buffers.file[..limit]) {
        Ok(bytes) => arguments(bytes.to_vec()),
        Err(Errno::ACCESS | Errno::PERM) => CommandLine::Withheld(Withheld::Denied),
        // It ended meanwhile.
        Err(_) => nothing(),
    }
}

/// The path of the program, if that was deleted or replaced.
fn deleted_program(directory: &OwnedFd, link: &mut Vec<u8>) -> Result<Option<String>, Errno> {
    match readlinkat(directory, c"exe", mem::take(link)) {
        Ok(path) => {
            let deleted = path.as_bytes().strip_suffix(b" (deleted)");
            // It runs from memory, and never was on a disk.
            let deleted = deleted.filter(|path| !path.starts_with(b"/memfd:"));
            let deleted = deleted.map(|path| String::from_utf8_lossy(path).into_owned());
            *link = path.into_bytes();
            Ok(deleted)
        }
        Err(denied @ (Errno::ACCESS | Errno::PERM)) => Err(denied),
        // It ended meanwhile.
        Err(_) => Ok(None),
    }
}

fn read_file<'a>(
    directory: &OwnedFd,
    name: &CStr,
    buffer: &'a mut [u8],
) -> Result<&'a [u8], Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = openat(directory.as_fd(), name, flags, Mode::empty())?;
    let length = read(&file, &mut *buffer)?;
    Ok(&buffer[..length])
}

/// What is used again for each process.
struct Buffers {
    path: Vec<u8>,
    file: Vec<u8>,
    link: Vec<u8>,
    placements: Placements,
}

impl Default for Buffers {
    fn default() -> Self {
        Self {
            path: Vec::new(),
            file: vec![0; FILE_BYTES],
            link: Vec::new(),
            placements: Placements::default(),
        }
    }
}

/// Placements by what `cgroup` says: most processes share one with others.
#[derive(Default)]
struct Placements(BTreeMap<Vec<u8>, Arc<Placement>>);

impl Placements {
    fn of(&mut self, text: &[u8]) -> Arc<Placement> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let cgroups = String::from_utf8_lossy(text);
        let placement = Arc::new(Placement::of_cgroup(most_telling_cgroup(&cgroups)));
        self.0.insert(text.to_vec(), placement.clone());
        placement
    }
}

//! Reads something of each of many processes. One at which the read hangs is given up, and the
//! others go on behind it.

use std::{
    io, mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{
    fd::OwnedFd,
    fs::{Mode, OFlags, openat},
    io::Errno,
};

use crate::{CollectError, process::Procfs};

/// For all processes together.
const WITHIN: Duration = Duration::from_secs(4);

/// What was read of each process that did not end meanwhile, or why it was not.
pub(super) type Outcomes<T> = Vec<(u32, Result<T, String>)>;

/// What is found, for the one who waits for it. `None`: nobody does any more.
struct Reading<T> {
    found: Mutex<Option<Outcomes<T>>>,
    begun: AtomicUsize,
}

impl Procfs {
    /// Calls `read` with the directory of each process, on a thread that may be given up.
    pub(super) fn each<T: Send + 'static>(
        &self,
        root: &Arc<OwnedFd>,
        pids: &[u32],
        read: fn(&OwnedFd) -> Result<T, Errno>,
    ) -> Outcomes<T> {
        let until = Instant::now() + WITHIN;
        let mut all = Vec::with_capacity(pids.len());
        let mut left = pids;
        while !left.is_empty() {
            let reading = Arc::new(Reading {
                found: Mutex::new(Some(Vec::new())),
                begun: AtomicUsize::new(0),
            });
            let work = {
                let (root, reading, pids) = (root.clone(), reading.clone(), left.to_vec());
                move || reading.read_all(&root, &pids, until, read)
            };
            let mut before = 0;
            let moves = || mem::replace(&mut before, reading.begun()) != reading.begun();
            let outcome = self
                .deadline
                .run_while("open files and memory", moves, work);
            all.extend(reading.end());
            let why = match outcome {
                Ok(()) => "deadline",
                Err(CollectError::TooManyStuck { .. }) => "too-many-stuck",
                Err(CollectError::Read { .. }) => "no-thread",
                Err(_) => "deadline",
            };
            let begun = reading.begun();
            let is_hung = outcome.is_err() && begun > 0;
            left = &left[begun - usize::from(is_hung)..];
            if is_hung {
                all.push((left[0], Err(why.to_owned())));
                left = &left[1..];
            }
            if !is_hung || Instant::now() >= until {
                // The time is over, or no thread begins anything.
                all.extend(left.iter().map(|pid| (*pid, Err(why.to_owned()))));
                break;
            }
        }
        all
    }
}

impl<T> Reading<T> {
    fn read_all(
        &self,
        root: &OwnedFd,
        pids: &[u32],
        until: Instant,
        read: fn(&OwnedFd) -> Result<T, Errno>,
    ) {
        for pid in pids {
            if Instant::now() >= until {
                return;
            }
            self.begun.fetch_add(1, Ordering::Release);
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let directory = openat(root, pid.to_string(), flags, Mode::empty());
            let outcome = match directory.and_then(|directory| read(&directory)) {
                Ok(value) => Ok(value),
                // It ended meanwhile.
                Err(Errno::NOENT | Errno::SRCH) => continue,
                Err(errno) => Err(io::Error::from(errno).to_string()),
            };
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            match found.as_mut() {
                Some(found) => found.push((*pid, outcome)),
                None => return,
            }
        }
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::Acquire)
    }

    fn end(&self) -> Outcomes<T> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.take().unwrap_or_default()
    }
}

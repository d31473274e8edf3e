//! All processes with what the process tree shows of each: some 30 microseconds a process.
//!
//! One thread reads them all, so that a command line that hangs can be given up (see
//! [`crate::deadline`]); another goes on behind it.

mod closer;
mod each;
mod ends;
mod limits;
mod maps;
mod reader;

use std::{
    collections::BTreeMap,
    mem::{self, MaybeUninit},
    sync::Arc,
};

use analysis::process_tree::{ProcessFact, ProcessFacts};
use rustix::{
    fd::OwnedFd,
    fs::{CWD, Mode, OFlags, RawDir, openat},
    io::Errno,
};

use self::{
    limits::Limits,
    reader::{Found, Reader, Reading},
};
use super::{details::Withheld, procfs_root::Procfs};
use crate::{
    CollectError,
    host::{ClockReading, Users},
};

/// Threads that did not come to read anything in their time. After one more the rest is read
/// without command lines.
const MOST_LATE: u32 = 2;

impl Procfs {
    /// Reads all processes. Those that end meanwhile are left out, and what cannot be read of the
    /// others is among the limits.
    ///
    /// # Errors
    ///
    /// [`CollectError::Read`] if the directory itself cannot be listed.
    pub fn tree_facts(&self, users: &mut Users) -> Result<ProcessFacts, CollectError> {
        let failed = |errno: Errno| CollectError::Read {
            path: self.root.clone(),
            source: errno.into(),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, &self.root, flags, Mode::empty()).map_err(failed)?;
        let pids = pids(&root).map_err(failed)?;
        let is_hidden = !pids.contains(&1);
        let found = self.read_all(root, pids.into());
        let now = ClockReading::now();
        let mut limits = Limits::default();
        if is_hidden {
            limits.add("processes", "hidepid");
        }
        let mut names = BTreeMap::new();
        let mut name = |uid: u32| {
            let name = names.entry(uid);
            name.or_insert_with(|| users.name(uid).map(str::to_owned))
                .clone()
        };
        let facts = found
            .into_iter()
            .filter_map(|found| limits.note(found))
            .map(|fact| ProcessFact {
                user: fact.uid.and_then(&mut name),
                ..fact
            });
        Ok(ProcessFacts {
            at: now.wall,
            since_boot_ns: now.since_boot_ns,
            processes: facts.collect(),
            limits: limits.into(),
        })
    }

    fn read_all(&self, root: OwnedFd, pids: Arc<[u32]>) -> Vec<Found> {
        let reader = Reader {
            root: Arc::new(root),
            units: self.units,
        };
        let mut all = Vec::with_capacity(pids.len());
        let mut begin = 0;
        let mut late = 0;
        while begin < pids.len() {
            let reading = Arc::new(Reading::with_command_lines());
            let work = {
                let (reader, pids, reading) = (reader.clone(), pids.clone(), reading.clone());
                move || reader.read(&pids[begin..], &reading)
            };
            let mut before = 0;
            let moves = || mem::replace(&mut before, reading.begun()) != reading.begun();
            let outcome = self.deadline.run_while("command lines", moves, work);
            all.extend(reading.end());
            let begun = reading.begun();
            begin += begun;
            let why = match outcome {
                Ok(()) => break,
                // The last one hangs. What else is known of it was found before.
                Err(_) if begun > 0 => continue,
                // On a host with too much to do the thread itself may come late.
                Err(CollectError::Deadline { .. }) if late < MOST_LATE => {
                    late += 1;
                    continue;
                }
                Err(CollectError::TooManyStuck { .. }) => Withheld::TooManyStuck,
                Err(CollectError::Read { .. }) => Withheld::NoThread,
                Err(_) => Withheld::Deadline,
            };
            // Nothing was begun, and once more would hardly begin anything either.
            let rest = Reading::without_command_lines(why);
            reader.read(&pids[begin..], &rest);
            all.extend(rest.end());
            break;
        }
        all
    }
}

/// The pids that a directory of procfs lists.
fn pids(root: &OwnedFd) -> Result<Vec<u32>, Errno> {
    let mut names = [MaybeUninit::uninit(); 32 * 1024];
    let mut listing = RawDir::new(root, &mut names);
    let mut pids = Vec::new();
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        // Other names of procfs begin with letters.
        pids.extend(
            std::str::from_utf8(name)
                .ok()
                .and_then(|name| name.parse::<u32>().ok()),
        );
    }
    Ok(pids)
}

//! The little of a process's memory that says what it waits for: the files of `poll`, and the
//! owner in a mutex. It is read without stopping the process.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::Path};

use analysis::inspection::{SyscallFact, TaskFact};

use super::Reader;

/// A server polls more; who waits for an answer, one or a few.
const MOST_POLLED: u64 = 16;
/// Of `struct pollfd`.
const POLLED_BYTES: usize = 8;
/// The operations with which a thread waits for a mutex.
const FUTEX_WAIT: u64 = 0;
/// A thread's number in the first word, where the kernel itself keeps the owner.
const FUTEX_LOCK_PI: u64 = 6;
const FUTEX_COMMAND: u64 = 0x7f;
const TID_OF_WORD: u32 = 0x3fff_ffff;
/// glibc: locked, and somebody waits.
const CONTENDED: u32 = 2;

impl Reader {
    /// Adds to system calls what their arguments point to.
    pub(super) fn memory(&mut self, tasks: &mut [TaskFact]) {
        // Its memory may be locked by the thread that hangs.
        if tasks.iter().any(|task| task.state == 'D') {
            return;
        }
        let tids: Vec<u32> = tasks.iter().map(|task| task.tid).collect();
        let calls: Vec<(usize, SyscallFact)> = tasks
            .iter()
            .enumerate()
            .filter_map(|(at, task)| Some((at, task.syscall.clone()?)))
            .filter(|(_, call)| points_somewhere(call))
            .collect();
        if calls.is_empty() {
            return;
        }
        let path = self.path("mem");
        let read = move || -> io::Result<Vec<(usize, SyscallFact)>> {
            let memory = Memory::of(&path)?;
            let calls = calls
                .into_iter()
                .map(|(at, call)| (at, memory.add(call, &tids)));
            Ok(calls.collect())
        };
        match self.in_time("memory", read) {
            Some(Ok(calls)) => {
                for (at, call) in calls {
                    tasks[at].syscall = Some(call);
                }
            }
            Some(Err(error)) => self.lacks("memory", error.to_string()),
            None => {}
        }
    }
}

fn points_somewhere(call: &SyscallFact) -> bool {
    match call.name {
        Some("poll" | "ppoll") => (1..=MOST_POLLED).contains(&call.arguments[1]),
        Some("futex") => true,
        _ => false,
    }
}

struct Memory(File);

impl Memory {
    fn of(path: &Path) -> io::Result<Self> {
        File::open(path).map(Self)
    }

    fn add(&self, mut call: SyscallFact, tids: &[u32]) -> SyscallFact {
        let [address, second, ..] = call.arguments;
        match call.name {
            Some("futex") => call.mutex_owner = self.owner(address, second & FUTEX_COMMAND, tids),
            _ => call.polled = self.polled(address, second),
        }
        call
    }

    fn owner(&self, address: u64, command: u64, tids: &[u32]) -> Option<u32> {
        let mut words = [0; 12];
        let owner = match command {
            FUTEX_LOCK_PI => {
                self.0.read_exact_at(&mut words[..4], address).ok()?;
                word(&words, 0) & TID_OF_WORD
            }
            FUTEX_WAIT => {
                self.0.read_exact_at(&mut words, address).ok()?;
                // `pthread_mutex_t`: lock, count, owner. Other futexes have other things there.
                (word(&words, 0) == CONTENDED).then(|| word(&words, 8))?
            }
            _ => return None,
        };
        tids.contains(&owner).then_some(owner)
    }

    fn polled(&self, address: u64, count: u64) -> Vec<i32> {
        let length = usize::try_from(count.min(MOST_POLLED)).unwrap_or(0) * POLLED_BYTES;
        let mut bytes = vec![0; length];
        if self.0.read_exact_at(&mut bytes, address).is_err() {
            return Vec::new();
        }
        let fds = bytes
            .chunks_exact(POLLED_BYTES)
            .map(|one| word(one, 0).cast_signed());
        // Negative ones are passed over.
        fds.filter(|fd| *fd >= 0).collect()
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    word.map_or(0, u32::from_ne_bytes)
}

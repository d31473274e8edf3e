//! What is known about the processes that live.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use analysis::{
    event::{Killer, Placement},
    process::ProcessId,
};

use super::observed::{Comm, Seen};

/// Processes that are remembered. Beyond it an exit still says what the kernel tells with it.
const MAX_PROCESSES: usize = 65_536;
/// Ends that are remembered, to tell the second record of one end from news.
const RECENT_ENDS: usize = 1024;
/// How far the start of one process may differ between two sources: /proc counts hundredths of a
/// second, and the connector tells of a fork a little after the start. No pid is used again so soon.
const SAME_START_NS: u64 = 20_000_000;

/// A living process, as it was at its last fork or exec.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) seen: Seen,
    pub(super) placement: Arc<Placement>,
    /// Who sent it the last deadly signal, which may not have ended it yet.
    pub(super) killer: Option<Box<Killer>>,
}

/// Bounded table of the processes that live.
#[derive(Debug, Default)]
pub(super) struct Table {
    living: HashMap<u32, Known>,
    ended: VecDeque<ProcessId>,
}

/// Whether two start times are one process's.
pub(super) fn same_start(one: ProcessId, other: ProcessId) -> bool {
    one.start_ns.abs_diff(other.start_ns) <= SAME_START_NS
}

impl Table {
    /// The process with this number, if it is the same process.
    pub(super) fn get(&self, process: ProcessId) -> Option<&Known> {
        self.by_pid(process.pid)
            .filter(|known| same_start(known.seen.process, process))
    }

    pub(super) fn by_pid(&self, pid: u32) -> Option<&Known> {
        self.living.get(&pid)
    }

    pub(super) fn get_mut(&mut self, process: ProcessId) -> Option<&mut Known> {
        self.living
            .get_mut(&process.pid)
            .filter(|known| same_start(known.seen.process, process))
    }

    /// Remembers a process. Returns the one that had the number before, if it was another: its
    /// end was missed.
    pub(super) fn insert(&mut self, seen: Seen, placement: Arc<Placement>) -> Option<Known> {
        let process = seen.process;
        let is_new = !self.living.contains_key(&process.pid);
        if is_new && self.living.len() >= MAX_PROCESSES {
            return None;
        }
        let known = Known {
            seen,
            placement,
            killer: None,
        };
        self.living
            .insert(process.pid, known)
            .filter(|before| !same_start(before.seen.process, process))
    }

    /// Forgets a process that ended.
    pub(super) fn remove(&mut self, process: ProcessId) -> Option<Known> {
        self.get(process)?;
        self.living.remove(&process.pid)
    }

    /// Notes an end.
    pub(super) fn note_end(&mut self, process: ProcessId) {
        if self.ended.len() == RECENT_ENDS {
            self.ended.pop_front();
        }
        self.ended.push_back(process);
    }

    /// Whether the end of the process was noted lately. /proc shows it for a while after.
    pub(super) fn has_ended(&self, process: ProcessId) -> bool {
        let is_same = |end: &ProcessId| end.pid == process.pid && same_start(*end, process);
        self.ended.iter().any(is_same)
    }

    pub(super) fn living(&self) -> impl Iterator<Item = &Known> {
        self.living.values()
    }

    /// The names of the programs above a process, the parent first.
    pub(super) fn ancestors(&self, parent_pid: u32, most: usize) -> Vec<Comm> {
        let mut names = Vec::new();
        let mut pid = parent_pid;
        while let Some(known) = self.living.get(&pid)
            && names.len() < most
        {
            names.push(known.seen.comm);
            pid = known.seen.parent_pid;
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pid: u32, start_ns: u64, parent_pid: u32) -> Seen {
        Seen {
            process: ProcessId { pid, start_ns },
            parent_pid,
            uid: None,
            comm: Comm::new(format!("p{pid}").as_bytes()),
            at_ns: start_ns,
            cgroup: None,
        }
    }

    #[test]
    fn a_number_used_again_gives_back_the_process_that_had_it() {
        let mut table = Table::default();
        assert!(
            table
                .insert(seen(7, 50_000_001, 1), Arc::default())
                .is_none()
        );
        let scanned = seen(7, 50_000_000, 1);
        assert!(
            table.insert(scanned, Arc::default()).is_none(),
            "the same process"
        );
        let before = table.insert(seen(7, 90_000_000, 1), Arc::default());
        assert_eq!(before.unwrap().seen.process.start_ns, 50_000_000);
    }

    #[test]
    fn ends_are_remembered_for_a_while() {
        let end = |pid| ProcessId { pid, start_ns: 1 };
        let mut table = Table::default();
        for pid in 0..=RECENT_ENDS as u32 {
            table.note_end(end(pid));
        }
        assert!(table.has_ended(end(1)));
        assert!(!table.has_ended(end(0)));
    }

    #[test]
    fn ancestors_end_at_what_is_unknown_and_never_loop() {
        let mut table = Table::default();
        table.insert(seen(1, 1, 0), Arc::default());
        table.insert(seen(5, 1, 1), Arc::default());
        table.insert(seen(8, 1, 8), Arc::default());
        let names = |pid| -> Vec<String> {
            let found = table.ancestors(pid, 3);
            found.iter().map(Comm::text).collect()
        };
        assert_eq!(names(5), ["p5", "p1"]);
        assert_eq!(names(8).len(), 3);
    }

    #[test]
    fn the_table_is_bounded() {
        let mut table = Table::default();
        for pid in 0..MAX_PROCESSES as u32 + 10 {
            table.insert(seen(pid, 1, 0), Arc::default());
        }
        assert_eq!(table.living().count(), MAX_PROCESSES);
    }
}

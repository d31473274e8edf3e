//! Counts threads: a process has ended with its last thread, whichever that is.

use std::collections::HashMap;

/// Processes that are counted; what is beyond is taken for single-threaded.
const MAX_PROCESSES: usize = 65_536;

/// The threads of one process.
#[derive(Clone, Copy, Debug)]
struct Threads {
    living: u32,
    /// Status of the leader, if it has exited.
    leader: Option<u32>,
    /// Up to when the count was read from /proc: what happened before is in it.
    counted_at_ns: u64,
}

/// How many threads live, by process.
#[derive(Debug)]
pub(super) struct Tally {
    counted: HashMap<u32, Threads>,
    last_thread_decides: bool,
}

/// What the exit of a thread means for its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Lives,
    /// It has ended, with this status.
    Ended(u32),
    /// The process is not counted.
    Unknown,
}

impl Tally {
    /// Linux 6.0 and newer take the status of the last thread for the process's, older ones the
    /// leader's, unless the process was killed or called exit_group.
    pub(super) fn new(last_thread_decides: bool) -> Self {
        Self {
            counted: HashMap::new(),
            last_thread_decides,
        }
    }

    /// Takes a count from /proc, read at a moment of the connector's clock.
    pub(super) fn count(&mut self, pid: u32, threads: u32, counted_at_ns: u64) {
        if self.counted.len() < MAX_PROCESSES || self.counted.contains_key(&pid) {
            let threads = Threads {
                living: threads,
                leader: None,
                counted_at_ns,
            };
            self.counted.insert(pid, threads);
        }
    }

    /// A thread began. Of a process that is not counted nothing is known.
    pub(super) fn thread_began(&mut self, pid: u32, at_ns: u64) {
        if let Some(threads) = self.counted.get_mut(&pid)
            && at_ns > threads.counted_at_ns
        {
            threads.living += 1;
        }
    }

    /// A new program has one thread, whatever was before.
    pub(super) fn executed(&mut self, pid: u32, at_ns: u64) {
        self.count(pid, 1, at_ns);
    }

    /// A thread exited.
    pub(super) fn thread_ended(
        &mut self,
        pid: u32,
        thread: u32,
        status: u32,
        at_ns: u64,
    ) -> Outcome {
        let Some(threads) = self.counted.get_mut(&pid) else {
            return Outcome::Unknown;
        };
        if at_ns <= threads.counted_at_ns {
            return Outcome::Lives;
        }
        if thread == pid {
            threads.leader = Some(status);
        }
        threads.living = threads.living.saturating_sub(1);
        if threads.living > 0 {
            return Outcome::Lives;
        }
        let leader = threads.leader.unwrap_or(0);
        self.counted.remove(&pid);
        // A thread that ends its process reports the process's status, which is seldom 0.
        let status = if self.last_thread_decides || status != 0 {
            status
        } else {
            leader
        };
        Outcome::Ended(status)
    }

    pub(super) fn forget(&mut self, pid: u32) {
        self.counted.remove(&pid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Ended, Lives};

    /// Runs (thread, status) exits of process 7 with these threads, on an old kernel.
    fn exits(threads: u32, exits: &[(u32, u32)]) -> Vec<Outcome> {
        run(Tally::new(false), threads, exits)
    }

    fn run(mut tally: Tally, threads: u32, exits: &[(u32, u32)]) -> Vec<Outcome> {
        tally.count(7, 1, 0);
        for _ in 1..threads {
            tally.thread_began(7, 1);
        }
        exits
            .iter()
            .map(|(thread, status)| tally.thread_ended(7, *thread, *status, 2))
            .collect()
    }

    #[test]
    fn a_process_ends_with_its_last_thread() {
        assert_eq!(exits(1, &[(7, 0x700)]), [Ended(0x700)]);
        // The leader left first, then a worker called exit_group.
        assert_eq!(exits(2, &[(7, 0), (8, 0x700)]), [Lives, Ended(0x700)]);
        // The leader left with a status, the worker just ended.
        let left = [(7, 0x300), (8, 0)];
        assert_eq!(exits(2, &left), [Lives, Ended(0x300)]);
        assert_eq!(run(Tally::new(true), 2, &left), [Lives, Ended(0)]);
        assert_eq!(
            exits(3, &[(9, 9), (7, 9), (8, 9)]),
            [Lives, Lives, Ended(9)]
        );
    }

    #[test]
    fn an_exec_by_a_thread_goes_on_as_one_thread() {
        let mut tally = Tally::new(true);
        tally.count(7, 2, 0);
        assert_eq!(tally.thread_ended(7, 7, 0, 1), Lives);
        tally.executed(7, 2);
        assert_eq!(tally.thread_ended(7, 7, 0x500, 3), Ended(0x500));
    }

    #[test]
    fn what_happened_before_the_count_is_in_it() {
        let mut tally = Tally::new(true);
        tally.count(7, 2, 10);
        tally.thread_began(7, 9);
        assert_eq!(tally.thread_ended(7, 9, 0, 10), Lives);
        assert_eq!(tally.thread_ended(7, 8, 0, 11), Lives);
        assert_eq!(tally.thread_ended(7, 7, 0, 12), Ended(0));
    }
}

//! What was seen between the first reading and the last.

use std::collections::BTreeMap;

use crate::process::ProcessId;

/// Most processes that are remembered; more pass only on a host that forks itself to death.
const MOST_REMEMBERED: usize = 50_000;

/// A process as a cheap reading sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glimpse {
    pub process: ProcessId,
    pub parent_pid: u32,
    pub comm: String,
    pub state: char,
    pub cpu_ns: u64,
}

/// What cheap readings saw between the first reading and the last.
#[derive(Clone, Debug, Default)]
pub struct Between {
    pub(super) readings: u32,
    pub(super) seen: BTreeMap<ProcessId, Seen>,
}

#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) last: Glimpse,
    pub(super) uninterruptible: u32,
}

impl Between {
    /// Takes in one reading of all processes.
    pub fn note(&mut self, glimpses: impl Iterator<Item = Glimpse>) {
        self.readings += 1;
        for glimpse in glimpses {
            let waits = u32::from(glimpse.state == 'D');
            if let Some(seen) = self.seen.get_mut(&glimpse.process) {
                seen.uninterruptible += waits;
                seen.last = glimpse;
            } else if self.seen.len() < MOST_REMEMBERED {
                let seen = Seen {
                    last: glimpse,
                    uninterruptible: waits,
                };
                self.seen.insert(seen.last.process, seen);
            }
        }
    }

    pub(super) fn uninterruptible(&self, process: ProcessId) -> u32 {
        self.seen
            .get(&process)
            .map_or(0, |seen| seen.uninterruptible)
    }
}

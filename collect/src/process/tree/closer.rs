//! A closer look at the processes of a tree, where that is asked for or cheap.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use analysis::{
    limitation::Limitation,
    process_tree::{
        IpcFacts, MappedMemory, PipeEnd, ProcessFact, ProcessFacts, ProcessTreeAsked, SocketHolder,
        TreeFacts, asked_for,
    },
};
use rustix::{
    fd::OwnedFd,
    fs::{CWD, Mode, OFlags, openat},
};

use super::{
    ends::{Ends, ends},
    maps::mapped,
};
use crate::{
    process::Procfs,
    sockets::{Namespaces, connected},
};

/// Processes whose mapped files are read without being asked to. It is some 20 microseconds each,
/// as much as all the rest, and takes a lock that the process may want.
const MOST_UNASKED: usize = 2000;
/// Ends that are noted. Each is some 30 bytes.
const MOST_ENDS: usize = 500_000;

impl Procfs {
    /// Reads which deleted libraries the processes run that were asked for, and how processes talk.
    pub fn closer(&self, facts: ProcessFacts, asked: &ProcessTreeAsked) -> TreeFacts {
        let mut facts = TreeFacts::from(facts);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(root) = openat(CWD, &self.root, flags, Mode::empty()) else {
            return facts;
        };
        let mut look = Look {
            procfs: self,
            root: Arc::new(root),
            members: asked_for(&facts.processes.processes, asked),
            missing: BTreeMap::new(),
        };
        let processes = facts.processes.processes.iter();
        let alive: Vec<&ProcessFact> = processes
            .filter(|fact| !fact.is_kernel_thread && !matches!(fact.state, 'Z' | 'X'))
            .collect();
        let mapping = look.safe_to_map(&alive, asked.ipc);
        if asked.ipc {
            let mut ipc = IpcFacts::default();
            facts.deleted_libraries = look.mapped(&mapping, Some(&mut ipc));
            let pids: Vec<u32> = alive.iter().map(|fact| fact.pid()).collect();
            look.open(&pids, &mut ipc);
            facts.ipc = Some(ipc);
        } else if mapping.len() <= MOST_UNASKED {
            facts.deleted_libraries = look.mapped(&mapping, None);
        } else {
            let count = u32::try_from(mapping.len()).unwrap_or(u32::MAX);
            look.lacks_times("libraries", "too-many-processes", count);
        }
        facts.processes.limits.extend(look.limits());
        facts
    }
}

struct Look<'a> {
    procfs: &'a Procfs,
    root: Arc<OwnedFd>,
    /// What was asked for: of the others only matters whom they talk with.
    members: BTreeSet<u32>,
    missing: BTreeMap<(&'static str, String), u32>,
}

impl Look<'_> {
    /// The pids of those whose memory may be looked at: of the members, or of all.
    fn safe_to_map(&mut self, alive: &[&ProcessFact], all: bool) -> Vec<u32> {
        let mut pids = Vec::new();
        for fact in alive {
            let is_member = self.members.contains(&fact.pid());
            match fact.state {
                // What it waits for may hold the lock of its memory.
                'D' if is_member => self.lacks("libraries", "uninterruptible"),
                'D' => {}
                _ if is_member || all => pids.push(fact.pid()),
                _ => {}
            }
        }
        pids
    }

    /// The deleted libraries of each process that has some; and the memory that they share.
    fn mapped(
        &mut self,
        pids: &[u32],
        mut ipc: Option<&mut IpcFacts>,
    ) -> BTreeMap<u32, Vec<String>> {
        let mut libraries = BTreeMap::new();
        for (pid, outcome) in self.procfs.each(&self.root, pids, mapped) {
            let found = match outcome {
                Ok(found) => found,
                Err(why) => {
                    if self.members.contains(&pid) {
                        self.lacks("libraries", why);
                    }
                    continue;
                }
            };
            if !found.deleted_libraries.is_empty() {
                libraries.insert(pid, found.deleted_libraries.into_iter().collect());
            }
            if let Some(ipc) = &mut ipc {
                let memory = found.memory.into_iter();
                let memory = memory.map(|((memory, device), bytes)| MappedMemory {
                    pid,
                    memory,
                    device,
                    bytes,
                });
                ipc.memory.extend(memory);
            }
        }
        libraries
    }

    /// The pipes and sockets that processes have open.
    fn open(&mut self, pids: &[u32], ipc: &mut IpcFacts) {
        let mut namespaces = Namespaces::new();
        for (pid, outcome) in self.procfs.each(&self.root, pids, ends) {
            let found = match outcome {
                Ok(_) if ipc.pipes.len() + ipc.holders.len() > MOST_ENDS => {
                    self.lacks("ipc", "too-much");
                    continue;
                }
                Ok(found) => found,
                Err(why) => {
                    self.lacks("ipc", why);
                    continue;
                }
            };
            let Ends {
                pipes,
                sockets,
                namespace,
            } = found;
            // Who is connected with a member is seen from there.
            if let Some(namespace) = namespace.filter(|_| self.members.contains(&pid)) {
                namespaces.entry(namespace).or_insert(pid);
            }
            ipc.pipes
                .extend(pipes.into_iter().map(|(pipe, reads, writes)| PipeEnd {
                    pid,
                    pipe,
                    reads,
                    writes,
                }));
            let holder = |inode| SocketHolder { inode, pid };
            ipc.holders.extend(sockets.into_iter().map(holder));
        }
        let held: BTreeSet<u64> = ipc.holders.iter().map(|holder| holder.inode).collect();
        let found = connected(&self.procfs.root, &namespaces, &held);
        ipc.unix = found.unix;
        ipc.tcp = found.tcp;
        for (what, why, times) in found.limits {
            self.lacks_times(what, why, times);
        }
    }

    fn lacks(&mut self, what: &'static str, why: impl Into<String>) {
        self.lacks_times(what, why, 1);
    }

    fn lacks_times(&mut self, what: &'static str, why: impl Into<String>, times: u32) {
        *self.missing.entry((what, why.into())).or_default() += times;
    }

    fn limits(self) -> impl Iterator<Item = Limitation> {
        let limitation = |((what, why), count): ((&str, String), u32)| Limitation {
            what: what.to_owned(),
            why,
            count,
        };
        self.missing.into_iter().map(limitation)
    }
}

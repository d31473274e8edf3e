//! Makes events of observations, with what is remembered about each process.

use std::{collections::HashSet, mem, sync::Arc};

use analysis::{
    event::{
        Event, Fact, Gap, GapReason, Killer, Placement, ProcessExecuted, ProcessExited,
        ProcessForked,
    },
    identity::BootId,
    process::{ExitStatus, ProcessId},
    scrub::scrub_arguments,
};

use super::{
    ExecSeen, Sink,
    cgroups::Cgroups,
    clock::Clock,
    exec_seen::{MAX_ANCESTORS, is_requester},
    observed::{Arguments, Ending, Observed, Seen},
    procfs,
    table::{Known, Table},
};

/// Events that are handed over at once.
pub(super) const BATCH: usize = 512;

/// Turns what one source sees into events.
pub(super) struct Tracker {
    boot: BootId,
    clock: Clock,
    cgroups: Cgroups,
    table: Table,
    batch: Vec<Event>,
    requests: Vec<ExecSeen>,
    suspects: Vec<ProcessId>,
}

impl Tracker {
    /// A tracker that knows the processes that run: they get no event until they end.
    ///
    /// Start to observe first, then call this: what happens meanwhile is then seen twice rather
    /// than not at all, and the table takes it.
    pub(super) fn of_running(boot: BootId) -> Self {
        let mut tracker = Self {
            boot,
            clock: Clock::read(),
            cgroups: Cgroups::read(),
            table: Table::default(),
            batch: Vec::new(),
            requests: Vec::new(),
            suspects: Vec::new(),
        };
        tracker.scan();
        tracker
    }

    /// Reads the clocks anew: once before each round of observations.
    pub(super) fn set_clock(&mut self) {
        self.clock = Clock::read();
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn observe(&mut self, observed: Observed) {
        match observed {
            Observed::Forked(seen) => self.forked(seen),
            Observed::Executed(seen, arguments) => self.executed(seen, arguments),
            Observed::Exited(seen, ending) => self.exited(seen, ending),
            Observed::Signaled(process, killer) => {
                if let Some(known) = self.table.get_mut(process) {
                    known.killer = Some(Box::new(killer));
                }
            }
            Observed::CgroupMade { id, parent, name } => self.cgroups.made(id, parent, name),
            Observed::CgroupGone { id } => self.cgroups.gone(id),
        }
    }

    /// Whether a batch is full: hand it over before observing more.
    pub(super) fn is_full(&self) -> bool {
        self.batch.len() >= BATCH
    }

    /// Hands over what has gathered.
    pub(super) fn flush(&mut self, sink: &mut dyn Sink) {
        for request in self.requests.drain(..) {
            sink.exec_seen(request);
        }
        if !self.batch.is_empty() {
            sink.events(mem::take(&mut self.batch));
        }
    }

    /// Says that events are missing.
    pub(super) fn gap(&mut self, lost: Option<u64>, detail: String) {
        let gap = Gap {
            source: "process".to_owned(),
            reason: GapReason::Overflow,
            lost,
            detail,
        };
        self.push(self.clock.since_boot_ns, Fact::Gap(gap));
    }

    /// Compares the table with /proc after a loss. Processes that are not there any more are
    /// under suspicion until [`Tracker::report_suspects`]: the news of their end may still wait
    /// to be read.
    pub(super) fn compare_with_proc(&mut self) {
        self.cgroups.read_again();
        let there = self.scan();
        let gone = |known: &&Known| !there.contains(&known.seen.process.pid);
        let suspects = self.table.living().filter(gone);
        self.suspects = suspects.map(|known| known.seen.process).collect();
    }

    /// Reports the ends that nobody saw. Call it when all that the kernel held at the time of the
    /// comparison has been read.
    pub(super) fn report_suspects(&mut self) {
        for process in mem::take(&mut self.suspects) {
            if let Some(known) = self.table.remove(process) {
                self.missed_end(known);
            }
        }
    }

    /// Takes the processes of /proc into the table and returns their numbers.
    fn scan(&mut self) -> HashSet<u32> {
        let mut there = HashSet::new();
        for pid in procfs::pids() {
            let Some(stat) = procfs::stat(pid) else {
                continue;
            };
            if stat.is_dead() || stat.is_kernel_thread() {
                continue;
            }
            if self.table.has_ended(stat.process) {
                continue;
            }
            there.insert(pid);
            if self.table.get(stat.process).is_none() {
                self.adopt(&stat);
            }
        }
        there
    }

    /// Remembers a process that /proc shows, without an event.
    pub(super) fn adopt(&mut self, stat: &procfs::Stat) {
        let seen = Seen {
            process: stat.process,
            parent_pid: stat.parent_pid,
            uid: procfs::uid(stat.process.pid),
            comm: stat.comm,
            at_ns: stat.process.start_ns,
            cgroup: None,
        };
        let placement = self.place_from_proc(&seen).unwrap_or_default();
        self.remember(seen, placement);
    }

    fn forked(&mut self, seen: Seen) {
        let placement = self.place_of_child(&seen);
        let fact = Fact::ProcessForked(ProcessForked {
            process: seen.process,
            parent_pid: seen.parent_pid,
            uid: seen.uid,
            comm: seen.comm.text(),
            placement: Placement::clone(&placement),
        });
        let at_ns = seen.at_ns;
        self.remember(seen, placement);
        self.push(at_ns, fact);
    }

    fn executed(&mut self, seen: Seen, arguments: Arguments) {
        let placement = self.place_of_program(&seen);
        let event = ProcessExecuted {
            process: seen.process,
            parent_pid: seen.parent_pid,
            uid: seen.uid,
            login_uid: arguments.login_uid,
            session: arguments.session,
            comm: seen.comm.text(),
            argv: scrub_arguments(arguments.argv),
            argv_truncated: arguments.truncated,
            placement: Placement::clone(&placement),
        };
        if is_requester(&event) {
            let ancestors = self.table.ancestors(seen.parent_pid, MAX_ANCESTORS);
            self.requests.push(ExecSeen {
                event: event.clone(),
                at: self.clock.wall_at(seen.at_ns),
                ancestors: ancestors.iter().map(|comm| comm.text()).collect(),
            });
        }
        let at_ns = seen.at_ns;
        self.remember(seen, placement);
        self.push(at_ns, Fact::ProcessExecuted(event));
    }

    fn exited(&mut self, seen: Seen, ending: Ending) {
        let known = self.table.remove(seen.process);
        if known.is_none() && self.table.has_ended(seen.process) {
            return; // Its last two threads ended at once, and both told.
        }
        self.table.note_end(seen.process);
        let placement = match &known {
            Some(known) if known.seen.cgroup == seen.cgroup => Arc::clone(&known.placement),
            // It was moved since its last exec, or never seen.
            _ => self
                .place_by_id(&seen)
                .or_else(|| known.as_ref().map(|known| Arc::clone(&known.placement)))
                .unwrap_or_default(),
        };
        let killer = known.and_then(|known| known.killer);
        self.push_end(seen, &placement, ending, killer);
    }

    /// Reports the end of a process that is not there any more, and nobody saw it go.
    fn missed_end(&mut self, known: Known) {
        let seen = Seen {
            at_ns: self.clock.since_boot_ns,
            ..known.seen
        };
        self.push_end(seen, &known.placement, Ending::default(), None);
    }

    fn push_end(
        &mut self,
        seen: Seen,
        placement: &Placement,
        ending: Ending,
        killer: Option<Box<Killer>>,
    ) {
        let fact = Fact::ProcessExited(ProcessExited {
            process: seen.process,
            parent_pid: seen.parent_pid,
            uid: seen.uid,
            comm: seen.comm.text(),
            placement: placement.clone(),
            status: ending.status,
            cpu_ns: ending.cpu_ns,
            max_rss_bytes: ending.max_rss_bytes,
            oom_killed: ending.oom_killed,
            killer: killer
                .map(|killer| *killer)
                .filter(|killer| was_ended_by(ending.status, killer)),
        });
        self.push(seen.at_ns, fact);
    }

    fn remember(&mut self, seen: Seen, placement: Arc<Placement>) {
        if let Some(before) = self.table.insert(seen, placement) {
            self.missed_end(before);
        }
    }

    fn push(&mut self, at_ns: u64, fact: Fact) {
        self.batch.push(Event {
            at: self.clock.wall_at(at_ns),
            since_boot_ns: Some(at_ns),
            boot: self.boot,
            fact,
        });
    }

    fn place_by_id(&mut self, seen: &Seen) -> Option<Arc<Placement>> {
        self.cgroups.placement(seen.cgroup?)
    }

    /// A child starts where its parent is, unless its cgroup says otherwise.
    fn place_of_child(&mut self, seen: &Seen) -> Arc<Placement> {
        if let Some(placement) = self.place_by_id(seen) {
            return placement;
        }
        match self.table.by_pid(seen.parent_pid) {
            Some(parent) => Arc::clone(&parent.placement),
            None => self.place_from_proc(seen).unwrap_or_default(),
        }
    }

    /// A new program may have been moved since its fork: systemd does that with each unit.
    fn place_of_program(&mut self, seen: &Seen) -> Arc<Placement> {
        if let Some(placement) = self.place_by_id(seen) {
            return placement;
        }
        // An exiting process shows `/`, wherever it was: what it had before is better.
        let in_proc = self.place_from_proc(seen);
        if let Some(placement) = in_proc.as_ref().filter(|place| place.cgroup != "/") {
            return Arc::clone(placement);
        }
        let known = self.table.get(seen.process);
        known
            .map(|known| Arc::clone(&known.placement))
            .or(in_proc)
            .unwrap_or_default()
    }

    fn place_from_proc(&mut self, seen: &Seen) -> Option<Arc<Placement>> {
        let path = procfs::cgroup(seen.process.pid)?;
        Some(match seen.cgroup {
            Some(id) => self.cgroups.learn(id, &path),
            None => Arc::new(Placement::of_cgroup(&path)),
        })
    }
}

/// A signal that was sent ended the process only if it ended by that signal.
fn was_ended_by(status: Option<ExitStatus>, killer: &Killer) -> bool {
    matches!(status, Some(ExitStatus::Signaled { signal, .. }) if signal == killer.signal)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[derive(Default)]
    struct Kept(Vec<Event>);

    impl Sink for Kept {
        fn events(&mut self, batch: Vec<Event>) {
            self.0.extend(batch);
        }

        fn exec_seen(&mut self, _: ExecSeen) {}
    }

    /// It was not root's: of whom it was, nobody knows.
    #[test]
    fn a_process_that_went_while_it_was_looked_at_has_no_user() {
        let mut tracker = Tracker::of_running(BootId(uuid::Uuid::nil()));
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let stat = procfs::stat(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        tracker.adopt(&stat);
        tracker.compare_with_proc();
        tracker.report_suspects();
        let mut kept = Kept::default();
        tracker.flush(&mut kept);
        let users: Vec<_> = kept
            .0
            .iter()
            .filter_map(|event| match &event.fact {
                Fact::ProcessExited(exited) if exited.process == stat.process => Some(exited.uid),
                _ => None,
            })
            .collect();
        assert_eq!(users, [None]);
    }
}

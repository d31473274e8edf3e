//! Compares /proc with what was there before.

use std::{
    collections::{BTreeSet, HashSet},
    mem,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use analysis::process::ExitStatus;
use collect::process::Procfs;

use super::watch::Watch;
use crate::process::{
    Sink, SourceError, Stopper, clock,
    observed::{Arguments, Ending, Observed, Seen, unless_unset},
    procfs::{self, Stat},
    running::{Source, Wake},
    tracker::Tracker,
};

const PERIOD: Duration = Duration::from_secs(1);

/// What was there at the last look.
pub(super) struct Scanner {
    watch: Watch,
    tracker: Tracker,
    /// Reads what may hang.
    proc: Procfs,
    /// Kernel threads, which are no processes of the host's.
    ignored: HashSet<u32>,
    /// Processes that had not executed a program when they were first seen: looked at once more.
    fresh: Vec<u32>,
}

impl Source for Scanner {
    fn run(mut self: Box<Self>, stop: &Stopper, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let mut next = Instant::now();
        loop {
            let left = next.saturating_duration_since(Instant::now());
            let ready = Some(self.watch.as_fd());
            let woken = stop.wait(ready, Some(left)).map_err(SourceError::Wait)?;
            self.tracker.set_clock();
            self.take_ends()?;
            if Instant::now() >= next {
                self.look();
                next = Instant::now() + PERIOD;
            }
            self.tracker.flush(sink);
            if woken == Wake::Stop {
                return Ok(());
            }
        }
    }
}

impl Scanner {
    pub(super) fn new(watch: Watch, tracker: Tracker) -> Self {
        let mut scanner = Self {
            watch,
            tracker,
            proc: Procfs::at("/proc"),
            ignored: HashSet::new(),
            fresh: Vec::new(),
        };
        for known in scanner.tracker.table().living() {
            scanner.watch.add(known.seen.process.pid);
        }
        scanner
    }

    fn take_ends(&mut self) -> Result<(), SourceError> {
        for (pid, status) in self.watch.ended().map_err(SourceError::Read)? {
            self.exited(pid, status);
        }
        Ok(())
    }

    fn look(&mut self) {
        // In order, so that parents are mostly found before their children.
        let there: BTreeSet<u32> = procfs::pids().into_iter().collect();
        let known = self.tracker.table().living();
        let gone: Vec<u32> = known
            .map(|known| known.seen.process.pid)
            .filter(|pid| !there.contains(pid))
            .collect();
        for pid in gone {
            self.exited(pid, None);
        }
        self.ignored.retain(|pid| there.contains(pid));
        for pid in mem::take(&mut self.fresh) {
            self.look_again(pid);
        }
        for pid in there {
            if !self.ignored.contains(&pid) && self.tracker.table().by_pid(pid).is_none() {
                self.found(pid);
            }
        }
    }

    fn found(&mut self, pid: u32) {
        let Some(stat) = procfs::stat(pid) else {
            return;
        };
        if stat.is_kernel_thread() || stat.is_dead() {
            self.ignored.insert(pid);
            return;
        }
        let seen = seen(&stat, stat.process.start_ns);
        self.tracker.observe(Observed::Forked(seen));
        self.watch.add(pid);
        if stat.has_executed() {
            self.executed(&stat);
        } else {
            self.fresh.push(pid);
        }
    }

    fn look_again(&mut self, pid: u32) {
        if let Some(stat) = procfs::stat(pid).filter(Stat::has_executed) {
            self.executed(&stat);
        }
    }

    fn executed(&mut self, stat: &Stat) {
        let pid = stat.process.pid;
        let (argv, truncated) = procfs::arguments(&self.proc, pid);
        let arguments = Arguments {
            login_uid: procfs::number(pid, "loginuid").and_then(unless_unset),
            session: procfs::number(pid, "sessionid").and_then(unless_unset),
            argv,
            truncated,
        };
        let seen = seen(stat, clock::since_boot_ns());
        self.tracker.observe(Observed::Executed(seen, arguments));
    }

    fn exited(&mut self, pid: u32, status: Option<u32>) {
        self.watch.forget(pid);
        let Some(known) = self.tracker.table().by_pid(pid) else {
            return;
        };
        let seen = Seen {
            at_ns: clock::since_boot_ns(),
            ..known.seen.clone()
        };
        let ending = Ending {
            status: status.map(ExitStatus::from_wait_status),
            ..Ending::default()
        };
        self.tracker.observe(Observed::Exited(seen, ending));
    }
}

fn seen(stat: &Stat, at_ns: u64) -> Seen {
    Seen {
        process: stat.process,
        parent_pid: stat.parent_pid,
        uid: procfs::uid(stat.process.pid),
        comm: stat.comm,
        at_ns,
        cgroup: None,
    }
}

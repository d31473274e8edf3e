//! Leaves no process behind, whatever an analysis has started.
//!
//! The agent is the reaper of its descendants: a process that leaves its group, its session or its
//! parent becomes a child of the agent, and is found by that. The agent's other children stay in
//! its own process group.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use analysis::identity::OrderId;
use rustix::{
    io::Errno,
    process::{
        Pid, PidfdFlags, Signal, WaitOptions, getpgrp, kill_process, pidfd_open, pidfd_send_signal,
        set_child_subreaper, waitpid,
    },
};
use tracing::{error, warn};

use super::process_table::{self, Seen};

/// Between two looks at all processes.
const PAUSE: Duration = Duration::from_millis(20);

/// The workers that run or are being started.
#[derive(Clone, Debug, Default)]
pub struct Live {
    workers: Arc<Mutex<Workers>>,
}

#[derive(Clone, Debug, Default)]
struct Workers {
    /// By the pid of their first process.
    leaders: BTreeMap<u32, OrderId>,
    /// So many have no pid yet that we know. Between fork and exec a child has left our process
    /// group, but says nothing yet of whose it is.
    starting: usize,
}

/// A worker that is being started, until this is dropped.
#[derive(Debug)]
pub(super) struct Starting {
    live: Live,
}

/// A worker that runs, until this is dropped.
#[derive(Debug)]
pub(super) struct Leader {
    pid: u32,
    live: Live,
}

impl Live {
    /// To be called before the first process of a worker is made.
    pub(super) fn starting(&self) -> Starting {
        self.lock().starting += 1;
        Starting { live: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Workers> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Starting {
    /// The first process is there, and is that of a worker of `order`.
    pub(super) fn leads(self, pid: u32, order: OrderId) -> Leader {
        let live = self.live.clone();
        // Before `self` is dropped: it is one or the other at every moment.
        live.lock().leaders.insert(pid, order);
        Leader { pid, live }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.live.lock().starting -= 1;
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.live.lock().leaders.remove(&self.pid);
    }
}

/// From now on orphans of our descendants become our children.
pub fn adopt_orphans() {
    if let Err(error) = set_child_subreaper(Some(rustix::process::getpid())) {
        warn!("an analysis that runs away may leave processes behind: {error}");
    }
}

/// Kills and reaps what the worker of `order` has left, once its first process is gone. Blocks,
/// for `limit` at most. Gives how many are still there; they are told in the log.
pub fn clear(order: OrderId, live: &Live, limit: Duration) -> usize {
    let started = Instant::now();
    let mut suspected = BTreeSet::new();
    loop {
        let (strays, starting) = find(order, live);
        if strays.is_empty() {
            return 0;
        }
        for stray in &strays {
            let name = (stray.seen.pid, stray.seen.start);
            // One that says of itself whose it is goes at once. Another may be a worker that is
            // being started; or something of a running one that has nothing to read just now,
            // because it becomes another program: that is over when it is seen a second time.
            if stray.is_sure || (starting == 0 && !suspected.insert(name)) {
                end(stray.seen);
            }
        }
        if started.elapsed() > limit {
            let pids: Vec<u32> = strays.iter().map(|stray| stray.seen.pid).collect();
            error!(%order, ?pids, "an analysis left processes that do not end");
            return strays.len();
        }
        thread::sleep(PAUSE);
    }
}

/// Kills what an agent that died has left of these orders.
pub(super) fn clear_marked(orders: &[OrderId]) {
    if orders.is_empty() {
        return;
    }
    for seen in process_table::read().into_values() {
        if process_table::order_of(seen.pid).is_some_and(|order| orders.contains(&order)) {
            warn!(pid = seen.pid, "killing what is left of an analysis");
            end(seen);
        }
    }
}

struct Stray {
    seen: Seen,
    is_sure: bool,
}

/// What may be left of `order`, and how many workers are being started.
fn find(order: OrderId, live: &Live) -> (Vec<Stray>, usize) {
    let table = process_table::read();
    let (me, group) = (std::process::id(), getpgrp().as_raw_pid());
    // After the table: whoever was being started then either still is, or leads.
    let Workers { leaders, starting } = live.lock().clone();
    let of_others = |pid: u32| {
        let marked = process_table::order_of(pid);
        let other = marked.filter(|marked| *marked != order);
        (
            marked == Some(order),
            other.is_some_and(|other| leaders.values().any(|live| *live == other)),
        )
    };
    let orphans = table.values().filter(|seen| {
        seen.parent == me
            && i32::try_from(seen.group) != Ok(group)
            && !leaders.contains_key(&seen.pid)
            // It ends by itself, and is reaped the next time.
            && !process_table::is_guard(seen.pid)
    });
    let mut strays = Vec::new();
    for seen in orphans {
        let (is_sure, is_of_other) = of_others(seen.pid);
        if !is_of_other {
            strays.push(Stray {
                seen: *seen,
                is_sure,
            });
        }
    }
    // And everything below them.
    let mut at = 0;
    while let Some(parent) = strays.get(at) {
        let (pid, is_sure) = (parent.seen.pid, parent.is_sure);
        let children = table.values().filter(|seen| seen.parent == pid);
        strays.extend(children.map(|seen| Stray {
            seen: *seen,
            is_sure,
        }));
        at += 1;
    }
    (strays, starting)
}

/// Kills it, if it still is the process that was seen, and reaps it if it is our child.
fn end(seen: Seen) {
    let Some(pid) = i32::try_from(seen.pid).ok().and_then(Pid::from_raw) else {
        return;
    };
    let handle = pidfd_open(pid, PidfdFlags::empty());
    let is_same = process_table::one(seen.pid).is_some_and(|now| now.start == seen.start);
    if is_same && !seen.is_zombie {
        // What has ended meanwhile needs no signal.
        let _ = match handle {
            Ok(handle) => pidfd_send_signal(handle, Signal::KILL),
            // Linux before 5.3. Nearly all are our children, whose number is theirs until we reap.
            Err(Errno::NOSYS | Errno::PERM) => kill_process(pid, Signal::KILL),
            Err(gone) => Err(gone),
        };
    }
    if seen.parent == std::process::id() {
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::process::CommandExt as _,
        process::{Child, Command},
    };

    use uuid::Uuid;

    use super::*;

    const SHORT: Duration = Duration::from_millis(200);

    /// In a group of its own and without a mark, as between fork and exec.
    fn unmarked() -> Child {
        let mut sleeps = Command::new("sleep");
        sleeps.arg("1000").process_group(0).spawn().unwrap()
    }

    #[test]
    fn a_worker_that_is_being_started_is_not_taken_for_what_another_left() {
        let (live, one) = (Live::default(), OrderId(Uuid::from_u128(1)));
        let starting = live.starting();
        let mut child = unmarked();
        assert_eq!(clear(one, &live, SHORT), 1);
        assert!(child.try_wait().unwrap().is_none(), "it was killed");
        let leader = starting.leads(child.id(), OrderId(Uuid::from_u128(2)));
        assert_eq!(clear(one, &live, SHORT), 0);
        assert!(child.try_wait().unwrap().is_none(), "it was killed");

        drop(leader);
        assert_eq!(clear(one, &live, Duration::from_secs(10)), 0);
        assert!(process_table::one(child.id()).is_none());
    }

    #[test]
    fn of_what_a_dead_agent_left_only_its_lost_orders_are_ended() {
        let (lost, other) = (OrderId(Uuid::from_u128(1)), OrderId(Uuid::from_u128(2)));
        let start = |order: OrderId| {
            let mut sleeps = Command::new("sleep");
            sleeps
                .arg("1000")
                .env(process_table::MARKER, order.to_string());
            sleeps.spawn().unwrap()
        };
        let (mut left, mut lives, mut unknown) = (start(lost), start(other), unmarked());
        clear_marked(&[lost]);
        let started = Instant::now();
        // It may have been reaped, too.
        while matches!(left.try_wait(), Ok(None)) {
            assert!(started.elapsed() < Duration::from_secs(10), "it lives");
            thread::yield_now();
        }
        for child in [&mut lives, &mut unknown] {
            assert!(child.try_wait().unwrap().is_none(), "it was killed");
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

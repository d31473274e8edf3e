//! From facts to the tree.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{
    MOST_PROCESSES, Oddity, ProcessFact, ProcessTree, ProcessTreeAsked, SubtreeSums, TreeFacts,
    TreeProcess, TreeTotals,
    ipc::ipc,
    oddities::oddities,
    order::{Place, one_of_each_pid, places},
    shorten::{fitting, shorten_argv},
};
use crate::{Timestamp, scrub::scrub_arguments};

/// The process that was asked about is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no process {0}")]
pub struct NoSuchProcess(pub u32);

/// Makes the tree that was asked for.
///
/// Total: facts that contradict each other (circles, a pid twice, parents that are not there) make
/// a tree that has every pid once.
///
/// # Errors
///
/// [`NoSuchProcess`] if the pid that was asked for is not among the facts.
pub fn process_tree(
    facts: impl Into<TreeFacts>,
    asked: &ProcessTreeAsked,
) -> Result<ProcessTree, NoSuchProcess> {
    let TreeFacts {
        processes: facts,
        deleted_libraries,
        ipc: talk,
    } = facts.into();
    let processes = one_of_each_pid(facts.processes);
    let places = places(&processes);
    let oddities = oddities(&processes, &places, &deleted_libraries);
    let sums = sums(&processes, &places, facts.since_boot_ns);
    let part = match asked.pid {
        None => 0..places.len(),
        Some(pid) => {
            let is_asked = |place: &Place| processes[place.process].pid() == pid;
            let at = places.iter().position(is_asked).ok_or(NoSuchProcess(pid))?;
            at..at + places[at].size
        }
    };
    let totals = totals(&processes, &places[part.clone()], &oddities[part.clone()]);
    let deepest = match asked.pid {
        Some(_) if !asked.recursive => 1,
        _ => u32::MAX,
    };
    let top = places.get(part.start).map_or(0, |place| place.depth);
    let clock = Clock {
        at: facts.at,
        since_boot_ns: facts.since_boot_ns,
    };
    let asked_for = part.filter(|at| places[*at].depth - top <= deepest);
    let members: BTreeSet<u32> = match &talk {
        Some(_) => asked_for
            .clone()
            .map(|at| processes[places[at].process].pid())
            .collect(),
        None => BTreeSet::new(),
    };
    let talk = talk.map(|facts| ipc(&facts, &processes, &members));
    let listed = asked_for.take(MOST_PROCESSES);
    let mut listed: Vec<_> = listed
        .map(|at| {
            let fact = &processes[places[at].process];
            let place = (places[at].depth - top, sums[at]);
            entry(fact, place, oddities[at].clone(), clock)
        })
        .collect();
    let mut limits = facts.limits;
    let lines = listed.iter_mut().map(|one| &mut one.argv);
    limits.extend(shorten_argv(lines.collect()));
    listed.truncate(fitting(&listed));
    Ok(ProcessTree {
        at: facts.at,
        omitted: totals.processes - count(listed.len()),
        processes: listed,
        totals,
        ipc: talk,
        limits,
    })
}

/// One moment, by the wall clock and by the clock of start times.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) at: Timestamp,
    pub(crate) since_boot_ns: u64,
}

impl Clock {
    pub(crate) fn wall_at(self, since_boot_ns: u64) -> Timestamp {
        let ago = self.since_boot_ns.saturating_sub(since_boot_ns);
        let ago = TimeDelta::nanoseconds(i64::try_from(ago).unwrap_or(i64::MAX));
        self.at.checked_sub_signed(ago).unwrap_or(self.at)
    }
}

fn entry(
    fact: &ProcessFact,
    (depth, subtree): (u32, SubtreeSums),
    oddities: Vec<Oddity>,
    clock: Clock,
) -> TreeProcess {
    TreeProcess {
        process: fact.process,
        parent_pid: fact.parent_pid,
        depth,
        comm: fact.comm.clone(),
        argv: scrub_arguments(fact.argv.clone()),
        state: fact.state,
        uid: fact.uid,
        user: fact.user.clone(),
        unit: fact.unit.clone(),
        container: fact.container.clone(),
        threads: fact.threads,
        rss_bytes: fact.rss_bytes,
        cpu_ms: fact.cpu_ns / 1_000_000,
        cpu_percent: rounded(fact.cpu_percent(clock.since_boot_ns)),
        started_at: clock.wall_at(fact.process.start_ns),
        subtree: SubtreeSums {
            cpu_percent: rounded(subtree.cpu_percent),
            ..subtree
        },
        oddities,
    }
}

/// The sums at each place, over the process and all below it.
fn sums(processes: &[ProcessFact], places: &[Place], now_ns: u64) -> Vec<SubtreeSums> {
    let own = |place: &Place| {
        let fact = &processes[place.process];
        SubtreeSums {
            processes: 1,
            rss_bytes: fact.rss_bytes,
            cpu_ms: fact.cpu_ns / 1_000_000,
            cpu_percent: fact.cpu_percent(now_ns),
        }
    };
    let mut sums: Vec<SubtreeSums> = places.iter().map(own).collect();
    // Parents come before their children, so each sum is complete when it is added.
    for at in (0..places.len()).rev() {
        if let Some(parent) = places[at].parent {
            let below = sums[at];
            let sum = &mut sums[parent];
            sum.processes += below.processes;
            sum.rss_bytes = sum.rss_bytes.saturating_add(below.rss_bytes);
            sum.cpu_ms = sum.cpu_ms.saturating_add(below.cpu_ms);
            sum.cpu_percent += below.cpu_percent;
        }
    }
    sums
}

fn totals(processes: &[ProcessFact], places: &[Place], oddities: &[Vec<Oddity>]) -> TreeTotals {
    let facts = || places.iter().map(|place| &processes[place.process]);
    let states = |states: &str| count(facts().filter(|fact| states.contains(fact.state)).count());
    let odd = |odd: Oddity| count(oddities.iter().filter(|all| all.contains(&odd)).count());
    TreeTotals {
        processes: count(places.len()),
        kernel_threads: count(facts().filter(|fact| fact.is_kernel_thread).count()),
        running: states("R"),
        uninterruptible: states("D"),
        stopped: states("Tt"),
        zombies: odd(Oddity::Zombie),
        orphans: odd(Oddity::Orphan),
        rss_bytes: facts().fold(0, |sum, fact| sum.saturating_add(fact.rss_bytes)),
    }
}

fn rounded(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

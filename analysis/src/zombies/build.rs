//! From facts to the report.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    TaskCount, TaskUse, Zombie, ZombieFacts, ZombieParent, Zombies,
    why::{Verdict, verdict},
};
use crate::{
    process::ProcessId,
    process_tree::{Clock, ProcessFact},
    scrub::scrub_arguments,
};

/// Most parents of one report, and most zombies of one parent; the rest is counted.
const MOST_PARENTS: usize = 200;
const MOST_ZOMBIES: usize = 200;

/// Says who has zombies, and why.
pub fn zombies(facts: ZombieFacts) -> Zombies {
    let now_ns = facts.processes.since_boot_ns;
    let watched_ns = now_ns.saturating_sub(facts.earlier_ns);
    let all: BTreeMap<u32, &ProcessFact> = facts
        .processes
        .processes
        .iter()
        .map(|fact| (fact.pid(), fact))
        .collect();
    let mut by_parent: BTreeMap<u32, Vec<&ProcessFact>> = BTreeMap::new();
    for fact in all.values().filter(|fact| fact.is_zombie()) {
        by_parent.entry(fact.parent_pid).or_default().push(fact);
    }
    let looked = Looked {
        facts: &facts,
        all: &all,
        watched_ns,
    };
    let mut parents: Vec<(u32, ZombieParent)> = by_parent
        .iter()
        .map(|(pid, zombies)| (old(zombies, &looked), looked.parent(*pid, zombies)))
        .collect();
    parents.sort_by_key(|(old, parent)| (Reverse(*old), parent.process));
    let zombies: u32 = parents.iter().map(|(old, _)| old).sum();
    let there = count(by_parent.values().map(Vec::len).sum());
    let reaped = facts.earlier.iter().filter(|(process, earlier)| {
        let still = all
            .get(&process.pid)
            .is_some_and(|fact| fact.process == **process);
        is_dead(earlier.state) && !still
    });
    let headless = all
        .values()
        .filter(|fact| is_dead(fact.state) && fact.threads > 1);
    Zombies {
        at: facts.processes.at,
        watched_ms: watched_ns / 1_000_000,
        zombies,
        fresh: there - zombies,
        reaped: count(reaped.count()),
        headless: count(headless.count()),
        parents_omitted: count(parents.len().saturating_sub(MOST_PARENTS)),
        parents: parents
            .into_iter()
            .take(MOST_PARENTS)
            .map(|(_, parent)| parent)
            .collect(),
        tasks: facts.tasks.clone().map(task_use),
        limits: facts.processes.limits.clone(),
    }
}

/// What is known, in one place.
pub(super) struct Looked<'a> {
    pub(super) facts: &'a ZombieFacts,
    pub(super) all: &'a BTreeMap<u32, &'a ProcessFact>,
    pub(super) watched_ns: u64,
}

impl Looked<'_> {
    fn parent(&self, pid: u32, zombies: &[&ProcessFact]) -> ZombieParent {
        let fact = self.all.get(&pid).copied();
        let details = self.facts.parents.get(&pid);
        let Verdict {
            cause,
            certainty,
            evidence,
            advice,
        } = verdict(self, pid, zombies);
        let mut listed: Vec<Zombie> = zombies.iter().map(|fact| self.zombie(fact)).collect();
        listed.sort_by_key(|zombie| zombie.process.start_ns);
        listed.truncate(MOST_ZOMBIES);
        ZombieParent {
            process: fact.map_or(ProcessId { pid, start_ns: 0 }, |fact| fact.process),
            comm: fact.map_or_else(String::new, |fact| fact.comm.clone()),
            argv: fact.map_or_else(Vec::new, |fact| scrub_arguments(fact.argv.clone())),
            user: fact.and_then(|fact| fact.user.clone()),
            unit: fact.and_then(|fact| fact.unit.clone()),
            container: fact.and_then(|fact| fact.container.clone()),
            state: fact.map(|fact| fact.state),
            omitted: count(zombies.len() - listed.len()),
            zombies: listed,
            cause,
            certainty,
            evidence,
            advice,
            tasks: details
                .and_then(|details| details.tasks.clone())
                .map(task_use),
        }
    }

    fn zombie(&self, fact: &ProcessFact) -> Zombie {
        let now_ns = self.facts.processes.since_boot_ns;
        let clock = Clock {
            at: self.facts.processes.at,
            since_boot_ns: now_ns,
        };
        let details = self.facts.zombies.get(&fact.pid());
        let dead_ns = if self.was_dead(fact) {
            self.watched_ns
        } else {
            0
        };
        Zombie {
            process: fact.process,
            comm: fact.comm.clone(),
            exit: details.and_then(|details| details.exit),
            started_at: clock.wall_at(fact.process.start_ns),
            age_ms: now_ns.saturating_sub(fact.process.start_ns) / 1_000_000,
            dead_at_least_ms: dead_ns / 1_000_000,
        }
    }

    /// Whether it was a zombie in the first reading, too.
    pub(super) fn was_dead(&self, fact: &ProcessFact) -> bool {
        let earlier = self.facts.earlier.get(&fact.process);
        earlier.is_some_and(|earlier| is_dead(earlier.state))
    }
}

fn old(zombies: &[&ProcessFact], looked: &Looked<'_>) -> u32 {
    count(zombies.iter().filter(|fact| looked.was_dead(fact)).count())
}

fn is_dead(state: char) -> bool {
    matches!(state, 'Z' | 'X')
}

#[expect(clippy::cast_precision_loss, reason = "a share that is rounded anyway")]
fn task_use(count: TaskCount) -> TaskUse {
    let percent = count.tasks as f64 / count.limit.max(1) as f64 * 100.0;
    TaskUse {
        cgroup: count.cgroup,
        tasks: count.tasks,
        limit: count.limit,
        percent: (percent * 100.0).round() / 100.0,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

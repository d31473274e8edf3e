//! The order of the tree: each process, then what is below it.

use std::collections::{BTreeMap, BTreeSet};

use super::{ProcessFact, ProcessTreeAsked};

/// A place in the order of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which of the processes it is.
    pub(super) process: usize,
    /// Place of the parent, which is always an earlier one. `None`: a root.
    pub(super) parent: Option<usize>,
    pub(super) depth: u32,
    /// How many places it takes with all that is below it, which follow at once.
    pub(super) size: usize,
}

/// Leaves one process of each pid, the one that started last: the other has ended.
///
/// They come out in the order of their starts.
pub(super) fn one_of_each_pid(mut processes: Vec<ProcessFact>) -> Vec<ProcessFact> {
    processes.sort_by_key(|fact| (fact.process.pid, std::cmp::Reverse(fact.process.start_ns)));
    processes.dedup_by_key(|fact| fact.process.pid);
    processes.sort_by_key(|fact| (fact.process.start_ns, fact.process.pid));
    processes
}

/// Puts processes, which come in the order of their starts, into the order of the tree.
///
/// Every process has exactly one place. One whose parent is not there is a root, as is one of each
/// circle, which only facts of different moments can form.
pub(super) fn places(processes: &[ProcessFact]) -> Vec<Place> {
    let mut children = vec![Vec::new(); processes.len()];
    let mut roots = Vec::new();
    for (child, parent) in parents(processes).into_iter().enumerate() {
        match parent {
            Some(parent) => children[parent].push(child),
            None => roots.push(child),
        }
    }
    let mut places = Vec::with_capacity(processes.len());
    let mut placed = vec![false; processes.len()];
    // After the roots everything that is left is in a circle, or below one.
    for root in roots.into_iter().chain(0..processes.len()) {
        let mut waiting = vec![(root, None, 0)];
        while let Some((process, parent, depth)) = waiting.pop() {
            if std::mem::replace(&mut placed[process], true) {
                continue;
            }
            let here = places.len();
            places.push(Place {
                process,
                parent,
                depth,
                size: 1,
            });
            let below = children[process].iter().rev();
            waiting.extend(below.map(|child| (*child, Some(here), depth + 1)));
        }
    }
    for at in (0..places.len()).rev() {
        if let Some(parent) = places[at].parent {
            places[parent].size += places[at].size;
        }
    }
    places
}

/// The pids of what was asked for: those that are worth a closer look. None if the process that
/// was asked for is not there.
pub fn asked_for(processes: &[ProcessFact], asked: &ProcessTreeAsked) -> BTreeSet<u32> {
    let Some(top) = asked.pid else {
        return processes.iter().map(ProcessFact::pid).collect();
    };
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for fact in processes {
        children
            .entry(fact.parent_pid)
            .or_default()
            .push(fact.pid());
    }
    let is_there = processes.iter().any(|fact| fact.pid() == top);
    let mut found: BTreeSet<u32> = is_there.then_some(top).into_iter().collect();
    let mut waiting: Vec<u32> = found.iter().copied().collect();
    while let Some(pid) = waiting.pop() {
        for child in children.get(&pid).into_iter().flatten() {
            if found.insert(*child) && asked.recursive {
                waiting.push(*child);
            }
        }
    }
    found
}

/// The parent of each process, if it is there.
fn parents(processes: &[ProcessFact]) -> Vec<Option<usize>> {
    let by_pid: BTreeMap<u32, usize> = processes
        .iter()
        .enumerate()
        .map(|(at, fact)| (fact.process.pid, at))
        .collect();
    let parent_of = |fact: &ProcessFact| {
        let parent = *by_pid.get(&fact.parent_pid)?;
        // A parent that is younger than its child is another process with the same pid.
        let is_older = processes[parent].process.start_ns <= fact.process.start_ns;
        is_older.then_some(parent)
    };
    processes.iter().map(parent_of).collect()
}

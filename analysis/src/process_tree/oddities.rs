//! What is worth a look about a process.

use std::collections::BTreeMap;

use super::{Oddity, ProcessFact, order::Place};
use crate::identity::UnitName;

/// Deleted libraries that are named of a process. An update of the C library replaces a dozen.
const MOST_LIBRARIES: usize = 8;

/// Says what is odd about the process at each place.
pub(super) fn oddities(
    processes: &[ProcessFact],
    places: &[Place],
    deleted_libraries: &BTreeMap<u32, Vec<String>>,
) -> Vec<Vec<Oddity>> {
    let family = Family {
        processes,
        places,
        deleted_libraries,
        mains: mains(processes),
        monitors: monitors(processes, places),
    };
    (0..places.len()).map(|at| family.oddities(at)).collect()
}

struct Family<'a> {
    processes: &'a [ProcessFact],
    places: &'a [Place],
    deleted_libraries: &'a BTreeMap<u32, Vec<String>>,
    mains: BTreeMap<&'a UnitName, u32>,
    /// Whether the process at a place watches over a container.
    monitors: Vec<bool>,
}

impl Family<'_> {
    fn oddities(&self, at: usize) -> Vec<Oddity> {
        let fact = &self.processes[self.places[at].process];
        let parent = self.parent(at);
        let mut found = Vec::new();
        if fact.is_zombie() {
            found.push(Oddity::Zombie);
        } else if !fact.is_kernel_thread && !self.monitors[at] && self.is_adopted(at) {
            found.push(Oddity::Orphan);
        }
        found.extend(parent.and_then(|parent| outside_unit(fact, parent)));
        let deleted = fact.deleted_program.clone();
        found.extend(deleted.map(|path| Oddity::DeletedProgram { path }));
        let deleted = self.deleted_libraries.get(&fact.pid());
        found.extend(deleted.and_then(|paths| deleted_libraries(paths)));
        if fact.state == 'D' {
            found.push(Oddity::Uninterruptible);
        }
        found
    }

    fn parent(&self, at: usize) -> Option<&ProcessFact> {
        let parent = self.places[self.places[at].parent?].process;
        Some(&self.processes[parent])
    }

    /// Whether its parent is not the one that made it.
    fn is_adopted(&self, at: usize) -> bool {
        let fact = &self.processes[self.places[at].process];
        let Some(parent) = self.parent(at) else {
            return false;
        };
        match &fact.unit {
            // systemd starts nothing in there: it puts a login's processes in, made by others.
            Some(unit) if parent.pid() == 1 && is_session(unit) => true,
            // It makes a session for each process that it starts, and daemons mostly do, too.
            Some(unit) if parent.pid() == 1 => {
                fact.session != fact.pid() && self.mains.get(unit) != Some(&fact.pid())
            }
            _ => self.came_from_another_session(at, fact, parent),
        }
    }

    /// A process has its own session or that which its parent had when it was made. A third one
    /// comes from a process between the two that is gone.
    fn came_from_another_session(
        &self,
        at: usize,
        fact: &ProcessFact,
        parent: &ProcessFact,
    ) -> bool {
        let above = self.places[at].parent.and_then(|at| self.parent(at));
        // The grandparent's: the parent began a session of its own after it had made this one.
        let may_be = [
            Some(fact.pid()),
            Some(parent.session),
            above.map(|above| above.session),
        ];
        let is_known = fact.session != 0 && parent.session != 0;
        is_known && !may_be.contains(&Some(fact.session))
    }
}

/// The main processes of units in which no child of process 1 leads a session: daemons that forked
/// twice. Of several children the oldest is taken for it.
fn mains(processes: &[ProcessFact]) -> BTreeMap<&UnitName, u32> {
    let mut mains = BTreeMap::new();
    let of_process_1 = processes.iter().filter(|fact| fact.parent_pid == 1);
    for fact in of_process_1.clone() {
        if let Some(unit) = &fact.unit {
            // They come in the order of their starts.
            mains.entry(unit).or_insert(fact.pid());
        }
    }
    let leaders = of_process_1.filter(|fact| fact.session == fact.pid());
    for unit in leaders.filter_map(|fact| fact.unit.as_ref()) {
        mains.remove(unit);
    }
    mains
}

/// What has a child in a container that it is not in itself was orphaned on purpose: conmon,
/// containerd-shim.
fn monitors(processes: &[ProcessFact], places: &[Place]) -> Vec<bool> {
    let mut monitors = vec![false; places.len()];
    for place in places {
        let Some(parent) = place.parent else { continue };
        let inside = &processes[place.process].container;
        let outside = &processes[places[parent].process].container;
        if inside.is_some() && inside != outside {
            monitors[parent] = true;
        }
    }
    monitors
}

fn outside_unit(fact: &ProcessFact, parent: &ProcessFact) -> Option<Oddity> {
    let (unit, parent_unit) = (fact.unit.as_ref()?, parent.unit.as_ref()?);
    let is_moved = unit != parent_unit
        && unit.as_str().ends_with(".service")
        && fact.container == parent.container
        && parent.pid() != 1;
    is_moved.then(|| Oddity::OutsideUnit {
        parent_unit: parent_unit.clone(),
    })
}

/// The first of them.
fn deleted_libraries(paths: &[String]) -> Option<Oddity> {
    let listed = paths.len().min(MOST_LIBRARIES);
    (listed > 0).then(|| Oddity::DeletedLibraries {
        paths: paths[..listed].to_vec(),
        omitted: u32::try_from(paths.len() - listed).unwrap_or(u32::MAX),
    })
}

/// `session-3.scope`: what belongs to a login.
fn is_session(unit: &UnitName) -> bool {
    unit.as_str().starts_with("session-") && unit.as_str().ends_with(".scope")
}

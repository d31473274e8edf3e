//! The history of units: a fold over the journal that says what happened, and why.
//!
//! What systemd writes is recognised by its message ids, never by its text; only a few lines have
//! no id. Which id means what, by version, stands in the tests, as journals of real hosts.
//!
//! The fold is deterministic, so an agent that starts again replays the minutes before its cursor,
//! throws those events away, and goes on as if it had never stopped. For that, nothing that is
//! said depends on what happened long ago: a run that a reboot ended, for example, is closed by
//! the one event of the boot, not by an event for each run that happens to be remembered.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    event::{Event, Fact, UnitRequested},
    identity::UnitName,
    journal::{JournalEntry, message_id},
    request::{Request, Witness, request_of},
};

mod boot;
mod dependencies;
mod join;
mod manager;
mod moment;
mod oom;
mod runs;
mod shutdown;
mod starts;
mod stop_facts;
mod stops;
mod track;

pub use dependencies::{Dependencies, Needs};
pub use shutdown::SHUTDOWN_TARGETS;

use boot::{BootStep, BootTrack};
use moment::Moment;
use oom::KernelTrack;
use track::UnitTrack;

/// Units that are remembered; beyond that, the one that was silent longest is forgotten.
pub const MAX_UNITS: usize = 4096;
/// Runs that were followed by another, and wait for late facts.
const MAX_ENDED: usize = 64;
/// Requests that wait for the job they asked for.
const MAX_REQUESTS: usize = 256;
/// Stops that wait for the units that go along.
const MAX_STOPS: usize = 256;

/// What the newest entries of one host's journal have told about its units. Bounded.
#[derive(Clone, Debug, Default)]
pub struct UnitHistory {
    dependencies: Dependencies,
    units: BTreeMap<UnitName, UnitTrack>,
    /// The run before the one in `units`, for what is journaled late: a restart takes less time
    /// than the note of who asked for it.
    ended: VecDeque<(UnitName, UnitTrack)>,
    requests: VecDeque<SeenRequest>,
    stops: VecDeque<SeenStop>,
    boot: BootTrack,
    kernel: KernelTrack,
    /// Counts the lines about units.
    lines: u64,
}

#[derive(Clone, Debug)]
struct SeenRequest {
    request: Request,
    witness: Witness,
    seen: Moment,
}

#[derive(Clone, Debug)]
struct SeenStop {
    unit: UnitName,
    moment: Moment,
    /// By a job, and not because it failed.
    by_job: bool,
}

impl UnitHistory {
    pub fn new(dependencies: Dependencies) -> Self {
        Self {
            dependencies,
            ..Self::default()
        }
    }

    /// For a host that shares its kernel with others: `root` is where its cgroups begin in the
    /// kernel's log (`/machine.slice/web1`). OOM kills elsewhere are not its own.
    #[must_use]
    pub fn with_cgroup_root(mut self, root: impl Into<String>) -> Self {
        self.kernel.cgroup_root = root.into();
        self
    }

    /// For when a unit file was read, or has changed.
    pub fn dependencies_mut(&mut self) -> &mut Dependencies {
        &mut self.dependencies
    }

    /// Takes the next entry, and says what it tells. Entries that tell nothing give no event.
    pub fn apply(&mut self, entry: &JournalEntry) -> Vec<Event> {
        let now = Moment::of(entry);
        let mut events = Vec::new();
        match self.boot.step(now) {
            BootStep::Same => {}
            BootStep::Older(gap) => {
                events.extend(gap.map(|fact| now.event(fact)));
                return events;
            }
            BootStep::New(fact) => {
                self.forget_all();
                events.push(now.event(fact));
            }
        }
        self.boot.listen(entry);
        if entry.is_of_kernel() {
            self.take_kernel_line(entry, now, &mut events);
        } else if entry.is_of_manager() {
            self.take_manager_line(entry, now, &mut events);
        } else if let Some((request, witness)) = request_of(entry) {
            self.take_request(request, witness, now, &mut events);
        } else if entry.message_id() == Some(message_id::COREDUMP) {
            self.take_core_dump(entry, now, &mut events);
        }
        events
    }

    /// Units that are remembered: at most [`MAX_UNITS`].
    pub fn remembered_units(&self) -> usize {
        self.units.len()
    }

    /// What is remembered of an older boot is of no use in the next.
    fn forget_all(&mut self) {
        self.units.clear();
        self.ended.clear();
        self.requests.clear();
        self.stops.clear();
        self.kernel.clear();
    }

    fn take_kernel_line(&mut self, entry: &JournalEntry, now: Moment, events: &mut Vec<Event>) {
        let Some(fact) = self.kernel.read(entry, now) else {
            return;
        };
        events.push(now.event(fact.clone()));
        if let Fact::OomKilled(killed) = fact {
            self.join_oom(killed, now, events);
        }
    }

    fn take_request(
        &mut self,
        mut request: Request,
        witness: Witness,
        now: Moment,
        events: &mut Vec<Event>,
    ) {
        for unit in &mut request.units {
            *unit = self.dependencies.named(unit).clone();
        }
        if witness == Witness::Agent {
            // A line of sudo only helps to explain: where the agent runs, it notes the same.
            let said = Moment {
                at: request.at,
                ..now
            };
            events.extend(request.units.iter().map(|unit| {
                said.event(Fact::UnitRequested(UnitRequested {
                    unit: unit.clone(),
                    verb: request.verb,
                    actor: request.actor.clone(),
                }))
            }));
        }
        let seen = SeenRequest {
            request,
            witness,
            seen: now,
        };
        self.join_request(&seen, events);
        if self.requests.len() == MAX_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(seen);
    }

    fn take_core_dump(&mut self, entry: &JournalEntry, now: Moment, events: &mut Vec<Event>) {
        // The field is the kernel's word (by the cgroup); all others are anybody's.
        let is_dumper = entry
            .field("_SYSTEMD_UNIT")
            .is_some_and(|unit| unit.starts_with("systemd-coredump"));
        let unit = entry
            .field("COREDUMP_UNIT")
            .and_then(|unit| unit.parse().ok());
        if let (true, Some(unit), Some(pid)) = (is_dumper, unit, entry.number("COREDUMP_PID")) {
            let path = entry.field("COREDUMP_FILENAME").map(oom::bounded);
            self.join_core_dump(&unit, pid, path, now, events);
        }
    }
}

#[cfg(test)]
mod tests;

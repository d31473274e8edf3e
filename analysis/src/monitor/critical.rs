//! What must not end.

use super::{Happening, Sample, Sampled, What};
use crate::{event::UnitState, identity::UnitName, process::ProcessId};

/// A process or a unit that must not end.
#[derive(Clone, Debug)]
pub struct Critical {
    what: Named,
    /// The process that is meant now.
    process: Option<(ProcessId, String)>,
    /// Its state in the reading before.
    state: char,
    is_held: bool,
    begun: bool,
    /// Of a unit, in the reading before.
    last: Option<UnitState>,
}

#[derive(Clone, Debug)]
enum Named {
    /// With the unit that it belongs to, which may tell how it ended.
    Pid(u32, Option<UnitName>),
    Unit(UnitName),
}

impl Critical {
    /// A process, with its unit.
    pub fn process(pid: u32, unit: Option<UnitName>) -> Self {
        Self::of(Named::Pid(pid, unit))
    }

    pub fn unit(unit: UnitName) -> Self {
        Self::of(Named::Unit(unit))
    }

    fn of(what: Named) -> Self {
        Self {
            what,
            process: None,
            state: 'S',
            is_held: false,
            begun: false,
            last: None,
        }
    }

    /// The pid that is meant now, if it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(|(process, _)| process.pid)
    }

    pub(super) fn take(&mut self, sample: &Sample) -> Vec<Happening> {
        let found = match self.what.clone() {
            Named::Pid(pid, unit) => self.take_pid(pid, unit, sample),
            Named::Unit(unit) => self.take_unit(&unit, sample),
        };
        self.begun = true;
        let held = self.held(sample);
        let happened = found.into_iter().chain(held).map(|what| Happening {
            at: sample.at,
            is_critical: true,
            what,
        });
        happened.collect()
    }

    fn take_pid(&mut self, pid: u32, unit: Option<UnitName>, sample: &Sample) -> Option<What> {
        let there = sample.processes.iter().find(|one| one.process.pid == pid);
        // Dead, and not reaped: it has ended all the same.
        let there = there.filter(|one| one.state != 'Z' || one.threads > 1);
        if !self.begun {
            self.process = there.map(|one| (one.process, one.comm.clone()));
            let name = pid.to_string();
            return there.is_none().then_some(What::NotThere { name });
        }
        // The same pid may be another process by now.
        let (process, _) = self.process.as_ref()?;
        if there.is_some_and(|one| one.process == *process) {
            return None;
        }
        let (process, comm) = self.process.take()?;
        let state = unit
            .as_ref()
            .and_then(|unit| sample.units.iter().find(|state| state.unit == *unit));
        // The result of a unit is that of its main process, and old if the unit still runs.
        let result = state.filter(|state| state.active != "active" && state.result != "success");
        Some(What::Ended {
            process,
            comm,
            result: result
                .map(|state| state.result.clone())
                .filter(|result| !result.is_empty()),
            unit,
        })
    }

    fn take_unit(&mut self, unit: &UnitName, sample: &Sample) -> Option<What> {
        let now = sample.units.iter().find(|state| state.unit == *unit)?;
        let before = self.last.replace(now.clone());
        let main = now
            .main_pid
            .and_then(|pid| sample.processes.iter().find(|one| one.process.pid == pid));
        self.process = main.map(|one| (one.process, one.comm.clone()));
        let runs = |state: &UnitState| ["active", "reloading"].contains(&state.active.as_str());
        let down = || What::UnitDown {
            unit: unit.clone(),
            active: now.active.clone(),
            sub: now.sub.clone(),
            result: now.result.clone(),
        };
        let Some(before) = before else {
            return (!runs(now)).then(down);
        };
        match (runs(&before), runs(now)) {
            (true, false) => Some(down()),
            (false, true) => Some(What::UnitUp {
                unit: unit.clone(),
                main_pid: now.main_pid,
            }),
            (true, true) if before.main_pid != now.main_pid && before.main_pid.is_some() => {
                Some(What::UnitRestarted {
                    unit: unit.clone(),
                    main_pid: now.main_pid,
                    restarts: now.restarts,
                    result: now.result.clone(),
                })
            }
            _ => None,
        }
    }

    /// Whether it stopped to go on; told once.
    fn held(&mut self, sample: &Sample) -> Option<What> {
        let (process, comm) = self.process.clone()?;
        let is_it = |one: &&Sampled| one.process == process;
        let state = sample.processes.iter().find(is_it)?.state;
        let before = std::mem::replace(&mut self.state, state);
        // A moment of D is how disks are read.
        let is_held = matches!(state, 'T' | 't') || (state == 'D' && before == 'D');
        let was_held = std::mem::replace(&mut self.is_held, is_held);
        (is_held && !was_held).then_some(What::Held {
            process,
            comm,
            state,
        })
    }
}

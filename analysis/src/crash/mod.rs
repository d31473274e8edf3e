//! Which processes crashed, why, and where.
//!
//! A crash leaves traces in up to five places: systemd-coredump's entry in the journal, a line of
//! the kernel, a line of systemd about the unit, a core file, and what the program itself logged.
//! Each is read as a [`Sighting`]; those of one crash are joined, so that it stands once with all
//! its evidence.
//!
//! | module | what it does |
//! |---|---|
//! | [`sighting`] | one trace of a crash, and how the journal's entries are read as such |
//! | [`core_pattern`] | where the kernel puts cores |
//! | [`apport`] | the reports of Ubuntu's apport |
//! | [`stack`] | the stacks that gdb, eu-stack and systemd-coredump print |
//! | `join` | which sightings are of one crash |
//! | `verdict` | why it crashed |
//! | `signature` | which crashes are alike |

pub mod apport;
mod commands;
pub mod core_pattern;
mod groups;
mod join;
mod last_words;
mod report;
pub mod sighting;
mod signature;
pub mod stack;
#[cfg(test)]
pub(crate) mod testing;
mod verdict;

pub use commands::CorePlace;
pub use groups::CrashGroup;
pub use report::{
    Access, AccessKind, Address, CodePlace, CoreFile, CoreState, Crash, CrashCause, CrashEvidence,
    CrashReport, CrashVerdict, CrashedProcess, Examined, Module, NotACrash, ReasonCode, Register,
    Sender, Signature, SignatureBasis,
};
pub use sighting::Sighting;

use std::{cmp::Reverse, fmt};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    identity::UnitName,
    limitation::Limitation,
    period::Period,
    question::{self, BadQuestion},
    report::Health,
};

/// How far back is looked unless somebody says.
pub const DEFAULT_SINCE_S: u32 = 7 * 86_400;
/// Further back nothing is asked for.
const MOST_SINCE_S: u32 = 366 * 86_400;
/// Crashes that a report has; of more the newest.
const MOST_CRASHES: usize = 200;

/// `aiops analyze crash [NAME] [--last] [--pid PID] [--service UNIT] [--since 7d] [--detail]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CrashAsked {
    /// Only crashes of this program (its name or path), or of this unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only crashes of this unit: `nginx` means `nginx.service`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Only crashes of this process, which is gone by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The newest in full.
    #[serde(default)]
    pub last: bool,
    /// The newest with registers, all threads and all modules.
    #[serde(default)]
    pub detail: bool,
    /// How far to look back. `None`: seven days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_s: Option<u32>,
}

impl CrashAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        let bad = |parameter, why: &str| BadQuestion {
            parameter,
            why: why.to_owned(),
        };
        if let Some(unit) = &self.unit {
            question::unit(unit)?;
        }
        if self
            .name
            .as_ref()
            .is_some_and(|name| name.is_empty() || name.len() > 4096)
        {
            return Err(bad("name", "is empty or too long"));
        }
        if self.pid == Some(0) {
            return Err(bad("pid", "is no process"));
        }
        match self.since_s {
            Some(0) | Some(MOST_SINCE_S..) => Err(bad("since_s", "is zero or more than a year")),
            _ => Ok(()),
        }
    }

    pub fn since(&self) -> std::time::Duration {
        std::time::Duration::from_secs(self.since_s.unwrap_or(DEFAULT_SINCE_S).into())
    }

    /// Whether the newest crash is wanted in full.
    pub fn wants_newest(&self) -> bool {
        self.last || self.detail || self.is_narrow()
    }

    /// Whether only some crashes are asked for.
    pub fn is_narrow(&self) -> bool {
        self.name.is_some() || self.unit.is_some() || self.pid.is_some()
    }

    /// Whether a crash is among those asked for.
    pub fn wants(&self, crash: &Crash) -> bool {
        let of_pid = self
            .pid
            .is_none_or(|pid| crash.process.pid == Some(pid) || crash.process.tids.contains(&pid));
        let of_unit = self
            .unit
            .as_ref()
            .is_none_or(|unit| is_of_unit(crash, unit));
        let of_name = self
            .name
            .as_ref()
            .is_none_or(|name| is_of_unit(crash, name) || crash.process.is_of_program(name));
        of_pid && of_unit && of_name
    }

    /// The unit that is asked for, if a name can be one.
    pub fn unit_name(&self) -> Option<UnitName> {
        let name = self.unit.as_ref().or(self.name.as_ref())?;
        UnitName::from_user(name).ok()
    }
}

fn is_of_unit(crash: &Crash, name: &str) -> bool {
    let Ok(unit) = UnitName::from_user(name) else {
        return false;
    };
    crash.process.unit.as_ref() == Some(&unit) || crash.process.user_unit.as_ref() == Some(&unit)
}

impl fmt::Display for CrashAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "analyze crash")?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        if let Some(unit) = &self.unit {
            write!(f, " --service {unit}")?;
        }
        if let Some(pid) = self.pid {
            write!(f, " --pid {pid}")?;
        }
        if self.last {
            write!(f, " --last")?;
        }
        if self.detail {
            write!(f, " --detail")?;
        }
        match self.since_s {
            Some(seconds) => write!(f, " --since {}", Period::from_secs(seconds)),
            None => Ok(()),
        }
    }
}

/// Everything that was read, for [`crashes`].
#[derive(Clone, Debug, Default)]
pub struct CrashFacts {
    pub sightings: Vec<Sighting>,
    /// What processes wrote, for the last words of those that crashed.
    pub log: Vec<crate::log::LogLine>,
    /// Pids in the kernel's log are those of another namespace: this is a container.
    pub pids_are_foreign: bool,
    /// `/proc/sys/kernel/core_pattern`.
    pub core_pattern: Option<String>,
    pub limits: Vec<Limitation>,
}

/// The crashes that were asked for, the newest first, each once.
pub fn crashes(facts: CrashFacts, asked: &CrashAsked, at: Timestamp) -> CrashReport {
    let (mut drafts, not_crashes) = join::crashes(facts.sightings, facts.pids_are_foreign);
    for draft in &mut drafts {
        verdict::conclude(draft, &facts.log);
        signature::sign(&mut draft.crash);
        commands::add(&mut draft.crash);
    }
    let mut found: Vec<Crash> = drafts.into_iter().map(|draft| draft.crash).collect();
    found.retain(|crash| asked.wants(crash));
    found.sort_by_key(|crash| Reverse((crash.at, crash.process.pid)));
    let groups = groups::of(&found);
    let omitted = found.len().saturating_sub(MOST_CRASHES);
    found.truncate(MOST_CRASHES);
    let since = at - chrono::TimeDelta::from_std(asked.since()).unwrap_or_default();
    let is_asked = |stop: &NotACrash| {
        asked.unit_name().is_some_and(|unit| unit == stop.unit) && asked.pid.is_none()
    };
    CrashReport {
        at,
        since,
        groups,
        omitted: u32::try_from(omitted).unwrap_or(u32::MAX),
        not_crashes: not_crashes.into_iter().filter(is_asked).collect(),
        crashes: found,
        newest: None,
        wants_newest: asked.wants_newest(),
        wants_kinds: !asked.last,
        wants_detail: asked.detail,
        wants_pid: asked.pid.is_some(),
        core_pattern: facts.core_pattern,
        limits: facts.limits,
        similar: Vec::new(),
    }
}

impl CrashFacts {
    pub fn has_kernel_lines(&self) -> bool {
        let is_line = |sighting: &Sighting| matches!(sighting.seen, sighting::Seen::Kernel { .. });
        self.sightings.iter().any(is_line)
    }
}

impl CrashReport {
    /// Adds what was read of the newest crash, and concludes again.
    pub fn examine(&mut self, examined: Examined) {
        let Some(crash) = self.crashes.first_mut() else {
            return;
        };
        verdict::conclude_examined(crash, &examined);
        self.newest = Some(Box::new(Examined {
            signature: signature::of_stack(crash, &examined.stack),
            ..examined
        }));
        self.groups = groups::of(&self.crashes);
    }

    pub fn health(&self) -> Health {
        match (self.crashes.is_empty(), self.wants_pid) {
            (true, true) => Health::NoSuchTarget,
            (true, false) => Health::Fine,
            (false, _) => Health::Problem,
        }
    }
}

//! What is wrong with how a unit is set up: its files, and the settings in force.
//!
//! A check is one file below `service_audit/`; each looks at the same [`Audited`] for itself, and
//! says nothing where it is not certain.

mod at_boot;
mod complaints;
mod file_gone;
mod file_rights;
mod forking;
mod kill_mode;
mod need_reload;
mod no_restart;
mod out_of_memory;
mod outlook;
mod programs;
mod root;
mod start_limit;
mod stop_timeout;
#[cfg(test)]
mod tests;
mod watchdog;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    cause::Certainty,
    service::{ServiceVerdict, facts::ServiceFacts, policy::ServicePolicy},
    start_failure::commands::name,
    unit_file::{Place, Written, settings},
};

/// Findings that a report keeps.
const MOST_FINDINGS: usize = 40;

/// Something about the files or the settings of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditFinding {
    pub check: AuditCheck,
    pub severity: Severity,
    pub certainty: Certainty,
    /// What it is about, as it is in force: `KillMode=none`, or a path.
    pub setting: String,
    /// Where that stands. `None`: nowhere, it is systemd's default.
    pub place: Option<Place>,
    /// systemd's own words.
    pub words: Option<String>,
    pub fix: Option<AuditFix>,
}

/// How bad it is, the gravest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It does not work, or lets others in.
    Error,
    /// It will hurt when something else goes wrong.
    Warning,
    /// It may be on purpose.
    Hint,
}

impl Severity {
    /// The stable name: `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

/// What mends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditFix {
    /// To add with the first command, or to change in the file.
    pub lines: Vec<String>,
    /// To copy, in order.
    pub commands: Vec<String>,
}

/// What was checked: stable names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AuditCheck {
    /// A program that it starts is not there.
    ProgramMissing,
    ProgramNotExecutable,
    /// Anybody may change a program that it starts.
    ProgramWritable,
    /// Anybody may change a file of the unit.
    FileWritable,
    /// A file of the unit belongs to somebody else than root.
    FileOwner,
    /// It runs, and its file is gone: it cannot be started again.
    FileGone,
    /// It runs, and is masked: it cannot be started again.
    MaskedButRuns,
    /// `StartLimitIntervalSec=` in `[Service]`: ignored.
    StartLimitIgnored,
    /// Another `StartLimit…=` in `[Service]`: heeded for old times' sake.
    StartLimitMisplaced,
    /// The files changed after systemd read them.
    NeedReload,
    NoRestart,
    /// It gives up within seconds, before what it waits for can come back.
    GivesUpSoon,
    /// Its restarts are too far apart for its start limit.
    NeverGivesUp,
    KillModeNone,
    KillModeProcess,
    ForkingWithoutPidFile,
    /// `Restart=` leaves out the end by the out-of-memory killer.
    OomStaysDown,
    /// It runs on when the kernel kills a part of it.
    OomContinues,
    StopTimeoutInfinite,
    /// A watchdog that the program may know nothing of.
    WatchdogUnfed,
    /// It runs, and will not after a boot.
    NotAtBoot,
    RunsAsRoot,
    /// systemd itself complains about a line.
    Complaint,
}

impl AuditCheck {
    pub const ALL: [Self; 23] = [
        Self::ProgramMissing,
        Self::ProgramNotExecutable,
        Self::ProgramWritable,
        Self::FileWritable,
        Self::FileOwner,
        Self::FileGone,
        Self::MaskedButRuns,
        Self::StartLimitIgnored,
        Self::StartLimitMisplaced,
        Self::NeedReload,
        Self::NoRestart,
        Self::GivesUpSoon,
        Self::NeverGivesUp,
        Self::KillModeNone,
        Self::KillModeProcess,
        Self::ForkingWithoutPidFile,
        Self::OomStaysDown,
        Self::OomContinues,
        Self::StopTimeoutInfinite,
        Self::WatchdogUnfed,
        Self::NotAtBoot,
        Self::RunsAsRoot,
        Self::Complaint,
    ];

    /// The stable name: `kill-mode-none`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProgramMissing => "program-missing",
            Self::ProgramNotExecutable => "program-not-executable",
            Self::ProgramWritable => "program-writable",
            Self::FileWritable => "file-writable",
            Self::FileOwner => "file-owner",
            Self::FileGone => "file-gone",
            Self::MaskedButRuns => "masked-but-runs",
            Self::StartLimitIgnored => "start-limit-ignored",
            Self::StartLimitMisplaced => "start-limit-misplaced",
            Self::NeedReload => "need-reload",
            Self::NoRestart => "no-restart",
            Self::GivesUpSoon => "gives-up-soon",
            Self::NeverGivesUp => "never-gives-up",
            Self::KillModeNone => "kill-mode-none",
            Self::KillModeProcess => "kill-mode-process",
            Self::ForkingWithoutPidFile => "forking-without-pid-file",
            Self::OomStaysDown => "oom-stays-down",
            Self::OomContinues => "oom-continues",
            Self::StopTimeoutInfinite => "stop-timeout-infinite",
            Self::WatchdogUnfed => "watchdog-unfed",
            Self::NotAtBoot => "not-at-boot",
            Self::RunsAsRoot => "runs-as-root",
            Self::Complaint => "complaint",
        }
    }
}

/// How little a service is shut in, by `systemd-analyze security`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hardening {
    /// 0 (shut in) to 10 (it may do everything).
    pub exposure: f64,
    /// systemd's word for it: `OK`, `MEDIUM`, `EXPOSED`, `UNSAFE`.
    pub level: String,
    /// What would lower it most.
    pub open: Vec<HardeningGap>,
}

/// A setting that would shut it in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HardeningGap {
    /// `PrivateNetwork=`.
    pub setting: String,
    /// systemd's own words.
    pub words: String,
    /// By how much it would lower the exposure.
    pub exposure: f64,
}

/// What the checks look at.
struct Audited<'a> {
    facts: &'a ServiceFacts,
    verdict: &'a ServiceVerdict,
    /// As written, in the order in which systemd reads them.
    written: Vec<Written>,
    /// Of a service.
    policy: Option<&'a ServicePolicy>,
}

type Check = fn(&Audited<'_>) -> Vec<AuditFinding>;

const CHECKS: [Check; 15] = [
    programs::check,
    file_rights::check,
    file_gone::check,
    start_limit::check,
    need_reload::check,
    no_restart::check,
    outlook::check,
    kill_mode::check,
    forking::check,
    out_of_memory::check,
    stop_timeout::check,
    watchdog::check,
    at_boot::check,
    root::check,
    complaints::check,
];

/// What is wrong with how the unit is set up, the gravest first.
pub(crate) fn audit(facts: &ServiceFacts, verdict: &ServiceVerdict) -> Vec<AuditFinding> {
    let audited = Audited {
        facts,
        verdict,
        written: settings(&facts.files.files),
        policy: facts.policy.as_ref(),
    };
    let mut found: Vec<AuditFinding> = CHECKS.iter().flat_map(|check| check(&audited)).collect();
    complaints::drop_repeated(&mut found);
    found.sort_by_key(|finding| finding.severity);
    found.truncate(MOST_FINDINGS);
    found
}

impl Audited<'_> {
    /// Where the setting that is in force stands: the last one wins.
    fn place(&self, key: &str) -> Option<Place> {
        let section = match key.starts_with("StartLimit") {
            true => "Unit",
            false => "Service",
        };
        let is_it = |one: &&Written| one.key == key && one.section == section;
        let last = self.written.iter().rfind(is_it)?;
        Some(last.place.clone())
    }

    /// A finding about a setting in force, mended by lines in a drop-in.
    fn about(
        &self,
        (check, severity): (AuditCheck, Severity),
        (key, value): (&str, &str),
        lines: &[&str],
    ) -> AuditFinding {
        AuditFinding {
            check,
            severity,
            certainty: Certainty::Measured,
            setting: format!("{key}={value}"),
            place: self.place(key),
            words: None,
            fix: (!lines.is_empty()).then(|| self.drop_in(lines)),
        }
    }

    /// Lines to add to the unit.
    fn drop_in(&self, lines: &[&str]) -> AuditFix {
        AuditFix {
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            commands: vec![format!("systemctl edit {}", name(self.facts.name()))],
        }
    }

    /// Whether the unit comes with the system, not from the people who run it.
    fn is_of_distribution(&self) -> bool {
        let file = self.facts.files.files.first();
        file.is_some_and(|file| {
            file.path.starts_with("/usr/lib/") || file.path.starts_with("/lib/")
        })
    }
}

/// A finding about a file.
fn about_file(
    (check, severity): (AuditCheck, Severity),
    path: &str,
    commands: Vec<String>,
) -> AuditFinding {
    AuditFinding {
        check,
        severity,
        certainty: Certainty::Measured,
        setting: path.to_owned(),
        place: None,
        words: None,
        fix: (!commands.is_empty()).then_some(AuditFix {
            lines: Vec::new(),
            commands,
        }),
    }
}

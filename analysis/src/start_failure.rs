//! Why a unit did not start.
//!
//! Checks look at one set of facts, each for itself; the verdict is the finding with the best
//! evidence. A check is one file below `start_failure/checks/`.
//!
//! | module | what it does |
//! |---|---|
//! | [`facts`] | what is known: filled by `collect`, judged by nobody yet |
//! | [`attempts`] | finds the failed start in what systemd journaled |
//! | [`address_in_use`] | reads which address a program could not have |
//! | [`blamed_file`] | reads which file a program blames |
//! | [`similar`] | names that may have been meant |
//! | [`telling`] | finds the lines that say why |
//! | `checks`, `engine` | the findings, and the verdict among them |

pub mod address_in_use;
pub mod attempts;
pub mod blamed_file;
mod checks;
pub(crate) mod commands;
mod engine;
pub mod facts;
pub mod similar;
pub mod telling;
#[cfg(test)]
pub(crate) mod testing;

pub use engine::diagnose;
pub use facts::StartFacts;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    cause::Certainty,
    identity::{InvocationId, UnitName},
    limitation::Limitation,
    log::LogLine,
    process::{ExitStatus, ProcessId},
    question,
    question::BadQuestion,
    report::Health,
    shell,
};

/// `aiops diagnose start-failure NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartFailureAsked {
    /// `nginx` means `nginx.service`.
    pub unit: String,
}

impl StartFailureAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        question::unit(&self.unit)
    }
}

impl fmt::Display for StartFailureAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "diagnose start-failure {}", shell::word(&self.unit))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StartFailure {
    pub at: Timestamp,
    pub unit: UnitName,
    /// The name that was asked for, if it is an alias.
    pub asked_as: Option<UnitName>,
    /// `None`: there is no such unit, or no systemd.
    pub state: Option<UnitStatus>,
    /// The start that failed last. `None`: none is on record.
    pub attempt: Option<Attempt>,
    pub verdict: Verdict,
    /// What the checks found, the best evidence first. The verdict's is among them.
    pub findings: Vec<Finding>,
    pub dependencies: Vec<DependencyState>,
    pub limits: Vec<Limitation>,
}

/// What systemd says of the unit now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitStatus {
    /// `loaded`, `not-found`, `masked`, `bad-setting`, `error`.
    pub load_state: String,
    /// `active`, `inactive`, `failed`, `activating`, ...
    pub active_state: String,
    /// `running`, `dead`, `auto-restart`, ...
    pub sub_state: String,
    /// `success`, `exit-code`, `signal`, `timeout`, `start-limit-hit`, ...
    pub result: String,
    pub description: String,
    /// Path of the unit file, then of its drop-ins.
    pub files: Vec<String>,
    pub main_process: Option<ProcessId>,
    /// When it came into its state. A reload is no news here.
    pub since: Option<Timestamp>,
    /// Automatic restarts since somebody started it.
    pub restarts: u32,
}

/// One start that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    pub invocation_id: Option<InvocationId>,
    pub began_at: Option<Timestamp>,
    /// When systemd held it for started: as soon as its program ran, or, as its `Type=` asks, when
    /// it said that it was ready. `None`: it never came so far, or nothing of it is on record.
    pub started_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    /// systemd's word: `exit-code`, `timeout`, ...
    pub result: String,
    /// The process that failed: `ExecStartPre`, `ExecStart`, ...
    pub step: Option<String>,
    pub command: Option<String>,
    pub status: Option<ExitStatus>,
    /// Of this invocation, the oldest first, scrubbed.
    pub log: Vec<LogLine>,
    /// Lines that were left out of the middle.
    pub log_omitted: u32,
}

/// The conclusion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    pub cause: StartCause,
    pub certainty: Certainty,
    /// What is to blame: a process, a path, a unit. `None`: nobody, or not known.
    pub culprit: Option<Culprit>,
    /// What the verdict rests on.
    pub evidence: Vec<Evidence>,
    /// What to do, the recommended first.
    pub fixes: Vec<Fix>,
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    pub cause: StartCause,
    pub certainty: Certainty,
    pub culprit: Option<Culprit>,
    pub evidence: Vec<Evidence>,
    pub fixes: Vec<Fix>,
}

/// Why a start failed: stable names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StartCause {
    /// It runs, or stopped because it was told to: there is nothing to explain.
    Healthy,
    /// It is starting right now, and has not failed.
    Starting,
    UnitNotFound,
    UnitMasked,
    UnitFileInvalid,
    ConditionNotMet,
    ExecNotFound,
    ExecNotExecutable,
    /// systemd could not prepare what the program needs: its user, its folder, its environment.
    SetupFailed,
    PortInUse,
    DependencyFailed,
    StartTimeout,
    /// It did not become ready in the way that its `Type=` asks.
    NeverReady,
    StartLimitHit,
    CrashAtStart,
    /// It had started, and ran for a while.
    CrashWhileRunning,
    /// The kernel's out-of-memory killer ended it.
    OutOfMemory,
    /// By its own word it may not do something that it needs to do.
    PermissionDenied,
    /// By its own word a file that it needs is not there.
    FileMissing,
    /// By its own word it cannot read its configuration.
    ConfigInvalid,
    ApplicationError,
    Unknown,
}

impl StartCause {
    pub const ALL: [Self; 22] = [
        Self::Healthy,
        Self::Starting,
        Self::UnitNotFound,
        Self::UnitMasked,
        Self::UnitFileInvalid,
        Self::ConditionNotMet,
        Self::ExecNotFound,
        Self::ExecNotExecutable,
        Self::SetupFailed,
        Self::PortInUse,
        Self::DependencyFailed,
        Self::StartTimeout,
        Self::NeverReady,
        Self::StartLimitHit,
        Self::CrashAtStart,
        Self::CrashWhileRunning,
        Self::OutOfMemory,
        Self::PermissionDenied,
        Self::FileMissing,
        Self::ConfigInvalid,
        Self::ApplicationError,
        Self::Unknown,
    ];

    /// The stable name: `port-in-use`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Starting => "starting",
            Self::UnitNotFound => "unit-not-found",
            Self::UnitMasked => "unit-masked",
            Self::UnitFileInvalid => "unit-file-invalid",
            Self::ConditionNotMet => "condition-not-met",
            Self::ExecNotFound => "exec-not-found",
            Self::ExecNotExecutable => "exec-not-executable",
            Self::SetupFailed => "setup-failed",
            Self::PortInUse => "port-in-use",
            Self::DependencyFailed => "dependency-failed",
            Self::StartTimeout => "start-timeout",
            Self::NeverReady => "never-ready",
            Self::StartLimitHit => "start-limit-hit",
            Self::CrashAtStart => "crash-at-start",
            Self::CrashWhileRunning => "crash-while-running",
            Self::OutOfMemory => "out-of-memory",
            Self::PermissionDenied => "permission-denied",
            Self::FileMissing => "file-missing",
            Self::ConfigInvalid => "config-invalid",
            Self::ApplicationError => "application-error",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Culprit {
    Process(Holder),
    Unit { unit: UnitName },
    Path { path: String },
}

/// Who holds a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// `0.0.0.0:80`, `[::]:80`.
    pub address: String,
    pub port: u16,
    /// `None`: nobody on this host as far as can be seen, or not enough rights to see.
    pub process: Option<ProcessId>,
    pub comm: Option<String>,
    /// Scrubbed.
    pub argv: Vec<String>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    pub container: Option<String>,
    pub since: Option<Timestamp>,
}

/// What a finding rests on, so that a reader can check it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "kebab-case")]
// The API's document has one name for one thing, and `cause::Evidence` has this one.
#[schema(as = StartEvidence)]
pub enum Evidence {
    Log {
        line: LogLine,
    },
    /// A property of the unit and its value.
    Unit {
        property: String,
        value: String,
    },
    Status {
        status: ExitStatus,
    },
    Socket {
        holder: Holder,
    },
    Dependency {
        unit: UnitName,
        active_state: String,
    },
    File {
        path: String,
        state: String,
    },
}

/// Something to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fix {
    pub what: FixKind,
    /// Commands to copy, in order. Empty: an edit, which `what` describes.
    pub commands: Vec<String>,
    /// It may interrupt another service, or lose something.
    pub risky: bool,
}

/// What a fix does; the sentence is in the catalogues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FixKind {
    StopHolder {
        unit: UnitName,
    },
    /// The port is published by a container: find it, and stop it with its own tools.
    StopContainer {
        port: u16,
    },
    EndProcess {
        pid: u32,
    },
    ChangePort {
        port: u16,
    },
    /// Find out why a unit that this one needs does not start.
    StartDependency {
        unit: UnitName,
    },
    /// Ask about this unit instead: the name is nearly the same.
    AskAbout {
        unit: UnitName,
    },
    Unmask,
    InstallPackage {
        path: String,
    },
    MakeExecutable {
        path: String,
    },
    RepairUnitFile {
        path: String,
    },
    /// Correct a file of the program: its configuration.
    CorrectFile {
        path: String,
    },
    /// Put there what is missing: a file or a folder.
    ProvidePath {
        path: String,
    },
    /// Look at who may do what with the path, and allow it.
    AllowAccess {
        path: String,
    },
    CreateUser {
        user: String,
    },
    /// Make the condition true, or take it out of the unit file.
    MeetCondition {
        condition: String,
    },
    /// Let it take longer, or let it tell systemd that it is ready.
    RaiseStartTimeout {
        seconds: u64,
    },
    ReadCoreDump {
        pid: Option<u32>,
    },
    RaiseMemoryLimit,
    ResetAndStart,
    ReadLog,
}

impl FixKind {
    /// Whether its commands do it. The others look further, or open an editor.
    pub fn mends(&self) -> bool {
        match self {
            Self::StopHolder { .. }
            | Self::EndProcess { .. }
            | Self::Unmask
            | Self::MakeExecutable { .. }
            | Self::CreateUser { .. }
            | Self::ResetAndStart => true,
            Self::StopContainer { .. }
            | Self::ChangePort { .. }
            | Self::StartDependency { .. }
            | Self::AskAbout { .. }
            | Self::InstallPackage { .. }
            | Self::RepairUnitFile { .. }
            | Self::CorrectFile { .. }
            | Self::ProvidePath { .. }
            | Self::AllowAccess { .. }
            | Self::MeetCondition { .. }
            | Self::RaiseStartTimeout { .. }
            | Self::ReadCoreDump { .. }
            | Self::RaiseMemoryLimit
            | Self::ReadLog => false,
        }
    }

    /// Whether its commands belong together: each is of use only if the one before went well.
    pub fn is_one_line(&self) -> bool {
        let opens_editor = matches!(
            self,
            Self::RepairUnitFile { .. }
                | Self::CorrectFile { .. }
                | Self::ProvidePath { .. }
                | Self::RaiseStartTimeout { .. }
        );
        self.mends() || opens_editor
    }

    /// Whether its commands are of use only after something that no command does.
    pub fn is_manual(&self) -> bool {
        matches!(self, Self::InstallPackage { .. } | Self::ChangePort { .. })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DependencyState {
    pub unit: UnitName,
    /// `Requires`, `Requisite`, `BindsTo`, `Wants`.
    pub relation: String,
    pub load_state: String,
    pub active_state: String,
    /// When it came into that state, or was in it once more. `None`: it was always in it.
    pub since: Option<Timestamp>,
    pub result: Option<String>,
    /// The unit that needs it. `None`: the one that was asked about.
    pub needed_by: Option<UnitName>,
}

impl StartFailure {
    pub fn health(&self) -> Health {
        match self.verdict.cause {
            StartCause::Healthy | StartCause::Starting => Health::Fine,
            StartCause::UnitNotFound => Health::NoSuchTarget,
            _ => Health::Problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_json() {
        for cause in StartCause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
        }
    }
}

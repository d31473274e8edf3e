//! Why a unit did not start.
//!
//! Checks look at one set of facts, each for itself; the verdict is the finding with the best
//! evidence. A check is one file below `start_failure/checks/`.
//!
//! | module | what it does |
//! |---|---|
//! | [`StartCause`] | the causes, in one table |
//! | [`facts`] | what is known: filled by `collect`, judged by nobody yet |
//! | [`attempts`] | finds the failed start in what systemd journaled |
//! | [`address_in_use`] | reads which address a program could not have |
//! | [`says`] | reads why a program did not start, in its own words |
//! | [`good_start`] | finds the last start that went well |
//! | [`changes`] | what changed since then |
//! | [`quick_end()`] | finds a run that ended by itself at once |
//! | `sandbox` | what the unit's own settings forbid |
//! | `beneath` | why a unit that it needs did not start |
//! | [`claim`] | who is meant where a program says that it runs already |
//! | `beside` | what is wrong as well, and did not end the last start |
//! | `last_word` | whether a program gave up for what it complained of |
//! | [`similar`] | names that may have been meant |
//! | [`supervised`] | how a program of supervisord fares |
//! | [`ways`] | what stands in the way to a file |
//! | [`telling`] | finds the lines that say why |
//! | `checks`, `engine` | the findings, and the verdict among them |

pub mod address_in_use;
pub mod attempts;
mod beneath;
mod beside;
mod cause;
pub mod changes;
mod checks;
pub mod claim;
pub(crate) mod commands;
pub mod config_test;
mod doubt;
mod engine;
pub mod facts;
mod fix;
pub mod good_start;
mod last_word;
pub mod log_file;
mod quick_end;
mod sandbox;
pub mod says;
pub mod similar;
pub mod supervised;
pub mod telling;
#[cfg(test)]
pub(crate) mod testing;
pub mod ways;

pub use beneath::Beneath;
pub use cause::StartCause;
pub use changes::Changes;
pub use config_test::ConfigTest;
pub use engine::diagnose;
pub use facts::StartFacts;
pub use fix::{Fix, FixKind};
pub use log_file::LogFileExcerpt;
pub use quick_end::quick_end;

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
    /// What the program itself says of its configuration.
    #[serde(default)]
    pub config_tests: Vec<ConfigTest>,
    /// What the program wrote into files of its own meanwhile, the newest file first.
    #[serde(default)]
    pub log_files: Vec<LogFileExcerpt>,
    /// What changed since it started well last. `None`: there is nothing to explain.
    #[serde(default)]
    pub changes: Option<Changes>,
    /// Why the unit did not start that is to blame.
    #[serde(default)]
    pub beneath: Option<Beneath>,
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

impl UnitStatus {
    /// Whether a SysV script started it, and nothing of it runs: systemd cannot tell whether it
    /// should.
    pub fn is_idle_script(&self) -> bool {
        let is_script = |file: &String| file.starts_with("/run/systemd/generator.late/");
        self.files.first().is_some_and(is_script)
            && self.active_state == "active"
            && self.sub_state == "exited"
    }
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Culprit {
    Process(Holder),
    Unit {
        unit: UnitName,
    },
    /// A file or folder, and the line of it that is wrong.
    Path {
        path: String,
        line: Option<u32>,
    },
    User {
        user: String,
    },
    Group {
        group: String,
    },
    /// Where it cannot listen, or whom it cannot reach: `10.0.0.5:5432`, `db.example.com`.
    Address {
        address: String,
    },
    Library {
        name: String,
    },
    /// `CAP_NET_BIND_SERVICE`.
    Capability {
        name: String,
    },
    /// The setting of the unit: `LimitNOFILE`.
    Limit {
        name: String,
    },
    SystemCall {
        name: String,
    },
}

impl Culprit {
    pub(crate) fn path(path: impl Into<String>) -> Self {
        let path = path.into();
        Self::Path { path, line: None }
    }
}

/// Its name: `/etc/nginx/nginx.conf:7`, `postgresql.service`, `0.0.0.0:80` for who holds that.
impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(holder) => f.write_str(&holder.address),
            Self::Unit { unit } => write!(f, "{unit}"),
            Self::Path {
                path,
                line: Some(line),
            } => write!(f, "{path}:{line}"),
            Self::Path {
                path: name,
                line: None,
            }
            | Self::User { user: name }
            | Self::Group { group: name }
            | Self::Address { address: name }
            | Self::Library { name }
            | Self::Capability { name }
            | Self::Limit { name }
            | Self::SystemCall { name } => f.write_str(name),
        }
    }
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
    /// The process that a program takes for its other self.
    ClaimedProcess {
        /// The file in which its number stands.
        path: Option<String>,
        pid: u32,
        /// `None`: there is no such process.
        comm: Option<String>,
        unit: Option<UnitName>,
    },
    Dependency {
        unit: UnitName,
        active_state: String,
    },
    File {
        path: String,
        state: String,
    },
    /// How full the file system of a path is, for others than root.
    Filesystem {
        path: String,
        bytes: u64,
        free_bytes: u64,
        inodes: u64,
        free_inodes: u64,
        read_only: bool,
    },
    /// What a program's own test of its configuration says.
    ConfigTest {
        name: String,
        message: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DependencyState {
    pub unit: UnitName,
    /// `Requires`, `Requisite`, `BindsTo`, `Wants`; `TriggeredBy` of its socket.
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

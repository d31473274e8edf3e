//! Why a unit stopped: the cause, how sure we are, what it rests on, and who asked for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    identity::UnitName,
    process::{ExitStatus, ProcessId},
};

/// Why a run of a unit ended. The names are stable: they stand in JSON, in the database and in
/// the message catalogues.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StopCause {
    /// Somebody asked systemd to stop or restart it.
    Manual,
    /// The main process (or a start command) ended with an exit code that is no success.
    ExitCode,
    /// A signal ended the main process, and neither the kernel's OOM killer nor systemd sent it.
    Signal,
    /// The kernel killed it because its own cgroup, or one above it, reached its memory limit.
    OomCgroup,
    /// The kernel killed it because the machine had no memory left.
    OomSystem,
    /// It did not tell systemd in time that it was alive (`WatchdogSec=`).
    Watchdog,
    /// It did not start, reload or stop in time (`TimeoutStartSec=`, `TimeoutStopSec=`).
    Timeout,
    /// A unit that it needs stopped or failed, and systemd stopped it along.
    Dependency,
    /// A package manager stopped or restarted it.
    PackageUpgrade,
    /// The host shut down, rebooted or lost power.
    Reboot,
    /// The main process ended by itself and reported success.
    Clean,
    /// It stopped, and nothing that was recorded says why.
    Unknown,
}

impl StopCause {
    pub const ALL: [Self; 12] = [
        Self::Manual,
        Self::ExitCode,
        Self::Signal,
        Self::OomCgroup,
        Self::OomSystem,
        Self::Watchdog,
        Self::Timeout,
        Self::Dependency,
        Self::PackageUpgrade,
        Self::Reboot,
        Self::Clean,
        Self::Unknown,
    ];

    /// The stable name: `oom-cgroup`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::ExitCode => "exit-code",
            Self::Signal => "signal",
            Self::OomCgroup => "oom-cgroup",
            Self::OomSystem => "oom-system",
            Self::Watchdog => "watchdog",
            Self::Timeout => "timeout",
            Self::Dependency => "dependency",
            Self::PackageUpgrade => "package-upgrade",
            Self::Reboot => "reboot",
            Self::Clean => "clean",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the unit itself is to blame, so that somebody should look at it.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Self::ExitCode
                | Self::Signal
                | Self::OomCgroup
                | Self::OomSystem
                | Self::Watchdog
                | Self::Timeout
        )
    }
}

/// How a conclusion was reached.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The system itself says so: an exit status, a unit result, a line of the kernel.
    Measured,
    /// It follows from facts that could, rarely, have another reason.
    Inferred,
    /// The facts do not say.
    Unknown,
}

impl Certainty {
    /// The stable name: `measured`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

/// One fact that a conclusion rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "fact")]
pub enum Evidence {
    /// `UNIT_RESULT` as systemd journaled it: `exit-code`, `core-dump`, `oom-kill`, ...
    UnitResult { result: String },
    /// A process of the unit ended; `command` is the setting that started it (`ExecStart`).
    ProcessEnded {
        process: ProcessId,
        status: ExitStatus,
        command: Option<String>,
    },
    /// systemd ran a stop or restart job for the unit.
    StopJob { job: u64, restart: bool },
    /// A process asked systemd for it.
    Request {
        actor: Actor,
        /// How long after the request the stop began; negative: before it.
        #[serde(default)]
        stop_after_ms: i64,
    },
    /// The kernel's out-of-memory killer chose a process of the unit.
    KernelOom {
        constraint: OomConstraint,
        cgroup: String,
        comm: String,
        rss_bytes: u64,
        /// The limit that was reached. `None`: the machine's memory, or the line is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit_bytes: Option<u64>,
    },
    /// systemd saw that the OOM killer had been at the unit; the kernel's own line is missing.
    OomNotice,
    /// A line that systemd wrote without a message id, such as "Watchdog timeout (limit 3s)!".
    ManagerLine { message: String },
    /// A core dump of a process of the unit was taken. `path` is `None` if it was not kept.
    CoreDump { pid: u32, path: Option<String> },
    /// A unit that this one needs stopped at that time.
    DependencyStopped { unit: UnitName, at: Timestamp },
    /// The boot in which the unit ran is over; `orderly` is whether a shutdown was journaled.
    BootEnded { orderly: bool },
}

/// What the kernel's out-of-memory killer ran short of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OomConstraint {
    /// A cgroup's limit.
    Cgroup,
    /// The machine's memory, or that of the NUMA nodes the process may use.
    System,
}

/// Who asked systemd to do something to a unit.
///
/// Source: the exec event of `systemctl`, else the journal line of `sudo`; systemd itself does not
/// say. Arguments have been scrubbed of secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    pub uid: u32,
    /// Name of `uid` on that host at that time, if it had one.
    pub user: Option<String>,
    /// The user that logged in, whatever became of them through sudo or su. `None`: no login
    /// (cron, a daemon, a container).
    pub login_uid: Option<u32>,
    pub login_user: Option<String>,
    /// Program and arguments: `["systemctl", "restart", "nginx"]`.
    pub command: Vec<String>,
    /// Names of the processes above it, nearest first: `["bash", "sshd"]`. Empty if not known.
    pub ancestors: Vec<String>,
}

/// Everything known about the end of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stop {
    pub cause: StopCause,
    pub certainty: Certainty,
    pub evidence: Vec<Evidence>,
    /// Who asked for it, where the cause is somebody's doing and it is known.
    pub actor: Option<Actor>,
    /// How the main process ended. `None`: systemd did not journal it (a stop that went well).
    pub exit: Option<ExitStatus>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_json() {
        for cause in StopCause::ALL {
            let json = serde_json::to_value(cause).unwrap();
            assert_eq!(json, cause.name());
        }
    }
}

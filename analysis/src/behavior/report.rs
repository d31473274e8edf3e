//! The report, and what it is made of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp, cause::Certainty, limitation::Limitation, process::ProcessId, report::Health,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Behavior {
    /// When the watch ended, by the host's clock.
    pub at: Timestamp,
    pub process: ProcessId,
    pub comm: String,
    pub watched_ms: u64,
    /// It ended while it was watched.
    pub has_ended: bool,
    /// What watched the system calls: `perf`, `strace`. `None`: nothing could.
    pub tool: Option<String>,
    /// While it was watched. `None`: it ended.
    pub rates: Option<Rates>,
    /// Of its life before: what the rates are compared to. `None`: it had just begun.
    pub life: Option<Rates>,
    /// Those that took the most calls first.
    pub syscalls: Vec<SyscallUse>,
    pub errors: Vec<ErrorUse>,
    pub files: Vec<FileUse>,
    pub peers: Vec<PeerUse>,
    pub execs: Vec<ExecUse>,
    /// Processes and threads that it made. `None`: nobody counted.
    pub forks: Option<u64>,
    /// Entries of the lists above that were left out.
    pub omitted: u32,
    /// Children that were there when one looked, every half second.
    pub seen_children: u32,
    /// Between the beginning and the end; what was opened and closed between is not counted.
    pub files_opened: u32,
    pub files_closed: u32,
    /// What watching it cost it. `None`: nothing stopped it.
    pub pace: Option<Pace>,
    pub odd: Vec<OddBehavior>,
    pub limits: Vec<Limitation>,
}

/// The same, by strace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct TracedBehavior(pub Behavior);

/// For each second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rates {
    /// 100 is one core.
    pub cpu_percent: f64,
    /// How often it went to wait. `None` of a life: threads that ended took their counts along.
    pub waits_per_s: Option<f64>,
    pub preemptions_per_s: Option<f64>,
    pub minor_faults_per_s: f64,
    pub major_faults_per_s: f64,
    pub io: Option<IoRates>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IoRates {
    pub read_calls_per_s: f64,
    pub write_calls_per_s: f64,
    /// Through system calls, whatever they read from.
    pub read_chars_bytes_per_s: f64,
    pub written_chars_bytes_per_s: f64,
    /// That came from, or went to, a disk.
    pub read_disk_bytes_per_s: f64,
    pub written_disk_bytes_per_s: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SyscallUse {
    pub name: String,
    pub calls: u64,
    pub errors: u64,
    /// From the calls to their returns, all threads together: waits count.
    pub time_ms: f64,
    pub per_second: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorUse {
    pub call: String,
    /// `ENOENT`.
    pub error: String,
    pub count: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileUse {
    pub path: String,
    pub opens: u64,
    /// Opens, stats and the like that failed.
    pub errors: u64,
    pub reads: u64,
    pub read_bytes: u64,
    pub writes: u64,
    pub written_bytes: u64,
    /// Opened for writing, made, renamed, removed, or its owner or mode changed.
    pub is_changed: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeerUse {
    pub protocol: String,
    pub address: String,
    pub connects: u64,
    pub errors: u64,
    pub sent_bytes: u64,
    pub received_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExecUse {
    pub path: String,
    pub count: u64,
}

/// Its read and write calls before strace held it, and under it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pace {
    pub before_per_s: f64,
    pub during_per_s: f64,
}

/// What is unusual, how sure that is, and against what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OddBehavior {
    pub cause: Odd,
    pub certainty: Certainty,
    /// What was measured: the call, the file or the like, and the number with its unit.
    pub evidence: String,
    /// What it was compared to.
    pub baseline: f64,
    pub found: f64,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Odd {
    /// It starts processes or threads by the dozen.
    ForkStorm,
    /// The same call fails again and again.
    ErrorLoop,
    /// It asks without waiting whether there is something to do.
    BusyPolling,
    /// It changes files of the system.
    UnusualWrite,
    /// It has more files open at the end, by far.
    FileGrowth,
    /// Far more CPU than in its life before.
    CpuSurge,
    /// Far more written than in its life before.
    WriteSurge,
}

impl Behavior {
    /// Whether somebody should look. More than usual alone is no reason.
    pub fn health(&self) -> Health {
        let is_problem = |odd: &OddBehavior| !matches!(odd.cause, Odd::CpuSurge | Odd::WriteSurge);
        match self.odd.iter().any(is_problem) {
            true => Health::Problem,
            false => Health::Fine,
        }
    }
}

impl TracedBehavior {
    pub fn health(&self) -> Health {
        self.0.health()
    }
}

//! What one process uses, against its limits, its like, and its own past.

mod conclude;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    black_box::Recording,
    cause::Certainty,
    identity::UnitName,
    limitation::Limitation,
    process::ProcessId,
    process_tree::{NoSuchProcess, ProcessFacts},
    processes::IoCounters,
    question::BadQuestion,
    report::Health,
    throttling::Throttling,
    trend::Trend,
};

/// Longest watch.
pub const LONGEST_S: u32 = 60;

/// `aiops analyze process PID --resources`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourcesAsked {
    pub pid: u32,
    /// What rates are measured over [default: 1].
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 60)]
    pub duration_s: u32,
    /// Also the proportional share of memory. The kernel holds the process's memory map for it: one
    /// with much memory stands still for a while.
    #[serde(default)]
    pub pss: bool,
}

fn one() -> u32 {
    1
}

impl ResourcesAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        if (1..=LONGEST_S).contains(&self.duration_s) {
            return Ok(());
        }
        Err(BadQuestion {
            parameter: "duration_s",
            why: format!("has to be between 1 and {LONGEST_S}"),
        })
    }
}

impl fmt::Display for ResourcesAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "analyze process {} --resources", self.pid)?;
        if self.duration_s != one() {
            write!(f, " --duration {}s", self.duration_s)?;
        }
        if self.pss {
            f.write_str(" --pss")?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Resources {
    pub at: Timestamp,
    /// What rates are measured over.
    pub duration_ms: u64,
    pub process: ProcessId,
    pub comm: String,
    /// Scrubbed.
    pub argv: Vec<String>,
    /// As the kernel writes it.
    pub state: char,
    pub uid: Option<u32>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    pub container: Option<String>,
    pub started_at: Timestamp,
    pub threads: u32,
    pub cpu: CpuUse,
    pub memory: MemoryUse,
    /// `None`: not readable, or not counted by this kernel.
    pub io: Option<IoUse>,
    pub files: Option<DescriptorUse>,
    pub sockets: Option<SocketUse>,
    /// Those that are set, the most used first.
    pub ceilings: Vec<Ceiling>,
    /// Of its cgroup; of the machine where that has none.
    pub pressure: Option<Pressure>,
    /// By the CPU quota of its cgroup or one above it, over the watch. `None`: there is none, or none
    /// that can be read.
    #[serde(default)]
    pub throttling: Option<Throttling>,
    pub peers: Peers,
    /// Of the memory of its unit since that started. `None`: no unit, or nothing was recorded.
    pub memory_trend: Option<Trend>,
    /// The worst first.
    pub findings: Vec<UseFinding>,
    pub limits: Vec<Limitation>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CpuUse {
    /// Of its whole life, user and system.
    pub total_ms: u64,
    /// That as a share of its life: 100 is one core. Like `ps`.
    pub life_percent: f64,
    /// Over the watch. `None`: it began or ended meanwhile.
    pub now_percent: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MemoryUse {
    pub rss_bytes: u64,
    /// Largest of its life. Source: `VmHWM`.
    pub peak_rss_bytes: Option<u64>,
    pub anonymous_bytes: Option<u64>,
    pub file_bytes: Option<u64>,
    pub shared_bytes: Option<u64>,
    pub swap_bytes: Option<u64>,
    pub virtual_bytes: u64,
    /// Only if it was asked for.
    pub pss_bytes: Option<u64>,
    /// Of the machine's memory.
    pub host_percent: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IoUse {
    /// From and to storage, over its life.
    pub read_bytes: u64,
    pub written_bytes: u64,
    pub read_bytes_per_s: f64,
    pub written_bytes_per_s: f64,
}

/// Open descriptors by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DescriptorUse {
    pub open: u32,
    pub files: u32,
    pub sockets: u32,
    pub pipes: u32,
    pub other: u32,
}

/// Its sockets. What it sends and receives the kernel does not count by process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SocketUse {
    pub tcp_established: u32,
    pub tcp_listening: u32,
    /// The other side has closed, the process has not: a leak if it stays.
    pub tcp_close_wait: u32,
    pub tcp_other: u32,
    pub udp: u32,
    pub unix: u32,
    pub other: u32,
}

/// Something that can be used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CeilingKind {
    OpenFiles,
    /// Processes of the user.
    Processes,
    AddressSpace,
    LockedMemory,
    CpuTime,
    CoreSize,
    CgroupMemory,
    CgroupTasks,
    CgroupCpu,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ceiling {
    pub kind: CeilingKind,
    /// In the unit of the kind: pieces, bytes, milliseconds of CPU, percent of a core for
    /// `cgroup-cpu`. `None`: not known.
    pub used: Option<u64>,
    /// The one that is enforced.
    pub limit: u64,
    /// What the process itself may raise it to. `None`: no higher limit, or there is no such thing.
    pub hard_limit: Option<u64>,
    pub percent: Option<f64>,
}

/// Share of the last minute in which somebody waited for it. Source: PSI, `some avg60`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pressure {
    pub of_cgroup: bool,
    pub cpu_percent: Option<f64>,
    pub memory_percent: Option<f64>,
    pub io_percent: Option<f64>,
}

/// Other processes of the same program and user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Peers {
    pub count: u32,
    pub median_rss_bytes: Option<u64>,
    pub median_cpu_percent: Option<f64>,
    pub median_threads: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UseFinding {
    pub cause: UseCause,
    pub certainty: Certainty,
    pub evidence: Vec<UseEvidence>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UseCause {
    /// A limit is used up.
    LimitReached,
    LimitNear,
    MemoryGrows,
    /// Connections that the other side has closed, and the process has not.
    ConnectionsNotClosed,
    /// The CPU quota of its control group held it back.
    CpuThrottled,
    /// Far more memory than others of its kind.
    LargerThanPeers,
    BusierThanPeers,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum UseEvidence {
    Ceiling(Ceiling),
    Trend(Trend),
    CloseWait { connections: u32 },
    Throttling(Throttling),
    Peers { own: f64, median: f64, count: u32 },
}

/// What is read.
#[derive(Clone, Debug)]
pub struct ResourceFacts {
    pub pid: u32,
    /// At the beginning and at the end of the watch.
    pub before: ProcessFacts,
    pub after: ProcessFacts,
    pub io: Option<(IoCounters, IoCounters)>,
    /// Without `rss_bytes`, `virtual_bytes` and `host_percent`, which follow from the rest.
    pub memory: MemoryUse,
    pub host_memory_bytes: Option<u64>,
    pub files: Option<DescriptorUse>,
    pub sockets: Option<SocketUse>,
    /// In any order, without `percent`.
    pub ceilings: Vec<Ceiling>,
    pub pressure: Option<Pressure>,
    pub throttling: Option<Throttling>,
    pub recording: Recording,
    pub limits: Vec<Limitation>,
}

/// The report of these facts.
///
/// # Errors
///
/// [`NoSuchProcess`] if it is not among them.
pub fn resources(facts: ResourceFacts) -> Result<Resources, NoSuchProcess> {
    conclude::resources(facts)
}

impl Resources {
    /// What may well be so is no problem: only limits, leaks, and what is never meant.
    pub fn health(&self) -> Health {
        let is_problem = |finding: &UseFinding| finding.cause <= UseCause::ConnectionsNotClosed;
        if self.findings.iter().any(is_problem) {
            Health::Problem
        } else {
            Health::Fine
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! The machine as a whole against thresholds: CPU, memory, swap, load, disks, network, pressure,
//! and who uses what is short.

mod build;
mod culprits;
mod facts;
mod thresholds;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp, cause::Certainty, identity::UnitName, limitation::Limitation, process::ProcessId,
    question::BadQuestion, report::Health,
};

pub use self::{
    build::machine,
    facts::{
        CpuCounters, DiskCounters, InterfaceCounters, MachineCounters, MachineFacts, MachineState,
        MountUse, Pressure, TcpCounters,
    },
    thresholds::{Threshold, ThresholdSource, ThresholdUnit},
};

/// `aiops analyze system`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MachineAsked {}

impl MachineAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        Ok(())
    }
}

impl fmt::Display for MachineAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("analyze system")
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Machine {
    /// When it was read for the last time, by the host's clock.
    pub at: Timestamp,
    /// What rates and shares of time are over.
    pub interval_ms: u64,
    pub up_ms: u64,
    pub cores: u32,
    /// The worst first.
    pub findings: Vec<ResourceFinding>,
    pub limits: Vec<Limitation>,
}

/// One resource, and what is to be thought of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResourceFinding {
    pub resource: Resource,
    /// Which of several: a mount point, a disk, a network interface.
    pub name: Option<String>,
    /// In the unit that `threshold.unit` says.
    pub value: f64,
    pub threshold: Threshold,
    pub level: ResourceLevel,
    /// For memory and file systems.
    pub used_bytes: Option<u64>,
    pub total_bytes: Option<u64>,
    /// How sure it is that the culprits are what uses it. Only above the threshold.
    pub certainty: Certainty,
    /// Those that use most of it, the first most.
    pub processes: Vec<CulpritProcess>,
    /// The same by unit or container.
    pub units: Vec<CulpritUnit>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceLevel {
    Fine,
    /// Worth knowing; nothing to do.
    Notice,
    Warning,
    Critical,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// Share of all cores that is in use, interrupts and what the hypervisor took included.
    Cpu,
    /// What the hypervisor took.
    CpuSteal,
    /// Share of the last minute in which somebody waited for a CPU.
    CpuPressure,
    /// Load of the last minute, by core.
    Load,
    Memory,
    /// Against the limit of the control group that this is in: a container.
    CgroupMemory,
    MemoryPressure,
    Swap,
    /// Pages that were read back from swap.
    SwapIn,
    DiskSpace,
    Inodes,
    /// Share of the time in which a disk had something to do.
    DiskBusy,
    IoPressure,
    /// Share of what the interface can carry.
    NetworkUse,
    /// Share of packets that were lost to errors or dropped.
    NetworkLoss,
    TcpConnections,
    /// Share of segments that were sent again.
    TcpRetransmits,
    /// Processes of programs: kernel threads do not count.
    Processes,
    /// Processes and threads, of those that there may be.
    Tasks,
    /// Processes that waited for a device or a lock in each reading.
    Uninterruptible,
    Zombies,
}

impl Resource {
    /// The stable name: `disk-space`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::CpuSteal => "cpu-steal",
            Self::CpuPressure => "cpu-pressure",
            Self::Load => "load",
            Self::Memory => "memory",
            Self::CgroupMemory => "cgroup-memory",
            Self::MemoryPressure => "memory-pressure",
            Self::Swap => "swap",
            Self::SwapIn => "swap-in",
            Self::DiskSpace => "disk-space",
            Self::Inodes => "inodes",
            Self::DiskBusy => "disk-busy",
            Self::IoPressure => "io-pressure",
            Self::NetworkUse => "network-use",
            Self::NetworkLoss => "network-loss",
            Self::TcpConnections => "tcp-connections",
            Self::TcpRetransmits => "tcp-retransmits",
            Self::Processes => "processes",
            Self::Tasks => "tasks",
            Self::Uninterruptible => "uninterruptible",
            Self::Zombies => "zombies",
        }
    }
}

/// A process that uses much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CulpritProcess {
    pub process: ProcessId,
    pub comm: String,
    /// Scrubbed.
    pub argv: Vec<String>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    pub container: Option<String>,
    pub state: char,
    pub cpu_percent: f64,
    pub rss_bytes: u64,
    /// `None`: it may not be read.
    pub io_bytes_per_s: Option<u64>,
    /// The part of it that is written.
    pub write_bytes_per_s: Option<u64>,
    pub threads: u32,
}

/// A unit or a container that uses much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CulpritUnit {
    pub unit: Option<UnitName>,
    pub container: Option<String>,
    pub processes: u32,
    pub cpu_percent: f64,
    /// Sum over its processes: shared pages count once for each.
    pub rss_bytes: u64,
    pub io_bytes_per_s: u64,
    pub write_bytes_per_s: u64,
    pub threads: u32,
}

impl Machine {
    pub fn health(&self) -> Health {
        let worst = self.findings.iter().map(|finding| finding.level).max();
        match worst {
            Some(ResourceLevel::Warning | ResourceLevel::Critical) => Health::Problem,
            _ => Health::Fine,
        }
    }
}

#[cfg(test)]
mod tests;

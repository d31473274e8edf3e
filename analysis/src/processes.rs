//! The processes of a host over an interval: what each used between two readings, what it is, and
//! what began and ended meanwhile.

mod asked;
mod between;
mod build;
mod terminal;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp, identity::UnitName, limitation::Limitation, process::ProcessId,
    process_tree::ProcessFacts, report::Health,
};

pub use self::{
    asked::{LONGEST_S, ProcessOrder, ProcessesAsked},
    between::{Between, Glimpse},
    build::processes,
};

/// One full reading of all processes.
#[derive(Clone, Debug)]
pub struct ProcessReading {
    pub facts: ProcessFacts,
    /// Of those whose counters may be read.
    pub io: BTreeMap<ProcessId, IoCounters>,
}

/// What a process has read from and written to storage since it began, with what the children did
/// that it has waited for. Source: procfs `io`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoCounters {
    pub read_bytes: u64,
    pub written_bytes: u64,
}

/// What the machine as a whole counted, in the same moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MachineReading {
    pub since_boot_ns: u64,
    /// CPU time that went to processes, of all cores.
    pub process_cpu_ns: u64,
    /// Processes and threads that were ever made.
    pub made: u64,
    pub cores: u32,
    pub memory_bytes: u64,
}

/// `aiops collect processes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Processes {
    /// When the processes were read for the last time, by the host's clock.
    pub at: Timestamp,
    /// From the first reading to the last: what the rates are over.
    pub interval_ms: u64,
    /// Readings that looked at all processes, the first and the last among them.
    pub readings: u32,
    pub sort: ProcessOrder,
    /// Those that were there at the last reading, in the order that was asked for.
    pub processes: Vec<ProcessUsage>,
    /// Processes that were there and are not in the list.
    pub omitted: u32,
    /// Those that were seen and have ended, the dearest first.
    pub ended: Vec<EndedProcess>,
    pub ended_omitted: u32,
    pub totals: ProcessTotals,
    /// `None`: the kernel's own counters could not be read.
    pub machine: Option<MachineUsage>,
    pub limits: Vec<Limitation>,
}

/// One process over the interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProcessUsage {
    pub process: ProcessId,
    pub parent_pid: u32,
    pub comm: String,
    /// Scrubbed. Empty: a kernel thread, a zombie, or not readable.
    pub argv: Vec<String>,
    /// At the last reading, as the kernel writes it: R, S, D, Z, T (stopped), t (traced), I, X.
    pub state: char,
    /// In how many of the readings it was in uninterruptible sleep (D).
    pub uninterruptible_readings: u32,
    pub uid: Option<u32>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    /// Id of the container whose cgroup it is in.
    pub container: Option<String>,
    pub is_kernel_thread: bool,
    /// No kernel thread, no terminal, and a child of process 1 or the leader of its session.
    pub is_daemon: bool,
    /// Its controlling terminal: `pts/0`, `tty1`.
    pub terminal: Option<String>,
    pub nice: i32,
    pub threads: u32,
    /// Whether it began within the interval.
    pub is_new: bool,
    pub started_at: Timestamp,
    pub age_ms: u64,
    /// CPU time within the interval, as a share of the interval: 100 is one core.
    pub cpu_percent: f64,
    /// CPU time of its whole life as a share of that life, as `ps` shows it.
    pub lifetime_cpu_percent: f64,
    /// CPU time of its whole life, user and system.
    pub cpu_ms: u64,
    pub rss_bytes: u64,
    /// Share of the machine's memory. `None`: that is not known.
    pub memory_percent: Option<f64>,
    /// How the resident memory changed within the interval.
    pub rss_change_bytes: i64,
    pub virtual_bytes: u64,
    /// `None`: a kernel thread, or its counters may not be read.
    pub io: Option<IoUsage>,
}

/// What a process moved from and to storage; what only went to the page cache is no I/O yet.
/// That of children is added to their parent when it has waited for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IoUsage {
    pub read_bytes_per_s: u64,
    pub write_bytes_per_s: u64,
    /// Within the interval.
    pub read_bytes: u64,
    pub written_bytes: u64,
}

/// A process that ended within the interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EndedProcess {
    pub process: ProcessId,
    pub parent_pid: u32,
    pub comm: String,
    /// Empty, too, if it was too short-lived to be read in full.
    pub argv: Vec<String>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    /// Whether it began within the interval, too.
    pub is_new: bool,
    /// CPU time within the interval up to the last time it was seen: at least that.
    pub cpu_ms: u64,
}

/// Over all processes, whether they are in the list or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProcessTotals {
    /// Kernel threads too.
    pub processes: u32,
    pub kernel_threads: u32,
    pub threads: u32,
    pub running: u32,
    pub sleeping: u32,
    pub idle: u32,
    pub uninterruptible: u32,
    pub stopped: u32,
    pub traced: u32,
    pub zombies: u32,
    pub daemons: u32,
    /// Began within the interval and are there.
    pub began: u32,
    /// Were seen within the interval and have ended.
    pub ended: u32,
    /// Shared pages count once for each process.
    pub rss_bytes: u64,
    pub cpu_percent: f64,
    pub read_bytes_per_s: u64,
    pub write_bytes_per_s: u64,
}

/// The machine over the interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MachineUsage {
    pub cores: u32,
    pub memory_bytes: u64,
    /// CPU time that went to any process: 100 is one core.
    pub cpu_percent: f64,
    /// The part of it that no process in this report used: it went to processes that ended between
    /// two readings, or to those outside this pid namespace.
    pub unseen_cpu_percent: f64,
    /// Processes and threads that were made.
    pub made: u64,
    /// Whether all processes of the machine can be seen: in a pid namespace of its own, or with
    /// `hidepid`, they cannot.
    pub sees_all: bool,
}

impl Processes {
    /// A list is no verdict.
    pub fn health(&self) -> Health {
        Health::Fine
    }
}

#[cfg(test)]
mod tests;

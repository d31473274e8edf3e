//! What is read of a process while it is watched.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{FileUse, PeerUse};
use crate::{Timestamp, limitation::Limitation, process::ProcessId};

#[derive(Clone, Debug)]
pub struct BehaviorFacts {
    /// When the watch ended, by the host's clock.
    pub at: Timestamp,
    pub process: ProcessId,
    pub comm: String,
    pub window_ns: u64,
    /// Age of the process when the watch began.
    pub age_ns: u64,
    pub before: Counters,
    /// `None`: it ended meanwhile.
    pub after: Option<Counters>,
    /// What `open files` named when one looked.
    pub seen_files: BTreeSet<String>,
    pub seen_peers: BTreeSet<(String, String)>,
    /// Children that were there when one looked.
    pub seen_children: u32,
    pub files_opened: u32,
    pub files_closed: u32,
    /// `None`: no tool could watch the system calls.
    pub calls: Option<Calls>,
    /// Read and write calls for each second before strace began, and under it.
    pub pace_before: Option<f64>,
    pub limits: Vec<Limitation>,
}

/// Totals since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub cpu_ns: u64,
    pub minor_faults: u64,
    pub major_faults: u64,
    /// Of the threads that live.
    pub waits: u64,
    pub preemptions: u64,
    /// `None`: may not be read.
    pub io: Option<IoCounters>,
    pub open_files: u32,
    pub threads: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoCounters {
    pub read_calls: u64,
    pub write_calls: u64,
    /// Through system calls, whatever they read from.
    pub read_chars: u64,
    pub written_chars: u64,
    /// That came from, or went to, a disk.
    pub read_bytes: u64,
    pub written_bytes: u64,
}

/// What a tool saw of the system calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calls {
    /// `perf`, `strace`.
    pub tool: String,
    /// By name.
    pub calls: BTreeMap<String, CallUse>,
    /// By call and error name. Only strace tells.
    pub errors: BTreeMap<(String, String), u64>,
    /// By path.
    pub files: BTreeMap<String, FileUse>,
    /// By protocol and address.
    pub peers: BTreeMap<(String, String), PeerUse>,
    pub execs: BTreeMap<String, u64>,
    /// More was done than is kept.
    pub is_cut: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CallUse {
    pub calls: u64,
    pub errors: u64,
    /// From the call to its return: waits count.
    pub time_us: u64,
}

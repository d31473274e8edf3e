//! What is read of zombies and their parents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    process::{ExitStatus, ProcessId},
    process_tree::ProcessFacts,
};

/// Two readings of all processes, and more about some in the second.
#[derive(Clone, Debug)]
pub struct ZombieFacts {
    /// The first reading.
    pub earlier: BTreeMap<ProcessId, Earlier>,
    pub earlier_ns: u64,
    /// The second.
    pub processes: ProcessFacts,
    /// By pid.
    pub zombies: BTreeMap<u32, ZombieDetails>,
    /// By pid.
    pub parents: BTreeMap<u32, ParentDetails>,
    /// Of the whole machine.
    pub tasks: Option<TaskCount>,
}

/// A process in the first reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    pub state: char,
    pub cpu_ns: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZombieDetails {
    pub tracer_pid: Option<u32>,
    pub exit: Option<ExitStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParentDetails {
    pub tracer_pid: Option<u32>,
    pub child_signal: Option<ChildSignal>,
    /// The function of the kernel that it sleeps in. `None`: it does not sleep, or nobody may know.
    pub sleeps_in: Option<String>,
    /// Its pid in its innermost pid namespace.
    pub pid_in_namespace: Option<u32>,
    pub tasks: Option<TaskCount>,
}

/// How a process stands to SIGCHLD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildSignal {
    pub handling: Handling,
    pub is_blocked: bool,
    pub is_pending: bool,
}

/// What a process does when a child ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Handling {
    /// A handler runs.
    Handler,
    /// Nothing, and the child waits to be asked for.
    Default,
    /// Nothing, and the kernel reaps: only children that ended before it was set so are left.
    Ignored,
}

/// Processes and threads in use, of those that there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskCount {
    /// `None`: the whole machine.
    pub cgroup: Option<String>,
    pub tasks: u64,
    pub limit: u64,
}

//! The processes of a host as a tree: who started whom, what each subtree costs, and what is odd.

mod build;
mod facts;
mod ipc;
mod oddities;
mod order;
pub(crate) mod shorten;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp, identity::UnitName, limitation::Limitation, process::ProcessId,
    question::BadQuestion, report::Health,
};

pub(crate) use self::build::Clock;
pub use self::{
    build::{NoSuchProcess, process_tree},
    facts::{ProcessFact, ProcessFacts, TreeFacts},
    ipc::{
        Channel, Ipc, IpcEdge, IpcEnd, IpcFacts, MOST_EDGES, MappedMemory, Memory, Pipe, PipeEnd,
        SocketHolder, TcpSocket, UnixSocket,
    },
    order::asked_for,
};

/// `aiops analyze ptree [PID] --recursive --ipc`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessTreeAsked {
    /// Only this process and what is below it. `None`: all.
    pub pid: Option<u32>,
    /// Also grandchildren and so on of `pid`; without a `pid` always.
    pub recursive: bool,
    /// Also how they talk: pipes, sockets, shared memory. Looks at the open files of all processes.
    // Not written where it is not asked for: agents that do not know it refuse what they do not know.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ipc: bool,
}

impl ProcessTreeAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        Ok(())
    }
}

impl fmt::Display for ProcessTreeAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("analyze ptree")?;
        if let Some(pid) = self.pid {
            write!(f, " {pid}")?;
        }
        if self.recursive {
            f.write_str(" --recursive")?;
        }
        if self.ipc {
            f.write_str(" --ipc")?;
        }
        Ok(())
    }
}

/// Most processes of one report; what is left out is counted.
pub const MOST_PROCESSES: usize = 20_000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProcessTree {
    /// When the processes were read, by the host's clock.
    pub at: Timestamp,
    /// In the order of the tree: each process, then its children by start; `depth` tells the level.
    pub processes: Vec<TreeProcess>,
    /// Processes that were there and are not in the list.
    pub omitted: u32,
    pub totals: TreeTotals,
    /// How they talk. `None`: not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipc: Option<Ipc>,
    /// What could not be read, and why: the list is right without it.
    pub limits: Vec<Limitation>,
}

/// One process of the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TreeProcess {
    pub process: ProcessId,
    pub parent_pid: u32,
    /// 0 for a root.
    pub depth: u32,
    pub comm: String,
    /// Scrubbed. Empty: a kernel thread, a zombie, or not readable.
    pub argv: Vec<String>,
    /// As the kernel writes it: R, S, D, Z, T, t, I, X.
    pub state: char,
    pub uid: Option<u32>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    /// Id of the container whose cgroup it is in.
    pub container: Option<String>,
    pub threads: u32,
    pub rss_bytes: u64,
    /// CPU time of its whole life, user and system.
    pub cpu_ms: u64,
    /// That, as a share of the time since it started: 100 is one core. Like `ps`.
    pub cpu_percent: f64,
    pub started_at: Timestamp,
    /// Sums over the process and everything below it.
    pub subtree: SubtreeSums,
    /// What is odd about it.
    pub oddities: Vec<Oddity>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SubtreeSums {
    pub processes: u32,
    pub rss_bytes: u64,
    pub cpu_ms: u64,
    pub cpu_percent: f64,
}

/// What is worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "oddity", rename_all = "kebab-case")]
pub enum Oddity {
    /// Dead, and its parent does not ask how it ended.
    Zombie,
    /// Its parent died, and process 1 or a subreaper took it; it is no main process of a unit.
    /// Inferred from sessions: the kernel does not tell who the parent was before.
    Orphan,
    /// In another service than its parent. Sessions and containers are moved on purpose, and not
    /// odd.
    OutsideUnit { parent_unit: UnitName },
    /// Its program was deleted or replaced on the disk since it started.
    DeletedProgram { path: String },
    /// Libraries that it runs were deleted or replaced on the disk.
    DeletedLibraries {
        paths: Vec<String>,
        /// Those that are not among `paths`.
        omitted: u32,
    },
    /// In uninterruptible sleep.
    Uninterruptible,
}

/// Over all that was asked for, whether it is in the list or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TreeTotals {
    /// Kernel threads too.
    pub processes: u32,
    pub kernel_threads: u32,
    pub running: u32,
    pub uninterruptible: u32,
    pub stopped: u32,
    pub zombies: u32,
    pub orphans: u32,
    pub rss_bytes: u64,
}

impl ProcessTree {
    /// Zombies are a problem; an orphan may be meant.
    pub fn health(&self) -> Health {
        if self.totals.zombies > 0 {
            Health::Problem
        } else {
            Health::Fine
        }
    }
}

#[cfg(test)]
mod tests;

//! What is read of each process.

use std::collections::BTreeMap;

use super::{IpcFacts, Limitation};
use crate::{Timestamp, identity::UnitName, process::ProcessId};

/// All processes of a host, as they were read one after the other: some may have ended meanwhile,
/// and a parent may be missing.
#[derive(Clone, Debug)]
pub struct ProcessFacts {
    /// When they had been read, by the host's clock.
    pub at: Timestamp,
    /// The same moment by the clock of [`ProcessId::start_ns`].
    pub since_boot_ns: u64,
    /// In any order.
    pub processes: Vec<ProcessFact>,
    pub limits: Vec<Limitation>,
}

/// What the tree is made of.
#[derive(Clone, Debug)]
pub struct TreeFacts {
    pub processes: ProcessFacts,
    /// By pid: libraries that the process runs and that are no longer on the disk.
    pub deleted_libraries: BTreeMap<u32, Vec<String>>,
    /// `None`: not asked for.
    pub ipc: Option<IpcFacts>,
}

impl From<ProcessFacts> for TreeFacts {
    fn from(processes: ProcessFacts) -> Self {
        Self {
            processes,
            deleted_libraries: BTreeMap::new(),
            ipc: None,
        }
    }
}

/// One process, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessFact {
    pub process: ProcessId,
    /// 0: none, or one outside the pid namespace.
    pub parent_pid: u32,
    /// Pid of the process that began its session with `setsid`. 0: outside the pid namespace.
    pub session: u32,
    pub comm: String,
    /// As they are: they may hold secrets. Empty: a kernel thread, a zombie, or not readable.
    pub argv: Vec<String>,
    /// As the kernel writes it.
    pub state: char,
    pub is_kernel_thread: bool,
    /// Device number of its controlling terminal. 0: none.
    pub tty: u32,
    pub nice: i32,
    pub uid: Option<u32>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    pub container: Option<String>,
    pub threads: u32,
    pub rss_bytes: u64,
    /// Address space, used or not.
    pub virtual_bytes: u64,
    /// CPU time of its whole life, user and system.
    pub cpu_ns: u64,
    /// Path of its program, if that is no longer on the disk.
    pub deleted_program: Option<String>,
}

impl ProcessFact {
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Dead, and not asked for by its parent. The first thread of a process that goes on with
    /// others looks the same, but for their number.
    pub(crate) fn is_zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X') && self.threads <= 1
    }

    /// CPU time as a share of the time from its start to `now_ns`; 100 is one core.
    #[expect(clippy::cast_precision_loss, reason = "a share that is rounded anyway")]
    pub(crate) fn cpu_percent(&self, now_ns: u64) -> f64 {
        /// CPU time and start count in ticks of 10 ms: shares of less time than this say nothing.
        const SHORTEST_NS: u64 = 100_000_000;
        let lifetime_ns = now_ns.saturating_sub(self.process.start_ns);
        self.cpu_ns as f64 / lifetime_ns.max(SHORTEST_NS) as f64 * 100.0
    }
}

#[cfg(test)]
impl ProcessFact {
    /// A process that began `pid` seconds after the boot, in a session of its own.
    pub(crate) fn example(pid: u32, parent_pid: u32, comm: &str) -> Self {
        Self {
            process: ProcessId {
                pid,
                start_ns: u64::from(pid) * 1_000_000_000,
            },
            parent_pid,
            session: pid,
            comm: comm.to_owned(),
            argv: vec![format!("/usr/bin/{comm}")],
            state: 'S',
            is_kernel_thread: false,
            tty: 0,
            nice: 0,
            uid: Some(0),
            user: Some("root".to_owned()),
            unit: None,
            container: None,
            threads: 1,
            rss_bytes: u64::from(pid) << 20,
            virtual_bytes: u64::from(pid) << 22,
            cpu_ns: 1_000_000_000,
            deleted_program: None,
        }
    }
}

//! What is read of a process.

use super::report::{NamedProcess, Stacks};
use crate::{
    Timestamp, identity::UnitName, limitation::Limitation, process::ProcessId,
    throttling::Throttling,
};

/// All that was read of one process: its threads twice, the rest once.
#[derive(Clone, Debug)]
pub struct InspectionFacts {
    /// When it was looked at for the second time, by the host's clock.
    pub at: Timestamp,
    pub window_ns: u64,
    pub process: ProcessAtWork,
    pub before: Vec<TaskFact>,
    pub after: Vec<TaskFact>,
    /// Threads that were not looked at.
    pub omitted_threads: u32,
    pub children: Vec<NamedProcess>,
    pub files: Vec<FileFact>,
    pub omitted_files: u32,
    pub locks: Vec<LockFact>,
    /// Open ends of the pipes among the files, of this process too.
    pub ends: Vec<EndFact>,
    pub stacks: Option<Stacks>,
    /// Of its control group, over the window. `None`: it has no quota, or none that can be read.
    pub throttling: Option<Throttling>,
    pub limits: Vec<Limitation>,
}

#[derive(Clone, Debug)]
pub struct ProcessAtWork {
    pub process: ProcessId,
    pub comm: String,
    /// As they are: they may hold secrets.
    pub argv: Vec<String>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    pub container: Option<String>,
    pub parent: Option<NamedProcess>,
    pub started_at: Timestamp,
    pub state: char,
    pub is_kernel_thread: bool,
    pub tracer: Option<NamedProcess>,
}

/// One thread at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFact {
    pub tid: u32,
    pub comm: String,
    pub state: char,
    pub wchan: Option<String>,
    /// `None`: it runs, or it may not be read.
    pub syscall: Option<SyscallFact>,
    /// The innermost first.
    pub kernel_stack: Vec<String>,
    /// CPU time of its life.
    pub run_ns: Option<u64>,
    /// Time of its life in which it could have run, and other threads had the CPU.
    pub queued_ns: Option<u64>,
    /// Of that, within the kernel, in steps of a clock tick (10 ms).
    pub system_ns: Option<u64>,
    /// How often it gave up the CPU to wait.
    pub waits: Option<u64>,
    /// How often it was taken off the CPU.
    pub preemptions: Option<u64>,
    /// Since it ran last.
    pub asleep_ns: Option<u64>,
}

/// A system call that a thread is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyscallFact {
    /// `None`: it has a number that we do not know.
    pub name: Option<&'static str>,
    pub number: i64,
    pub arguments: [u64; 6],
    /// The files of `poll`, read from the process's memory.
    pub polled: Vec<i32>,
    /// The thread in the owner's place, where the futex looks like a mutex of glibc.
    pub mutex_owner: Option<u32>,
}

/// An open file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFact {
    pub fd: i32,
    pub target: String,
    pub is_writable: bool,
    pub is_readable: bool,
    /// A pipe with a path.
    pub is_named_pipe: bool,
    pub inode: Option<u64>,
    pub mount: Option<Mount>,
    pub socket: Option<SocketFact>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    pub point: String,
    pub fs_type: String,
    pub source: String,
    /// `8:1`.
    pub device: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketFact {
    pub protocol: &'static str,
    pub local: String,
    pub peer: Option<String>,
    pub state: String,
    pub received_bytes: u32,
    pub unacknowledged_bytes: u32,
    pub others: Vec<NamedProcess>,
}

/// A line of `/proc/locks` that concerns the process or one of its locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockFact {
    /// Waiting lines have the number of the lock that is held.
    pub number: u64,
    /// `FLOCK`, `POSIX`, `OFDLCK`, `LEASE`.
    pub kind: String,
    pub is_write: bool,
    pub is_waiting: bool,
    /// `None`: the kernel does not say (locks of open file descriptions, other namespaces).
    pub process: Option<NamedProcess>,
    /// `fe:00` in the line, as `254:0`.
    pub device: String,
    pub inode: u64,
    pub line: String,
}

/// An open end of a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndFact {
    /// `pipe:[4711]`, or the path of a named one.
    pub target: String,
    pub process: NamedProcess,
    pub is_writable: bool,
}

//! The report, and what it is made of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp, cause::Certainty, identity::UnitName, limitation::Limitation, process::ProcessId,
    report::Health, throttling::Throttling,
};

/// What one process does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Inspection {
    /// When it was looked at for the second time, by the host's clock.
    pub at: Timestamp,
    pub process: ProcessId,
    pub comm: String,
    /// Scrubbed. Empty: a kernel thread, a zombie, or not readable.
    pub argv: Vec<String>,
    pub user: Option<String>,
    pub unit: Option<UnitName>,
    pub container: Option<String>,
    pub parent: Option<NamedProcess>,
    pub started_at: Timestamp,
    /// As the kernel writes it: R, S, D, Z, T, t, I, X.
    pub state: char,
    /// Between the two looks.
    pub window_ms: u64,
    pub verdict: Verdict,
    /// The thread that the verdict is about.
    pub verdict_tid: Option<u32>,
    pub threads: Vec<Thread>,
    /// Threads that were there and are not in the list.
    pub omitted_threads: u32,
    pub children: Vec<NamedProcess>,
    pub files: Vec<OpenFile>,
    /// Open files that are not in the list.
    pub omitted_files: u32,
    /// Locks of files that it holds or waits for.
    pub locks: Vec<HeldLock>,
    /// `None`: not asked for.
    pub stacks: Option<Stacks>,
    pub limits: Vec<Limitation>,
}

/// The same, with the stacks of all threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct StackInspection(pub Inspection);

/// What a thread, or the process, does; how sure that is; and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = InspectionVerdict)]
pub struct Verdict {
    pub cause: Doing,
    pub certainty: Certainty,
    pub evidence: Vec<Evidence>,
    /// What it waits for, as far as it is known.
    pub waits_for: Option<WaitsFor>,
}

/// What a thread or a process does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
    /// Has ended; its parent has not asked how.
    Zombie,
    /// A signal or job control stopped it.
    Stopped,
    /// A debugger holds it.
    Traced,
    /// Its cgroup is frozen.
    Frozen,
    BlockedOnDisk,
    BlockedOnLock,
    /// It waits within the kernel, uninterruptibly, for another part of the kernel.
    BlockedInKernel,
    BlockedOnNetwork,
    /// A unix socket: a process of the same host has to answer.
    BlockedOnLocalSocket,
    BlockedOnPipe,
    BlockedOnChild,
    BlockedOnTerminal,
    /// Uses a core, and neither reads, writes nor waits: it computes, or goes round in circles.
    Spinning,
    /// Moves: it used the CPU or was woken up while it was looked at.
    Working,
    /// Sleeps until something is to do, as a server does.
    Idle,
    /// Waits for another thread, for work to come, or for a lock: the kernel cannot tell which.
    WaitsForThread,
    Unknown,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum WaitsFor {
    FileLock {
        path: Option<String>,
        /// `flock`, `posix`, `ofd`.
        kind: String,
        holders: Vec<NamedProcess>,
    },
    /// A lock or a condition in memory.
    Futex {
        address: String,
        /// The thread whose number stands in the lock, where it looks like a mutex of glibc.
        holder_tid: Option<u32>,
    },
    Children {
        children: Vec<NamedProcess>,
    },
    Pipe {
        /// `None`: a named pipe that is being opened.
        fd: Option<i32>,
        /// Its path, if it has one.
        path: Option<String>,
        is_read: bool,
        /// Who has the other end open.
        others: Vec<NamedProcess>,
    },
    Socket {
        fd: i32,
        socket: SocketInUse,
    },
    Storage {
        storage: Storage,
        /// The file of the system call.
        path: Option<String>,
        mount_point: Option<String>,
        /// Type and device of the mount: `nfs4 files:/srv`.
        mount: Option<String>,
    },
    Terminal {
        path: String,
    },
    /// Several files at once, where any may become ready.
    Files {
        count: u32,
    },
    Time,
    Signal,
    Tracer {
        tracer: NamedProcess,
    },
    Parent {
        parent: NamedProcess,
    },
}

/// What part of the kernel a thread waits for that waits for storage.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    Nfs,
    Cifs,
    Fuse,
    Journal,
    /// Pages that are to be written back: the process writes faster than the disk.
    Writeback,
    /// The file system is frozen, as for a snapshot.
    FrozenFileSystem,
    BlockDevice,
    Swap,
    Automount,
}

/// One fact that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "fact", rename_all = "kebab-case")]
#[schema(as = InspectionEvidence)]
pub enum Evidence {
    State {
        state: char,
    },
    /// The system call it is in.
    Syscall {
        call: String,
    },
    /// The function of the kernel it sleeps in.
    KernelFunction {
        function: String,
    },
    UserFunction {
        function: String,
    },
    /// A line of `/proc/locks`.
    KernelLock {
        line: String,
    },
    /// It was in the same wait at both looks, and did not run between them.
    DidNotRun {
        window_ms: u64,
    },
    /// CPU between the looks; `system_percent`: of that, within the kernel.
    Cpu {
        percent: f64,
        system_percent: Option<f64>,
        window_ms: u64,
    },
    /// It could have run, and got no CPU.
    WaitedForCpu {
        percent: f64,
        window_ms: u64,
    },
    /// That was so, or was so in part, because the CPU quota of its control group was used up.
    Throttled(Throttling),
    TracerPid {
        pid: u32,
    },
    /// Threads that wait like this, of how many.
    ThreadsAlike {
        count: u32,
        of: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = InspectedThread)]
pub struct Thread {
    pub tid: u32,
    pub comm: String,
    pub state: char,
    /// How long it has not run. By the scheduler's clock, which stands still while the host
    /// sleeps; `None`: it runs, or the kernel does not say.
    pub asleep_ms: Option<u64>,
    /// Share of one core between the looks.
    pub cpu_percent: Option<f64>,
    /// The system call it is in, with its file: `flock(3 = /run/app.lock)`.
    pub syscall: Option<String>,
    /// The function of the kernel it sleeps in.
    pub wchan: Option<String>,
    /// The innermost first. Empty: it runs, or it may not be read.
    pub kernel_stack: Vec<String>,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct NamedProcess {
    pub pid: u32,
    pub comm: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenFile {
    pub fd: i32,
    pub kind: FileKind,
    /// A path, or the kernel's name of it: `pipe:[4711]`.
    pub target: String,
    pub socket: Option<SocketInUse>,
    /// Who has the other end of a pipe.
    pub others: Vec<NamedProcess>,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    File,
    Pipe,
    Socket,
    Terminal,
    Device,
    /// eventfd, epoll, timerfd and the like.
    Anonymous,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SocketInUse {
    /// `tcp`, `udp`, `unix`.
    pub protocol: String,
    pub local: String,
    /// `None`: it has none.
    pub peer: Option<String>,
    /// As `ss` calls it: `ESTAB`, `LISTEN`, `SYN-SENT`.
    pub state: String,
    /// Received, and not read by the process.
    pub received_bytes: u32,
    /// Sent, and not acknowledged by the peer.
    pub unacknowledged_bytes: u32,
    /// Who is at the other end, if that is on this host.
    pub others: Vec<NamedProcess>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldLock {
    pub kind: String,
    pub is_write: bool,
    pub path: Option<String>,
    /// It waits for it, rather than having it.
    pub is_waited_for: bool,
    pub holders: Vec<NamedProcess>,
}

/// The stacks of all threads, those alike together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stacks {
    /// The program that read them: `gdb`, `py-spy`, `eu-stack`. `None`: none could.
    pub tool: Option<String>,
    /// How long that ran: the process stood still for the larger part of it.
    pub took_ms: u64,
    pub stacks: Vec<Stack>,
    /// Frames that are not in the list.
    pub omitted_frames: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = InspectedStack)]
pub struct Stack {
    pub tids: Vec<u32>,
    /// The innermost first.
    pub frames: Vec<Frame>,
}

#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[schema(as = InspectedFrame)]
pub struct Frame {
    /// `None`: no symbol.
    pub function: Option<String>,
    /// Library or program.
    pub module: Option<String>,
    pub file: Option<String>,
    pub line: Option<u32>,
}

impl Inspection {
    /// Whether somebody should look: not whether it waits, which most processes do.
    pub fn health(&self) -> Health {
        let is_mutex_held = matches!(
            &self.verdict.waits_for,
            Some(WaitsFor::FileLock { .. } | WaitsFor::Futex { .. })
        );
        match self.verdict.cause {
            Doing::Zombie
            | Doing::Stopped
            | Doing::Traced
            | Doing::Frozen
            | Doing::BlockedOnDisk
            | Doing::BlockedInKernel
            | Doing::Spinning => Health::Problem,
            Doing::BlockedOnLock if is_mutex_held => Health::Problem,
            _ => Health::Fine,
        }
    }
}

impl StackInspection {
    pub fn health(&self) -> Health {
        self.0.health()
    }
}

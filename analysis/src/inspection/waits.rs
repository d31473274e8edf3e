//! What a system call waits for, by its arguments and the files that the process has open.

use super::{
    facts::{EndFact, FileFact, InspectionFacts, SocketFact, SyscallFact, TaskFact},
    kernel::{self, Sleep},
    report::{Doing, FileKind, NamedProcess, SocketInUse, WaitsFor},
};
use crate::cause::Certainty;

/// `F_SETLKW` and `F_OFD_SETLKW`.
const WAITING_FCNTL: [u64; 2] = [7, 38];

/// A wait, before it is known how long it lasts.
pub(super) struct Wait {
    pub(super) doing: Doing,
    pub(super) certainty: Certainty,
    pub(super) waits_for: Option<WaitsFor>,
}

impl Wait {
    fn of(doing: Doing, certainty: Certainty, waits_for: Option<WaitsFor>) -> Option<Self> {
        Some(Self {
            doing,
            certainty,
            waits_for,
        })
    }

    fn idle(waits_for: WaitsFor) -> Option<Self> {
        Self::of(Doing::Idle, Certainty::Inferred, Some(waits_for))
    }
}

/// What a sleeping thread waits for. `None`: the facts do not say.
pub(super) fn wait(task: &TaskFact, facts: &InspectionFacts) -> Option<Wait> {
    let sleep = task.wchan.as_deref().and_then(kernel::sleep);
    if sleep == Some(Sleep::Frozen) {
        return Wait::of(Doing::Frozen, Certainty::Measured, None);
    }
    let by_call = task
        .syscall
        .as_ref()
        .and_then(|call| by_call(call, sleep, facts));
    by_call.or_else(|| by_sleep(sleep?, task, facts))
}

fn by_call(call: &SyscallFact, sleep: Option<Sleep>, facts: &InspectionFacts) -> Option<Wait> {
    let name = call.name?;
    let fd = i32::try_from(call.arguments[0] as u32).ok();
    match name {
        "flock" => file_lock(facts),
        "fcntl" if WAITING_FCNTL.contains(&call.arguments[1]) => file_lock(facts),
        "wait4" | "waitid" => children(call, facts),
        "vfork" => children(call, facts),
        "futex" | "futex_waitv" => futex(call, facts),
        "nanosleep" | "clock_nanosleep" => Wait::idle(WaitsFor::Time),
        "pause" | "rt_sigsuspend" | "rt_sigtimedwait" => Wait::idle(WaitsFor::Signal),
        "poll" | "ppoll" => match call.polled[..] {
            [fd] => one_file(fd, true, facts)
                .map(inferred)
                .or_else(|| polls(call)),
            _ => polls(call),
        },
        "select" | "pselect6" | "epoll_wait" | "epoll_pwait" | "epoll_pwait2"
        | "io_uring_enter" => polls(call),
        "accept" | "accept4" => listener(fd?, facts),
        "connect" => one_file(fd?, false, facts),
        "semop" | "semtimedop" => Wait::of(Doing::BlockedOnLock, Certainty::Inferred, None),
        "open" | "openat" if sleep == Some(Sleep::NamedPipe) => pipe_opening(),
        _ if name.starts_with("read") || name.starts_with("recv") || name.starts_with("pread") => {
            one_file(fd?, true, facts)
        }
        _ if name.starts_with("write")
            || name.starts_with("send")
            || name.starts_with("pwrite") =>
        {
            one_file(fd?, false, facts)
        }
        _ => None,
    }
}

/// Other threads of a poll may set a time: what it waits for is not all that may wake it.
fn inferred(wait: Wait) -> Wait {
    Wait {
        certainty: Certainty::Inferred,
        ..wait
    }
}

fn polls(call: &SyscallFact) -> Option<Wait> {
    let count = match call.name {
        Some("poll" | "ppoll") => u32::try_from(call.arguments[1]).unwrap_or(0),
        _ => 0,
    };
    match call.name {
        // Asked for no file at all, it only waits for time to pass.
        Some("poll" | "ppoll") if count == 0 => Wait::idle(WaitsFor::Time),
        Some("select" | "pselect6") if call.arguments[0] == 0 => Wait::idle(WaitsFor::Time),
        _ => Wait::idle(WaitsFor::Files { count }),
    }
}

fn by_sleep(sleep: Sleep, task: &TaskFact, facts: &InspectionFacts) -> Option<Wait> {
    let plain = |doing| Wait::of(doing, Certainty::Measured, None);
    let pipe = |is_read| {
        let waits_for = WaitsFor::Pipe {
            fd: None,
            path: None,
            is_read,
            others: Vec::new(),
        };
        Wait::of(Doing::BlockedOnPipe, Certainty::Measured, Some(waits_for))
    };
    match sleep {
        Sleep::Time => Wait::idle(WaitsFor::Time),
        Sleep::Files => Wait::idle(WaitsFor::Files { count: 0 }),
        Sleep::Signal => Wait::idle(WaitsFor::Signal),
        Sleep::Accept => Wait::of(Doing::Idle, Certainty::Inferred, None),
        Sleep::Futex => {
            let call = task.syscall.clone().unwrap_or_default();
            match call.name {
                Some("futex") => futex(&call, facts),
                _ => Wait::of(Doing::WaitsForThread, Certainty::Inferred, None),
            }
        }
        Sleep::PipeRead => pipe(true),
        Sleep::PipeWrite => pipe(false),
        Sleep::NamedPipe => pipe_opening(),
        Sleep::Child | Sleep::Vfork => any_child(facts),
        Sleep::FileLock => file_lock(facts),
        Sleep::Network => plain(Doing::BlockedOnNetwork),
        Sleep::LocalSocket => plain(Doing::BlockedOnLocalSocket),
        Sleep::Terminal => plain(Doing::BlockedOnTerminal),
        Sleep::Frozen => plain(Doing::Frozen),
    }
}

fn pipe_opening() -> Option<Wait> {
    let waits_for = WaitsFor::Pipe {
        fd: None,
        path: None,
        is_read: true,
        others: Vec::new(),
    };
    Wait::of(Doing::BlockedOnPipe, Certainty::Measured, Some(waits_for))
}

/// The kernel lists who waits for which lock, and who has it.
fn file_lock(facts: &InspectionFacts) -> Option<Wait> {
    let own = facts.process.process.pid;
    let is_ours =
        |process: &Option<NamedProcess>| process.as_ref().is_some_and(|process| process.pid == own);
    let waiting = facts
        .locks
        .iter()
        .find(|lock| lock.is_waiting && is_ours(&lock.process));
    let Some(waiting) = waiting else {
        return Wait::of(Doing::BlockedOnLock, Certainty::Measured, None);
    };
    let waits_for = WaitsFor::FileLock {
        path: super::conclude::lock_path(waiting, facts),
        kind: super::conclude::lock_kind(&waiting.kind),
        holders: super::conclude::lock_holders(waiting, facts),
    };
    Wait::of(Doing::BlockedOnLock, Certainty::Measured, Some(waits_for))
}

/// `wait4(-1)`: any child; `wait4(7)`: that one; `waitid(P_PID, 7)`: that one.
fn children(call: &SyscallFact, facts: &InspectionFacts) -> Option<Wait> {
    let wanted = match (call.name, call.arguments) {
        (Some("wait4"), [pid, ..]) => i32::try_from(pid as u32).ok().filter(|pid| *pid > 0),
        (Some("waitid"), [1, pid, ..]) => i32::try_from(pid as u32).ok(),
        _ => None,
    };
    let wanted = wanted.and_then(|pid| u32::try_from(pid).ok());
    let all = facts.children.iter();
    let children = all
        .filter(|child| wanted.is_none_or(|pid| pid == child.pid))
        .cloned()
        .collect();
    let waits_for = WaitsFor::Children { children };
    Wait::of(Doing::BlockedOnChild, Certainty::Measured, Some(waits_for))
}

fn any_child(facts: &InspectionFacts) -> Option<Wait> {
    let children = facts.children.clone();
    let waits_for = WaitsFor::Children { children };
    Wait::of(Doing::BlockedOnChild, Certainty::Measured, Some(waits_for))
}

/// The kernel knows an address, not what stands behind it. A mutex of glibc has its owner beside.
fn futex(call: &SyscallFact, facts: &InspectionFacts) -> Option<Wait> {
    let waits_for = WaitsFor::Futex {
        address: format!("{:#x}", call.arguments[0]),
        holder_tid: call.mutex_owner,
    };
    let is_alone = facts.after.len() <= 1 && facts.omitted_threads == 0;
    let doing = match call.mutex_owner {
        Some(_) => Doing::BlockedOnLock,
        // Nobody within the process can wake it.
        None if is_alone => Doing::BlockedOnLock,
        None => Doing::WaitsForThread,
    };
    Wait::of(doing, Certainty::Inferred, Some(waits_for))
}

fn listener(fd: i32, facts: &InspectionFacts) -> Option<Wait> {
    let socket = file(fd, facts)?.socket.as_ref()?;
    let socket = in_use(socket);
    Wait::idle(WaitsFor::Socket { fd, socket })
}

fn one_file(fd: i32, is_read: bool, facts: &InspectionFacts) -> Option<Wait> {
    let file = file(fd, facts)?;
    let measured = |doing, waits_for| Wait::of(doing, Certainty::Measured, waits_for);
    match kind(file) {
        FileKind::Pipe => {
            let waits_for = WaitsFor::Pipe {
                fd: Some(fd),
                path: file.target.starts_with('/').then(|| file.target.clone()),
                is_read,
                others: others(file, is_read, facts),
            };
            measured(Doing::BlockedOnPipe, Some(waits_for))
        }
        FileKind::Socket => {
            let socket = file.socket.as_ref();
            let doing = match socket {
                Some(socket) if socket.state == "LISTEN" => return listener(fd, facts),
                Some(socket) if socket.protocol == "unix" => Doing::BlockedOnLocalSocket,
                // A datagram socket without a peer serves whoever comes.
                Some(socket) if socket.protocol == "udp" && socket.peer.is_none() => Doing::Idle,
                Some(_) => Doing::BlockedOnNetwork,
                // Netlink, packet: messages of the kernel.
                None => Doing::Idle,
            };
            let waits_for = socket.map(|socket| WaitsFor::Socket {
                fd,
                socket: in_use(socket),
            });
            measured(doing, waits_for)
        }
        FileKind::Terminal => {
            let path = file.target.clone();
            measured(Doing::BlockedOnTerminal, Some(WaitsFor::Terminal { path }))
        }
        FileKind::Anonymous => Wait::idle(WaitsFor::Files { count: 1 }),
        FileKind::File | FileKind::Device => None,
    }
}

pub(super) fn file(fd: i32, facts: &InspectionFacts) -> Option<&FileFact> {
    facts.files.iter().find(|file| file.fd == fd)
}

/// Other processes that have the other end open.
pub(super) fn others(file: &FileFact, is_read: bool, facts: &InspectionFacts) -> Vec<NamedProcess> {
    let own = facts.process.process.pid;
    let is_other = |end: &&EndFact| {
        end.target == file.target && end.process.pid != own && end.is_writable == is_read
    };
    let mut others: Vec<_> = facts.ends.iter().filter(is_other).collect();
    others.dedup_by_key(|end| end.process.pid);
    others.into_iter().map(|end| end.process.clone()).collect()
}

pub(super) fn kind(file: &FileFact) -> FileKind {
    let target = file.target.as_str();
    let is_terminal =
        |name: &str| name.starts_with("pts/") || name.starts_with("tty") || name == "console";
    match target {
        _ if file.is_named_pipe || target.starts_with("pipe:[") => FileKind::Pipe,
        _ if target.starts_with("socket:[") => FileKind::Socket,
        _ if target.starts_with("anon_inode:") => FileKind::Anonymous,
        _ => match target.strip_prefix("/dev/") {
            Some(name) if is_terminal(name) => FileKind::Terminal,
            Some(name) if !name.starts_with("shm/") => FileKind::Device,
            _ => FileKind::File,
        },
    }
}

pub(super) fn in_use(socket: &SocketFact) -> SocketInUse {
    SocketInUse {
        protocol: socket.protocol.to_owned(),
        local: socket.local.clone(),
        peer: socket.peer.clone(),
        state: socket.state.clone(),
        received_bytes: socket.received_bytes,
        unacknowledged_bytes: socket.unacknowledged_bytes,
        others: socket.others.clone(),
    }
}

//! What one thread does, from two looks at it.

use super::{
    facts::{InspectionFacts, SyscallFact, TaskFact},
    kernel,
    report::{Doing, Evidence, Storage, Thread, Verdict, WaitsFor},
    waits::{self, Wait},
};
use crate::cause::Certainty;

/// From this share of a core on, that it had or waited for, a thread counts as one that does not
/// rest.
const BUSY_PERCENT: f64 = 80.0;
/// A thread that has used less than this, and waits at both looks, mostly waits.
const QUIET_PERCENT: f64 = 20.0;

/// It is worth a word that a thread waited so long for others to leave it a CPU.
const QUEUED_PERCENT: f64 = 10.0;

/// A thread at the second look, and what changed since the first.
pub(super) struct Observed<'a> {
    pub(super) now: &'a TaskFact,
    window_ms: u64,
    cpu_percent: Option<f64>,
    system_percent: Option<f64>,
    /// Time that it waited for a CPU.
    queued_percent: Option<f64>,
    /// Times it went to wait. `None`: not known.
    waits: Option<u64>,
    /// It was there before, and has not run since.
    did_not_run: bool,
    /// It was in state D before, too.
    was_uninterruptible: bool,
}

impl<'a> Observed<'a> {
    #[expect(clippy::cast_precision_loss, reason = "shares that are rounded anyway")]
    pub(super) fn of(now: &'a TaskFact, facts: &InspectionFacts) -> Self {
        let before = facts.before.iter().find(|before| before.tid == now.tid);
        let since =
            |value: fn(&TaskFact) -> Option<u64>| Some(value(now)?.saturating_sub(value(before?)?));
        let percent = |ns: u64| ns as f64 / facts.window_ns.max(1) as f64 * 100.0;
        let waits = since(|task| task.waits);
        let preemptions = since(|task| task.preemptions);
        Self {
            now,
            window_ms: facts.window_ns / 1_000_000,
            cpu_percent: since(|task| task.run_ns).map(percent),
            system_percent: since(|task| task.system_ns).map(percent),
            queued_percent: since(|task| task.queued_ns).map(percent),
            waits,
            did_not_run: waits == Some(0)
                && preemptions == Some(0)
                && since(|task| task.run_ns).unwrap_or(0) == 0,
            was_uninterruptible: before.is_some_and(|before| before.state == 'D'),
        }
    }

    fn is_busy(&self) -> bool {
        let queued = self.queued_percent.unwrap_or_default();
        self.cpu_percent
            .is_some_and(|percent| percent > 0.0 && percent + queued >= BUSY_PERCENT)
    }

    pub(super) fn report(&self, facts: &InspectionFacts) -> Thread {
        Thread {
            tid: self.now.tid,
            comm: self.now.comm.clone(),
            state: self.now.state,
            asleep_ms: self.now.asleep_ns.map(|ns| ns / 1_000_000),
            cpu_percent: self.cpu_percent,
            syscall: self.now.syscall.as_ref().map(|call| shown(call, facts)),
            wchan: self.now.wchan.clone(),
            kernel_stack: self.now.kernel_stack.clone(),
            verdict: self.verdict(facts),
        }
    }

    fn verdict(&self, facts: &InspectionFacts) -> Verdict {
        let (doing, certainty, waits_for) = self.conclusion(facts);
        Verdict {
            cause: doing,
            certainty,
            evidence: self.evidence(facts, doing),
            waits_for,
        }
    }

    fn conclusion(&self, facts: &InspectionFacts) -> (Doing, Certainty, Option<WaitsFor>) {
        let plain = |doing| (doing, Certainty::Measured, None);
        match self.now.state {
            'Z' | 'X' => plain(Doing::Zombie),
            'T' => plain(Doing::Stopped),
            't' => {
                let tracer = facts.process.tracer.clone();
                let waits_for = tracer.map(|tracer| WaitsFor::Tracer { tracer });
                (Doing::Traced, Certainty::Measured, waits_for)
            }
            'D' => self.uninterruptible(facts),
            _ if self.is_busy() && self.waits == Some(0) => {
                (Doing::Spinning, Certainty::Inferred, None)
            }
            'R' => (Doing::Working, Certainty::Measured, None),
            'I' => plain(Doing::Idle),
            _ => match waits::wait(self.now, facts) {
                Some(wait) => self.asleep(wait),
                None if self.did_not_run => (Doing::Unknown, Certainty::Unknown, None),
                None if self.waits.is_some() => (Doing::Working, Certainty::Measured, None),
                None => (Doing::Unknown, Certainty::Unknown, None),
            },
        }
    }

    /// One that runs between its waits is not held up by them, unless a moment is all there was.
    fn asleep(&self, wait: Wait) -> (Doing, Certainty, Option<WaitsFor>) {
        let is_quiet = self
            .cpu_percent
            .is_none_or(|percent| percent < QUIET_PERCENT);
        let is_work = !self.did_not_run && self.waits.is_some();
        match wait.doing {
            Doing::Idle if is_quiet => (wait.doing, wait.certainty, wait.waits_for),
            _ if is_work => (Doing::Working, Certainty::Measured, wait.waits_for),
            _ => (wait.doing, wait.certainty, wait.waits_for),
        }
    }

    fn uninterruptible(&self, facts: &InspectionFacts) -> (Doing, Certainty, Option<WaitsFor>) {
        let certainty = match self.did_not_run {
            true => Certainty::Measured,
            // It comes further, but is found waiting each time.
            false if self.was_uninterruptible => Certainty::Inferred,
            false => return (Doing::Working, Certainty::Measured, None),
        };
        let stack = &self.now.kernel_stack;
        let wchan = self.now.wchan.as_deref();
        if let Some((storage, _)) = kernel::storage(stack, wchan) {
            let waits_for = self.stored(storage, facts);
            return (Doing::BlockedOnDisk, certainty, Some(waits_for));
        }
        if let Some(wait) = waits::wait(self.now, facts) {
            return (wait.doing, wait.certainty.max(certainty), wait.waits_for);
        }
        match stack.is_empty() && wchan.is_none() {
            true => (Doing::BlockedInKernel, Certainty::Unknown, None),
            false => (Doing::BlockedInKernel, certainty, None),
        }
    }

    fn stored(&self, storage: Storage, facts: &InspectionFacts) -> WaitsFor {
        let call = self.now.syscall.as_ref();
        let file = call
            .filter(|call| call.name.is_some_and(takes_file))
            .and_then(|call| i32::try_from(call.arguments[0] as u32).ok())
            .and_then(|fd| waits::file(fd, facts));
        let mount = file.and_then(|file| file.mount.as_ref());
        WaitsFor::Storage {
            storage,
            path: file.map(|file| file.target.clone()),
            mount_point: mount.map(|mount| mount.point.clone()),
            mount: mount.map(|mount| format!("{} {}", mount.fs_type, mount.source)),
        }
    }

    fn evidence(&self, facts: &InspectionFacts, doing: Doing) -> Vec<Evidence> {
        let mut evidence = vec![Evidence::State {
            state: self.now.state,
        }];
        let call = self.now.syscall.as_ref();
        evidence.extend(call.map(|call| Evidence::Syscall {
            call: shown(call, facts),
        }));
        let storage = kernel::storage(&self.now.kernel_stack, self.now.wchan.as_deref());
        let function = match doing {
            Doing::BlockedOnDisk => storage.map(|(_, function)| function),
            _ => self.now.wchan.as_deref(),
        };
        evidence.extend(function.map(|function| Evidence::KernelFunction {
            function: function.to_owned(),
        }));
        if doing == Doing::Traced {
            let tracer = facts.process.tracer.as_ref();
            evidence.extend(tracer.map(|tracer| Evidence::TracerPid { pid: tracer.pid }));
        }
        if doing == Doing::BlockedOnLock {
            let own = facts.process.process.pid;
            let waiting = facts.locks.iter().find(|lock| {
                lock.is_waiting && lock.process.as_ref().is_some_and(|one| one.pid == own)
            });
            evidence.extend(waiting.map(|lock| Evidence::KernelLock {
                line: lock.line.clone(),
            }));
        }
        let window_ms = self.window_ms;
        match self.cpu_percent {
            _ if self.did_not_run => evidence.push(Evidence::DidNotRun { window_ms }),
            Some(percent) => evidence.push(Evidence::Cpu {
                percent,
                system_percent: self.system_percent,
                window_ms,
            }),
            None => {}
        }
        let queued = self
            .queued_percent
            .filter(|percent| *percent >= QUEUED_PERCENT);
        evidence.extend(queued.map(|percent| Evidence::WaitedForCpu { percent, window_ms }));
        let throttling = facts.throttling.as_ref();
        let throttled = throttling.filter(|told| queued.is_some() && told.throttled_periods > 0);
        evidence.extend(throttled.cloned().map(Evidence::Throttled));
        evidence
    }
}

/// Whether the first argument is an open file.
fn takes_file(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        "flock",
        "fcntl",
        "ioctl",
        "close",
        "getdents64",
        "ftruncate",
    ];
    const STARTS: &[&str] = &[
        "read",
        "write",
        "pread",
        "pwrite",
        "recv",
        "send",
        "accept",
        "connect",
        "fsync",
        "fdatasync",
        "sync_file_range",
        "epoll_",
        "fallocate",
        "fstat",
        "io_uring_enter",
    ];
    name != "readlink"
        && (OTHERS.contains(&name) || STARTS.iter().any(|start| name.starts_with(start)))
}

/// `read(3 = /run/app.fifo)`, `futex(0x7f…)`, `nanosleep`.
fn shown(call: &SyscallFact, facts: &InspectionFacts) -> String {
    let Some(name) = call.name else {
        return format!("#{}", call.number);
    };
    let named = |fd: i32| match waits::file(fd, facts) {
        Some(file) => format!("{fd} = {}", described(file)),
        None => fd.to_string(),
    };
    if takes_file(name)
        && let Ok(fd) = i32::try_from(call.arguments[0] as u32)
    {
        return format!("{name}({})", named(fd));
    }
    match (name, &call.polled[..]) {
        ("futex", _) => format!("{name}({:#x})", call.arguments[0]),
        ("wait4", _) => match i32::try_from(i64::from(call.arguments[0] as u32 as i32)) {
            Ok(pid) => format!("{name}({pid})"),
            Err(_) => name.to_owned(),
        },
        (_, [fd]) => format!("{name}({})", named(*fd)),
        (_, []) => name.to_owned(),
        (_, many) => format!("{name}({} files)", many.len()),
    }
}

fn described(file: &super::FileFact) -> String {
    match &file.socket {
        Some(socket) => match &socket.peer {
            Some(peer) => format!("{} {peer}", socket.protocol),
            None => format!("{} {}", socket.protocol, socket.local),
        },
        None => file.target.clone(),
    }
}

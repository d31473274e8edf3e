//! A process for tests.

use chrono::DateTime;

use super::*;
use crate::process::ProcessId;

pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const PID: u32 = 7;

/// One thread in a system call, which has not run between the looks.
pub(crate) fn waits(name: &'static str, arguments: [u64; 6], wchan: &str) -> TaskFact {
    TaskFact {
        tid: PID,
        comm: "app".to_owned(),
        state: 'S',
        wchan: Some(wchan.to_owned()),
        syscall: Some(SyscallFact {
            name: Some(name),
            arguments,
            ..SyscallFact::default()
        }),
        kernel_stack: vec![wchan.to_owned(), "do_syscall_64".to_owned()],
        run_ns: Some(0),
        queued_ns: Some(0),
        system_ns: Some(0),
        waits: Some(3),
        preemptions: Some(0),
        asleep_ns: Some(723 * SECOND),
    }
}

pub(crate) fn file(fd: i32, target: &str) -> FileFact {
    FileFact {
        fd,
        target: target.to_owned(),
        is_readable: true,
        ..FileFact::default()
    }
}

pub(crate) fn named(pid: u32) -> NamedProcess {
    NamedProcess {
        pid,
        comm: format!("p{pid}"),
    }
}

/// A process whose threads are the same at both looks.
pub(crate) fn facts(tasks: Vec<TaskFact>) -> InspectionFacts {
    let at = DateTime::UNIX_EPOCH;
    InspectionFacts {
        at,
        window_ns: SECOND / 2,
        process: ProcessAtWork {
            process: ProcessId {
                pid: PID,
                start_ns: SECOND,
            },
            comm: "app".to_owned(),
            argv: ["app", "--password", "hunter2"].map(str::to_owned).into(),
            user: Some("root".to_owned()),
            unit: "app.service".parse().ok(),
            container: None,
            parent: Some(named(1)),
            started_at: at,
            state: 'S',
            is_kernel_thread: false,
            tracer: None,
        },
        before: tasks.clone(),
        after: tasks,
        omitted_threads: 0,
        children: Vec::new(),
        files: Vec::new(),
        omitted_files: 0,
        locks: Vec::new(),
        ends: Vec::new(),
        stacks: None,
        throttling: None,
        limits: Vec::new(),
    }
}

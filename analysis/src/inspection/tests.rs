use super::{
    testing::{PID, SECOND, facts, file, named, waits},
    *,
};
use crate::{cause::Certainty, report::Health, throttling::tests::held_back};

#[test]
fn who_waits_for_a_lock_of_a_file_is_told_who_has_it() {
    let mut facts = facts(vec![waits(
        "flock",
        [3, 2, 0, 0, 0, 0],
        "locks_lock_inode_wait",
    )]);
    let lock = |pid, is_waiting| LockFact {
        number: 1,
        kind: "FLOCK".to_owned(),
        is_write: true,
        is_waiting,
        process: Some(named(pid)),
        device: "254:0".to_owned(),
        inode: 99,
        line: format!("1: FLOCK {pid}"),
    };
    facts.locks = vec![lock(4, false), lock(PID, true)];
    facts.files = vec![FileFact {
        inode: Some(99),
        mount: Some(Mount {
            device: "254:0".to_owned(),
            ..Mount::default()
        }),
        ..file(3, "/run/app.lock")
    }];
    let report = inspection(facts);
    assert_eq!(report.verdict.cause, Doing::BlockedOnLock);
    assert_eq!(report.verdict.certainty, Certainty::Measured);
    let expected = WaitsFor::FileLock {
        path: Some("/run/app.lock".to_owned()),
        kind: "flock".to_owned(),
        holders: vec![named(4)],
    };
    assert_eq!(report.verdict.waits_for, Some(expected));
    assert_eq!(report.health(), Health::Problem);
}

#[test]
fn a_wait_is_told_by_its_call_and_its_file() {
    let socket = |state: &str, peer: Option<&str>| FileFact {
        socket: Some(SocketFact {
            protocol: "tcp",
            local: "10.0.0.1:1".to_owned(),
            peer: peer.map(str::to_owned),
            state: state.to_owned(),
            ..SocketFact::default()
        }),
        ..file(3, "socket:[5]")
    };
    let peer = socket("ESTAB", Some("10.0.0.2:5432"));
    let poll = TaskFact {
        syscall: Some(SyscallFact {
            name: Some("poll"),
            arguments: [1, 1, 0, 0, 0, 0],
            polled: vec![3],
            ..SyscallFact::default()
        }),
        ..waits("poll", [0; 6], "do_poll")
    };
    use Certainty::{Inferred, Measured};
    let cases: Vec<(TaskFact, FileFact, Doing, Certainty)> = vec![
        (
            waits("read", [3, 0, 0, 0, 0, 0], "pipe_read"),
            file(3, "pipe:[5]"),
            Doing::BlockedOnPipe,
            Measured,
        ),
        (
            waits("recvfrom", [3, 0, 0, 0, 0, 0], "sk_wait_data"),
            peer.clone(),
            Doing::BlockedOnNetwork,
            Measured,
        ),
        (poll, peer, Doing::BlockedOnNetwork, Inferred),
        (
            waits("accept4", [3, 0, 0, 0, 0, 0], "inet_csk_accept"),
            socket("LISTEN", None),
            Doing::Idle,
            Inferred,
        ),
        (
            waits("read", [0; 6], "n_tty_read"),
            file(0, "/dev/pts/4"),
            Doing::BlockedOnTerminal,
            Measured,
        ),
        (
            waits("epoll_wait", [4, 0, 0, 0, 0, 0], "ep_poll"),
            file(4, "anon_inode:[eventpoll]"),
            Doing::Idle,
            Inferred,
        ),
        (
            waits("wait4", [u64::from(u32::MAX), 0, 0, 0, 0, 0], "do_wait"),
            file(0, "/dev/null"),
            Doing::BlockedOnChild,
            Measured,
        ),
        // Interrupted once, calls go on under another name: the kernel's function tells.
        (
            waits("restart_syscall", [0; 6], "hrtimer_nanosleep"),
            file(0, "/dev/null"),
            Doing::Idle,
            Inferred,
        ),
        (
            waits("fcntl", [3, 6, 0, 0, 0, 0], "unheard_of"),
            file(3, "/a"),
            Doing::Unknown,
            Certainty::Unknown,
        ),
    ];
    for (task, file, doing, certainty) in cases {
        let mut facts = facts(vec![task.clone()]);
        facts.files = vec![file];
        let verdict = inspection(facts).verdict;
        assert_eq!(
            (verdict.cause, verdict.certainty),
            (doing, certainty),
            "{task:?}"
        );
    }
}

#[test]
fn what_may_not_be_read_is_unknown_and_no_cause() {
    let task = TaskFact {
        syscall: None,
        wchan: None,
        ..waits("read", [0; 6], "pipe_read")
    };
    let report = inspection(facts(vec![task]));
    assert_eq!(report.verdict.cause, Doing::Unknown);
    assert_eq!(report.verdict.certainty, Certainty::Unknown);
    assert_eq!(report.health(), Health::Fine);
}

#[test]
fn storage_is_named_with_the_mount_of_the_file() {
    let mut facts = facts(vec![TaskFact {
        state: 'D',
        kernel_stack: ["io_schedule", "nfs_file_read", "vfs_read"]
            .map(str::to_owned)
            .into(),
        ..waits("read", [3, 0, 0, 0, 0, 0], "io_schedule")
    }]);
    facts.files = vec![FileFact {
        mount: Some(Mount {
            point: "/srv".to_owned(),
            fs_type: "nfs4".to_owned(),
            source: "files:/srv".to_owned(),
            device: "0:50".to_owned(),
        }),
        ..file(3, "/srv/a")
    }];
    let verdict = inspection(facts).verdict;
    assert_eq!(verdict.cause, Doing::BlockedOnDisk);
    let expected = WaitsFor::Storage {
        storage: Storage::Nfs,
        path: Some("/srv/a".to_owned()),
        mount_point: Some("/srv".to_owned()),
        mount: Some("nfs4 files:/srv".to_owned()),
    };
    assert_eq!(verdict.waits_for, Some(expected));
}

#[test]
fn one_that_moves_on_is_not_blocked() {
    let mut moved = facts(vec![waits("read", [3, 0, 0, 0, 0, 0], "pipe_read")]);
    moved.files = vec![file(3, "pipe:[5]")];
    moved.after[0].waits = Some(40);
    moved.after[0].run_ns = Some(SECOND / 4);
    assert_eq!(inspection(moved).verdict.cause, Doing::Working);

    let mut sleeper = facts(vec![waits("nanosleep", [0; 6], "hrtimer_nanosleep")]);
    sleeper.after[0].waits = Some(40);
    assert_eq!(inspection(sleeper).verdict.cause, Doing::Idle);
}

#[test]
fn one_that_never_rests_computes_or_spins() {
    let mut facts = facts(vec![TaskFact {
        state: 'R',
        syscall: None,
        wchan: None,
        ..waits("read", [0; 6], "")
    }]);
    facts.after[0].run_ns = Some(SECOND / 2 * 99 / 100);
    facts.after[0].preemptions = Some(12);
    let report = inspection(facts);
    assert_eq!(report.verdict.cause, Doing::Spinning);
    assert_eq!(report.verdict.certainty, Certainty::Inferred);
}

#[test]
fn one_that_others_leave_no_cpu_spins_all_the_same() {
    let mut facts = facts(vec![TaskFact {
        state: 'R',
        syscall: None,
        wchan: None,
        ..waits("read", [0; 6], "")
    }]);
    facts.after[0].run_ns = Some(SECOND / 2 * 40 / 100);
    facts.after[0].preemptions = Some(50);
    assert_eq!(inspection(facts.clone()).verdict.cause, Doing::Working);
    facts.after[0].queued_ns = Some(SECOND / 2 * 58 / 100);
    let verdict = inspection(facts.clone()).verdict;
    assert_eq!(verdict.cause, Doing::Spinning);
    let is_told =
        |one: &Evidence| matches!(one, Evidence::WaitedForCpu { percent, .. } if *percent > 57.0);
    assert!(verdict.evidence.iter().any(is_told), "{verdict:?}");
    let quota = |facts: &InspectionFacts| {
        let evidence = inspection(facts.clone()).verdict.evidence;
        evidence.contains(&Evidence::Throttled(held_back()))
    };
    assert!(!quota(&facts));
    facts.throttling = Some(held_back());
    assert!(quota(&facts));
    // The quota of its group is used up by others of it.
    facts.after[0].queued_ns = Some(0);
    assert!(!quota(&facts));
}

#[test]
fn a_worker_that_hangs_speaks_for_a_main_thread_that_rests() {
    let main = waits("epoll_wait", [0; 6], "ep_poll");
    let worker = TaskFact {
        tid: 8,
        state: 'D',
        kernel_stack: vec!["jbd2_log_wait_commit".to_owned()],
        ..waits("fsync", [3, 0, 0, 0, 0, 0], "jbd2_log_wait_commit")
    };
    let report = inspection(facts(vec![main.clone(), worker]));
    assert_eq!(report.verdict.cause, Doing::BlockedOnDisk);
    assert_eq!(report.verdict_tid, Some(8));

    let waiting = TaskFact {
        tid: 8,
        ..waits("futex", [0x1000, 0, 0, 0, 0, 0], "futex_wait")
    };
    let report = inspection(facts(vec![main, waiting]));
    assert_eq!(
        report.verdict.cause,
        Doing::Idle,
        "an idle pool is no problem"
    );
}

#[test]
fn a_stack_tells_a_lock_from_a_condition() {
    let main = waits("futex", [0x1000, 0, 0, 0, 0, 0], "futex_wait");
    let other = TaskFact {
        tid: 8,
        ..main.clone()
    };
    let mut facts = facts(vec![main, other]);
    assert_eq!(
        inspection(facts.clone()).verdict.cause,
        Doing::WaitsForThread
    );
    let frame = |function: &str| Frame {
        function: Some(function.to_owned()),
        ..Frame::default()
    };
    let stack = |tid, function| Stack {
        tids: vec![tid],
        frames: vec![frame("__futex_abstimed_wait"), frame(function)],
    };
    facts.stacks = Some(Stacks {
        tool: Some("gdb".to_owned()),
        stacks: vec![
            stack(7, "pthread_mutex_lock"),
            stack(8, "pthread_cond_wait"),
        ],
        ..Stacks::default()
    });
    let report = inspection(facts);
    assert_eq!(report.verdict.cause, Doing::BlockedOnLock);
    assert_eq!(report.verdict.certainty, Certainty::Inferred);
    assert_eq!(report.threads[1].verdict.cause, Doing::WaitsForThread);
}

#[test]
fn ends_of_a_process_are_measured() {
    for (state, doing) in [
        ('T', Doing::Stopped),
        ('t', Doing::Traced),
        ('Z', Doing::Zombie),
    ] {
        let mut facts = facts(vec![TaskFact {
            state,
            ..TaskFact::default()
        }]);
        facts.after[0].tid = PID;
        facts.process.state = state;
        facts.process.tracer = Some(named(5));
        let report = inspection(facts);
        assert_eq!(report.verdict.cause, doing);
        assert_eq!(report.verdict.certainty, Certainty::Measured);
        assert_eq!(report.health(), Health::Problem);
    }
}

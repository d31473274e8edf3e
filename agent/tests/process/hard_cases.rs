//! Processes that end in unusual ways.
#![expect(unsafe_code, reason = "prctl, unshare and kill have no safe wrapper")]

use std::{ffi::CString, fs, thread};

use agent::process::Way;
use analysis::{
    event::Event,
    process::{ExitStatus, Signal},
};

use crate::support::{best_way, die_of, exit_group, exit_thread, exits, fork, forks, wait, watch};

#[test]
fn a_leader_may_leave_before_its_process_ends() {
    check(|| {
        after_the_leader(|| exit_group(7));
        exit_thread(0);
    });
    check(|| {
        after_the_leader(|| die_of(libc::SIGSEGV));
        exit_thread(0);
    });
    check(|| {
        after_the_leader(|| exit_thread(0));
        exit_thread(3);
    });
}

#[test]
fn a_thread_may_end_or_replace_its_process() {
    check(|| {
        spawn(|| exit_group(6));
        pause();
    });
    check(|| {
        spawn(|| {
            let words = ["/bin/sh", "-c", "exit 5"].map(|word| CString::new(word).unwrap());
            let mut pointers = words.each_ref().map(|word| word.as_ptr()).to_vec();
            pointers.push(std::ptr::null());
            // SAFETY: the words live, and a null pointer ends them.
            unsafe { libc::execv(pointers[0], pointers.as_ptr()) };
        });
        pause();
    });
}

#[test]
fn a_kill_ends_all_threads_once() {
    let (status, events) = check(|| {
        for _ in 0..8 {
            spawn(pause);
        }
        die_of(libc::SIGKILL);
    });
    let expected = ExitStatus::Signaled {
        signal: Signal::KILL,
        core_dumped: false,
    };
    assert_eq!((status, events.len()), (expected, 1));
}

#[test]
fn a_core_dump_is_told() {
    let folder = tempfile::tempdir().unwrap();
    check(|| {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let unlimited = Rlimit {
            current: None,
            maximum: None,
        };
        let _ = setrlimit(Resource::Core, unlimited);
        let _ = rustix::process::chdir(folder.path());
        die_of(libc::SIGABRT);
    });
}

#[test]
fn nobody_needs_to_wait_for_a_child() {
    // With SIGCHLD ignored the kernel throws the status away.
    let ends = ends_of_grandchildren(|| {
        // SAFETY: a plain system call on numbers.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        fork(|| exit_group(11));
        // SAFETY: null is allowed; returns when there are no children any more.
        unsafe { libc::wait(std::ptr::null_mut()) };
        exit_group(0);
    });
    assert_eq!(ends, [Some(ExitStatus::Exited { code: 11 })]);
}

#[test]
fn an_orphan_is_seen_to_its_end() {
    let ends = ends_of_grandchildren(|| {
        let parent = std::process::id().cast_signed();
        fork(move || {
            // SAFETY: a plain system call.
            while unsafe { libc::getppid() } == parent {
                thread::yield_now();
            }
            exit_group(12);
        });
        exit_group(0);
    });
    assert_eq!(ends, [Some(ExitStatus::Exited { code: 12 })]);
}

#[test]
fn a_process_in_a_pid_namespace_of_its_own_has_our_number() {
    let ends = ends_of_grandchildren(|| {
        // SAFETY: a plain system call on a number.
        if unsafe { libc::unshare(libc::CLONE_NEWPID) } != 0 {
            exit_group(97);
        }
        let mut status = 0;
        fork(|| exit_group(9));
        // SAFETY: `status` lives.
        unsafe { libc::wait(&raw mut status) };
        exit_group(0);
    });
    assert_eq!(ends, [Some(ExitStatus::Exited { code: 9 })]);
}

#[test]
fn the_sender_of_the_signal_that_ended_a_process_is_named() {
    let (pid, events) = watch(Some(Way::Bpf), || {
        let pid = fork(pause);
        // SAFETY: the child was not waited for yet, so the number is its.
        unsafe { libc::kill(pid.cast_signed(), libc::SIGTERM) };
        wait(pid);
        pid
    });
    let exit = exits(&events).find(|exit| exit.process.pid == pid).unwrap();
    let killer = exit.killer.as_ref().unwrap();
    assert_eq!(
        (killer.signal, killer.pid),
        (Signal::TERM, std::process::id())
    );
    assert!(!killer.by_kernel);
}

#[test]
fn a_fault_is_the_kernels_own_signal() {
    let (pid, events) = watch(Some(Way::Bpf), || {
        let pid = fork(|| {
            // SAFETY: not at all: the read of an unmapped address is the point, and ends the child.
            unsafe {
                libc::signal(libc::SIGSEGV, libc::SIG_DFL);
                std::ptr::read_volatile(8 as *const u8);
            }
        });
        wait(pid);
        pid
    });
    let exit = exits(&events).find(|exit| exit.process.pid == pid).unwrap();
    let killer = exit.killer.as_ref().unwrap();
    assert_eq!((killer.signal, killer.by_kernel), (Signal::SEGV, true));
}

/// Compares what both exact sources tell of a child with what `wait` says: one end, and the same.
fn check(child: impl Fn()) -> (ExitStatus, Vec<Option<ExitStatus>>) {
    let mut last = None;
    for way in [best_way(), Some(Way::ProcConnector)] {
        let ((pid, status), events) = watch(way, || {
            let pid = fork(&child);
            (pid, wait(pid))
        });
        let seen = ends_of(&events, pid);
        assert_eq!(seen, [Some(status)], "{way:?}");
        last = Some((status, seen));
    }
    last.unwrap()
}

/// How the children of a child end, by the best source.
fn ends_of_grandchildren(child: impl FnOnce()) -> Vec<Option<ExitStatus>> {
    let (alive, until_last) = std::io::pipe().unwrap();
    let (child, events) = watch(best_way(), move || {
        let pid = fork(child);
        drop(until_last);
        wait(pid);
        // Every copy of the writing end is closed when the last grandchild has ended.
        std::io::read_to_string(alive).unwrap();
        pid
    });
    let grandchildren = forks(&events).filter(|fork| fork.parent_pid == child);
    grandchildren
        .flat_map(|fork| ends_of(&events, fork.process.pid))
        .collect()
}

fn ends_of(events: &[Event], pid: u32) -> Vec<Option<ExitStatus>> {
    let exits = exits(events).filter(|exit| exit.process.pid == pid);
    exits.map(|exit| exit.status).collect()
}

/// A thread of a forked child. glibc makes its locks usable again after a fork.
fn spawn(run: impl FnOnce() + Send + 'static) {
    thread::spawn(run);
}

/// Runs in a thread when the leader is a zombie.
fn after_the_leader(run: impl FnOnce() + Send + 'static) {
    spawn(move || {
        let pid = std::process::id();
        let has_left = || {
            let stat = fs::read_to_string(format!("/proc/{pid}/task/{pid}/stat")).unwrap();
            stat.contains(") Z ")
        };
        while !has_left() {
            thread::yield_now();
        }
        run();
    });
}

fn pause() {
    loop {
        thread::park();
    }
}

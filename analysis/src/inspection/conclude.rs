//! The process as a whole, out of its threads.

use super::{
    MOST_FILES, MOST_THREADS,
    facts::{FileFact, InspectionFacts, LockFact},
    report::{
        Doing, Evidence, FileKind, HeldLock, Inspection, NamedProcess, OpenFile, Stack, Thread,
        Verdict, WaitsFor,
    },
    thread::Observed,
    waits,
};
use crate::{cause::Certainty, scrub::scrub_arguments};

/// Frames from the top in which a lock is looked for.
const TOP_FRAMES: usize = 8;

/// Says what a process does, from what was read of it.
pub fn inspection(facts: InspectionFacts) -> Inspection {
    let all = facts.after.iter();
    let mut threads: Vec<Thread> = all
        .map(|task| Observed::of(task, &facts).report(&facts))
        .collect();
    if let Some(stacks) = &facts.stacks {
        for thread in &mut threads {
            let stack = stacks
                .stacks
                .iter()
                .find(|one| one.tids.contains(&thread.tid));
            if let Some(stack) = stack {
                refine(&mut thread.verdict, stack);
            }
        }
    }
    let (verdict, verdict_tid) = of_process(&facts, &threads);
    let omitted_threads = facts.omitted_threads
        + u32::try_from(threads.len().saturating_sub(MOST_THREADS)).unwrap_or(0);
    threads.truncate(MOST_THREADS);
    let files: Vec<_> = facts.files.iter().take(MOST_FILES).collect();
    let omitted_files =
        facts.omitted_files + u32::try_from(facts.files.len() - files.len()).unwrap_or(0);
    let files = files
        .into_iter()
        .map(|file| open_file(file, &facts))
        .collect();
    let locks = facts.locks.iter().filter(|lock| is_own(lock, &facts));
    let locks = locks.map(|lock| held_lock(lock, &facts)).collect();
    let process = facts.process;
    Inspection {
        at: facts.at,
        process: process.process,
        comm: process.comm,
        argv: scrub_arguments(process.argv),
        user: process.user,
        unit: process.unit,
        container: process.container,
        parent: process.parent,
        started_at: process.started_at,
        state: process.state,
        window_ms: facts.window_ns / 1_000_000,
        verdict,
        verdict_tid,
        threads,
        omitted_threads,
        children: facts.children,
        files,
        omitted_files,
        locks,
        stacks: facts.stacks,
        limits: facts.limits,
    }
}

/// What the program's own functions say more than the kernel.
fn refine(verdict: &mut Verdict, stack: &Stack) {
    const LOCKS: [&str; 4] = ["mutex_lock", "lll_lock_wait", "rwlock_", "spin_lock"];
    if verdict.cause != Doing::WaitsForThread {
        return;
    }
    let functions = stack.frames.iter().take(TOP_FRAMES);
    let mut functions = functions.filter_map(|frame| frame.function.as_deref());
    let is_lock = |function: &&str| LOCKS.iter().any(|lock| function.contains(lock));
    if let Some(function) = functions.find(is_lock) {
        verdict.cause = Doing::BlockedOnLock;
        verdict.evidence.push(Evidence::UserFunction {
            function: function.to_owned(),
        });
    }
}

/// The verdict, and the thread that it is of.
fn of_process(facts: &InspectionFacts, threads: &[Thread]) -> (Verdict, Option<u32>) {
    let pid = facts.process.process.pid;
    let main = threads.iter().find(|thread| thread.tid == pid);
    // The first thread may end before the others.
    if facts.process.state == 'Z' && threads.len() <= 1 {
        let parent = facts.process.parent.clone();
        let verdict = Verdict {
            cause: Doing::Zombie,
            certainty: Certainty::Measured,
            evidence: vec![Evidence::State { state: 'Z' }],
            waits_for: parent.map(|parent| WaitsFor::Parent { parent }),
        };
        return (verdict, None);
    }
    let live = || {
        threads
            .iter()
            .filter(|thread| thread.verdict.cause != Doing::Zombie)
    };
    let is_serious = |thread: &&Thread| {
        matches!(
            thread.verdict.cause,
            Doing::Stopped
                | Doing::Traced
                | Doing::Frozen
                | Doing::BlockedOnDisk
                | Doing::BlockedOnLock
                | Doing::BlockedInKernel
                | Doing::Spinning
        )
    };
    let serious = live()
        .filter(is_serious)
        .min_by_key(|one| one.verdict.cause);
    let resting = |cause| matches!(cause, Doing::WaitsForThread | Doing::Zombie);
    // A main thread that only waits for the others leaves the say to them.
    let others = || live().min_by_key(|one| one.verdict.cause);
    let chosen = serious
        .or(main.filter(|main| !resting(main.verdict.cause)))
        .or_else(others)
        .or(main);
    let Some(chosen) = chosen else {
        let verdict = Verdict {
            cause: Doing::Unknown,
            certainty: Certainty::Unknown,
            evidence: vec![Evidence::State {
                state: facts.process.state,
            }],
            waits_for: None,
        };
        return (verdict, None);
    };
    let mut verdict = chosen.verdict.clone();
    let alike = live()
        .filter(|one| one.verdict.cause == verdict.cause)
        .count();
    if threads.len() > 1 {
        verdict.evidence.push(Evidence::ThreadsAlike {
            count: u32::try_from(alike).unwrap_or(u32::MAX),
            of: u32::try_from(threads.len()).unwrap_or(u32::MAX),
        });
    }
    (verdict, Some(chosen.tid))
}

fn open_file(file: &FileFact, facts: &InspectionFacts) -> OpenFile {
    let kind = waits::kind(file);
    let others = match kind {
        FileKind::Pipe => waits::others(file, !file.is_writable, facts),
        _ => Vec::new(),
    };
    OpenFile {
        fd: file.fd,
        kind,
        target: file.target.clone(),
        socket: file.socket.as_ref().map(waits::in_use),
        others,
    }
}

fn is_own(lock: &LockFact, facts: &InspectionFacts) -> bool {
    let pid = facts.process.process.pid;
    lock.process
        .as_ref()
        .is_some_and(|process| process.pid == pid)
}

fn held_lock(lock: &LockFact, facts: &InspectionFacts) -> HeldLock {
    HeldLock {
        kind: lock_kind(&lock.kind),
        is_write: lock.is_write,
        path: lock_path(lock, facts),
        is_waited_for: lock.is_waiting,
        holders: match lock.is_waiting {
            true => lock_holders(lock, facts),
            false => Vec::new(),
        },
    }
}

pub(super) fn lock_kind(kind: &str) -> String {
    match kind {
        "OFDLCK" => "ofd".to_owned(),
        kind => kind.to_ascii_lowercase(),
    }
}

pub(super) fn lock_path(lock: &LockFact, facts: &InspectionFacts) -> Option<String> {
    let is_it = |file: &&FileFact| {
        file.inode == Some(lock.inode)
            && file
                .mount
                .as_ref()
                .is_some_and(|mount| mount.device == lock.device)
    };
    let mut files = facts.files.iter();
    let same_number = |file: &&FileFact| file.inode == Some(lock.inode);
    // Some file systems (btrfs, overlayfs) have another device in locks than in mounts.
    let file = files
        .clone()
        .find(is_it)
        .or_else(|| files.find(same_number));
    file.map(|file| file.target.clone())
}

/// Who has the lock that `waiting` waits for.
pub(super) fn lock_holders(waiting: &LockFact, facts: &InspectionFacts) -> Vec<NamedProcess> {
    let held = facts
        .locks
        .iter()
        .filter(|lock| lock.number == waiting.number && !lock.is_waiting);
    let mut holders: Vec<_> = held.filter_map(|lock| lock.process.clone()).collect();
    holders.sort();
    holders.dedup();
    holders
}

//! How long a thread has slept, by the clock of the scheduler.
//!
//! Each CPU has such a clock. It leaves out what others took from the CPU (interrupts, and in a
//! virtual machine its host), so that the clocks of two CPUs drift apart by seconds a day: the time
//! is taken on the CPU that the thread ran on last.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::tasks::text;
use crate::{CollectError, deadline::Deadline};

/// A CPU with other work lets us run much sooner. One that a real-time thread holds may never.
const RUN_WITHIN: Duration = Duration::from_millis(500);

/// Threads that wait for a CPU are given up, and these bounds are those of our whole process.
static ON_OTHERS: LazyLock<Deadline> = LazyLock::new(|| Deadline::of(RUN_WITHIN));
/// CPUs for which a thread of ours waits: the one whose turn it is, and those that were given up.
static WAITED_FOR: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());
static TURN: Mutex<()> = Mutex::new(());

/// CPUs that are kept for something, where nobody runs uninvited.
pub(super) struct Isolated(BTreeSet<usize>);

impl Isolated {
    pub(super) fn of_this_host() -> Self {
        let lists = ["isolated", "nohz_full"].map(|name| {
            fs::read_to_string(Path::new("/sys/devices/system/cpu").join(name)).unwrap_or_default()
        });
        Self(lists.iter().flat_map(|list| cpus(list)).collect())
    }
}

/// Since the thread of a folder `/proc/PID/task/TID` ran last.
///
/// # Errors
///
/// Why it is not known: a word for [`analysis::limitation::Limitation::why`].
pub(super) fn asleep_ns(thread: &Path, isolated: &Isolated) -> Result<u64, &'static str> {
    const NO_SCHED: &str = "no-sched";
    let last = last_run(thread).filter(|last| *last > 0).ok_or(NO_SCHED)?;
    let stat = text(&thread.join("stat")).map_err(|_| NO_SCHED)?;
    let cpu = last_cpu(&stat).ok_or(NO_SCHED)?;
    if isolated.0.contains(&cpu) {
        return Err("isolated-cpu");
    }
    let now = in_time(&ON_OTHERS, cpu, move || now_on(cpu)).ok_or("held-cpu")?;
    Ok(now.ok_or(NO_SCHED)?.saturating_sub(last))
}

/// Runs `read`, which waits until it may run on `cpu`. `None`: not for now, and nobody asks again
/// before the one that waits there has run.
fn in_time<T: Send + 'static>(
    deadline: &Deadline,
    cpu: usize,
    read: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let waited_for = || WAITED_FOR.lock().unwrap_or_else(PoisonError::into_inner);
    if !waited_for().insert(cpu) {
        return None;
    }
    let answer = deadline.run("the clock of a CPU", move || {
        let value = read();
        waited_for().remove(&cpu);
        value
    });
    if let Err(CollectError::TooManyStuck { .. }) = answer {
        waited_for().remove(&cpu);
    }
    answer.ok()
}

/// The clock of a CPU: when we, who run there, ran last. Where we may not run there, that of ours.
fn now_on(cpu: usize) -> Option<u64> {
    let before = sched_getaffinity(None).ok()?;
    let mut there = CpuSet::new();
    let moved = cpu < CpuSet::MAX_CPU && {
        there.set(cpu);
        sched_setaffinity(None, &there).is_ok()
    };
    let now = last_run(Path::new("/proc/thread-self"));
    if moved {
        // The set was ours a moment ago.
        let _ = sched_setaffinity(None, &before);
    }
    now
}

/// `1-3,8`. Empty, and `(null)` of some kernels: none.
fn cpus(list: &str) -> Vec<usize> {
    let number = |text: &str| text.parse().ok().filter(|cpu| *cpu < CpuSet::MAX_CPU);
    let ranges = list.trim().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(number(first)?..=number(last)?)
    });
    ranges.flatten().collect()
}

/// The 39th field of `/proc/PID/stat`; the name before may have spaces and parentheses.
fn last_cpu(stat: &str) -> Option<usize> {
    const FIELDS_FROM_STATE: usize = 39 - 3;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(FIELDS_FROM_STATE)?.parse().ok()
}

fn last_run(thread: &Path) -> Option<u64> {
    let text = text(&thread.join("sched")).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("se.exec_start"))?;
    let ms = line.split(':').nth(1)?.trim();
    let (whole, part) = ms.split_once('.').unwrap_or((ms, "0"));
    let ns: u64 = format!("{part:0<6}").get(..6)?.parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(ns)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc::sync_channel, thread, time::Instant};

    use super::*;

    #[test]
    fn the_last_cpu_is_found_behind_any_name() {
        let numbers: Vec<String> = (4..=52).map(|field| field.to_string()).collect();
        let stat = format!("7 (a) b (c) S {}", numbers.join(" "));
        assert_eq!(last_cpu(&stat), Some(39));
        assert_eq!(last_cpu("7 (a) S 1"), None);
    }

    #[test]
    fn a_cpu_that_lets_nobody_run_is_asked_once_until_it_does() {
        // No machine has it, so that no other test asks for it.
        const CPU: usize = usize::MAX;
        let deadline = Deadline::of(Duration::from_millis(20));
        let (let_run, runs) = sync_channel::<()>(0);
        assert_eq!(in_time(&deadline, CPU, move || runs.recv().is_ok()), None);
        // Nobody else begins to wait, however often it is asked.
        let (called, calls) = sync_channel::<()>(100);
        for _ in 0..100 {
            let called = called.clone();
            assert_eq!(
                in_time(&deadline, CPU, move || called.send(()).is_ok()),
                None
            );
        }
        assert!(calls.try_recv().is_err());
        let_run.send(()).unwrap();
        let begun = Instant::now();
        while in_time(&deadline, CPU, || ()).is_none() {
            assert!(begun.elapsed() < Duration::from_secs(10));
            thread::yield_now();
        }
    }

    #[test]
    fn a_cpu_that_is_kept_for_something_is_left_alone() {
        assert_eq!(cpus("1-3,8\n"), [1, 2, 3, 8]);
        for list in ["", "\n", "(null)\n", "x-3", "0-99999999999"] {
            assert_eq!(cpus(list), [0; 0], "{list:?}");
        }
        let ours = Path::new("/proc/thread-self");
        let all = Isolated((0..CpuSet::MAX_CPU).collect());
        let known = asleep_ns(ours, &Isolated(BTreeSet::new()));
        let expected = known.and(Err("isolated-cpu"));
        assert_eq!(asleep_ns(ours, &all), expected);
    }

    #[test]
    fn a_look_at_the_clock_leaves_us_where_we_may_run() {
        let before = sched_getaffinity(None).unwrap();
        for cpu in [0, 1, usize::MAX] {
            now_on(cpu);
            assert_eq!(sched_getaffinity(None).unwrap(), before);
        }
    }
}

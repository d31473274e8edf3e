//! How long a thread has slept, by the clock of the scheduler.
//!
//! Each CPU has such a clock. It leaves out what others took from the CPU (interrupts, and in a
//! virtual machine its host), so that the clocks of two CPUs drift apart by seconds a day: the time
//! is taken on the CPU that the thread ran on last.

use std::path::Path;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::tasks::text;

/// Since the thread of a folder `/proc/PID/task/TID` ran last. `None`: the kernel does not say.
pub(super) fn asleep_ns(thread: &Path) -> Option<u64> {
    let last = last_run(thread)?;
    let stat = text(&thread.join("stat")).ok()?;
    let now = now_on(last_cpu(&stat)?)?;
    (last > 0).then(|| now.saturating_sub(last))
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
    use super::*;

    #[test]
    fn the_last_cpu_is_found_behind_any_name() {
        let numbers: Vec<String> = (4..=52).map(|field| field.to_string()).collect();
        let stat = format!("7 (a) b (c) S {}", numbers.join(" "));
        assert_eq!(last_cpu(&stat), Some(39));
        assert_eq!(last_cpu("7 (a) S 1"), None);
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

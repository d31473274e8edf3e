//! What is unusual: against rules that hold for nearly every process, and against its own life.

use super::report::{Behavior, FileUse, Odd, OddBehavior, SyscallUse};
use crate::cause::Certainty;

/// Processes or threads a second. A busy shell script makes some ten.
const FORKS_PER_S: f64 = 50.0;
/// Failures a second of one call, if at least half of its calls fail.
const ERRORS_PER_S: f64 = 50.0;
const ERROR_SHARE: f64 = 0.5;
/// Calls a second that are made to wait, and do not.
const POLLS_PER_S: f64 = 1000.0;
/// Below this a wait was none.
const SHORT_WAIT_MS: f64 = 0.1;
/// More files open for each second.
const FILES_PER_S: f64 = 5.0;
/// Fewer may be anything.
const FEWEST_FILES: u32 = 50;
/// Times its own life.
const SURGE: f64 = 5.0;
const SURGE_CPU_PERCENT: f64 = 50.0;
const SURGE_BYTES_PER_S: f64 = 5.0 * 1024.0 * 1024.0;

/// Calls with which one waits for something to do.
const WAITS: &[&str] = &[
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "sched_yield",
    "nanosleep",
    "clock_nanosleep",
    "recvfrom",
    "recvmsg",
    "accept",
    "accept4",
];

/// What only package managers and administrators change.
const SYSTEM: &[&str] = &[
    "/etc/",
    "/usr/",
    "/bin/",
    "/sbin/",
    "/lib/",
    "/lib64/",
    "/boot/",
    "/root/.ssh/",
    "/var/spool/cron/",
    "/sys/",
    "/proc/sys/",
];
/// Wherever they are.
const KEYS: &[&str] = &["/authorized_keys", "/.bashrc", "/.profile", "/.ssh/config"];

pub(super) fn odd(report: &Behavior, seconds: f64) -> Vec<OddBehavior> {
    let mut odd = Vec::new();
    odd.extend(fork_storm(report, seconds));
    odd.extend(
        report
            .syscalls
            .iter()
            .filter_map(|call| error_loop(call, seconds)),
    );
    odd.extend(report.syscalls.iter().filter_map(busy_polling));
    odd.extend(unusual_writes(report));
    odd.extend(file_growth(report, seconds));
    odd.extend(surges(report));
    odd
}

fn measured(cause: Odd, evidence: String, baseline: f64, found: f64) -> OddBehavior {
    OddBehavior {
        cause,
        certainty: Certainty::Measured,
        evidence,
        baseline,
        found,
    }
}

fn inferred(odd: OddBehavior) -> OddBehavior {
    OddBehavior {
        certainty: Certainty::Inferred,
        ..odd
    }
}

#[expect(clippy::cast_precision_loss, reason = "rates that are rounded anyway")]
fn fork_storm(report: &Behavior, seconds: f64) -> Option<OddBehavior> {
    let per_second = report.forks? as f64 / seconds;
    let found = || measured(Odd::ForkStorm, "clone".to_owned(), FORKS_PER_S, per_second);
    (per_second >= FORKS_PER_S).then(found)
}

#[expect(clippy::cast_precision_loss, reason = "rates that are rounded anyway")]
fn error_loop(call: &SyscallUse, seconds: f64) -> Option<OddBehavior> {
    // To find nothing yet, or no terminal, is how these are used.
    const USUAL: &[&str] = &[
        "futex",
        "ioctl",
        "read",
        "recvfrom",
        "recvmsg",
        "epoll_wait",
        "wait4",
    ];
    let per_second = call.errors as f64 / seconds;
    let share = call.errors as f64 / call.calls.max(1) as f64;
    let is_loop = per_second >= ERRORS_PER_S && share >= ERROR_SHARE;
    let name = call.name.clone();
    (is_loop && !USUAL.contains(&call.name.as_str()))
        .then(|| inferred(measured(Odd::ErrorLoop, name, ERRORS_PER_S, per_second)))
}

#[expect(clippy::cast_precision_loss, reason = "rates that are rounded anyway")]
fn busy_polling(call: &SyscallUse) -> Option<OddBehavior> {
    let mean_ms = call.time_ms / call.calls.max(1) as f64;
    let is_busy = call.per_second >= POLLS_PER_S && mean_ms < SHORT_WAIT_MS;
    let name = call.name.clone();
    (is_busy && WAITS.contains(&call.name.as_str())).then(|| {
        inferred(measured(
            Odd::BusyPolling,
            name,
            POLLS_PER_S,
            call.per_second,
        ))
    })
}

fn unusual_writes(report: &Behavior) -> Vec<OddBehavior> {
    const MOST: usize = 10;
    let is_of_system = |file: &&FileUse| {
        let path = file.path.as_str();
        file.is_changed
            && (SYSTEM.iter().any(|folder| path.starts_with(folder))
                || KEYS.iter().any(|key| path.ends_with(key)))
    };
    let files = report.files.iter().filter(is_of_system).take(MOST);
    files
        .map(|file| measured(Odd::UnusualWrite, file.path.clone(), 0.0, 1.0))
        .collect()
}

fn file_growth(report: &Behavior, seconds: f64) -> Option<OddBehavior> {
    let more = report.files_opened.saturating_sub(report.files_closed);
    let per_second = f64::from(more) / seconds;
    let grows = more >= FEWEST_FILES && per_second >= FILES_PER_S;
    let found = || measured(Odd::FileGrowth, more.to_string(), FILES_PER_S, per_second);
    grows.then(|| inferred(found()))
}

fn surges(report: &Behavior) -> Vec<OddBehavior> {
    let (Some(now), Some(life)) = (report.rates, report.life) else {
        return Vec::new();
    };
    let mut surges = Vec::new();
    if now.cpu_percent >= SURGE_CPU_PERCENT && now.cpu_percent >= SURGE * life.cpu_percent {
        let found = (life.cpu_percent, now.cpu_percent);
        surges.push(measured(Odd::CpuSurge, "cpu".to_owned(), found.0, found.1));
    }
    if let (Some(now), Some(life)) = (now.io, life.io) {
        let (now, life) = (
            now.written_chars_bytes_per_s,
            life.written_chars_bytes_per_s,
        );
        if now >= SURGE_BYTES_PER_S && now >= SURGE * life {
            surges.push(measured(Odd::WriteSurge, "write".to_owned(), life, now));
        }
    }
    surges
}

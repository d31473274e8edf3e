//! Watches one process for a while: what `/proc` counts, at the beginning and the end and by looks
//! between, and the system calls as perf or strace see them.

mod counters;
mod looks;
mod perf;
mod strace;

use std::{
    fs,
    time::{Duration, Instant},
};

use analysis::{
    behavior::{Behavior, BehaviorFacts, Calls, behavior},
    limitation::Limitation,
    order::{Failure, Progress, Step},
};
use rustix::process::Signal;
use tokio::time::sleep;

use self::looks::Looks;
use crate::{
    CollectError, NoAnswer,
    guard::{Freed, Guard},
    host::ClockReading,
    process::{ProcessStat, Procfs, State},
    tool::{self, Tool, ToolError, ToolOutput},
};

/// Between two looks at open files and children.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long its pace is taken before strace begins.
const PACE_FOR: Duration = Duration::from_secs(1);
/// Tools write what they saw when their time is up.
const GRACE: Duration = Duration::from_secs(10);
const TRACING: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/// How the system calls are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Does not stop the process.
    Perf,
    /// Stops it at each call, and tells files, peers and errors.
    Strace,
}

/// Says what a process does for a while.
///
/// # Errors
///
/// [`NoAnswer`] if there is no such process.
pub(crate) async fn watch(
    pid: u32,
    seconds: u32,
    by: By,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Behavior, NoAnswer> {
    let procfs = Procfs::at("/proc");
    let stat = procfs.stat(pid).map_err(|error| no_process(pid, &error))?;
    let mut limits = Vec::new();
    let tool = ready(by, &stat, &mut limits);
    let pace_before = match tool {
        Some(By::Strace) => pace(pid).await,
        _ => None,
    };
    let begun = Instant::now();
    let now = ClockReading::now();
    let before = counters::of(pid, &mut limits).ok_or_else(|| gone(pid))?;
    let mut looks = Looks::begin(pid);
    if let Err(error) = fs::read_dir(format!("/proc/{pid}/fd")) {
        limits.push(limit("files", error.to_string()));
    }
    let duration = Duration::from_secs(seconds.into());
    let watching = async {
        let output = match tool {
            Some(tool) => Some(run(tool, &stat, duration, &mut limits).await),
            None => None,
        };
        sleep(duration.saturating_sub(begun.elapsed())).await;
        output.flatten()
    };
    let calls = {
        let looking = looking(&mut looks, begun, seconds, progress);
        tokio::pin!(looking);
        tokio::select! {
            calls = watching => calls,
            never = &mut looking => never,
        }
    };
    looks.end();
    let window = begun.elapsed();
    let is_same = procfs
        .stat(pid)
        .is_ok_and(|now| now.start_ns == stat.start_ns);
    let after = match is_same {
        true => counters::of(pid, &mut Vec::new()),
        false => None,
    };
    let facts = BehaviorFacts {
        at: ClockReading::now().wall,
        process: stat.id(),
        comm: stat.comm,
        window_ns: u64::try_from(window.as_nanos()).unwrap_or(u64::MAX),
        age_ns: now.since_boot_ns.saturating_sub(stat.start_ns),
        before,
        after,
        seen_files: looks.files,
        seen_peers: looks.peers,
        seen_children: u32::try_from(looks.children.len()).unwrap_or(u32::MAX),
        files_opened: looks.opened,
        files_closed: looks.closed,
        calls,
        pace_before,
        limits,
    };
    Ok(behavior(facts))
}

/// Looks again and again, for ever.
async fn looking<T>(
    looks: &mut Looks,
    begun: Instant,
    seconds: u32,
    progress: &(dyn Fn(Progress) + Sync),
) -> T {
    loop {
        let done = u32::try_from(begun.elapsed().as_secs()).unwrap_or(seconds);
        progress(Progress {
            step: Step::Watching,
            done: done.min(seconds),
            of: seconds,
        });
        sleep(LOOK_EVERY).await;
        looks.look();
    }
}

fn limit(what: &str, why: impl Into<String>) -> Limitation {
    Limitation {
        what: what.to_owned(),
        why: why.into(),
        count: 1,
    }
}

fn gone(pid: u32) -> NoAnswer {
    NoAnswer {
        reason: Failure::NoSuchTarget,
        detail: format!("there is no process {pid}"),
    }
}

pub(crate) fn no_process(pid: u32, error: &CollectError) -> NoAnswer {
    match error {
        CollectError::Gone(_) => gone(pid),
        error => NoAnswer {
            reason: Failure::NotPossible,
            detail: error.to_string(),
        },
    }
}

/// What will watch, or why nothing does.
fn ready(by: By, stat: &ProcessStat, limits: &mut Vec<Limitation>) -> Option<By> {
    let is_held = matches!(stat.state, State::Stopped | State::Traced);
    let why = match by {
        By::Strace if tool::find("strace").is_none() => Some("no-strace"),
        By::Strace if is_held => Some("stopped"),
        By::Perf if tool::find("perf").is_none() => Some("no-perf"),
        By::Perf if !has_tracepoints() => Some("no-tracefs"),
        _ => None,
    };
    if let Some(why) = why {
        limits.push(limit("syscalls", why));
        return None;
    }
    Some(by)
}

/// perf would mount them, which is the owner's affair. Who may not look leaves it to perf to say.
fn has_tracepoints() -> bool {
    TRACING.iter().any(|folder| {
        let event = fs::metadata(format!("{folder}/events/raw_syscalls"));
        event.is_ok_and(|event| event.is_dir())
            || fs::read_dir(folder)
                .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
    })
}

/// Read and write calls a second, undisturbed.
#[expect(clippy::cast_precision_loss, reason = "a rate that is rounded anyway")]
async fn pace(pid: u32) -> Option<f64> {
    let calls = || {
        let io = counters::io(pid).ok()?;
        Some(io.read_calls + io.write_calls)
    };
    let begun = Instant::now();
    let before = calls()?;
    sleep(PACE_FOR).await;
    let done = calls()?.saturating_sub(before);
    Some(done as f64 / begun.elapsed().as_secs_f64())
}

async fn run(
    by: By,
    stat: &ProcessStat,
    duration: Duration,
    limits: &mut Vec<Limitation>,
) -> Option<Calls> {
    let outcome = match by {
        By::Perf => perf::command(stat.pid, duration).map(Tool::run),
        By::Strace => strace::command(stat.pid, duration).map(Tool::run),
    };
    // perf holds nothing.
    let guard = match by {
        By::Strace => Guard::over(stat.id()).map(Some),
        By::Perf => Ok(None),
    };
    let output = match (outcome, guard) {
        (Ok(run), Ok(guard)) => {
            let output = run.await;
            if let Some(guard) = guard {
                limits.extend(freed(guard.release().await));
            }
            output
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            limits.push(limit("syscalls", text(&error)));
            return None;
        }
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let calls = match by {
        By::Perf => perf::calls(&said),
        By::Strace => strace::calls(&said),
    };
    if calls.calls.is_empty() {
        limits.push(limit("syscalls", complaint(by, &output)));
        return None;
    }
    if by == By::Perf {
        limits.push(limit("call-details", "perf"));
    }
    if output.is_cut {
        limits.push(limit("syscalls", "cut"));
    }
    Some(Calls {
        tool: match by {
            By::Perf => "perf",
            By::Strace => "strace",
        }
        .to_owned(),
        is_cut: output.is_cut,
        ..calls
    })
}

fn freed(freed: Freed) -> Option<Limitation> {
    match freed {
        Freed::Ran => None,
        Freed::SetFree => Some(limit("was-set-free", "strace")),
        Freed::Refused => Some(limit("set-free", "Operation not permitted (os error 1)")),
    }
}

/// Why it saw nothing: what it complains of, or that there was nothing to see.
fn complaint(by: By, output: &ToolOutput) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let is_reason = |line: &&str| {
        let line = line.to_lowercase();
        ["not permitted", "denied", "error", "cannot", "failed"]
            .iter()
            .any(|word| line.contains(word))
    };
    // What strace says of the process begins otherwise.
    let is_own = |line: &&str| by == By::Perf || line.starts_with("strace:");
    let line = text.lines().map(str::trim).filter(is_own).find(is_reason);
    line.map_or_else(
        || "none".to_owned(),
        |line| line.chars().take(200).collect(),
    )
}

pub(crate) fn text(error: &ToolError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// A tool that ends, and says what it saw, when its time is up.
fn timed(name: &str, duration: Duration) -> Result<Tool, ToolError> {
    Ok(Tool::named(name, duration)?.stopped_with(Signal::INT, GRACE))
}

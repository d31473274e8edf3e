//! Runs one analysis in a process of its own, which may break, hang or run away.
//!
//! The worker is this program again, started as `answer`: the question comes on its standard input,
//! which stays open while the agent lives; on its standard output it says how far it is, and its
//! report. When the report is there, the time is up, or nobody wants it any more, its whole process
//! group is killed; [`clear`] then finds what left the group.

use std::{ffi::OsString, io, io::Write as _, path::PathBuf, process::Stdio, time::Duration};

use analysis::order::{Failure, MAX_DEFLATED_BYTES, MAX_REPORT_BYTES, Order, Progress};
use collect::{
    black_box::{Folders, KEPT_VARIABLE, RECENT_VARIABLE},
    good_starts::{self, GoodStarts},
};
use flate2::{Compression, write::DeflateEncoder};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

pub use super::strays::{Live, adopt_orphans, clear};
use super::{detail::short, process_table::MARKER};
use crate::manners;

/// Everything that a worker may write: the report, and room for progress. More is a runaway.
const MAX_OUTPUT_BYTES: u64 = MAX_REPORT_BYTES as u64 + (1 << 20);
/// For a killed process to be gone. Longer only if it hangs in the kernel.
const KILL_LIMIT: Duration = Duration::from_secs(1);
/// For one that closed its output to end by itself, so that we can say how; and for what one that
/// ended has written to be read.
const EXIT_LIMIT: Duration = Duration::from_millis(200);
/// Analyses start system programs by these alone.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// Seven times smaller, at a third of the time that the best takes.
const DEFLATE: u32 = 4;
/// After a report like this, memory goes back to the system.
const LARGE: usize = 1 << 20;

/// What a worker's lines begin with; JSON follows.
pub(super) const PROGRESS: &str = "progress ";
pub(super) const REPORT: &str = "report ";
pub(super) const FAILED: &str = "failed ";

/// Why a worker has no report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NoReport {
    pub(super) reason: Failure,
    pub(super) detail: String,
}

/// What is started as a worker.
#[derive(Clone, Debug)]
pub struct Program {
    pub path: PathBuf,
    pub arguments: Vec<OsString>,
    /// Beside what every worker has.
    pub environment: Vec<(&'static str, OsString)>,
}

impl Program {
    /// The program that runs now, also if a newer one lies in its place.
    pub fn this() -> Self {
        Self::at("/proc/self/exe")
    }

    /// The agent's program at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            arguments: vec!["answer".into()],
            environment: Vec::new(),
        }
    }

    /// The same, with what the black box has.
    #[must_use]
    pub fn with_black_box(mut self, folders: &Folders) -> Self {
        self.environment.extend([
            (RECENT_VARIABLE, folders.recent.clone().into()),
            (KEPT_VARIABLE, folders.kept.clone().into()),
        ]);
        self
    }

    /// The same, with what is kept of good starts.
    #[must_use]
    pub fn with_good_starts(mut self, kept: &GoodStarts) -> Self {
        let folder = kept.folder().as_os_str().to_owned();
        self.environment.push((good_starts::VARIABLE, folder));
        self
    }
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The report as JSON, deflated (RFC 1951).
    Report(Vec<u8>),
    Failed {
        reason: Failure,
        detail: String,
    },
    /// It was told to stop.
    Stopped,
}

/// Runs the question of `order` to its end, but no longer than its time limit.
///
/// When it returns the worker's process group is killed; call [`clear`] for what left it.
pub async fn run(
    program: &Program,
    live: &Live,
    order: &Order,
    progress: &(dyn Fn(Progress) + Sync),
    stop: &CancellationToken,
) -> Ended {
    let limit = time_limit(order);
    let starting = live.starting();
    let mut child = match start(program, order, limit) {
        Ok(child) => child,
        Err(error) => return failed(Failure::Crashed, format!("cannot start: {error}")),
    };
    let leader = child.id().map(|pid| starting.leads(pid, order.order_id));
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return failed(Failure::Crashed, "it has no pipes".to_owned());
    };
    let conversation = converse(input, output, order, progress);
    tokio::pin!(conversation);
    let said = tokio::select! {
        said = &mut conversation => Some(said),
        // Something that it started may hold its output open: no reason to wait for that.
        _ = child.wait() => {
            let rest = timeout(EXIT_LIMIT, &mut conversation).await;
            Some(rest.unwrap_or(Said::Nothing))
        }
        () = sleep(limit) => None,
        () = stop.cancelled() => {
            end(&mut child).await;
            return Ended::Stopped;
        }
    };
    let ended = match said {
        None => failed(Failure::TimeLimit, format!("it took longer than {limit:?}")),
        Some(Said::Nothing) => failed(Failure::Crashed, how_it_ended(&mut child).await),
        Some(Said::TooMuch) => {
            let detail = format!("it wrote more than {MAX_OUTPUT_BYTES} bytes");
            failed(Failure::TooLarge, detail)
        }
        Some(Said::Failed(NoReport { reason, detail })) => failed(reason, detail),
        Some(Said::Report(report)) => deflated(report).await,
    };
    end(&mut child).await;
    drop(leader);
    ended
}

/// How long an order may run: as long as it says, but no longer than its analysis may at all.
fn time_limit(order: &Order) -> Duration {
    let own = order.question.analysis().time_limit();
    Duration::from_millis(order.time_limit_ms).min(own)
}

fn failed(reason: Failure, detail: String) -> Ended {
    let detail = short(detail);
    Ended::Failed { reason, detail }
}

fn start(program: &Program, order: &Order, limit: Duration) -> io::Result<Child> {
    Command::new(&program.path)
        .args(&program.arguments)
        // In whole seconds, and later than our own limit: only if we cannot hold it.
        .arg(format!("--cpu-seconds={}", limit.as_secs() + 2))
        .env_clear()
        .env("PATH", PATH)
        .env("LC_ALL", "C.UTF-8")
        .envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .env(MARKER, order.order_id.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

enum Said {
    Report(Vec<u8>),
    Failed(NoReport),
    Nothing,
    TooMuch,
}

async fn converse(
    mut input: ChildStdin,
    output: ChildStdout,
    order: &Order,
    progress: &(dyn Fn(Progress) + Sync),
) -> Said {
    let mut question = serde_json::to_vec(&order.question).expect("a question is JSON");
    question.push(b'\n');
    if input.write_all(&question).await.is_err() {
        return Said::Nothing;
    }
    let mut output = BufReader::new(output).take(MAX_OUTPUT_BYTES);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = output.read_until(b'\n', &mut line).await;
        if line.pop() != Some(b'\n') {
            let is_cut = read.is_ok() && output.limit() == 0;
            return if is_cut { Said::TooMuch } else { Said::Nothing };
        }
        if line.starts_with(REPORT.as_bytes()) {
            line.drain(..REPORT.len());
            return Said::Report(line);
        }
        if let Some(json) = line.strip_prefix(FAILED.as_bytes()) {
            return serde_json::from_slice(json).map_or(Said::Nothing, Said::Failed);
        }
        if let Some(json) = line.strip_prefix(PROGRESS.as_bytes())
            && let Ok(step) = serde_json::from_slice(json)
        {
            progress(step);
        }
    }
}

async fn how_it_ended(child: &mut Child) -> String {
    match timeout(EXIT_LIMIT, child.wait()).await {
        Ok(Ok(status)) => format!("it ended without a report: {status}"),
        _ => "it closed its output without a report".to_owned(),
    }
}

/// Kills the group and reaps the first process. Until that is reaped its number is not somebody
/// else's; once it is, the rest of the group are orphans, which [`clear`] finds.
async fn end(child: &mut Child) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    if let Some(pid) = pid.and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let _ = timeout(KILL_LIMIT, child.wait()).await;
}

async fn deflated(report: Vec<u8>) -> Ended {
    let size = report.len();
    if size > MAX_REPORT_BYTES {
        return failed(Failure::TooLarge, format!("the report has {size} bytes"));
    }
    let work = move || {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(DEFLATE));
        encoder.write_all(&report)?;
        encoder.finish()
    };
    let done = tokio::task::spawn_blocking(work).await;
    if size > LARGE {
        manners::give_back_memory();
    }
    match done {
        Ok(Ok(deflated)) if deflated.len() <= MAX_DEFLATED_BYTES => Ended::Report(deflated),
        Ok(Ok(deflated)) => {
            let detail = format!("the report has {} bytes deflated", deflated.len());
            failed(Failure::TooLarge, detail)
        }
        Ok(Err(error)) => failed(Failure::Crashed, error.to_string()),
        Err(error) => failed(Failure::Crashed, error.to_string()),
    }
}

//! Stacks of a process's own functions, read by a debugger that stops it for a moment.

mod collapse;
mod eu_stack;
mod gdb;
mod py_spy;

use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    time::{Duration, Instant},
};

use analysis::{
    inspection::{InspectionFacts, ProcessAtWork, Stack, Stacks},
    limitation::Limitation,
};
use rustix::process::Signal;

use crate::{
    guard::{Freed, Guard},
    tool::{self, Tool, ToolError, ToolOutput},
};

/// Symbols of a large program take their time. The process stands still meanwhile.
const READ_WITHIN: Duration = Duration::from_secs(20);
const GRACE: Duration = Duration::from_secs(2);
/// Frames of one thread.
const MOST_FRAMES: &str = "64";

/// Reads the stacks of all threads; with why not, where there are none.
pub(crate) async fn of(pid: u32, facts: &InspectionFacts) -> (Option<Stacks>, Vec<Limitation>) {
    let mut limits = Vec::new();
    if let Some(why) = obstacle(facts) {
        limits.push(limit("stacks", why));
        return (None, limits);
    }
    let tools = tools(pid, &mut limits);
    if tools.is_empty() {
        limits.push(limit("stacks", "no-tool"));
    }
    for debugger in tools {
        match read(debugger, &facts.process).await {
            Ok((stacks, freed)) => {
                limits.extend(freed);
                if !stacks.stacks.is_empty() {
                    limits.retain(|limit| limit.what != "stacks");
                    return (Some(stacks), limits);
                }
                limits.push(limit("stacks", "empty"));
            }
            Err(why) => limits.push(why),
        }
    }
    (None, limits)
}

fn limit(what: &str, why: impl Into<String>) -> Limitation {
    Limitation {
        what: what.to_owned(),
        why: why.into(),
        count: 1,
    }
}

/// Why a debugger must not look at it.
fn obstacle(facts: &InspectionFacts) -> Option<&'static str> {
    let process = &facts.process;
    match process.state {
        _ if process.is_kernel_thread => Some("no-user-code"),
        'Z' | 'X' => Some("no-user-code"),
        't' => Some("traced"),
        _ if process.tracer.is_some() => Some("traced"),
        'T' => Some("stopped"),
        _ => facts
            .after
            .iter()
            .any(|task| task.state == 'D')
            .then_some("uninterruptible"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Debugger {
    PySpy,
    Gdb,
    EuStack,
}

impl Debugger {
    fn name(self) -> &'static str {
        match self {
            Self::PySpy => "py-spy",
            Self::Gdb => "gdb",
            Self::EuStack => "eu-stack",
        }
    }

    fn arguments(self, pid: u32) -> Vec<String> {
        let pid = pid.to_string();
        let words: Vec<&str> = match self {
            Self::PySpy => vec!["dump", "--json", "--pid", &pid],
            Self::EuStack => vec!["-m", "-n", MOST_FRAMES, "-p", &pid],
            Self::Gdb => {
                // Nothing of the host's own, nothing from the network; and no arguments, which
                // may hold secrets. An older gdb does not know one or the other, and goes on.
                let settings = [
                    "set auto-load off",
                    "set debuginfod enabled off",
                    "set width 0",
                    "set print frame-arguments none",
                    "set print entry-values no",
                ];
                let settings = settings.into_iter().flat_map(|setting| ["-iex", setting]);
                ["-nx", "-nh", "--batch"]
                    .into_iter()
                    .chain(settings)
                    .chain(["-p", &pid, "-ex", "thread apply all bt 64", "-ex", "detach"])
                    .collect()
            }
        };
        words.into_iter().map(str::to_owned).collect()
    }

    fn stacks(self, output: &str) -> Vec<Stack> {
        match self {
            Self::PySpy => py_spy::stacks(output),
            Self::Gdb => gdb::stacks(output),
            Self::EuStack => eu_stack::stacks(output),
        }
    }
}

/// What can read this process, the most telling first.
fn tools(pid: u32, limits: &mut Vec<Limitation>) -> Vec<Debugger> {
    let is_there = |debugger: &Debugger| tool::find(debugger.name()).is_some();
    let mut tools = Vec::new();
    if is_python(pid) {
        match is_there(&Debugger::PySpy) {
            true => tools.push(Debugger::PySpy),
            false => limits.push(limit("python-frames", "no-py-spy")),
        }
    }
    tools.extend(
        [Debugger::Gdb, Debugger::EuStack]
            .iter()
            .filter(|one| is_there(one)),
    );
    tools
}

pub(crate) fn is_python(pid: u32) -> bool {
    let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("python")
}

async fn read(
    debugger: Debugger,
    process: &ProcessAtWork,
) -> Result<(Stacks, Vec<Limitation>), Limitation> {
    let failed = |error: ToolError| limit("stacks", text(&error));
    let guard = Guard::over(process.process).map_err(failed)?;
    let begun = Instant::now();
    let output = run(debugger, process.process.pid).await;
    let took = begun.elapsed();
    let mut freed = match guard.release().await {
        Freed::Ran => Vec::new(),
        Freed::SetFree => vec![limit("was-set-free", debugger.name())],
        Freed::Refused => vec![limit("set-free", "Operation not permitted (os error 1)")],
    };
    let output = output.map_err(failed)?;
    if output.is_cut {
        freed.push(limit("stacks-cut", debugger.name()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let stacks = debugger.stacks(&text);
    if stacks.is_empty() {
        return match freed.into_iter().next() {
            Some(freed) => Err(freed),
            None => Err(limit("stacks", complaint(debugger, &output))),
        };
    }
    let (stacks, omitted_frames) = collapse::collapsed(stacks);
    let stacks = Stacks {
        tool: Some(debugger.name().to_owned()),
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        stacks,
        omitted_frames,
    };
    Ok((stacks, freed))
}

async fn run(debugger: Debugger, pid: u32) -> Result<ToolOutput, ToolError> {
    Tool::named(debugger.name(), READ_WITHIN)?
        .args(debugger.arguments(pid))
        .stopped_with(Signal::INT, GRACE)
        .run()
        .await
}

/// What it said when it had nothing to say: the last line, mostly the reason.
fn complaint(debugger: Debugger, output: &ToolOutput) -> String {
    if output.is_late {
        return "deadline".to_owned();
    }
    if let Some(signal) = output.status.signal() {
        return format!("{} was ended by signal {signal}", debugger.name());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let is_reason = |line: &&str| {
        let line = line.to_lowercase();
        ["not permitted", "denied", "error", "cannot"]
            .iter()
            .any(|word| line.contains(word))
    };
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().find(is_reason).or_else(|| lines().next_back());
    let line: String = line.unwrap_or("nothing").chars().take(200).collect();
    format!("{}: {line}", debugger.name())
}

fn text(error: &ToolError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

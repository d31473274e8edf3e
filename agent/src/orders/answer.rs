//! `aiops-agent answer`: the worker. One question comes in, one report goes out.
//!
//! It bounds itself before it reads the question, and ends when the agent does: its standard input
//! is closed then.

use std::{
    fs,
    io::{self, BufRead as _, Read as _, Write as _},
    panic,
    process::ExitCode,
    thread,
};

use analysis::{
    order::{Failure, Progress},
    question::Question,
};
use rustix::process::{
    Resource, Rlimit, Signal, getpgrp, getpid, kill_current_process_group, setrlimit,
};
use serde::Serialize;
use tokio::sync::oneshot;

use super::worker::{FAILED, NoReport, PROGRESS, REPORT};

/// Memory of its own that a worker may have. One that needs more breaks, and says so.
const MAX_DATA_BYTES: u64 = 192 << 20;
/// If memory is short in the agent's own cgroup, the worker goes, not the agent.
const FIRST_TO_GO: &str = "1000";

/// Answers the question on standard input. `cpu_seconds`: the kernel ends it after so much.
pub async fn answer(cpu_seconds: u64) -> ExitCode {
    bound(cpu_seconds);
    panic::set_hook(Box::new(|panic| {
        say_failed(Failure::Crashed, panic.to_string());
    }));
    let Some(line) = question().await else {
        return ExitCode::FAILURE;
    };
    let question: Question = match serde_json::from_str(&line) {
        Ok(question) => question,
        Err(error) => {
            say_failed(Failure::Crashed, format!("not a question: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let progress = |step: Progress| say(PROGRESS, &step);
    match collect::answer(&question, &progress).await {
        Ok(report) => say(REPORT, &report),
        Err(no_answer) => say_failed(no_answer.reason, no_answer.detail),
    }
    ExitCode::SUCCESS
}

fn bound(cpu_seconds: u64) {
    let limit = |resource, most: u64| {
        let most = Some(most);
        // What the system refuses stays as it is: the agent's own limits hold, too.
        let _ = setrlimit(
            resource,
            Rlimit {
                current: most,
                maximum: most,
            },
        );
    };
    limit(Resource::Core, 0);
    limit(Resource::Cpu, cpu_seconds);
    limit(Resource::Data, MAX_DATA_BYTES);
    let _ = fs::write("/proc/self/oom_score_adj", FIRST_TO_GO);
}

/// The first line of standard input. A thread goes on reading: the end of it is the agent's end,
/// and ours. It ends with the process.
async fn question() -> Option<String> {
    let (found, asked) = oneshot::channel();
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut line = String::new();
        if input.read_line(&mut line).is_ok() {
            let _ = found.send(line);
        }
        let _ = io::copy(&mut input.by_ref(), &mut io::sink());
        die();
    });
    asked.await.ok()
}

/// With everything that we started, if we lead a process group. By hand we do not.
fn die() -> ! {
    if getpgrp() == getpid() {
        let _ = kill_current_process_group(Signal::KILL);
    }
    std::process::exit(1)
}

fn say_failed(reason: Failure, detail: String) {
    say(FAILED, &NoReport { reason, detail });
}

/// Nobody listens any more: then the agent is gone, and so will we be.
fn say(what: &str, value: &impl Serialize) {
    let json = serde_json::to_string(value).expect("reports and progress are JSON");
    let mut output = io::stdout().lock();
    let _ = writeln!(output, "{what}{json}").and_then(|()| output.flush());
}

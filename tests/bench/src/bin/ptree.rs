//! `aiops analyze ptree` against what anybody would type: `ps -ef --forest`, on a machine with 300
//! and with 5,000 processes more than its own. Other numbers can be given as arguments.

use std::{
    env, fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::figures::{beside, figure, load, median};
use system::program;

const PROCESSES: [usize; 2] = [300, 5000];
const ROUNDS: usize = 15;
/// Children of one shell.
const A_PARENT: usize = 50;

fn main() -> Result<()> {
    let asked: Vec<usize> = env::args()
        .skip(1)
        .map(|number| number.parse().context("a number of processes"))
        .collect::<Result<_>>()?;
    let numbers = if asked.is_empty() {
        PROCESSES.to_vec()
    } else {
        asked
    };
    let aiops = program::path("aiops")?;
    load("before");
    for number in numbers {
        let _crowd = Crowd::start(number)?;
        println!("{} processes, {number} of them for this", processes()?);
        for format in ["json", "table"] {
            let mut ours = Command::new(&aiops);
            ours.args(["analyze", "ptree", "-o", format])
                .env("LANG", "C");
            let mut theirs = Command::new("ps");
            theirs.args(["-ef", "--forest"]);
            compare(format, &mut ours, &mut theirs)?;
        }
    }
    load("after");
    Ok(())
}

fn compare(format: &str, ours: &mut Command, theirs: &mut Command) -> Result<()> {
    // The first of each fills caches.
    timed(ours)?;
    timed(theirs)?;
    let (mut mine, mut other) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        mine.push(timed(ours)?.as_secs_f64());
        other.push(timed(theirs)?.as_secs_f64());
    }
    let ratios: Vec<f64> = mine
        .iter()
        .zip(&other)
        .map(|(mine, other)| mine / other)
        .collect();
    let millis = |times: &[f64]| format!("{:.1} ms", median(times) * 1e3);
    beside(
        &format!("  aiops analyze ptree -o {format}"),
        &millis(&mine),
    );
    beside("  ps -ef --forest", &millis(&other));
    figure(
        "  ratio (median of pairs)",
        &format!("{:.2}", median(&ratios)),
        "<= 1.0",
    );
    Ok(())
}

/// How long a command takes to its end.
fn timed(command: &mut Command) -> Result<Duration> {
    let started = Instant::now();
    let output = command.stderr(Stdio::inherit()).output()?;
    let took = started.elapsed();
    // 1 says that there is a zombie.
    let well = matches!(output.status.code(), Some(0 | 1));
    ensure!(well, "{command:?} ended with {}", output.status);
    ensure!(!output.stdout.is_empty(), "{command:?} printed nothing");
    Ok(took)
}

fn processes() -> Result<usize> {
    let is_pid = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let names = fs::read_dir("/proc")?.filter_map(Result::ok);
    Ok(names
        .filter(|entry| entry.file_name().to_str().is_some_and(is_pid))
        .count())
}

/// Processes that sleep until this is dropped: shells, each with children.
struct Crowd(Vec<Child>);

impl Crowd {
    fn start(number: usize) -> Result<Self> {
        let mut crowd = Self(Vec::new());
        let mut left = number;
        while left > 0 {
            let children = left.saturating_sub(1).min(A_PARENT);
            // Ends with its input: nothing is left if this program is killed.
            let script =
                "for i in $(seq $0); do sleep infinity & done; echo; read x; kill $(jobs -p)";
            let mut shell = Command::new("bash");
            shell.args(["-c", script, &children.to_string()]);
            let shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped());
            crowd.0.push(shell.spawn().context("cannot start bash")?);
            left -= children + 1;
        }
        for shell in &mut crowd.0 {
            let mut out = shell.stdout.take().context("its output is a pipe")?;
            std::io::Read::read_exact(&mut out, &mut [0]).context("a shell did not start")?;
        }
        Ok(crowd)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for shell in &mut self.0 {
            drop(shell.stdin.take());
            // Ended or not, there is nothing more to be done about it.
            let _ = shell.wait();
        }
    }
}

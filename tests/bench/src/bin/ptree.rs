//! `aiops analyze ptree` against what anybody would type: `ps -ef --forest`, on a machine with 300,
//! 2,000 and 10,000 processes more than its own. Other numbers can be given as arguments.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use bench::{
    crowd::{Crowd, asked, processes},
    figures::{beside, figure, load, median},
};
use system::program;

const PROCESSES: [usize; 3] = [300, 2000, 10_000];
const ROUNDS: usize = 15;

fn main() -> Result<()> {
    let aiops = program::path("aiops")?;
    load("before");
    for number in asked(&PROCESSES)? {
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

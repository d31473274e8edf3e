//! `aiops analyze restarts X --period 7d` on a journal of a million entries, against what anybody
//! would type: `journalctl -u X --since -7d -o json`.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use bench::{
    figures::{beside, figure, load, median},
    journal,
};
use system::program;

const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let folder = journal::cached()?;
    load("before");
    let aiops = program::path("aiops")?;
    for unit in [journal::QUIET, journal::CHATTY] {
        compare(&aiops, &folder, unit)?;
    }
    load("after");
    Ok(())
}

fn compare(aiops: &Path, folder: &Path, unit: &str) -> Result<()> {
    let mut ours = Command::new(aiops);
    ours.args(["analyze", "restarts", unit, "--period", "7d", "--journal"]);
    ours.arg(folder).env("LANG", "C");
    let mut theirs = Command::new("journalctl");
    theirs.arg("--directory").arg(folder);
    theirs.args(["-u", unit, "--since", "-7d", "-o", "json"]);
    // The first of each fills the page cache.
    timed(&mut ours)?;
    let (_, read) = timed(&mut theirs)?;
    let (mut mine, mut other) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        mine.push(timed(&mut ours)?.0.as_secs_f64());
        other.push(timed(&mut theirs)?.0.as_secs_f64());
    }
    let ratios: Vec<f64> = mine
        .iter()
        .zip(&other)
        .map(|(mine, other)| mine / other)
        .collect();
    let millis = |times: &[f64]| format!("{:.1} ms", median(times) * 1e3);
    println!("{unit}: {} lines of journalctl", read.lines().count());
    beside("  aiops analyze restarts", &millis(&mine));
    beside("  journalctl -o json", &millis(&other));
    figure(
        "  ratio (median of pairs)",
        &format!("{:.2}", median(&ratios)),
        "<= 1.0",
    );
    Ok(())
}

/// How long a command takes to its end, and what it prints.
fn timed(command: &mut Command) -> Result<(Duration, String)> {
    let started = Instant::now();
    let output = command.stderr(Stdio::inherit()).output()?;
    let took = started.elapsed();
    // 1 says that a unit had stops that nobody wanted.
    let well = matches!(output.status.code(), Some(0 | 1));
    ensure!(well, "{command:?} ended with {}", output.status);
    ensure!(!output.stdout.is_empty(), "{command:?} printed nothing");
    Ok((took, String::from_utf8_lossy(&output.stdout).into_owned()))
}

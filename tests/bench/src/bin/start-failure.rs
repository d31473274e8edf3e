//! `aiops diagnose start-failure` on services that fail in known ways: how often it is right, and how
//! long it takes, also on a host with a journal of a million entries.
//!
//! With `--markdown` the table is that of docs/START_FAILURES.md. Other arguments are beginnings of
//! the names of cases.

use std::{env, fs};

use anyhow::{Context, Result};
use bench::{
    figures::{figure, load, median},
    journal,
};
use system::corpus::{self, Family, Score, Table, Tried, markdown};

/// Cases of a host without packages, tried once more beside a large journal.
const BESIDE_A_LARGE_JOURNAL: [&str; 12] = [
    "unit-healthy",
    "unit-file-relative-path",
    "unit-program-missing",
    "unit-user-missing",
    "unit-port-in-use-behind-a-traceback",
    "unit-port-in-use-behind-the-start-limit",
    "unit-dependency-failed",
    "unit-not-found",
    "unit-application-error",
    "unit-crash-at-start",
    "unit-start-limit",
    "unit-disk-full",
];

fn main() -> Result<()> {
    let (options, names): (Vec<String>, Vec<String>) =
        env::args().skip(1).partition(|word| word.starts_with("--"));
    load("before");
    let tried = corpus::try_cases(&corpus::load(&names)?)?;
    if options.iter().any(|option| option == "--markdown") {
        print!("{}", markdown(&tried));
    } else {
        print!("{}", Table(&tried));
    }
    tell("all cases", &tried);
    let score = Score::of(&tried);
    let share = |right: usize, all: usize| format!("{right}/{all}");
    figure(
        "causes right",
        &share(score.causes_right, score.cases),
        ">= 95 %",
    );
    figure(
        "culprits right",
        &share(score.culprits_right, score.culprits),
        ">= 90 %",
    );
    figure(
        "starts after the recommended fix",
        &share(score.fixed, score.fixes),
        "all, >= 25",
    );
    tell("journal of 1,000,000 entries", &beside_a_large_journal()?);
    load("after");
    Ok(())
}

fn beside_a_large_journal() -> Result<Vec<Tried>> {
    let names = BESIDE_A_LARGE_JOURNAL.map(str::to_owned);
    let mut family: Family = corpus::load(&names)?
        .into_iter()
        .next()
        .context("no such cases")?;
    "6G".clone_into(&mut family.memory);
    let host = corpus::boot(&family)?;
    let machine = host.exec(&["cat", "/etc/machine-id"])?.stdout()?;
    for file in fs::read_dir(journal::cached()?)? {
        let file = file?.path();
        let there = format!("/var/log/journal/{}/system@bench.journal", machine.trim());
        host.put(&file, &there)?;
    }
    corpus::try_on(&host, &family)
}

/// Median and worst time of an answer.
fn tell(what: &str, tried: &[Tried]) {
    let times: Vec<f64> = tried
        .iter()
        .map(|tried| tried.took.as_secs_f64() * 1e3)
        .collect();
    let worst = times.iter().copied().fold(0.0, f64::max);
    figure(
        &format!("{what}: median"),
        &format!("{:.0} ms", median(&times)),
        "< 2 s",
    );
    figure(
        &format!("{what}: worst"),
        &format!("{worst:.0} ms"),
        "< 10 s",
    );
}

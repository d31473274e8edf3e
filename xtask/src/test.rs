//! `cargo xtask test`: every check and every test there is.

mod python;
mod steps;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::lock::{Attempt, Lock};
use crate::packages::{
    self, CLANG, GDB, JOURNAL_REMOTE, LLVM, PERF, POSTGRES, STRACE, UTIL_LINUX, VENV,
};
use crate::page;
use crate::postgres::{Lifetime, Postgres};
use crate::run::shown;
use crate::workspace;
use steps::{Outcome, Step, Surroundings};

#[derive(clap::Args)]
pub struct Args {
    /// Run only the tests with this in their names, and no other checks
    filter: Option<String>,
    /// Run only this step
    #[arg(long, conflicts_with = "filter", value_enum)]
    step: Option<Step>,
    /// Only name the missing packages
    #[arg(long)]
    no_install: bool,
}

pub fn run(args: &Args) -> Result<()> {
    provide(args)?;
    let _lock = wait_for_lock()?;
    let steps = match (&args.filter, args.step) {
        (Some(_), _) => vec![Step::Page, Step::Build, Step::Tests],
        (None, Some(step)) => step.with_what_it_needs(),
        (None, None) => Step::ALL.to_vec(),
    };
    let postgres = steps
        .contains(&Step::Tests)
        .then(fresh_postgres)
        .transpose()?;
    let surroundings = Surroundings {
        filter: args.filter.as_deref(),
        database: postgres.as_ref().map(|postgres| postgres.url("postgres")),
        tools: match &postgres {
            Some(_) => python::for_tests()?,
            None => Vec::new(),
        },
    };
    let mut summary = Vec::new();
    if steps.contains(&Step::Page) {
        page::install(run_visibly)?;
    }
    for (number, step) in steps.iter().enumerate() {
        eprintln!(
            "\n[{}/{}] {step}: {}",
            number + 1,
            steps.len(),
            step.about()
        );
        let started = Instant::now();
        let outcome = run_step(*step, &surroundings, args)?;
        summary.push((*step, outcome, started.elapsed()));
    }
    print_summary(&summary);
    Ok(())
}

/// Installs what the tests need, and says at once if they cannot run here anyway.
fn provide(args: &Args) -> Result<()> {
    let mut missing = packages::missing(&[JOURNAL_REMOTE, POSTGRES, UTIL_LINUX, VENV]);
    missing.extend(packages::missing(&page::NEEDS));
    missing.extend(packages::missing(&page::DRIVES));
    if let Err(lacking) = testhost::requirements() {
        missing.extend(lacking.packages);
    }
    // They only check that the committed BPF object is what its source gives, and not every
    // release has these versions; the test tells when it cannot.
    missing.extend(packages::available(packages::missing(&[CLANG, LLVM])));
    // The analyses do without, and the tests say so.
    missing.extend(packages::available(packages::missing(&[GDB, STRACE, PERF])));
    packages::provide(&missing, !args.no_install)?;
    if args.filter.is_none() && args.step.is_none_or(|step| step == Step::Tests) {
        testhost::requirements().context("the whole-system tests boot real hosts")?;
    }
    Ok(())
}

/// Two runs at once in one checkout would take each other's Postgres away.
fn wait_for_lock() -> Result<Lock> {
    let path = workspace::target().join("test.lock");
    let mut told = false;
    loop {
        match Lock::attempt(&path)? {
            Attempt::Taken(lock) => return Ok(lock),
            Attempt::HeldBy(holder) if !told => {
                let holder = holder
                    .map(|pid| format!(" (pid {pid})"))
                    .unwrap_or_default();
                eprintln!("waiting for another `cargo xtask test`{holder}");
                told = true;
            }
            Attempt::HeldBy(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// A Postgres without the databases of earlier tests.
fn fresh_postgres() -> Result<Postgres> {
    let folder = workspace::target().join("test-pg");
    Postgres::discard(&folder)?;
    Postgres::start(&folder, Lifetime::Ours)
}

fn run_step(step: Step, surroundings: &Surroundings<'_>, args: &Args) -> Result<Outcome> {
    let mut command = match step.command(surroundings)? {
        Ok(command) => command,
        Err(skipped) => {
            eprintln!("skipped: {}", skipped.0);
            return Ok(Outcome::Skipped(skipped));
        }
    };
    eprintln!("$ {}", shown(&command));
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", shown(&command)))?;
    if status.success() {
        return Ok(Outcome::Passed);
    }
    let again = match &args.filter {
        Some(filter) => format!("cargo xtask test {filter}"),
        None => format!("cargo xtask test --step {step}"),
    };
    ensure!(
        step != Step::Format,
        "the step `format` failed; `cargo fmt` mends it"
    );
    bail!("the step `{step}` failed ({status}); it alone: {again}")
}

fn run_visibly(mut command: Command) -> Result<()> {
    eprintln!("$ {}", shown(&command));
    let status = command.status()?;
    ensure!(status.success(), "it ended with {status}");
    Ok(())
}

fn print_summary(summary: &[(Step, Outcome, Duration)]) {
    eprintln!();
    for (step, outcome, took) in summary {
        eprintln!(
            "{:10} {:>7.1} s  {outcome}",
            step.to_string(),
            took.as_secs_f64()
        );
    }
    eprintln!("all passed");
}

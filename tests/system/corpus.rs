//! Real services of Debian fail in real ways, and `aiops diagnose start-failure` finds out why.

use std::env;

use anyhow::{Result, ensure};
use system::corpus::{Score, Table, load, try_cases};

/// Cases that can be tried, at least: some of the packages may be nowhere to be had.
const LEAST: usize = 100;
/// Percent of the cases, at least.
const CAUSES_RIGHT: usize = 95;
const CULPRITS_RIGHT: usize = 90;
/// Of the recommended fixes, at least.
const FIXES_RIGHT: usize = 90;
const LEAST_FIXED: usize = 25;

/// `AIOPS_CORPUS=nginx,sshd` tries only cases whose names begin so.
#[test]
fn the_true_cause_of_a_failed_start_is_found() -> Result<()> {
    let wanted = env::var("AIOPS_CORPUS").unwrap_or_default();
    let wanted: Vec<String> = wanted.split_terminator(',').map(str::to_owned).collect();
    let tried = try_cases(&load(&wanted)?)?;
    println!("{}", Table(&tried));
    let score = Score::of(&tried);
    println!("{}", score.untried.join("\n"));
    println!("{}", score.not_fixed.join("\n"));
    // Not one, however good the rest is.
    ensure!(score.faults.is_empty(), "{}", score.faults.join("\n"));
    if wanted.is_empty() {
        ensure!(score.cases >= LEAST, "{}", score.untried.join("\n"));
        ensure!(score.causes_right * 100 >= score.cases * CAUSES_RIGHT);
        ensure!(score.culprits_right * 100 >= score.culprits * CULPRITS_RIGHT);
        ensure!(score.fixed >= LEAST_FIXED);
        ensure!(score.fixed * 100 >= score.fixes * FIXES_RIGHT);
    }
    Ok(())
}

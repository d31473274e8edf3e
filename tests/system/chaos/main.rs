//! Agents, server and Postgres die at random and spools are damaged, while services start and stop:
//! in the end every run is known, and known once.
//!
//! `CHAOS_SEED=N` repeats a schedule of faults; a failure names its seed.

mod fault;
mod load;
mod rng;
mod verdict;

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use system::Lab;

use crate::{fault::Faults, load::Load};

const HOSTS: [&str; 2] = ["c1", "c2"];
/// About a minute on two cores.
const FAULTS: usize = 30;

#[test]
fn under_chaos_nothing_is_lost_and_nothing_is_stored_twice() -> Result<()> {
    let seed = seed()?;
    let mut lab = Lab::start(&HOSTS)?;
    let mut faults = Faults::of(seed, &lab)?;
    let outcome = chaos(&mut lab, &mut faults);
    outcome.with_context(|| {
        let history = faults.history.join(", ");
        format!(
            "CHAOS_SEED={seed} repeats it: {history}\n{}",
            lab.server.last_lines()
        )
    })
}

fn chaos(lab: &mut Lab, faults: &mut Faults) -> Result<()> {
    let loads: Result<Vec<_>> = lab.members.iter().map(Load::start).collect();
    for _ in 0..FAULTS {
        faults.one_more(lab)?;
    }
    faults.heal(lab)?;
    for (load, member) in loads?.into_iter().zip(&lab.members) {
        load.stop(member)?;
    }
    for member in &lab.members {
        verdict::until_drained(lab, member)?;
        verdict::nothing_lost_nothing_twice(lab, member).context(member.name().to_owned())?;
        verdict::losses_are_declared(lab, member)?;
    }
    Ok(())
}

fn seed() -> Result<u64> {
    match env::var("CHAOS_SEED") {
        Ok(text) => text.parse().context("CHAOS_SEED is a number"),
        Err(_) => Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs()),
    }
}

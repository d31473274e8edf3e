//! What `up` is doing, on stderr: a spinner on a terminal, else a line for each step.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::ProgressBar;

use crate::tell::tell;

/// Does one step of the work and shows that it is going on, and how long it took.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
    if io::stderr().is_terminal() {
        spinner.enable_steady_tick(Duration::from_millis(100));
    } else {
        tell(format_args!("{what} ..."));
    }
    let outcome = work();
    spinner.finish_and_clear();
    if outcome.is_ok() && io::stderr().is_terminal() {
        tell(format_args!(
            "{what}: {:.1} s",
            started.elapsed().as_secs_f64()
        ));
    }
    outcome
}

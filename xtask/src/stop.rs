//! The wish to end, by Ctrl-C or by a signal, and work that heeds it.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::child;
use crate::run::shown;

/// How often what is waited for is looked at.
const PERIOD: Duration = Duration::from_millis(50);

/// Becomes true with the first signal that asks us to end.
#[derive(Clone, Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From here on the first signal does not end us any more: somebody has to look at this. The
    /// second one ends us at once, in case nobody does; the parts then end by their death signal.
    pub fn on_signals() -> io::Result<Self> {
        let wanted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&wanted))?;
            signal_hook::flag::register(signal, Arc::clone(&wanted))?;
        }
        Ok(Self(wanted))
    }

    pub fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks `condition` until it gives a value.
    ///
    /// # Errors
    ///
    /// If it gives none within `limit`, if it fails, or if we are to end.
    pub fn wait_for<T>(
        &self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(value) = condition()? {
                return Ok(value);
            }
            ensure!(!self.is_wanted(), "interrupted");
            ensure!(
                Instant::now() < deadline,
                "not within {} s: {what}",
                limit.as_secs()
            );
            thread::sleep(PERIOD);
        }
    }

    /// Runs a command whose output goes where ours goes. It is killed with all its children if we
    /// are to end, or to end too: it has a process group of its own.
    pub fn run(&self, mut command: Command) -> Result<()> {
        let text = shown(&command);
        let mut running = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run {text}"))?;
        let status = loop {
            if let Some(status) = running.try_wait()? {
                break status;
            }
            if self.is_wanted() {
                child::kill_group(&running);
                running.wait()?;
                bail!("interrupted");
            }
            thread::sleep(PERIOD);
        };
        ensure!(status.success(), "{text} ended with {status}");
        Ok(())
    }
}

//! Calling the script `testhost` for one pool.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The script with the pool that it is to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) pool: String,
    /// The first three bytes of the addresses, as in `10.77.0`.
    pub(crate) network: String,
}

impl Script {
    /// A command of the script, yet to be run.
    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        // Not `/bin/bash`, so that the script runs even from a folder that is mounted noexec.
        let mut command = Command::new("bash");
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("testhost"))
            .args(arguments);
        command
            .env("TESTHOST_POOL", &self.pool)
            .env("TESTHOST_NET", &self.network);
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command of the script and returns what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self
            .command(arguments)
            .output()
            .context("cannot run bash")?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr);
            bail!(
                "testhost {}: {}: {}",
                arguments.join(" "),
                output.status,
                told.trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

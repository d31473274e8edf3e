//! One test host.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::pool::Pool;

/// The status with which the script ends when it failed itself, not the command in the host.
const SCRIPT_FAILED: i32 = 125;

/// A host of a [`Pool`]. It stays when this value is dropped, and goes with its pool.
#[derive(Clone, Debug)]
pub struct Host {
    pool: Pool,
    name: String,
}

/// What a command in a host did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its exit status; 128 + N if it was ended by signal N.
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// What the command printed, if it ended with status 0.
    ///
    /// # Errors
    ///
    /// Otherwise, with all that it printed.
    pub fn stdout(self) -> Result<String> {
        let Self {
            status,
            stdout,
            stderr,
        } = self;
        ensure!(
            status == 0,
            "the command ended with status {status}:\n{stdout}{stderr}"
        );
        Ok(stdout)
    }
}

impl Host {
    pub(crate) fn new(pool: Pool, name: &str) -> Self {
        Self {
            pool,
            name: name.to_owned(),
        }
    }

    /// Its hostname.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address, which it keeps.
    pub fn ip(&self) -> Result<String> {
        Ok(self.run("ip")?.trim().to_owned())
    }

    /// Runs a command as root in the host, outside any unit, and waits for its end.
    ///
    /// # Errors
    ///
    /// If it cannot be run. A status other than 0 is no error: [`Output::stdout`] makes it one.
    pub fn exec(&self, command: &[&str]) -> Result<Output> {
        let output = self.command(command).output().context("cannot run bash")?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(SCRIPT_FAILED) && stderr.starts_with("testhost: ") {
            bail!("{}", stderr.trim());
        }
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Output {
            status: output.status.code().unwrap_or(-1),
            stdout,
            stderr,
        })
    }

    /// Runs a line of shell in the host, like [`Host::exec`].
    pub fn shell(&self, line: &str) -> Result<Output> {
        self.exec(&["bash", "-c", line])
    }

    /// Starts a command in the host that runs on, with pipes to all its ends.
    pub fn spawn(&self, command: &[&str]) -> Result<Running> {
        let mut command = self.command(command);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(Running {
            child: command.spawn().context("cannot run bash")?,
        })
    }

    fn command(&self, command: &[&str]) -> Command {
        let mut whole = vec!["exec", self.name.as_str(), "--"];
        whole.extend(command);
        self.pool.script().command(whole)
    }

    /// Copies a file of this machine into the host, with its mode; folders are made as needed.
    pub fn put(&self, source: &Path, destination: &str) -> Result<()> {
        let source = source
            .to_str()
            .context("the path of the file is not UTF-8")?;
        self.pool
            .run(&["put", &self.name, source, destination])
            .map(drop)
    }

    /// Writes a file in the host, mode 644; folders are made as needed.
    pub fn write(&self, destination: &str, contents: &str) -> Result<()> {
        let install = ["install", "-D", "-m", "644", "/dev/stdin", destination];
        let mut writer = self.spawn(&install)?;
        let mut stdin = writer.child.stdin.take().context("the pipe is missing")?;
        stdin.write_all(contents.as_bytes())?;
        drop(stdin);
        let status = writer.wait()?;
        ensure!(
            status.success(),
            "cannot write {destination} in {}: {status}",
            self.name
        );
        Ok(())
    }

    /// Pulls the network cable.
    pub fn cut(&self) -> Result<()> {
        self.run("cut").map(drop)
    }

    /// Plugs the network cable in again.
    pub fn heal(&self) -> Result<()> {
        self.run("heal").map(drop)
    }

    /// Pulls the power: nothing in the host gets a last word. Its disk stays.
    pub fn power_off(&self) -> Result<()> {
        self.run("off").map(drop)
    }

    /// Boots the host again after [`Host::power_off`]; does nothing if it runs.
    pub fn boot(&self) -> Result<()> {
        self.run("up").map(drop)
    }

    /// Reboots the host in order and returns when it is up again.
    pub fn reboot(&self) -> Result<()> {
        self.run("reboot").map(drop)
    }

    /// The boot id of the last boot. It is read on the base: for a process that entered a host which
    /// shuts down, systemd would wait ten seconds, since it does not hear when that ends.
    pub fn boot_id(&self) -> Result<String> {
        Ok(self.run("boot-id")?.trim().to_owned())
    }

    fn run(&self, command: &str) -> Result<String> {
        self.pool.run(&[command, &self.name])
    }
}

/// A command that runs in a host; it is killed when this value is dropped.
#[derive(Debug)]
pub struct Running {
    /// The way into the host; its pipes are those of the command. Killing it kills the command.
    pub child: Child,
}

impl Running {
    /// Waits for the end of the command.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.child
            .wait()
            .context("cannot wait for a command in a host")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended, which is as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

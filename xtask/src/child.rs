//! A part of the fleet that runs as a child of ours, and its certain end.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::tell::tell;

/// How long a part may take to end by itself. With the agent and the server one after the other,
/// and the test hosts, all is over within five seconds.
const GRACE: Duration = Duration::from_millis(1800);

/// A child with a log file; it is ended when this value is dropped.
#[derive(Debug)]
pub struct Part {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Part {
    /// Starts a program in its own process group, so that Ctrl-C in the terminal reaches only us,
    /// and we end the parts in order. It gets SIGTERM if we die without doing so.
    pub fn start(
        name: &'static str,
        program: &Path,
        arguments: &[&str],
        log: PathBuf,
    ) -> Result<Self> {
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        // setpriv becomes the program; setting this in the child ourselves would need `unsafe`.
        let mut command = Command::new("setpriv");
        command
            .arg("--pdeathsig=TERM")
            .arg(program)
            .args(arguments)
            .process_group(0);
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = command
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        Ok(Self { name, child, log })
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How it ended; `None` while it runs.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// The end of its log, for an error message.
    pub fn last_lines(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    fn end(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + GRACE;
        if self.child.try_wait()?.is_none() {
            send(&self.child, Signal::TERM);
        }
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                let log = self.log.display();
                tell(format_args!(
                    "warning: {} does not end by itself, see {log}",
                    self.name
                ));
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        kill_group(&self.child);
        self.child.wait().map(drop)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tell(format_args!("warning: cannot end {}: {error}", self.name));
        }
    }
}

fn send(child: &Child, signal: Signal) {
    // It fails if the child has just ended, which is as well.
    let _gone = kill_process(Pid::from_child(child), signal);
}

/// Kills a child that leads a process group, and all that is in the group.
pub fn kill_group(child: &Child) {
    // It fails if nothing is left of the group, which is as well.
    let _gone = kill_process_group(Pid::from_child(child), Signal::KILL);
}

/// While it lives, the orphans of our children become our children. When it is dropped, whatever
/// children we still have are killed, in whatever group or session they hide; so it is to be dropped
/// last.
#[derive(Debug)]
pub struct Orphanage(());

impl Orphanage {
    pub fn open() -> Result<Self> {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
            .context("cannot become the one who adopts orphans")?;
        Ok(Self(()))
    }
}

impl Drop for Orphanage {
    fn drop(&mut self) {
        if let Err(error) = kill_descendants() {
            tell(format_args!("warning: {error:#}"));
        }
    }
}

/// Kills our children, and theirs, which then become ours.
fn kill_descendants() -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(1);
    while Instant::now() < deadline {
        for child in children()? {
            let _gone = kill_process(child, Signal::KILL);
        }
        match rustix::process::wait(rustix::process::WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => thread::sleep(Duration::from_millis(10)),
            Err(rustix::io::Errno::CHILD) => return Ok(()),
            Err(error) => return Err(error).context("cannot wait for children"),
        }
    }
    anyhow::bail!("these processes do not die: {:?}", children()?)
}

fn children() -> Result<Vec<Pid>> {
    let mut children = Vec::new();
    for thread in fs::read_dir("/proc/self/task").context("cannot list our threads")? {
        let pids = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
        children.extend(
            pids.split_whitespace()
                .filter_map(|pid| Pid::from_raw(pid.parse().ok()?)),
        );
    }
    Ok(children)
}

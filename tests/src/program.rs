//! Our binaries, as users run them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

/// The path of one of our binaries: in `AIOPS_BIN_DIR`, or beside the folder of this test.
///
/// # Errors
///
/// If it has not been built: `cargo build --workspace --bins`.
pub fn path(name: &str) -> Result<PathBuf> {
    let folder = folder()?;
    let path = fs::canonicalize(folder.join(name)).with_context(|| {
        format!(
            "{name} is not in {}: cargo build --workspace --bins",
            folder.display()
        )
    })?;
    Ok(path)
}

/// The folder of our binaries.
///
/// # Errors
///
/// If nobody says where it is, and the test cannot tell.
pub fn folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("AIOPS_BIN_DIR") {
        return Ok(folder.into());
    }
    let test = env::current_exe().context("a test knows where it is")?;
    let folder = test.ancestors().nth(2);
    Ok(folder
        .context("a test lies in target/PROFILE/deps")?
        .to_owned())
}

/// What a command printed, if it ended well.
///
/// # Errors
///
/// Otherwise, with all that it printed.
pub fn printed(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{command:?} ended with {}:\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(text)
}

/// One of our daemons on this machine. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it; what it prints is added to the file `log`.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = fs::OpenOptions::new().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot run {command:?}"))?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    /// # Errors
    ///
    /// If it has ended, with what it printed last.
    pub fn still_runs(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(
            ended.is_none(),
            "it ended ({ended:?}):\n{}",
            self.last_lines()
        );
        Ok(())
    }

    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a last word, and waits till it is gone.
    pub fn kill(&mut self) {
        // Both fail only if it has ended, which is as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    pub fn last_lines(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

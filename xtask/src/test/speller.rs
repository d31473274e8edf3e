//! The spell checker `typos`, from PyPI: built already, where `cargo install` would take minutes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::packages::find_program;
use crate::run::checked;
use crate::workspace;

/// Fixed, so that a newer dictionary does not fail a commit that did not change.
const VERSION: &str = "1.52.0";

/// The command that checks the checkout.
pub fn command() -> Result<Command> {
    let mut typos = Command::new(program().context("cannot install the spell checker")?);
    typos
        .current_dir(workspace::root())
        .args(["--config", "typos.toml"]);
    Ok(typos)
}

/// Where it is; it is installed in the target folder if need be.
fn program() -> Result<PathBuf> {
    let folder = workspace::target()
        .join("tools")
        .join(format!("typos-{VERSION}"));
    let program = folder.join("bin/typos");
    if !program.exists() {
        // The system's own comes before others in PATH, which may be without venv.
        let python = [PathBuf::from("/usr/bin/python3")]
            .into_iter()
            .find(|python| python.exists());
        let python = python
            .or_else(|| find_program("python3"))
            .context("there is no python3")?;
        checked(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        checked(
            pip.args(["install", "--quiet", "--disable-pip-version-check"])
                .arg(format!("typos=={VERSION}")),
        )?;
    }
    Ok(program)
}

//! Tools from PyPI, each in an environment of its own below the target folder.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::packages::find_program;
use crate::run::checked;
use crate::workspace;

/// A tool at a version of its own: a newer one must not fail a commit that did not change.
pub struct Tool {
    pub package: &'static str,
    pub version: &'static str,
    /// The program that the package brings.
    pub program: &'static str,
}

/// The spell checker: built already, where `cargo install` would take minutes.
pub const TYPOS: Tool = Tool {
    package: "typos",
    version: "1.52.0",
    program: "typos",
};

/// Asks an API whatever its OpenAPI document allows, and what it does not.
const SCHEMATHESIS: Tool = Tool {
    package: "schemathesis",
    version: "4.32.5",
    program: "schemathesis",
};

/// Reads the stacks of a Python process: diagnoses run it where a host has it.
const PY_SPY: Tool = Tool {
    package: "py-spy",
    version: "0.4.3",
    program: "py-spy",
};

/// Those that tests run, and the variables in which they find them.
const FOR_TESTS: [(&str, &Tool); 2] = [
    ("AIOPS_SCHEMATHESIS", &SCHEMATHESIS),
    ("AIOPS_PY_SPY", &PY_SPY),
];

/// Provides all that tests run.
///
/// # Errors
///
/// As of [`Tool::provide`].
pub fn for_tests() -> Result<Vec<(&'static str, PathBuf)>> {
    let provided = |(variable, tool): (&'static str, &Tool)| Ok((variable, tool.provide()?));
    FOR_TESTS.into_iter().map(provided).collect()
}

impl Tool {
    /// Where the program is; it is installed if need be.
    ///
    /// # Errors
    ///
    /// If there is no Python, or PyPI does not give the package.
    pub fn provide(&self) -> Result<PathBuf> {
        let Self {
            package, version, ..
        } = self;
        let folder = workspace::target()
            .join("tools")
            .join(format!("{package}-{version}"));
        let program = folder.join("bin").join(self.program);
        if !program.exists() {
            self.install(&folder)
                .with_context(|| format!("cannot install {package} {version} from PyPI"))?;
        }
        Ok(program)
    }

    fn install(&self, folder: &std::path::Path) -> Result<()> {
        // The system's own comes before others in PATH, which may be without venv.
        let python = [PathBuf::from("/usr/bin/python3")]
            .into_iter()
            .find(|python| python.exists());
        let python = python
            .or_else(|| find_program("python3"))
            .context("there is no python3")?;
        checked(Command::new(python).args(["-m", "venv"]).arg(folder))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"])
            .arg(format!("{}=={}", self.package, self.version));
        checked(&mut pip)
    }
}

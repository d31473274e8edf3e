//! The steps of `cargo xtask test`: which there are, and the command of each.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::python;
use crate::packages::find_program;
use crate::page;
use crate::workspace;

/// The cheap come first, so that a slip is told within seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Step {
    Format,
    Spelling,
    Licenses,
    Page,
    Lints,
    Queries,
    Build,
    Tests,
    Doctests,
    Docs,
}

/// What the commands depend on.
pub struct Surroundings<'a> {
    /// Run only the tests with this in their names.
    pub filter: Option<&'a str>,
    /// The Postgres for the tests; `None` if no test is run.
    pub database: Option<String>,
    /// Programs that tests run, each with the variable that names it; empty if no test is run.
    pub tools: Vec<(&'static str, PathBuf)>,
}

/// How a step ended that did not fail.
pub enum Outcome {
    Passed,
    Skipped(Skipped),
}

/// Why a step cannot be run here.
pub struct Skipped(pub &'static str);

impl Step {
    pub const ALL: &[Self] = &[
        Self::Format,
        Self::Spelling,
        Self::Licenses,
        // Before all that compiles: the server has the page in it.
        Self::Page,
        Self::Lints,
        Self::Queries,
        Self::Build,
        Self::Tests,
        Self::Doctests,
        Self::Docs,
    ];

    pub fn about(self) -> &'static str {
        match self {
            Self::Format => "rustfmt",
            Self::Spelling => "typos",
            Self::Licenses => "licences and sources of the dependencies",
            Self::Page => "types, lints and tests of web/, and the page that the server brings",
            Self::Lints => "clippy; a warning is an error",
            Self::Queries => "is .sqlx what the queries and migrations/ give?",
            Self::Build => "the binaries that the whole-system tests start",
            Self::Tests => "unit tests to whole-system tests",
            Self::Doctests => "the examples in the documentation",
            Self::Docs => "rustdoc; a warning is an error",
        }
    }

    /// This step after those that it cannot do without.
    pub fn with_what_it_needs(self) -> Vec<Self> {
        if self == Self::Tests {
            vec![Self::Page, Self::Build, self]
        } else {
            vec![self]
        }
    }

    /// The command, or why the step is skipped.
    pub fn command(self, surroundings: &Surroundings<'_>) -> Result<Result<Command, Skipped>> {
        Ok(Ok(match self {
            Self::Format => cargo(&["fmt", "--all", "--check"]),
            Self::Spelling => spelling()?,
            Self::Licenses if find_program("cargo-deny").is_none() => {
                return Ok(Err(Skipped(
                    "cargo-deny is not installed, and takes minutes to build",
                )));
            }
            Self::Licenses => cargo(&["deny", "check", "licenses", "bans", "sources"]),
            Self::Page => page::script("ci"),
            Self::Lints => cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
            Self::Queries => cargo(&["xtask", "sqlx", "--check"]),
            Self::Build => cargo(&["build", "--workspace", "--bins"]),
            Self::Tests => tests(surroundings),
            Self::Doctests => cargo(&["test", "--workspace", "--doc", "--quiet"]),
            Self::Docs => docs(),
        }))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "format",
            Self::Spelling => "spelling",
            Self::Licenses => "licenses",
            Self::Page => "page",
            Self::Lints => "lints",
            Self::Queries => "queries",
            Self::Build => "build",
            Self::Tests => "tests",
            Self::Doctests => "doctests",
            Self::Docs => "docs",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Skipped(Skipped(why)) => write!(f, "skipped: {why}"),
        }
    }
}

fn spelling() -> Result<Command> {
    let mut typos = Command::new(python::TYPOS.provide()?);
    typos
        .current_dir(workspace::root())
        .args(["--config", "typos.toml"]);
    Ok(typos)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = workspace::cargo();
    // The same for every step: sqlx's macros read .sqlx, also where a DATABASE_URL is set.
    cargo.args(arguments).env("SQLX_OFFLINE", "true");
    cargo
}

fn tests(surroundings: &Surroundings<'_>) -> Command {
    let mut tests = if find_program("cargo-nextest").is_some() {
        // All of it, also after a failure: whoever reads the log wants to know everything.
        cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
    } else {
        eprintln!(
            "cargo-nextest is not installed: the same tests with `cargo test`, which is slower"
        );
        cargo(&[
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ])
    };
    tests.args(surroundings.filter);
    tests.envs(
        surroundings
            .database
            .as_ref()
            .map(|url| ("DATABASE_URL", url)),
    );
    tests.envs(surroundings.tools.iter().map(|(name, path)| (name, path)));
    tests.env("AIOPS_BIN_DIR", workspace::target().join("debug"));
    tests
}

fn docs() -> Command {
    let mut docs = cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--quiet",
    ]);
    // Private items are documented here too, so links to them lead somewhere.
    docs.env(
        "RUSTDOCFLAGS",
        "-D warnings -A rustdoc::private-intra-doc-links",
    );
    docs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::shown;

    #[test]
    fn a_filter_and_the_database_reach_the_tests() {
        let surroundings = Surroundings {
            filter: Some("spool"),
            database: Some("postgres:///x".to_owned()),
            tools: vec![("AIOPS_PY_SPY", "/opt/py-spy".into())],
        };
        let command = super::tests(&surroundings);
        assert!(shown(&command).ends_with(" spool"), "{}", shown(&command));
        let environment: Vec<_> = command.get_envs().collect();
        assert!(environment.contains(&("DATABASE_URL".as_ref(), Some("postgres:///x".as_ref()))));
        assert!(environment.contains(&("SQLX_OFFLINE".as_ref(), Some("true".as_ref()))));
        assert!(environment.contains(&("AIOPS_PY_SPY".as_ref(), Some("/opt/py-spy".as_ref()))));
    }

    #[test]
    fn a_step_is_called_on_the_command_line_as_it_is_shown() {
        use clap::ValueEnum;
        for step in Step::ALL {
            assert_eq!(Step::from_str(&step.to_string(), false), Ok(*step));
        }
    }
}

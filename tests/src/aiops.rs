//! The command `aiops`, asked as a program asks it.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use crate::{program, server::Server};

/// `aiops` with a server of the lab.
#[derive(Debug)]
pub struct Aiops {
    config: PathBuf,
    token: String,
}

/// What it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Aiops {
    /// Makes a token and a configuration file for a server.
    pub fn of(server: &Server) -> Result<Self> {
        // Replicas share the table of tokens, and differ by their ports.
        let name = server
            .url()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let printed = server.admin(&["api-token", "create", "--name", &name])?;
        let token = printed
            .split_whitespace()
            .find(|word| word.starts_with("aiops_api_"))
            .with_context(|| format!("no token in {printed:?}"))?;
        let authority = server.admin(&["ca", "show"])?;
        let pem = authority
            .find("-----BEGIN")
            .and_then(|start| Some(&authority[start..authority.rfind("-----")? + 5]))
            .with_context(|| format!("no certificate in {authority:?}"))?;
        fs::write(server.folder().join("ca.pem"), pem)?;
        let config = server.folder().join("cli.toml");
        let text = format!(
            "current = 'lab'\n[contexts.lab]\nserver = '{}'\nca_file = 'ca.pem'\ntoken = '{token}'\n",
            server.url()
        );
        fs::write(&config, text)?;
        Ok(Self {
            config,
            token: token.to_owned(),
        })
    }

    /// An administrator's API token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Asks, whatever comes of it.
    pub fn ask(&self, words: &[&str]) -> Result<Answer> {
        let output = self.command(words)?.output().context("cannot run aiops")?;
        Ok(output.into())
    }

    /// Asks for JSON, of a type that the test knows.
    pub fn json<T: DeserializeOwned>(&self, words: &[&str]) -> Result<T> {
        let answer = self.ask(&[words, &["-o", "json"]].concat())?;
        serde_json::from_str(&answer.stdout)
            .with_context(|| format!("aiops {words:?} answered {answer:?}"))
    }

    /// The command, for tests that follow its output.
    pub fn command(&self, words: &[&str]) -> Result<Command> {
        let mut command = Command::new(program::path("aiops")?);
        command
            .env("AIOPS_CONFIG", &self.config)
            .env("LANG", "C")
            .args(words);
        Ok(command)
    }
}

impl From<std::process::Output> for Answer {
    fn from(output: std::process::Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

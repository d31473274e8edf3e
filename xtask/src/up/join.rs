//! How hosts join: the command that the server prints.

use std::process::Command;

use anyhow::{Context, Result};

use super::Places;
use crate::run::captured;

/// The words of `aiops-agent join --server URL --token T --ca-pin PIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinCommand {
    words: Vec<String>,
}

impl JoinCommand {
    /// Has the server make a token for so many hosts.
    pub fn create(places: &Places, uses: u32) -> Result<Self> {
        let mut create = Command::new(places.program("aiops-server"));
        create
            .args(["token", "create", "--config"])
            .arg(places.server_config());
        create.args(["--uses", &uses.to_string(), "--ttl", "1h", "--print-join"]);
        let printed = captured(&mut create)?;
        Self::parse(&printed)
            .with_context(|| format!("no join command in what it printed:\n{printed}"))
    }

    fn parse(printed: &str) -> Option<Self> {
        let line = printed
            .lines()
            .find_map(|line| line.split_once("aiops-agent join "))?
            .1;
        let words = std::iter::once("join").chain(line.split_whitespace());
        Some(Self {
            words: words.map(str::to_owned).collect(),
        })
    }

    /// What follows the name of the program.
    pub fn arguments(&self) -> &[String] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_found_wherever_it_stands_in_the_line() {
        let printed =
            "On the host:\n  sudo aiops-agent join --server https://a:8443 --token t --ca-pin p\n";
        let command = JoinCommand::parse(printed).unwrap();
        let expected = [
            "join",
            "--server",
            "https://a:8443",
            "--token",
            "t",
            "--ca-pin",
            "p",
        ];
        assert_eq!(command.arguments(), expected);
        assert_eq!(JoinCommand::parse("error: no\n"), None);
    }
}

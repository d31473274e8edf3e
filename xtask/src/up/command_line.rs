//! `target/up/aiops`: the command line with this fleet as its server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Serialize;

use super::Places;
use super::config::Addresses;
use super::join::JoinCommand;
use crate::run::captured;

#[derive(Serialize)]
struct Config<'a> {
    server: String,
    ca_pin: &'a str,
    token: &'a str,
}

/// Makes an API token and writes `cli.toml` and the program `aiops`, which uses it.
pub fn write(places: &Places, addresses: &Addresses, join: &JoinCommand) -> Result<()> {
    let token = create_token(places)?;
    let ca_pin = join
        .option("--ca-pin")
        .context("the join command has no --ca-pin")?;
    let config = Config {
        server: addresses.url(),
        ca_pin,
        token: token.trim(),
    };
    let file = places.state.join("cli.toml");
    write_with_mode(&file, &toml::to_string(&config)?, 0o600)?;
    let wrapper = format!(
        "#!/bin/sh\nAIOPS_CONFIG='{}' exec '{}' \"$@\"\n",
        file.display(),
        places.program("aiops").display()
    );
    write_with_mode(&places.state.join("aiops"), &wrapper, 0o755)
}

fn create_token(places: &Places) -> Result<String> {
    let mut create = Command::new(places.program("aiops-server"));
    create
        .args(["api-token", "create", "--config"])
        .arg(places.server_config());
    captured(create.args(["--name", "up"]))
}

/// Writes a file that nobody ever sees with another mode: it may hold a token.
pub fn write_with_mode(file: &Path, text: &str, mode: u32) -> Result<()> {
    let fresh = file.with_extension("new");
    fs::write(&fresh, "")
        .and_then(|()| fs::set_permissions(&fresh, fs::Permissions::from_mode(mode)))
        .and_then(|()| fs::write(&fresh, text))
        .and_then(|()| fs::rename(&fresh, file))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// How many hosts are online in the JSON of `aiops host list`.
pub fn count_online(hosts: &str) -> usize {
    let dense: String = hosts.split_whitespace().collect();
    dense.matches(r#""state":"online""#).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_are_online_count() {
        let hosts = r#"{"hosts": [{"state": "online", "since": 1}, {"state":"joined"}, {"state":"online"}]}"#;
        assert_eq!(count_online(hosts), 2);
        assert_eq!(count_online(""), 0);
    }
}

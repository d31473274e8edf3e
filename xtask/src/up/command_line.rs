//! `target/up/aiops`: the command line with this fleet as its server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Serialize;

use super::Places;
use super::config::Addresses;
use crate::run::captured;

#[derive(Serialize)]
struct Config {
    current: &'static str,
    contexts: Contexts,
}

#[derive(Serialize)]
struct Contexts {
    up: Connection,
}

#[derive(Serialize)]
struct Connection {
    server: String,
    ca_file: &'static str,
    token: String,
}

/// Makes an API token and writes `cli.toml` and the program `aiops`, which uses it.
///
/// The agent of this machine must have joined: it has checked the server's authority by the pin.
pub fn write(places: &Places, addresses: &Addresses) -> Result<()> {
    let authority = places.agent_state().join("ca.pem");
    fs::copy(&authority, places.state.join("ca.pem"))
        .with_context(|| format!("cannot copy {}", authority.display()))?;
    let file = places.state.join("cli.toml");
    write_with_mode(&file, &config(addresses, create_token(places)?)?, 0o600)?;
    let wrapper = format!(
        "#!/bin/sh\nAIOPS_CONFIG='{}' exec '{}' \"$@\"\n",
        file.display(),
        places.program("aiops").display()
    );
    write_with_mode(&places.state.join("aiops"), &wrapper, 0o755)
}

fn config(addresses: &Addresses, token: String) -> Result<String> {
    let up = Connection {
        server: addresses.url(),
        ca_file: "ca.pem",
        token,
    };
    let config = Config {
        current: "up",
        contexts: Contexts { up },
    };
    toml::to_string(&config).context("cannot write the configuration of the command line")
}

/// Makes an administrator's account, and gives the link with which it logs in once.
pub fn login_link(places: &Places) -> Result<String> {
    let mut create = Command::new(places.program("aiops-server"));
    create.args(["account", "create", "operator", "--role", "admin"]);
    let printed = captured(create.arg("--config").arg(places.server_config()))?;
    let link = printed
        .split_whitespace()
        .find(|word| word.contains("/login#link="));
    link.map(str::to_owned)
        .with_context(|| format!("no login link in what it printed: {printed}"))
}

fn create_token(places: &Places) -> Result<String> {
    let mut create = Command::new(places.program("aiops-server"));
    create
        .args(["api-token", "create", "--config"])
        .arg(places.server_config());
    let printed = captured(create.args(["--name", "up"]))?;
    let token = printed
        .split_whitespace()
        .find(|word| word.starts_with("aiops_api_"));
    token
        .map(str::to_owned)
        .with_context(|| format!("no API token in what it printed: {printed}"))
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
    fn the_command_line_is_told_of_the_server() {
        let addresses = Addresses {
            http: ([127, 0, 0, 1], 8443).into(),
            agents: ([127, 0, 0, 1], 9443).into(),
        };
        let expected = r#"current = "up"

[contexts.up]
server = "https://127.0.0.1:8443"
ca_file = "ca.pem"
token = "aiops_api_x"
"#;
        assert_eq!(
            config(&addresses, "aiops_api_x".to_owned()).unwrap(),
            expected
        );
    }

    #[test]
    fn only_hosts_that_are_online_count() {
        let hosts = r#"{"hosts": [{"state": "online", "since": 1}, {"state":"joined"}, {"state":"online"}]}"#;
        assert_eq!(count_online(hosts), 2);
        assert_eq!(count_online(""), 0);
    }
}

//! Which server to ask: a small TOML file, written by `cargo xtask up` or by hand.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::exit::{Exit, Failure};

/// The file: contexts by name, and the one to use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    current: String,
    contexts: BTreeMap<String, Connection>,
}

/// How to reach one server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// `https://HOST:PORT`.
    pub server: String,
    /// PEM file with the authority that signed the server's certificate.
    pub ca_file: PathBuf,
    /// An API token, `aiops_api_...`.
    pub token: String,
}

/// Reads the connection of the current context.
///
/// # Errors
///
/// [`Failure`] if there is no such file, or it is not what it should be.
pub fn connection(file: Option<&Path>) -> Result<Connection, Failure> {
    let path = file
        .map_or_else(default_path, |path| Some(path.to_owned()))
        .ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "cannot tell where the configuration is: HOME is not set",
            )
        })?;
    let text = fs::read_to_string(&path).map_err(|error| {
        Failure::new(Exit::Usage, format!("no server is configured: cannot read {}", path.display()))
            .because(error)
            .hint("`cargo xtask up` starts a server and writes such a file; name one with --config or AIOPS_CONFIG")
    })?;
    let mut connection = parse(&text).map_err(|failure| Failure {
        message: format!("{}: {}", path.display(), failure.message),
        ..failure
    })?;
    // A relative path is meant from where the file lies, not from where the command is typed.
    if let Some(folder) = path.parent() {
        connection.ca_file = folder.join(&connection.ca_file);
    }
    Ok(connection)
}

fn parse(text: &str) -> Result<Connection, Failure> {
    let mut file: File = toml::from_str(text)
        .map_err(|error| Failure::new(Exit::Usage, error.to_string().trim_end()))?;
    file.contexts.remove(&file.current).ok_or_else(|| {
        let names: Vec<_> = file.contexts.keys().map(String::as_str).collect();
        Failure::new(
            Exit::Usage,
            format!("there is no context `{}`", file.current),
        )
        .hint(format!("`current` must be one of: {}", names.join(", ")))
    })
}

fn default_path() -> Option<PathBuf> {
    let folder = env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".config")))?;
    Some(folder.join("aiops/config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        current = "prod"
        [contexts.prod]
        server = "https://fleet.example:8443"
        ca_file = "ca.pem"
        token = "aiops_api_x"
    "#;

    #[test]
    fn the_current_context_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, FILE).unwrap();
        let connection = connection(Some(&path)).unwrap();
        assert_eq!(connection.server, "https://fleet.example:8443");
        assert_eq!(connection.ca_file, folder.path().join("ca.pem"));
    }

    #[test]
    fn a_wrong_file_is_a_usage_error_that_says_what_is_wrong() {
        // (the change to the file, what the message says)
        let cases = [
            (
                "current = \"prod\"",
                "current = \"test\"",
                "no context `test`",
            ),
            ("token", "tokn", "unknown field `tokn`"),
            ("[contexts.prod]", "[contexts.prod", "TOML parse error"),
        ];
        for (from, to, message) in cases {
            let failure = parse(&FILE.replacen(from, to, 1)).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.message.contains(message), "{}", failure.message);
        }
    }
}

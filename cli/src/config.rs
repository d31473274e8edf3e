//! Which server to ask: a small TOML file with a context for each server, written by `aiops login`
//! or by `cargo xtask up`.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    exit::{Exit, Failure},
    message::say,
};

/// The file: contexts by name, and the one to use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Empty: none. The one before was removed.
    current: String,
    #[serde(default)]
    contexts: BTreeMap<String, Connection>,
}

/// How to reach one server, and as whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// `https://HOST:PORT`.
    pub server: String,
    /// The authority that signed the server's certificate, as PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// A file with it, instead. A relative path is meant from where the configuration lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Who logged in. `None`: a token that somebody made by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The server's name of the token, with which `aiops logout` removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_name: Option<String>,
    /// An API token, `aiops_api_...`.
    pub token: String,
}

/// Without the token.
impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("server", &self.server)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Where the configuration is, and which of its contexts was asked for.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// `--config`. `None`: the usual place.
    pub file: Option<PathBuf>,
    /// `--context`. `None`: the current one.
    pub context: Option<String>,
}

/// The contexts, as they stand in the file.
#[derive(Debug)]
pub struct Contexts {
    path: PathBuf,
    file: File,
}

impl Place {
    /// The connection of the context that was asked for.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is no such file or context, or it is not what it should be.
    pub fn connection(&self) -> Result<Connection, Failure> {
        let path = self.path()?;
        let contexts = match Contexts::read(&path) {
            Err(Unusable::Unreadable(error)) => {
                let path = path.display().to_string();
                return Err(
                    Failure::new(Exit::Usage, say("cli-no-server").with("path", path))
                        .because(error)
                        .hint(say("cli-no-server-hint")),
                );
            }
            read => read?,
        };
        let name = self.context.as_deref().unwrap_or(&contexts.file.current);
        contexts.connection(name).cloned()
    }

    /// The contexts; none, where there is no file yet.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the file is not what it should be.
    pub fn contexts(&self) -> Result<Contexts, Failure> {
        let path = self.path()?;
        match Contexts::read(&path) {
            Err(Unusable::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Contexts {
                    path,
                    file: File::default(),
                })
            }
            read => Ok(read?),
        }
    }

    fn path(&self) -> Result<PathBuf, Failure> {
        let path = self.file.clone().or_else(default_path);
        path.ok_or_else(|| Failure::new(Exit::Usage, say("cli-no-home")))
    }
}

impl Contexts {
    fn read(path: &Path) -> Result<Self, Unusable> {
        let text = fs::read_to_string(path).map_err(Unusable::Unreadable)?;
        let mut file: File = toml::from_str(&text).map_err(|error| {
            Unusable::Wrong(format!(
                "{}: {}",
                path.display(),
                error.to_string().trim_end()
            ))
        })?;
        if let Some(folder) = path.parent() {
            for ca_file in file
                .contexts
                .values_mut()
                .filter_map(|one| one.ca_file.as_mut())
            {
                *ca_file = folder.join(&ca_file);
            }
        }
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    pub fn current(&self) -> &str {
        &self.file.current
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Connection)> {
        let contexts = self.file.contexts.iter();
        contexts.map(|(name, connection)| (name.as_str(), connection))
    }

    /// # Errors
    ///
    /// [`Failure`] if there is no such context.
    pub fn connection(&self, name: &str) -> Result<&Connection, Failure> {
        self.file.contexts.get(name).ok_or_else(|| {
            let path = self.path.display().to_string();
            if self.file.contexts.is_empty() {
                return Failure::new(Exit::Usage, say("cli-no-contexts").with("path", path))
                    .hint(say("cli-no-server-hint"));
            }
            let message = if name.is_empty() {
                say("cli-no-current-context")
            } else {
                say("cli-no-such-context").with("name", name)
            };
            let names: Vec<_> = self.iter().map(|(name, _)| name).collect();
            Failure::new(Exit::Usage, message.with("path", path))
                .hint(say("cli-contexts-are").with("names", names.join(", ")))
        })
    }

    /// Makes a context the current one.
    pub fn choose(&mut self, name: &str) -> Result<(), Failure> {
        self.connection(name)?;
        name.clone_into(&mut self.file.current);
        self.save()
    }

    /// Adds or replaces a context, and makes it the current one.
    pub fn put(&mut self, name: &str, connection: Connection) -> Result<(), Failure> {
        self.file.contexts.insert(name.to_owned(), connection);
        name.clone_into(&mut self.file.current);
        self.save()
    }

    /// Removes a context. If it was the current one, the only one left takes its place.
    pub fn remove(&mut self, name: &str) -> Result<(), Failure> {
        self.connection(name)?;
        self.file.contexts.remove(name);
        if self.file.current == name {
            let mut left = self.file.contexts.keys();
            self.file.current = match (left.next(), left.next()) {
                (Some(only), None) => only.clone(),
                _ => String::new(),
            };
        }
        self.save()
    }

    /// Writes the file: whole or not at all, and for nobody else's eyes.
    fn save(&self) -> Result<(), Failure> {
        self.write().map_err(|error| {
            let path = self.path.display().to_string();
            Failure::broken(say("cli-config-not-written").with("path", path), error)
        })
    }

    fn write(&self) -> io::Result<()> {
        let text = toml::to_string_pretty(&self.file).map_err(io::Error::other)?;
        // Through a link, as some people keep their configuration elsewhere.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder)?;
        // Made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        fs::File::open(folder)?.sync_all()
    }
}

/// Why a configuration cannot be used.
enum Unusable {
    Unreadable(io::Error),
    Wrong(String),
}

impl From<Unusable> for Failure {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Unreadable(error) => {
                Self::new(Exit::Usage, say("cli-config-unreadable")).because(error)
            }
            Unusable::Wrong(why) => Self::new(Exit::Usage, why),
        }
    }
}

fn default_path() -> Option<PathBuf> {
    let folder = env::var_os("XDG_CONFIG_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".config")))?;
    Some(folder.join("aiops/config.toml"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const FILE: &str = r#"
        current = "prod"
        [contexts.prod]
        server = "https://fleet.example:8443"
        ca_file = "ca.pem"
        token = "aiops_api_x"
    "#;

    fn place(text: &str) -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, text).unwrap();
        let place = Place {
            file: Some(path),
            context: None,
        };
        (folder, place)
    }

    fn connection(server: &str) -> Connection {
        Connection {
            server: server.to_owned(),
            ca: Some("PEM".to_owned()),
            ca_file: None,
            user: None,
            token_name: None,
            token: "aiops_api_y".to_owned(),
        }
    }

    #[test]
    fn the_current_context_is_taken_unless_another_is_named() {
        let (folder, mut place) = place(FILE);
        let found = place.connection().unwrap();
        assert_eq!(found.server, "https://fleet.example:8443");
        assert_eq!(found.ca_file, Some(folder.path().join("ca.pem")));
        place.context = Some("lab".to_owned());
        let failure = place.connection().unwrap_err();
        assert!(
            failure.to_string().contains("no context `lab`"),
            "{failure}"
        );
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
            let (_folder, place) = place(&FILE.replacen(from, to, 1));
            let failure = place.connection().unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.to_string().contains(message), "{failure}");
        }
    }

    #[test]
    fn the_file_is_written_whole_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            file: Some(folder.path().join("new/config.toml")),
            context: None,
        };
        let mut contexts = place.contexts().unwrap();
        contexts.put("a", connection("https://a:1")).unwrap();
        contexts.put("b", connection("https://b:1")).unwrap();
        let path = folder.path().join("new/config.toml");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(place.connection().unwrap(), connection("https://b:1"));
    }

    #[test]
    fn the_current_context_is_never_one_that_is_gone() {
        let (_folder, place) = place(FILE);
        let mut contexts = place.contexts().unwrap();
        contexts.put("b", connection("https://b:1")).unwrap();
        contexts.put("c", connection("https://c:1")).unwrap();
        contexts.remove("c").unwrap();
        assert_eq!(contexts.current(), "", "which of the two is not guessed");
        contexts.choose("b").unwrap();
        contexts.remove("b").unwrap();
        assert_eq!(contexts.current(), "prod", "the only one that is left");
        assert!(contexts.choose("b").is_err());
    }
}

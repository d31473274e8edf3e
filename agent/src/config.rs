//! What an administrator may set: `/etc/aiops/agent.toml`, and a few names of the environment.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use collect::{black_box::Folders, good_starts::GoodStarts};
use serde::Deserialize;

use crate::{orders::DEFAULT_POLICY, state_dir::DEFAULT_STATE_DIR};

/// Read if nobody names another file; it may be missing.
pub const DEFAULT_CONFIG: &str = "/etc/aiops/agent.toml";

/// In memory: a quiet host does not wake its disk for it.
const DEFAULT_BLACK_BOX: &str = "/run/aiops/black-box";

/// Every key there is, with its table: what a mistyped one is compared with.
const KEYS: [(&str, &[&str]); 8] = [
    (
        "",
        &[
            "state_dir",
            "host_name",
            "log",
            "spool",
            "sources",
            "journal",
            "orders",
            "black_box",
            "good_starts",
        ],
    ),
    ("black_box", &["enabled", "folder"]),
    ("good_starts", &["enabled"]),
    ("orders", &["policy"]),
    ("log", &["filter", "format"]),
    ("spool", &["max_mib"]),
    ("sources", &["process", "journal", "dbus"]),
    (
        "journal",
        &["directory", "first_read_back_h", "cgroup_root"],
    ),
];

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub state_dir: PathBuf,
    /// How the host is called on the server. `None`: its own host name.
    pub host_name: Option<String>,
    pub log: LogConfig,
    pub spool: SpoolLimits,
    pub sources: Sources,
    pub journal: JournalConfig,
    pub orders: OrdersConfig,
    pub black_box: BlackBoxConfig,
    pub good_starts: GoodStartsConfig,
}

/// Copies of the configuration of services that started well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoodStartsConfig {
    pub enabled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlackBoxConfig {
    pub enabled: bool,
    /// Where the last minutes are, in memory. `None`: `/run/aiops/black-box`, or below the state
    /// directory if that is not the usual one.
    pub folder: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// As of the crate `tracing-subscriber`: `info`, `agent=debug`.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpoolLimits {
    /// Largest size on disk, in MiB. What does not fit is dropped by importance, and declared.
    pub max_mib: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sources {
    /// `auto`, `off`, or one way: `bpf`, `proc-connector`, `proc-scan`.
    pub process: String,
    pub journal: bool,
    pub dbus: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JournalConfig {
    /// Where the journal's files are. `None`: the journal of this host.
    pub directory: Option<PathBuf>,
    /// How far back a host that joins tells its history, in hours.
    pub first_read_back_h: u32,
    /// Where this host's cgroups begin in the kernel's log, if it shares the kernel with other
    /// hosts: OOM kills elsewhere are not its own. `None`: it has the kernel to itself.
    pub cgroup_root: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrdersConfig {
    /// What this host may be asked; it may be missing. `remote-disabled` beside it ends all orders.
    pub policy: PathBuf,
}

impl Default for OrdersConfig {
    fn default() -> Self {
        Self {
            policy: DEFAULT_POLICY.into(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state_dir: DEFAULT_STATE_DIR.into(),
            host_name: None,
            log: LogConfig::default(),
            spool: SpoolLimits::default(),
            sources: Sources::default(),
            journal: JournalConfig::default(),
            orders: OrdersConfig::default(),
            black_box: BlackBoxConfig::default(),
            good_starts: GoodStartsConfig::default(),
        }
    }
}

impl Default for GoodStartsConfig {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for BlackBoxConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            folder: None,
        }
    }
}

impl Config {
    /// Where copies of what services are made of are kept.
    pub fn good_starts_folder(&self) -> GoodStarts {
        GoodStarts::at(self.state_dir.join("good-starts"))
    }

    /// Where the black box is.
    pub fn black_box_folders(&self) -> Folders {
        let kept = self.state_dir.join("black-box");
        let recent = match &self.black_box.folder {
            Some(folder) => folder.clone(),
            None if self.state_dir == Path::new(DEFAULT_STATE_DIR) => DEFAULT_BLACK_BOX.into(),
            None => kept.join("recent"),
        };
        Folders { recent, kept }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            filter: "info".into(),
            format: LogFormat::Text,
        }
    }
}

impl Default for SpoolLimits {
    fn default() -> Self {
        Self { max_mib: 256 }
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            process: "auto".into(),
            journal: true,
            dbus: true,
        }
    }
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            directory: None,
            first_read_back_h: 7 * 24,
            cgroup_root: None,
        }
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: {message}", path.display())]
    Malformed { path: PathBuf, message: String },
    #[error("{}: there is no `{key}`", path.display())]
    UnknownKey {
        path: PathBuf,
        key: String,
        nearest: Option<String>,
    },
}

impl ConfigError {
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            _ => None,
        }
    }
}

impl Config {
    /// Reads `path`, or [`DEFAULT_CONFIG`] if it is there, then what the environment says.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the file and the key.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config = match path {
            Some(path) => Self::read(path)?,
            None if Path::new(DEFAULT_CONFIG).exists() => Self::read(Path::new(DEFAULT_CONFIG))?,
            None => Self::default(),
        };
        config.apply(|name| env::var(name).ok());
        Ok(config)
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    /// Reads the text of a configuration; `path` is for the errors.
    ///
    /// # Errors
    ///
    /// As for [`Config::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let malformed = |error: toml::de::Error| ConfigError::Malformed {
            path: path.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        };
        let table: toml::Table = text.parse().map_err(malformed)?;
        if let Some(key) = unknown_key(&table) {
            let nearest = nearest(&key);
            return Err(ConfigError::UnknownKey {
                path: path.to_owned(),
                key,
                nearest,
            });
        }
        // From the text again: its errors show the line.
        toml::from_str(text).map_err(malformed)
    }

    fn apply(&mut self, variable: impl Fn(&str) -> Option<String>) {
        if let Some(path) = variable("AIOPS_STATE_DIR") {
            self.state_dir = path.into();
        }
        if let Some(name) = variable("AIOPS_HOST_NAME") {
            self.host_name = Some(name);
        }
        if let Some(root) = variable("AIOPS_CGROUP_ROOT") {
            self.journal.cgroup_root = Some(root);
        }
        if let Some(filter) = variable("AIOPS_LOG") {
            self.log.filter = filter;
        }
    }
}

fn keys(table: &str) -> &'static [&'static str] {
    KEYS.iter()
        .find(|(name, _)| *name == table)
        .map_or(&[], |(_, keys)| keys)
}

fn unknown_key(table: &toml::Table) -> Option<String> {
    for (name, value) in table {
        if !keys("").contains(&name.as_str()) {
            return Some(name.clone());
        }
        let inner = value.as_table().into_iter().flat_map(|table| table.keys());
        if let Some(key) = inner
            .into_iter()
            .find(|key| !keys(name).contains(&key.as_str()))
        {
            return Some(format!("{name}.{key}"));
        }
    }
    None
}

/// The key that was probably meant, if one is near.
fn nearest(wrong: &str) -> Option<String> {
    let full = |table: &str, key: &str| match table {
        "" => key.to_owned(),
        table => format!("{table}.{key}"),
    };
    KEYS.iter()
        .flat_map(|(table, keys)| keys.iter().map(|key| full(table, key)))
        .map(|key| (strsim::jaro_winkler(wrong, &key), key))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("agent.toml"), text)
    }

    #[test]
    fn nothing_set_is_the_default() {
        assert_eq!(parse("").unwrap(), Config::default());
        let config = parse("[spool]\nmax_mib = 64\n[sources]\ndbus = false").unwrap();
        assert_eq!(config.spool.max_mib, 64);
        assert!(!config.sources.dbus && config.sources.journal);
    }

    #[test]
    fn a_mistyped_key_is_refused_with_the_one_that_was_meant() {
        let cases = [
            ("statedir = '/x'", "statedir", Some("state_dir")),
            ("[spool]\nmax_mb = 1", "spool.max_mb", Some("spool.max_mib")),
            ("[source]\ndbus = true", "source", Some("sources")),
            ("[zzz]\nq = 1", "zzz", None),
        ];
        for (text, wrong, meant) in cases {
            match parse(text) {
                Err(ConfigError::UnknownKey { key, nearest, .. }) => {
                    assert_eq!((key.as_str(), nearest.as_deref()), (wrong, meant));
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_wrong_value_is_shown_with_its_line() {
        let error = parse("[spool]\nmax_mib = 'much'").unwrap_err().to_string();
        assert!(
            error.starts_with("agent.toml: ") && error.contains("line 2"),
            "{error}"
        );
    }

    #[test]
    fn every_key_that_is_read_is_one_that_is_known() {
        let all = "state_dir = '/x'\nhost_name = 'h'\n[log]\nfilter = 'info'\nformat = 'json'\n\
                   [spool]\nmax_mib = 1\n[sources]\nprocess = 'bpf'\njournal = true\ndbus = true\n\
                   [journal]\ndirectory = '/j'\nfirst_read_back_h = 1\n\
                   cgroup_root = '/c'\n[orders]\npolicy = '/p'\n\n[black_box]\nenabled = false\nfolder = '/x'\n[good_starts]\nenabled = false";
        let table: toml::Table = all.parse().unwrap();
        let written: usize = table
            .values()
            .map(|v| v.as_table().map_or(0, |t| t.len()))
            .sum();
        let known: usize = KEYS.iter().skip(1).map(|(_, keys)| keys.len()).sum();
        assert_eq!((table.len(), written), (KEYS[0].1.len(), known));
        assert!(parse(all).is_ok());
    }

    #[test]
    fn the_environment_has_the_last_word() {
        let mut config = parse("state_dir = '/file'").unwrap();
        config.apply(|name| (name == "AIOPS_STATE_DIR").then(|| "/env".into()));
        assert_eq!(config.state_dir, Path::new("/env"));
    }
}

//! Which keys there are, and reading them from text and environment.

use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Config;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: unknown key `{key}`", path.display())]
    UnknownKey {
        path: PathBuf,
        key: String,
        nearest: String,
    },
    #[error("cannot use {}", path.display())]
    Malformed {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("cannot use the environment variable {name}")]
    Environment {
        name: String,
        source: Box<toml::de::Error>,
    },
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { nearest, .. } => Some(format!("did you mean `{nearest}`?")),
            _ => None,
        }
    }
}

/// Keys that have no value by default, which is why [`known_keys`] cannot see them there.
const KEYS_WITHOUT_DEFAULT: [&str; 4] = [
    "database_url",
    "log.format",
    "log.filter",
    "orders.key_file",
];

/// Reads the file's text, then lets the environment overrule it.
pub(super) fn read(
    text: &str,
    path: &Path,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Config, ConfigError> {
    let malformed = |source| ConfigError::Malformed {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let mut table: Table = text.parse().map_err(malformed)?;
    let known = known_keys();
    if let Some(key) = leaves(&table).into_iter().find(|key| !known.contains(key)) {
        let nearest = nearest(&key, &known);
        let path = path.to_owned();
        return Err(ConfigError::UnknownKey { path, key, nearest });
    }
    // From the text and not from the table: these errors show the line.
    toml::from_str::<Config>(text).map_err(malformed)?;
    overrule(&mut table, &known, environment)
}

/// Puts the environment's values over those of `table`.
fn overrule(
    table: &mut Table,
    known: &[String],
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Config, ConfigError> {
    for key in known {
        let name = variable(key);
        if let Some(text) = environment(&name) {
            set(table, key, value_of(key, &text));
            // At once, so that the error can name the variable.
            let checked = Config::try_from_table(table);
            checked.map_err(|source| ConfigError::Environment { name, source })?;
        }
    }
    Ok(Config::try_from_table(table).expect("the text and each variable were read before"))
}

impl Config {
    fn try_from_table(table: &Table) -> Result<Self, Box<toml::de::Error>> {
        table.clone().try_into().map_err(Box::new)
    }
}

/// `AIOPS_LISTEN_HTTP` for `listen.http`.
fn variable(key: &str) -> String {
    format!("AIOPS_{}", key.replace('.', "_").to_uppercase())
}

/// Lists are separated by commas. A text that is no number, nor true or false, stands for itself.
fn value_of(key: &str, text: &str) -> Value {
    if key == "public_names" {
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        return Value::Array(names.map(|name| Value::String(name.into())).collect());
    }
    match text.parse::<i64>() {
        Ok(number) => Value::Integer(number),
        Err(_) => Value::String(text.into()),
    }
}

fn set(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.into(), value);
        }
        Some((section, rest)) => {
            let inner = table
                .entry(section)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

fn known_keys() -> Vec<String> {
    let defaults = Table::try_from(Config::default()).expect("the defaults can be written as TOML");
    let mut keys = leaves(&defaults);
    keys.extend(KEYS_WITHOUT_DEFAULT.map(str::to_owned));
    keys
}

/// The dotted paths of all values that are not tables.
fn leaves(table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                let below = leaves(inner).into_iter();
                found.extend(below.map(|rest| format!("{key}.{rest}")));
            }
            _ => found.push(key.clone()),
        }
    }
    found
}

/// The key that most resembles `typed`. The last part of it counts too: people forget the section.
fn nearest(typed: &str, known: &[String]) -> String {
    let distance = |key: &String| {
        let leaf = key.rsplit('.').next().unwrap_or(key);
        strsim::damerau_levenshtein(typed, key).min(strsim::damerau_levenshtein(typed, leaf) + 1)
    };
    let nearest = known.iter().min_by_key(|key| distance(key));
    nearest.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Config, ConfigError> {
        read(text, Path::new("server.toml"), |_| None)
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_right_one() {
        let cases: &[(&str, &str)] = &[
            ("data_dri = '/x'", "data_dir"),
            ("database-url = 'x'", "database_url"),
            ("events_days = 3", "retention.events_days"),
            ("[retention]\nledger_day = 3", "retention.ledger_days"),
            ("[listen]\nhtpp = '0.0.0.0:1'", "listen.http"),
            ("[listne]\nhttp = '0.0.0.0:1'", "listen.http"),
            ("[log]\nformatt = 'json'", "log.format"),
        ];
        for (text, expected) in cases {
            let error = read_text(text).unwrap_err();
            let expected = format!("did you mean `{expected}`?");
            assert_eq!(error.hint(), Some(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_is_refused_with_its_line() {
        let error = read_text("data_dir = '/x'\nstop_grace = 'soon'").unwrap_err();
        let ConfigError::Malformed { source, .. } = error else {
            panic!("{error:?}");
        };
        let text = source.to_string();
        assert!(text.contains("line 2"), "{text}");
        assert!(text.contains("\"soon\" is no length of time"), "{text}");
    }

    #[test]
    fn the_environment_overrules_the_file() {
        let environment = |name: &str| match name {
            "AIOPS_LISTEN_HTTP" => Some("127.0.0.1:1".to_owned()),
            "AIOPS_PUBLIC_NAMES" => Some("a.example, 10.0.0.1".to_owned()),
            "AIOPS_RETENTION_EVENTS_DAYS" => Some("3".to_owned()),
            _ => None,
        };
        let text = "[listen]\nhttp = '0.0.0.0:2'\nagents = '0.0.0.0:3'";
        let config = read(text, Path::new("server.toml"), environment).unwrap();
        assert_eq!(config.listen.http.to_string(), "127.0.0.1:1");
        assert_eq!(config.listen.agents.to_string(), "0.0.0.0:3");
        assert_eq!(config.retention.events_days, 3);
        let names: Vec<_> = config
            .public_names
            .iter()
            .map(|name| name.as_str())
            .collect();
        assert_eq!(names, ["a.example", "10.0.0.1"]);
    }

    #[test]
    fn an_error_of_the_environment_names_the_variable() {
        let wrong = |name: &str| (name == "AIOPS_STOP_GRACE").then(|| "soon".to_owned());
        let error = read("", Path::new("server.toml"), wrong).unwrap_err();
        assert!(error.to_string().contains("AIOPS_STOP_GRACE"), "{error}");
    }

    #[test]
    fn every_key_without_a_default_is_one() {
        for key in KEYS_WITHOUT_DEFAULT {
            let mut table = Table::new();
            set(&mut table, key, Value::String("json".into()));
            assert!(Config::try_from_table(&table).is_ok(), "{key}");
        }
    }
}

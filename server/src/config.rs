//! The server's configuration: defaults, then the TOML file, then the environment.
//!
//! Every key can also be given as an environment variable: `AIOPS_` and its path in capitals, with
//! `_` between the parts (`AIOPS_LISTEN_HTTP`). A key that does not exist is refused, and the error
//! names the nearest one that does.

mod keys;

mod public_name;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use analysis::period::{NotAPeriod, Period};
pub use keys::ConfigError;
pub use public_name::{NotAPublicName, PublicName};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the server keeps what is its own: the private Postgres, if it runs one.
    pub data_dir: PathBuf,
    /// `postgres://...`. `None`: the server runs a Postgres of its own in `data_dir`.
    pub database_url: Option<String>,
    /// Names and addresses under which agents and people reach this server; the server's
    /// certificate is for these. Empty: this machine's host name.
    pub public_names: Vec<PublicName>,
    pub listen: Listen,
    pub identity: Identity,
    pub orders: Orders,
    pub retention: Retention,
    pub limits: Limits,
    pub log: Log,
    /// How long requests and streams may go on after the server was told to stop.
    pub stop_grace: Period,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// HTTPS: people, the API, enrolment.
    pub http: SocketAddr,
    /// gRPC: agents with their certificates.
    pub agents: SocketAddr,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Life of an agent's certificate; it is renewed at half of that.
    pub certificate_lifetime: Period,
    /// For how long an expired certificate can still be renewed by its key.
    pub renew_after_expiry: Period,
    pub server_certificate_lifetime: Period,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Raw events are dropped after this many days; the restart ledger stays.
    pub events_days: u32,
    /// The restart ledger, and the gaps in it: a run goes so many days after it stopped. What
    /// still runs stays.
    pub ledger_days: u32,
    /// Inquiries and their reports are deleted after this many days; the audit stays.
    pub inquiries_days: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Orders {
    /// The private key that signs orders; the same for all servers of one database. `None`:
    /// `order-key.pem` in `data_dir`.
    pub key_file: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// In all: three of five store what agents send, the others answer people.
    pub database_connections: u32,
    /// TLS handshakes in flight on one listener. More wait in the kernel's queue.
    pub handshakes: usize,
    /// Open connections on the HTTPS listener.
    pub http_connections: usize,
    /// Open connections on the agents' listener.
    pub agent_connections: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `None`: text on a terminal, JSON else.
    pub format: Option<LogFormat>,
    /// As tracing's `EnvFilter` reads it.
    pub filter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "/var/lib/aiops-server".into(),
            database_url: None,
            public_names: Vec::new(),
            listen: Listen::default(),
            identity: Identity::default(),
            orders: Orders::default(),
            retention: Retention::default(),
            limits: Limits::default(),
            log: Log::default(),
            stop_grace: Period::from_secs(3),
        }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            http: ([0, 0, 0, 0], 8443).into(),
            agents: ([0, 0, 0, 0], 9443).into(),
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            certificate_lifetime: Period::from_days(7),
            renew_after_expiry: Period::from_days(30),
            server_certificate_lifetime: Period::from_days(30),
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events_days: 30,
            // A year and a month: what happened at this time last year can be compared.
            ledger_days: 400,
            inquiries_days: 30,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            database_connections: 20,
            handshakes: 64,
            http_connections: 1_000,
            agent_connections: 15_000,
        }
    }
}

impl Limits {
    /// Connections that only store. At least one.
    pub fn ingest_database_connections(&self) -> u32 {
        (self.database_connections.saturating_mul(3) / 5).max(1)
    }

    /// Connections for people's requests. At least one.
    pub fn people_database_connections(&self) -> u32 {
        let ingest = self.ingest_database_connections();
        self.database_connections.saturating_sub(ingest).max(1)
    }
}

impl Config {
    /// Reads `file` and the environment of this process. Without a file: the defaults.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, has a key that does not exist, or a value that cannot be.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
                path: path.to_owned(),
                source,
            })?,
            None => String::new(),
        };
        let shown = file.unwrap_or(Path::new("the defaults"));
        keys::read(&text, shown, |name| std::env::var(name).ok())
    }

    /// Fills in what is asked of the machine: without public names, its host name.
    pub fn with_machine_names(mut self) -> Self {
        if self.public_names.is_empty() {
            self.public_names.push(PublicName::of_this_machine());
        }
        self
    }

    /// Where the key is that signs orders.
    pub fn order_key_file(&self) -> PathBuf {
        let file = self.orders.key_file.clone();
        file.unwrap_or_else(|| self.data_dir.join("order-key.pem"))
    }

    /// The name that the join command and the logs show.
    pub fn first_public_name(&self) -> PublicName {
        let first = self.public_names.first().cloned();
        first.unwrap_or_else(PublicName::of_this_machine)
    }
}

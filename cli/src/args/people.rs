//! `aiops login`, `context`, `account`, `token`, `audit`, `api`.

use analysis::{people::Role, period::Period};
use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;

use crate::complete;

#[derive(Debug, Args)]
pub struct Login {
    /// https://HOST:PORT, or a whole login link instead of a password
    pub server: String,
    /// SHA-256 of the key of the server's authority, as `aiops-server ca show` prints it
    #[arg(long, value_name = "sha256:HEX")]
    pub ca_pin: Option<String>,
    /// Name of the context [default: the server's host name]
    #[arg(long)]
    pub name: Option<String>,
    /// Who logs in [default: the name on this machine]
    #[arg(long)]
    pub user: Option<String>,
    /// Read the password from standard input, one line
    #[arg(long)]
    pub password_stdin: bool,
    /// With a login link: also set the password of later logins
    #[arg(long)]
    pub set_password: bool,
}

#[derive(Debug, Subcommand)]
pub enum ContextCommand {
    /// All contexts; `*` marks the current one
    List,
    /// Ask this server from now on
    Use {
        #[arg(add = ArgValueCandidates::new(complete::contexts))]
        name: String,
    },
    /// One context, without its token
    Show {
        /// [default: the current one]
        #[arg(add = ArgValueCandidates::new(complete::contexts))]
        name: Option<String>,
    },
    /// Forget a context; its token stays valid (`aiops logout` ends it)
    Remove {
        #[arg(add = ArgValueCandidates::new(complete::contexts))]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Everybody who can log in
    List,
    /// Make an account, and print the link with which its owner logs in once
    Create {
        name: String,
        /// viewer reads, operator asks hosts, admin says who may
        #[arg(long, default_value = "viewer", value_name = "viewer|operator|admin")]
        role: Role,
    },
    /// Refuse its logins and tokens from now on
    Disable { name: String },
    /// Take it back
    Enable { name: String },
    /// Change what it may do
    SetRole {
        name: String,
        #[arg(value_name = "viewer|operator|admin")]
        role: Role,
    },
    /// Print a new link with which its owner logs in once
    Link { name: String },
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Tokens and what they may do; for an administrator all, else one's own
    List,
    /// Make a token; it is printed this once
    Create {
        name: String,
        /// At most your own role
        #[arg(long, default_value = "viewer", value_name = "viewer|operator|admin")]
        role: Role,
        /// How long it works [default: till it is removed]
        #[arg(long, value_name = "DURATION")]
        ttl: Option<Period>,
    },
    /// Refuse it from now on
    Remove { name: String },
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// The entries, the oldest first
    List {
        /// How far to look back [default: to the beginning]
        #[arg(long, value_name = "DURATION")]
        since: Option<Period>,
    },
    /// Check that no entry was changed, left out or put in between
    Verify,
}

#[derive(Debug, Args)]
pub struct ApiCall {
    /// GET, POST, PATCH, PUT or DELETE
    pub method: String,
    /// Below /api/v1: /hosts?label=role=db
    pub path: String,
    /// What to send: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub data: Option<String>,
}

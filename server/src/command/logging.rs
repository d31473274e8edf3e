//! Where the log goes and how it looks.

use std::io::{self, IsTerminal as _};

use server::config::{Log, LogFormat};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is logged if the configuration says nothing.
const DEFAULT_FILTER: &str = "info,sqlx::query=warn,sqlx::postgres::notice=warn";

/// Logs to standard error: text to a terminal, JSON else, unless the configuration says.
///
/// # Errors
///
/// If the configured filter cannot be read.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(log.filter.as_deref().unwrap_or(DEFAULT_FILTER))?;
    let terminal = io::stderr().is_terminal();
    let default = if terminal {
        LogFormat::Text
    } else {
        LogFormat::Json
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match log.format.unwrap_or(default) {
        LogFormat::Text => {
            let colour = terminal && std::env::var_os("NO_COLOR").is_none();
            subscriber.with_ansi(colour).finish().try_init()?;
        }
        LogFormat::Json => subscriber.json().flatten_event(true).finish().try_init()?,
    }
    Ok(())
}

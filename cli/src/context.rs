//! What every command has: where to print, and whom to ask.

use std::path::PathBuf;

use crate::{args::Global, config, exit::Failure, output::Printer, server::Server};

/// What every command has.
pub struct Context {
    pub printer: Printer,
    /// The host that was named with `--host`; `None`: this machine.
    pub host: Option<String>,
    config: Option<PathBuf>,
}

impl Context {
    /// # Errors
    ///
    /// [`Failure`] if the options make no sense.
    pub fn new(global: &Global) -> Result<Self, Failure> {
        Ok(Self {
            printer: Printer::new(global)?,
            host: global.host.clone(),
            config: global.config.clone(),
        })
    }

    /// The server that is configured. Commands about this machine alone never ask for it.
    pub fn server(&self) -> Result<Server, Failure> {
        Server::new(config::connection(self.config.as_deref())?)
    }
}

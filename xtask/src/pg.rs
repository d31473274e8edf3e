//! `cargo xtask pg`: a Postgres for development that runs until it is stopped.

use anyhow::Result;

use crate::postgres::{Lifetime, Postgres};
use crate::workspace;

/// The database with our migrations applied, for sqlx to check the queries against.
pub const SCHEMA_DATABASE: &str = "aiops";

#[derive(clap::Subcommand)]
pub enum Command {
    /// Start it, make the database `aiops` anew from migrations/ and print its DATABASE_URL
    Start,
    /// Stop it; its data stays in target/dev-pg
    Stop,
}

pub fn run(command: &Command) -> Result<()> {
    let folder = workspace::target().join("dev-pg");
    match command {
        Command::Start => {
            let postgres = Postgres::start(&folder, Lifetime::UntilStopped)?;
            postgres.recreate(SCHEMA_DATABASE, &workspace::root().join("migrations"))?;
            println!("export DATABASE_URL='{}'", postgres.url(SCHEMA_DATABASE));
            Ok(())
        }
        Command::Stop => match Postgres::running(&folder)? {
            Some(postgres) => postgres.stop(),
            None => Ok(()),
        },
    }
}

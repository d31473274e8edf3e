//! A server on this machine alone, with a Postgres of its own.

use anyhow::{Context, Result};
use server::private_postgres::PrivatePostgres;
use sqlx::PgPool;
use system::Server;

/// Not 127.0.0.1: another server may run there.
pub const ADDRESS: &str = "127.77.0.1";

/// Connects to the Postgres of a running server, as its owner does.
pub async fn database(server: &Server) -> Result<PgPool> {
    let options = PrivatePostgres::running(&server.folder().join("server"))
        .context("the server runs no Postgres of its own")?;
    Ok(PgPool::connect_with(options).await?)
}

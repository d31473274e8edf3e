//! Postgres: one file for each family of tables, one function for each question.
//!
//! The caller owns the transaction. Constraints do the checking; the caller maps them to what its
//! user can understand.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};

pub mod accounts;
pub mod agents;
pub mod audit;
pub mod authority;
pub mod events;
pub mod gaps;
pub mod hosts;
pub mod inquiries;
pub mod leases;
pub mod order_keys;
pub mod orders;
pub mod partitions;
pub mod runs;
pub mod sessions;
pub mod streams;
pub mod tokens;

/// The schema, compiled in, so that a server always brings the one it was built for.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// A request waits this long for a free connection before it fails.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// Bounds that hold for every connection, so that no query and no lock can hang the server.
const SESSION_SETTINGS: [(&str, &str); 4] = [
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("application_name", "aiops-server"),
];

/// Connects to Postgres with at most `connections` at once.
///
/// # Errors
///
/// If Postgres does not answer or refuses us.
pub async fn connect(options: PgConnectOptions, connections: u32) -> sqlx::Result<PgPool> {
    let options = options.options(SESSION_SETTINGS);
    pool(connections).connect_with(options).await
}

/// A pool of at most `connections`, the first of which is made when it is needed.
pub fn connect_later(options: PgConnectOptions, connections: u32) -> PgPool {
    pool(connections).connect_lazy_with(options.options(SESSION_SETTINGS))
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECTION_WAIT)
}

/// Brings the schema up to date. Any number of servers may do this at once: sqlx takes a lock.
///
/// On a connection of its own, because a migration may take longer than a query of the server may.
///
/// # Errors
///
/// If a migration fails, or the database was already migrated by a newer server.
pub async fn migrate(options: &PgConnectOptions) -> Result<(), MigrateError> {
    let mut connection = options.connect().await?;
    MIGRATIONS.run(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Whether every migration of this server has been applied.
///
/// # Errors
///
/// If Postgres does not answer, or was never migrated.
pub async fn is_migrated(db: &PgPool) -> sqlx::Result<bool> {
    // Not checked at compile time: sqlx makes this table, not our migrations.
    let newest: Option<i64> =
        sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
            .fetch_one(db)
            .await?;
    let ours = MIGRATIONS.iter().map(|migration| migration.version).max();
    Ok(newest >= ours)
}

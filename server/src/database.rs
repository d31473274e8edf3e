//! The Postgres that the configuration means.

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;
use tracing::warn;

use crate::config::Config;
use crate::db;
use crate::private_postgres::PrivatePostgres;

/// Connections whose query goes on are left to Postgres after this. With the grace period of
/// requests, a stop takes less than five seconds.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Two pools of connections, and the private Postgres behind them if there is one.
pub struct Database {
    /// For people's requests and commands.
    pub pool: PgPool,
    /// For storing what agents send, so that no flood of requests can keep it waiting.
    pub ingest: PgPool,
    private: Option<PrivatePostgres>,
}

impl Database {
    /// Connects to the configured Postgres, or starts a private one, and brings the schema up to
    /// date.
    ///
    /// # Errors
    ///
    /// If there is no Postgres to be had, or its schema is newer than this server.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let private = match &config.database_url {
            Some(_) => None,
            None => Some(PrivatePostgres::start(&config.data_dir).await?),
        };
        let options = match &private {
            Some(private) => private.options(),
            None => configured(config)?,
        };
        Self::migrated(options, config, private).await
    }

    /// Like [`Self::open`], for a command beside a server that may be running: it uses that one's
    /// private Postgres, or starts it for as long as the command takes.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn open_beside(config: &Config) -> anyhow::Result<Self> {
        if config.database_url.is_none()
            && let Some(options) = PrivatePostgres::running(&config.data_dir)
        {
            return Self::migrated(options, config, None).await;
        }
        Self::open(config).await
    }

    /// A database that is there already; for tests.
    pub fn given(pool: PgPool) -> Self {
        Self {
            ingest: pool.clone(),
            pool,
            private: None,
        }
    }

    async fn migrated(
        options: PgConnectOptions,
        config: &Config,
        private: Option<PrivatePostgres>,
    ) -> anyhow::Result<Self> {
        db::migrate(&options)
            .await
            .context("cannot migrate the database")?;
        let limits = &config.limits;
        // Connects when the first agent does: a command needs none.
        let ingest = db::connect_later(options.clone(), limits.ingest_database_connections());
        let pool = db::connect(options, limits.people_database_connections()).await;
        let pool = pool.context("cannot connect to the database")?;
        Ok(Self {
            pool,
            ingest,
            private,
        })
    }

    /// Waits until the private Postgres has ended by itself; for ever if there is none.
    pub async fn lost(&mut self) -> anyhow::Error {
        match &mut self.private {
            Some(private) => match private.ended().await {
                Some(status) => anyhow::anyhow!("the private Postgres ended with {status}"),
                None => anyhow::anyhow!("the private Postgres ended"),
            },
            None => std::future::pending().await,
        }
    }

    /// Closes the connections, within a second or not at all, and ends the private Postgres.
    pub async fn close(self) {
        let closing = async { tokio::join!(self.pool.close(), self.ingest.close()) };
        if timeout(CLOSE_LIMIT, closing).await.is_err() {
            warn!("not waiting for queries that do not end");
        }
        if let Some(private) = self.private {
            private.stop().await;
        }
    }
}

fn configured(config: &Config) -> anyhow::Result<PgConnectOptions> {
    let url = config.database_url.as_deref().unwrap_or_default();
    // Not the URL: it may hold a password.
    PgConnectOptions::from_str(url).context("database_url is not of the form postgres://...")
}

//! The server as a whole: what it is made of, its start and its end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use futures_util::FutureExt as _;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::api::live::LiveEvents;
use crate::app::{Addresses, App};
use crate::config::Config;
use crate::database::Database;
use crate::db::agents as agents_table;
use crate::identity::authority::Authority;
use crate::identity::tls::{self, ServerCertificate};
use crate::listen::{Door, agents, people};
use crate::orders::{self, Orders};
use crate::{https, ingest, upkeep};

/// How often the server looks whether certificates are due for renewal.
const LOOK_AT_CERTIFICATES_EVERY: Duration = Duration::from_secs(60);

/// A server that listens and does not serve yet.
pub struct Server {
    app: App,
    database: Database,
    people: Door,
    agents: Door,
    certificate: Arc<ServerCertificate>,
}

/// One of the tasks that the server is made of; its name is for the log.
type Part = (&'static str, anyhow::Result<()>);

impl Server {
    /// Connects to Postgres, migrates it, reads or makes the authority, and listens.
    ///
    /// # Errors
    ///
    /// Whatever can be wrong at the start.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        let database = Database::open(&config).await?;
        Self::bind_on(config, database).await
    }

    /// Like [`Self::bind`], on a database that is open and migrated.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn bind_on(config: Config, database: Database) -> anyhow::Result<Self> {
        let now = chrono::Utc::now();
        let authority = Authority::open(&database.pool, now).await?;
        let certificate = Arc::new(ServerCertificate::new(&config, &authority, now)?);
        let http = listen(config.listen.http).await?;
        let agents = listen(config.listen.agents).await?;
        let app = App {
            db: database.pool.clone(),
            ingest_db: database.ingest.clone(),
            addresses: Addresses {
                http: http.local_addr()?,
                agents: agents.local_addr()?,
            },
            authority: Arc::new(authority),
            orders: Orders::open(&database.pool, &config.order_key_file(), now).await?,
            config: Arc::new(config),
            live: LiveEvents::default(),
            login_limits: Arc::default(),
            metrics: Arc::default(),
            replica: Uuid::now_v7(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        Ok(Self {
            people: people_door(&app, http, &certificate)?,
            agents: agents_door(&app, agents, &certificate)?,
            certificate,
            database,
            app,
        })
    }

    /// What its handlers share; for those who start a server in their own process.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Serves until `stop` is cancelled, then lets what is in flight end within the grace period.
    ///
    /// # Errors
    ///
    /// If a part ends by itself. The others are then stopped: half a server looks healthy.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Self {
            app,
            mut database,
            people,
            agents,
            certificate,
        } = self;
        let Addresses {
            http,
            agents: agents_at,
        } = app.addresses;
        info!(%http, agents = %agents_at, replica = %app.replica, "serving");
        let mut parts = start(&app, people, agents, certificate);
        let outcome = tokio::select! {
            () = stop.cancelled() => Ok(()),
            Some(part) = parts.join_next() => Err(ended_by_itself(part)),
            lost = database.lost() => Err(lost),
        };
        app.stop.cancel();
        if timeout(app.config.stop_grace.as_duration(), drain(&mut parts))
            .await
            .is_err()
        {
            warn!(parts = parts.len(), "cutting off what did not end in time");
            parts.shutdown().await;
        }
        database.close().await;
        info!("stopped");
        outcome
    }
}

fn start(
    app: &App,
    people: Door,
    agents: Door,
    certificate: Arc<ServerCertificate>,
) -> JoinSet<Part> {
    let stop = || app.stop.clone();
    let mut parts = JoinSet::new();
    let serving = people::serve(people, https::router(app.clone()), stop());
    parts.spawn(named("people's listener", serving.map(Ok)));
    let routes = Routes::new(ingest::service(app.clone()));
    let (db, metrics) = (app.ingest_db.clone(), Arc::clone(&app.metrics));
    let serving = agents::serve(agents, routes, db, metrics, stop());
    parts.spawn(named("agents' listener", async { Ok(serving.await?) }));
    parts.spawn(named("upkeep", upkeep::run(app.clone(), stop())));
    parts.spawn(named("orders", orders::run(app.clone(), stop())));
    let keeping = keep_certificates(app.clone(), certificate, stop());
    parts.spawn(named("certificates", keeping));
    parts
}

async fn named(name: &'static str, part: impl Future<Output = anyhow::Result<()>>) -> Part {
    (name, part.await)
}

fn ended_by_itself(part: Result<Part, JoinError>) -> anyhow::Error {
    match part {
        Ok((name, Ok(()))) => anyhow!("the {name} ended by itself"),
        Ok((name, Err(error))) => error.context(format!("the {name} failed")),
        Err(error) => anyhow!(error).context("a part of the server panicked"),
    }
}

async fn drain(parts: &mut JoinSet<Part>) {
    while let Some(part) = parts.join_next().await {
        match part {
            Ok((_, Ok(()))) => {}
            Ok((name, Err(error))) => warn!("the {name} failed while it stopped: {error:#}"),
            Err(error) => error!("a part of the server panicked while it stopped: {error}"),
        }
    }
}

/// Renews the server's certificate at half of its life, and counts the agents that did not renew
/// theirs, until `stop` is cancelled.
///
/// Looks at the clock again and again instead of sleeping until then: a machine that was suspended
/// sleeps longer than it thinks.
async fn keep_certificates(
    app: App,
    certificate: Arc<ServerCertificate>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut tick = tokio::time::interval(LOOK_AT_CERTIFICATES_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        match certificate.renew_if_due(&app.authority, app.now()) {
            Ok(true) => info!("renewed the server's certificate"),
            Ok(false) => {}
            Err(error) => error!(?error, "cannot renew the server's certificate"),
        }
        let quarter = app.config.identity.certificate_lifetime.as_delta() / 4;
        match agents_table::certificates_ending_before(&app.db, app.now() + quarter).await {
            Ok(ending) => {
                app.metrics.identity.certificates_ending.set(ending);
            }
            Err(error) => warn!(%error, "cannot count the certificates that end soon"),
        }
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}"))
}

fn people_door(
    app: &App,
    listener: TcpListener,
    certificate: &Arc<ServerCertificate>,
) -> anyhow::Result<Door> {
    let limits = &app.config.limits;
    let tls = tls::for_people(Arc::clone(certificate)).context("cannot set up TLS")?;
    let bounds = (limits.handshakes, limits.http_connections);
    Ok(Door::new(
        "http",
        listener,
        tls,
        bounds,
        Arc::clone(&app.metrics),
    ))
}

fn agents_door(
    app: &App,
    listener: TcpListener,
    certificate: &Arc<ServerCertificate>,
) -> anyhow::Result<Door> {
    let limits = &app.config.limits;
    let tls = tls::for_agents(Arc::clone(certificate), &app.authority)
        .map_err(|error| anyhow!(error))
        .context("cannot set up TLS for agents")?;
    let bounds = (limits.handshakes, limits.agent_connections);
    Ok(Door::new(
        "agents",
        listener,
        tls,
        bounds,
        Arc::clone(&app.metrics),
    ))
}

//! What every handler and every background task of the server shares.

use std::net::SocketAddr;
use std::sync::Arc;

use analysis::Timestamp;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::api::live::LiveEvents;
use crate::api::metrics::Metrics;
use crate::config::{Config, PublicName};
use crate::identity::authority::Authority;
use crate::orders::Orders;
use crate::people::LoginLimits;

/// Cheap to clone: one for each request.
#[derive(Clone)]
pub struct App {
    /// For people's requests, enrolment and renewal.
    pub db: PgPool,
    /// For what must go on however many people ask: storing, and upkeep. The same database.
    pub ingest_db: PgPool,
    pub authority: Arc<Authority>,
    pub config: Arc<Config>,
    pub live: LiveEvents,
    pub login_limits: Arc<LoginLimits>,
    pub orders: Orders,
    pub metrics: Arc<Metrics>,
    /// Names this process among the replicas; new at every start.
    pub replica: Uuid,
    pub addresses: Addresses,
    /// Cancelled when the server stops: streams that would otherwise never end watch it.
    pub stop: CancellationToken,
    /// Streams of agents and of followers, each a task of its own; `upkeep::run` waits for them.
    pub tasks: TaskTracker,
}

/// Where the listeners are bound, which is known only after the start if the port was 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    pub http: SocketAddr,
    pub agents: SocketAddr,
}

impl App {
    /// The server's clock.
    pub fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }

    /// `host:port` of the agent listener under each public name, in the order to try them.
    pub fn stream_addresses(&self) -> Vec<String> {
        let port = self.addresses.agents.port();
        let names = PublicName::for_others(&self.config.public_names);
        names.iter().map(|name| name.with_port(port)).collect()
    }

    /// The one line that makes a host join, to be run on it as root.
    pub fn join_command(&self, token: &str) -> String {
        let port = self.addresses.http.port();
        join_command(&self.config, port, token, self.authority.pin())
    }
}

/// The line that makes a host join the server whose HTTPS listener is at `http_port`.
pub fn join_command(config: &Config, http_port: u16, token: &str, ca_pin: &str) -> String {
    let server = config.first_public_name().with_port(http_port);
    format!("aiops-agent join --server https://{server} --token {token} --ca-pin {ca_pin}")
}

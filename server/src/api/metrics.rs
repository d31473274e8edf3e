//! What Prometheus reads.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::error::ApiError;
use crate::app::App;
use crate::identity::metrics::IdentityMetrics;
use crate::ingest::IngestMetrics;
use crate::orders::OrderMetrics;

/// The counters of this process.
#[derive(Debug, Default)]
pub struct Metrics {
    pub identity: IdentityMetrics,
    pub ingest: IngestMetrics,
    pub fleet: FleetMetrics,
    pub orders: OrderMetrics,
    /// Those who follow the events live.
    pub followers: Gauge,
}

/// About all agents, whichever replica they speak to.
#[derive(Debug, Default)]
pub struct FleetMetrics {
    pub connected: Gauge,
    pub events_behind: Gauge,
}

impl Metrics {
    fn register(&self, registry: &mut Registry) {
        self.identity.register(registry);
        self.ingest.register(registry);
        self.orders.register(registry);
        let fleet = &self.fleet;
        registry.register(
            "connected_agents",
            "Agents that are connected to any replica",
            fleet.connected.clone(),
        );
        registry.register(
            "events_behind",
            "Events on the disks of connected agents that are not stored",
            fleet.events_behind.clone(),
        );
        registry.register(
            "followers",
            "Clients that follow the events",
            self.followers.clone(),
        );
    }
}

/// `GET /metrics`, in the text format of OpenMetrics.
pub(super) async fn metrics(State(app): State<App>) -> Result<Response, ApiError> {
    let mut registry = Registry::with_prefix("aiops");
    app.metrics.register(&mut registry);
    register_pool(&app, &mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|_| ApiError::Internal("metrics cannot be written"))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

fn register_pool(app: &App, registry: &mut Registry) {
    let connections = Gauge::<i64>::default();
    connections.set(i64::from(app.db.size()) + i64::from(app.ingest_db.size()));
    registry.register(
        "database_connections",
        "Connections to Postgres",
        connections,
    );
    let idle = Gauge::<i64>::default();
    idle.set(i64::try_from(app.db.num_idle() + app.ingest_db.num_idle()).unwrap_or(i64::MAX));
    registry.register("database_connections_idle", "Of these, idle ones", idle);
}

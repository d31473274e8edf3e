//! The HTTP API for people and their programs.

pub mod live;
pub mod metrics;

use axum::Router;

use crate::app::App;

/// Every route below `/api/v1`, health and metrics.
pub fn router(_app: App) -> Router {
    Router::new()
}

//! The HTTP API for people and their programs.
//!
//! Extract, ask, answer: a handler reads its parameters, asks `db`, and answers with a shape of
//! `analysis::fleet`. Everything that goes wrong is an `ApiError`.

mod auth;
mod cursor;
mod error;
mod events;
mod follow;
mod health;
mod hosts;
pub mod live;
pub mod metrics;
mod params;
mod recent;
mod restarts;
mod runs;
mod tokens;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router, response::IntoResponse as _};

use crate::app::App;
use error::ApiError;

/// The largest body of a request, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Every route below `/api/v1`, health and metrics.
pub fn router(app: App) -> Router {
    let people = Router::new()
        .route("/hosts", get(hosts::list))
        .route("/hosts/{host}", get(hosts::show))
        .route("/hosts/{host}/revoke", post(hosts::revoke))
        .route("/hosts/{host}/runs", get(runs::of_host))
        .route("/hosts/{host}/restarts", get(restarts::of_host))
        .route("/units/{unit}/runs", get(runs::of_unit))
        .route("/join-tokens", post(tokens::create))
        .route("/events", get(events::page))
        .route("/events/stream", get(follow::stream))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        // Behind the routes and the fallbacks: without a token nobody learns what exists.
        .layer(from_fn_with_state(app.clone(), auth::require_token))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(never_cached));
    Router::new()
        .nest("/api/v1", people)
        .route("/healthz", get(health::alive))
        .route(
            "/readyz",
            get(health::ready).layer(Extension(health::last_readiness())),
        )
        .route("/metrics", get(metrics::metrics))
        .with_state(app)
}

async fn not_found() -> ApiError {
    ApiError::NotFound
}

async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// What hosts do is nobody's to keep, and changes all the time.
async fn never_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

//! The HTTP API for people and their programs.
//!
//! Extract, ask, answer: a handler reads its parameters, asks `db`, and answers with a shape of
//! `analysis`. Everything that goes wrong is an `ApiError`. A new request is a handler with its
//! `#[utoipa::path]`, a line in [`routes()`] and one in [`permissions::TABLE`].

mod accounts;
mod analyses;
mod api_tokens;
mod asked_hosts;
mod audit;
mod auth;
mod body;
mod cursor;
mod error;
mod events;
mod follow;
mod following;
mod health;
mod hosts;
mod inquiries;
mod inquiry_stream;
pub mod live;
mod login;
mod me;
pub mod metrics;
pub mod openapi;
mod origin;
mod params;
mod parts;
pub mod permissions;
mod recent;
mod report_text;
mod restarts;
mod runs;
mod tokens;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Extension, Router, response::IntoResponse as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use error::ApiError;

/// The largest body of a request, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Where the API begins. A change that breaks clients gets another number.
pub const BASE: &str = "/api/v1";

/// Every route below [`BASE`], health and metrics.
pub fn router(app: App) -> Router {
    let people = Router::from(routes())
        .fallback(not_found)
        // Behind the routes and the fallback: without a token nobody learns what exists.
        .layer(from_fn_with_state(app.clone(), auth::permit))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(never_cached));
    Router::new()
        .nest(BASE, people)
        // Another version than ours; not the page's, either.
        .nest("/api", Router::new().fallback(not_found))
        .route("/api/", any(not_found))
        .route("/healthz", get(health::alive))
        .route(
            "/readyz",
            get(health::ready).layer(Extension(health::last_readiness())),
        )
        .route("/metrics", get(metrics::metrics))
        .with_state(app)
}

/// The handlers with their descriptions. Who may call them is in [`permissions::TABLE`].
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(openapi::show))
        .routes(routes!(login::with_password))
        .routes(routes!(login::with_link))
        .routes(routes!(login::out))
        .routes(routes!(me::show))
        .routes(routes!(me::change_password))
        .routes(routes!(me::list_sessions))
        .routes(routes!(me::end_session))
        .routes(routes!(accounts::list, accounts::create))
        .routes(routes!(accounts::change))
        .routes(routes!(accounts::login_link))
        .routes(routes!(api_tokens::list, api_tokens::create))
        .routes(routes!(api_tokens::revoke))
        .routes(routes!(hosts::list))
        .routes(routes!(hosts::show))
        .routes(routes!(hosts::revoke))
        .routes(routes!(runs::of_host))
        .routes(routes!(restarts::of_host))
        .routes(routes!(runs::of_unit))
        .routes(routes!(tokens::create))
        .routes(routes!(events::page))
        .routes(routes!(follow::stream))
        .routes(routes!(analyses::list))
        .routes(routes!(inquiries::create, inquiries::list))
        .routes(routes!(inquiries::show))
        .routes(routes!(inquiry_stream::stream))
        .routes(routes!(inquiries::cancel))
        .routes(routes!(report_text::show))
        .routes(routes!(audit::page))
}

async fn not_found() -> ApiError {
    ApiError::NotFound
}

/// What hosts do is nobody's to keep, and changes all the time.
async fn never_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await.into_response();
    let kept = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}

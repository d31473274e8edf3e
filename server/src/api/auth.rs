//! Who may ask: whoever has an API token.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::error::ApiError;
use crate::app::App;
use crate::identity::tokens::verify_api_token;

/// Tokens that are looked up at once: anybody may send one, and only who has a valid one shall
/// hold the other connections to Postgres.
static CHECKS: Semaphore = Semaphore::const_new(4);
/// A request waits this long for its turn.
const TURN_LIMIT: Duration = Duration::from_secs(5);

/// Lets a request pass that has a valid token.
pub(super) async fn require_token(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let token = bearer(request.headers()).ok_or(ApiError::Unauthorized)?;
    check(&app, token).await?;
    Ok(next.run(request).await)
}

async fn check(app: &App, token: &str) -> Result<(), ApiError> {
    let Ok(_turn) = timeout(TURN_LIMIT, CHECKS.acquire()).await else {
        return Err(sqlx::Error::PoolTimedOut.into());
    };
    let known = verify_api_token(&app.db, token, app.now()).await?;
    known.map(drop).ok_or(ApiError::Unauthorized)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

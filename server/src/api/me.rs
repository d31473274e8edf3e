//! Who asks.

use analysis::people::Me;
use axum::Json;

use super::auth::Caller;

/// `GET /me`: who the server takes the client for.
#[utoipa::path(get, path = "/me", tag = "people",
    responses((status = 200, description = "Who asks, and as what", body = Me)))]
pub(super) async fn show(caller: Caller) -> Json<Me> {
    Json(caller.me())
}

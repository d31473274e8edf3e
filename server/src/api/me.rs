//! What people see and change of themselves.

use std::net::SocketAddr;

use analysis::people::{Me, NewPassword, Session, SessionList};
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::json;

use super::auth::{Caller, Proof};
use super::body::Body;
use super::error::ApiError;
use super::login::{Cookie, cookie, origin};
use super::params::{self, Path};
use crate::app::App;
use crate::db::accounts::{self, AccountRow};
use crate::db::{audit, sessions};
use crate::people::accounts::set_password;
use crate::people::login::{LoginError, check_old_password};
use crate::people::sessions::{alive, begin};

/// `GET /me`: who the server takes the client for.
#[utoipa::path(get, path = "/me", tag = "people",
    responses((status = 200, description = "Who asks, and as what", body = Me)))]
pub(super) async fn show(caller: Caller) -> Json<Me> {
    Json(caller.me())
}

/// `POST /me/password`: all other sessions end, and this one gets a new cookie.
#[utoipa::path(post, path = "/me/password", tag = "people", request_body = NewPassword,
    responses((status = 204, description = "The password is the new one")))]
pub(super) async fn change_password(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    caller: Caller,
    headers: HeaderMap,
    Body(NewPassword { old, new }): Body<NewPassword>,
) -> Result<(StatusCode, Cookie), ApiError> {
    let (account, _) = caller.session()?;
    let origin = origin(peer, &headers);
    let row = accounts::find(&app.db, &caller.name).await?;
    let row = row.ok_or(ApiError::Unauthorized)?;
    if asks_for_old(&row, &caller) {
        let checked = check_old_password(&app, &row, old.unwrap_or_default(), origin).await;
        checked.map_err(|error| match error {
            LoginError::Wrong => ApiError::BadParameter {
                name: "old",
                why: "is not your password".to_owned(),
            },
            other => other.into(),
        })?;
    }
    set_password(&app.db, &caller.actor(), &caller.name, new).await?;
    let mut db = app.db.acquire().await?;
    let secret = begin(&mut db, account, origin.user_agent, false, app.now()).await?;
    Ok((StatusCode::NO_CONTENT, cookie(&secret)?))
}

fn asks_for_old(account: &AccountRow, caller: &Caller) -> bool {
    let by_link = matches!(caller.proof, Proof::Session { by_link: true, .. });
    account.password_hash.is_some() && !by_link
}

/// `GET /me/sessions`: one's logins in the page.
#[utoipa::path(get, path = "/me/sessions", tag = "people",
    responses((status = 200, description = "The sessions, the newest first", body = SessionList)))]
pub(super) async fn list_sessions(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<SessionList>, ApiError> {
    let (account, _) = caller.session()?;
    let rows = sessions::of_account(&app.db, account, alive(app.now())).await?;
    let is_current =
        |found: &str| matches!(&caller.proof, Proof::Session { id, .. } if id == found);
    let session = |row: sessions::SessionRow| Session {
        current: is_current(&row.id),
        id: row.id,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        user_agent: row.user_agent,
    };
    let sessions = rows.into_iter().map(session).collect();
    Ok(Json(SessionList { sessions }))
}

/// `DELETE /me/sessions/{id}`: ends one of them.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "people",
    params(("id" = String, Path, description = "As the list has it")),
    responses((status = 204, description = "It has ended")))]
pub(super) async fn end_session(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let (account, _) = caller.session()?;
    let id = params::text("id", &id, 64)?;
    let mut tx = app.db.begin().await?;
    if !sessions::end_called(&mut *tx, account, id).await? {
        return Err(ApiError::NotFound);
    }
    audit::append(&mut tx, &caller.actor(), "session-ended", id, json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

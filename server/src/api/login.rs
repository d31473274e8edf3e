//! Logging in and out of the page.

use std::net::SocketAddr;

use analysis::people::{LinkLogin, Login, Me, Via};
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use super::auth::{self, Caller};
use super::body::Body;
use super::error::ApiError;
use crate::app::App;
use crate::db::{audit, sessions};
use crate::identity::tokens::Secret;
use crate::people::login::{self, LoggedIn, Origin};
use crate::people::sessions::{LIFE, hash};

/// The one header of an answer that sets a cookie.
pub(super) type Cookie = [(HeaderName, HeaderValue); 1];

/// `POST /login`: begins a session, which lives in a cookie.
#[utoipa::path(post, path = "/login", tag = "people", request_body = Login,
    responses((status = 200, description = "Who is logged in; the cookie comes along", body = Me)))]
pub(super) async fn with_password(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(Login { name, password }): Body<Login>,
) -> Result<(Cookie, Json<Me>), ApiError> {
    let done = login::with_password(&app, &name, password, origin(peer, &headers)).await?;
    answer(done)
}

/// `POST /login/link`: the same with a login link, which works once.
#[utoipa::path(post, path = "/login/link", tag = "people", request_body = LinkLogin,
    responses((status = 200, description = "Who is logged in; the cookie comes along", body = Me)))]
pub(super) async fn with_link(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(LinkLogin { token }): Body<LinkLogin>,
) -> Result<(Cookie, Json<Me>), ApiError> {
    let done = login::with_link(&app, &token, origin(peer, &headers)).await?;
    answer(done)
}

/// `POST /logout`: ends the session.
#[utoipa::path(post, path = "/logout", tag = "people",
    responses((status = 204, description = "The session has ended")))]
pub(super) async fn out(
    State(app): State<App>,
    caller: Caller,
) -> Result<(StatusCode, Cookie), ApiError> {
    let (_, session) = caller.session()?;
    let mut tx = app.db.begin().await?;
    sessions::end(&mut *tx, session).await?;
    audit::append(&mut tx, &caller.actor(), "logout", "", json!({})).await?;
    tx.commit().await?;
    Ok((StatusCode::NO_CONTENT, no_cookie()))
}

/// Where a login comes from.
pub(super) fn origin(peer: SocketAddr, headers: &HeaderMap) -> Origin<'_> {
    let user_agent = headers.get(header::USER_AGENT);
    Origin {
        address: peer.ip().to_canonical(),
        user_agent: user_agent
            .and_then(|text| text.to_str().ok())
            .unwrap_or_default(),
        session: auth::cookie(headers).and_then(hash),
    }
}

fn answer(done: LoggedIn) -> Result<(Cookie, Json<Me>), ApiError> {
    let me = Me {
        role: crate::people::role(&done.account.role),
        name: done.account.name,
        via: Via::Session,
        expires_at: Some(done.expires_at),
    };
    Ok((cookie(&done.secret)?, Json(me)))
}

/// Sets the cookie of a session.
pub(super) fn cookie(secret: &Secret) -> Result<Cookie, ApiError> {
    let (name, life) = (auth::COOKIE, LIFE.num_seconds());
    let text = format!("{name}={secret}; Path=/; Max-Age={life}; Secure; HttpOnly; SameSite=Lax");
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| ApiError::Internal("a cookie cannot be written"))?;
    value.set_sensitive(true);
    Ok([(header::SET_COOKIE, value)])
}

fn no_cookie() -> Cookie {
    let text = "__Host-aiops_session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax";
    [(header::SET_COOKIE, HeaderValue::from_static(text))]
}

//! Tokens with which hosts join.

use analysis::fleet::{JoinToken, NewJoinToken};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::auth::Caller;
use super::body::Body;
use super::error::ApiError;
use super::params;
use crate::app::App;
use crate::config::Period;
use crate::identity::tokens;

/// A token is good for at most this many seconds: 30 days.
const MOST_TTL_S: u64 = 30 * 24 * 60 * 60;
/// Most labels of a host.
const MOST_LABELS: usize = 32;

/// `POST /join-tokens`: the answer shows the token this once.
#[utoipa::path(post, path = "/join-tokens", tag = "hosts", request_body = NewJoinToken,
    responses((status = 201, description = "The token, and the line to run", body = JoinToken)))]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewJoinToken>,
) -> Result<(StatusCode, Json<JoinToken>), ApiError> {
    let new = checked(new)?;
    let (secret, expires_at) =
        tokens::create_join_token(&app.db, &caller.actor(), new, app.now()).await?;
    let token = secret.to_string();
    let command = app.join_command(&token);
    let ca_pin = app.authority.pin().to_owned();
    Ok((
        StatusCode::CREATED,
        Json(JoinToken {
            token,
            expires_at,
            ca_pin,
            command,
        }),
    ))
}

fn checked(new: NewJoinToken) -> Result<tokens::NewJoinToken, ApiError> {
    let ttl = Some(new.ttl_s).filter(|ttl| (1..=MOST_TTL_S).contains(ttl));
    let ttl =
        ttl.and_then(|ttl| u32::try_from(ttl).ok())
            .ok_or_else(|| ApiError::BadParameter {
                name: "ttl_s",
                why: format!("has to be between 1 and {MOST_TTL_S}"),
            })?;
    if new.labels.len() > MOST_LABELS {
        let why = format!("at most {MOST_LABELS} are possible");
        return Err(ApiError::BadParameter {
            name: "labels",
            why,
        });
    }
    for (key, value) in &new.labels {
        params::text("labels", key, 63)?;
        params::text("labels", value, 255)?;
    }
    Ok(tokens::NewJoinToken {
        uses: new.uses,
        ttl: Period::from_secs(ttl),
        labels: new.labels,
    })
}

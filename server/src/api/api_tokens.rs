//! API tokens: everybody makes their own, up to their own role.

use analysis::people::{ApiToken, ApiTokenList, MadeApiToken, NewApiToken, Role};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::TimeDelta;
use uuid::Uuid;

use super::auth::{Caller, Proof};
use super::body::Body;
use super::error::ApiError;
use super::params::{self, Path};
use crate::app::App;
use crate::db::tokens as table;
use crate::identity::tokens;
use crate::people::role;

/// Longest name of a token, in bytes.
const MAX_NAME: usize = 100;
/// Longest life that can be asked for: ten years.
const MOST_TTL_S: u64 = 10 * 365 * 24 * 60 * 60;

/// `GET /api-tokens`: all for an administrator, one's own for others. Without the tokens.
#[utoipa::path(get, path = "/api-tokens", tag = "people",
    responses((status = 200, description = "The API tokens by name", body = ApiTokenList)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<ApiTokenList>, ApiError> {
    let rows = table::api_tokens(&app.db, reach(&caller)).await?;
    let token = |row: table::ApiTokenRow| ApiToken {
        role: role(&row.role),
        name: row.name,
        account: row.account,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    };
    let tokens = rows.into_iter().map(token).collect();
    Ok(Json(ApiTokenList { tokens }))
}

/// `POST /api-tokens`: the answer shows the token this once.
#[utoipa::path(post, path = "/api-tokens", tag = "people", request_body = NewApiToken,
    responses((status = 201, description = "The token", body = MadeApiToken)))]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(asked): Body<NewApiToken>,
) -> Result<(StatusCode, Json<MadeApiToken>), ApiError> {
    let name = params::text("name", &asked.name, MAX_NAME)?;
    if asked.role > caller.role {
        return Err(ApiError::NotAllowed {
            needs: asked.role,
            has: caller.role,
        });
    }
    // Each has a name and a limit of its own: else one that may ask would be many that may.
    if caller.account.is_none() && caller.role < Role::Admin {
        return Err(ApiError::NotAllowed {
            needs: Role::Admin,
            has: caller.role,
        });
    }
    let now = app.now();
    let expires_at = asked.ttl_s.map(ttl).transpose()?.map(|ttl| now + ttl);
    // What a token makes does not outlive it: else one that leaked would never be rid of.
    let (bound, made_by) = match caller.proof {
        Proof::Token { id, .. } => (caller.expires_at, Some(id)),
        Proof::Session { .. } => (None, None),
    };
    let expires_at = match (expires_at, bound) {
        (Some(asked), Some(bound)) => Some(asked.min(bound)),
        (asked, bound) => asked.or(bound),
    };
    let new = tokens::NewApiToken {
        name: name.to_owned(),
        role: asked.role,
        expires_at,
        account: caller.account,
        made_by,
    };
    let secret = tokens::make_api_token(&app.db, &caller.actor(), &new, now).await?;
    let token = ApiToken {
        name: new.name,
        role: new.role,
        account: caller.account.map(|_| caller.name),
        created_at: now,
        expires_at,
        last_used_at: None,
    };
    let secret = secret.to_string();
    Ok((StatusCode::CREATED, Json(MadeApiToken { secret, token })))
}

/// `DELETE /api-tokens/{name}`: revokes it and those it made, and cuts the streams they have open.
#[utoipa::path(delete, path = "/api-tokens/{name}", tag = "people",
    params(("name" = String, Path, description = "Of the token")),
    responses((status = 204, description = "The token is revoked")))]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let name = params::text("name", &name, MAX_NAME)?;
    let (actor, reach) = (caller.actor(), reach(&caller));
    match tokens::revoke_api_token(&app.db, &actor, name, reach).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::NotFound),
    }
}

/// Whose tokens somebody sees and revokes. `None`: everybody's.
fn reach(caller: &Caller) -> Option<Uuid> {
    match caller.role {
        Role::Admin => None,
        // Who has no account has no tokens of one.
        _ => Some(caller.account.unwrap_or_default()),
    }
}

fn ttl(seconds: u64) -> Result<TimeDelta, ApiError> {
    let seconds = Some(seconds).filter(|seconds| (1..=MOST_TTL_S).contains(seconds));
    let ttl = seconds.and_then(|seconds| TimeDelta::try_seconds(seconds.cast_signed()));
    ttl.ok_or_else(|| ApiError::BadParameter {
        name: "ttl_s",
        why: format!("has to be between 1 and {MOST_TTL_S}"),
    })
}

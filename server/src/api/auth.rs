//! Who may ask: each request is looked up in [`permissions`], and so is who sends it.

use std::time::Duration;

use analysis::Timestamp;
use analysis::people::{Me, Role, Via};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::BASE;
use super::error::ApiError;
use super::permissions::{self, Permission};
use crate::app::App;
use crate::identity::tokens::verify_api_token;

/// Tokens that are looked up at once: anybody may send one, and only who has a valid one shall
/// hold the other connections to Postgres.
static CHECKS: Semaphore = Semaphore::const_new(4);
/// A request waits this long for its turn.
const TURN_LIMIT: Duration = Duration::from_secs(5);

/// The cookie of a login in the page. `__Host-`: browsers take it only over TLS, from this very
/// host, for all of it.
pub(super) const COOKIE: &str = "__Host-aiops_session";

/// Who sends a request: an extractor for handlers, which are called only for who may.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Of the account, or of the API token if it belongs to none.
    pub name: String,
    pub role: Role,
    pub via: Via,
    pub expires_at: Option<Timestamp>,
}

impl Caller {
    /// As the audit names it: `user:ann`, `token:ci`.
    pub fn actor(&self) -> String {
        match self.via {
            Via::Session => format!("user:{}", self.name),
            Via::Token => format!("token:{}", self.name),
        }
    }

    pub(super) fn me(&self) -> Me {
        Me {
            name: self.name.clone(),
            role: self.role,
            via: self.via,
            expires_at: self.expires_at,
        }
    }

    /// Whether this one may do what needs `needed`.
    fn check(&self, needed: Permission) -> Result<(), ApiError> {
        match needed {
            Permission::Session if self.via != Via::Session => Err(ApiError::NeedsSession),
            Permission::AtLeast(needs) if self.role < needs => Err(ApiError::NotAllowed {
                needs,
                has: self.role,
            }),
            _ => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let known = parts.extensions.get::<Self>().cloned();
        // Nobody is known where nobody is asked for.
        known.ok_or(ApiError::Internal(
            "a request that is open asks who sends it",
        ))
    }
}

/// Lets a request pass that stands in the table, from somebody who may send it.
pub(super) async fn permit(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path
        .as_ref()
        .and_then(|path| path.as_str().strip_prefix(BASE));
    let needed = path.and_then(|path| permissions::needed(request.method(), path));
    if needed == Some(Permission::Open) {
        return Ok(next.run(request).await);
    }
    let caller = identify(&app, request.headers()).await?;
    let Some(needed) = needed else {
        return Err(match path.map(permissions::methods).unwrap_or_default() {
            none if none.is_empty() => ApiError::NotFound,
            methods => ApiError::MethodNotAllowed(methods),
        });
    };
    caller.check(needed)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let token = bearer(headers).ok_or(ApiError::Unauthorized)?;
    let Ok(_turn) = timeout(TURN_LIMIT, CHECKS.acquire()).await else {
        return Err(sqlx::Error::PoolTimedOut.into());
    };
    let known = verify_api_token(&app.db, token, app.now()).await?;
    let known = known.ok_or(ApiError::Unauthorized)?;
    Ok(Caller {
        name: known.name,
        role: known
            .role
            .parse()
            .map_err(|_| ApiError::Internal("a token has no role"))?,
        via: Via::Token,
        expires_at: known.expires_at,
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

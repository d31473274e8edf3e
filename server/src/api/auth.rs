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
use tracing::debug;
use uuid::Uuid;

use super::error::ApiError;
use super::origin::{self, Origin};
use super::permissions::{self, Permission};
use super::{BASE, body};
use crate::app::App;
use crate::db::{sessions, tokens};
use crate::identity::key::Sha256;
use crate::identity::tokens::verify_api_token;
use crate::people::sessions::alive;
use crate::people::{self, role as role_of};

/// Tokens that are looked up at once: anybody may send one, and only who has a valid one shall
/// hold the other connections to Postgres.
static CHECKS: Semaphore = Semaphore::const_new(4);
/// A request waits this long for its turn.
const TURN_LIMIT: Duration = Duration::from_secs(5);

/// The cookie of a login in the page. `__Host-`: browsers take it only over TLS, from this very
/// host, for all of it.
pub(super) const COOKIE: &str = "__Host-aiops_session";

/// A stream looks this often whether the one it is for may still have it.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Who sends a request: an extractor for handlers, which are called only for who may.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Of the account; `token:NAME` for an API token that belongs to none, which is no account's
    /// name: hosts are told it, and may obey only some.
    pub name: String,
    pub role: Role,
    pub expires_at: Option<Timestamp>,
    /// `None`: an API token that was made on the server's machine.
    pub account: Option<Uuid>,
    pub proof: Proof,
}

/// How somebody proved who they are.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    Session {
        hash: Sha256,
        /// As [`crate::db::sessions::SessionRow`] has it.
        id: String,
        by_link: bool,
    },
    Token {
        hash: Sha256,
        id: Uuid,
        name: String,
    },
}

impl Caller {
    /// As the audit names it: `user:ann`, `token:ci`.
    pub fn actor(&self) -> String {
        match &self.proof {
            Proof::Session { .. } => format!("user:{}", self.name),
            Proof::Token { name, .. } => format!("token:{name}"),
        }
    }

    pub fn me(&self) -> Me {
        Me {
            name: self.name.clone(),
            role: self.role,
            via: match self.proof {
                Proof::Session { .. } => Via::Session,
                Proof::Token { .. } => Via::Token,
            },
            expires_at: self.expires_at,
        }
    }

    /// The account and the session of one who [`Permission::Session`] lets pass.
    pub fn session(&self) -> Result<(Uuid, Sha256), ApiError> {
        match (self.account, &self.proof) {
            (Some(account), Proof::Session { hash, .. }) => Ok((account, *hash)),
            _ => Err(ApiError::NeedsSession),
        }
    }

    /// Ends when this one may no longer do what it may now: the login ended, the token was revoked
    /// or became too old, the role changed. For streams, which outlive the request.
    pub async fn until_ended(self, app: App) {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            match self.is_still(&app).await {
                Ok(true) => {}
                Ok(false) => return,
                // The stream itself finds out whether Postgres is away for long.
                Err(error) => debug!(%error, "cannot look whether a stream may go on: {error}"),
            }
        }
    }

    async fn is_still(&self, app: &App) -> sqlx::Result<bool> {
        let now = app.now();
        let role = match &self.proof {
            Proof::Session { hash, .. } => {
                let live = sessions::live(&app.db, *hash, alive(now)).await?;
                live.map(|session| session.role)
            }
            Proof::Token { hash, .. } => {
                let live = tokens::live_api_token(&app.db, *hash, now).await?;
                live.map(|token| token.role)
            }
        };
        Ok(role.is_some_and(|found| role_of(&found) == self.role))
    }

    /// Whether this one may do what needs `needed`.
    fn check(&self, needed: Permission) -> Result<(), ApiError> {
        match needed {
            Permission::Session => self.session().map(drop),
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
    match allow(&app, &mut request).await {
        Ok(()) => Ok(next.run(request).await),
        Err(refusal) => {
            body::pass_over(request).await;
            Err(refusal)
        }
    }
}

/// Notes in `request` who sends it, unless it is open to all.
async fn allow(app: &App, request: &mut Request) -> Result<(), ApiError> {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path
        .as_ref()
        .and_then(|path| path.as_str().strip_prefix(BASE));
    let needed = path.and_then(|path| permissions::needed(request.method(), path));
    let changes = !request.method().is_safe();
    if needed == Some(Permission::Open) {
        // A page of somebody else shall not log its visitors in, either.
        if changes && origin::of(request) == Origin::Elsewhere {
            return Err(ApiError::CrossSite);
        }
        return Ok(());
    }
    let caller = identify(app, request.headers()).await?;
    let by_cookie = matches!(caller.proof, Proof::Session { .. });
    if changes && by_cookie && origin::of(request) != Origin::Here {
        return Err(ApiError::CrossSite);
    }
    let Some(needed) = needed else {
        return Err(match path.map(permissions::methods).unwrap_or_default() {
            none if none.is_empty() => ApiError::NotFound,
            methods => ApiError::MethodNotAllowed(methods),
        });
    };
    caller.check(needed)?;
    request.extensions_mut().insert(caller);
    Ok(())
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let (token, cookie) = (bearer(headers), cookie(headers));
    if token.is_none() && cookie.is_none() {
        return Err(ApiError::Unauthorized);
    }
    let Ok(_turn) = timeout(TURN_LIMIT, CHECKS.acquire()).await else {
        return Err(sqlx::Error::PoolTimedOut.into());
    };
    let known = match (token, cookie) {
        (Some(token), _) => by_token(app, token).await?,
        (None, Some(cookie)) => by_session(app, cookie).await?,
        (None, None) => None,
    };
    known.ok_or(ApiError::Unauthorized)
}

async fn by_token(app: &App, text: &str) -> sqlx::Result<Option<Caller>> {
    let known = verify_api_token(&app.db, text, app.now()).await?;
    Ok(known.map(|token| Caller {
        name: token
            .account
            .unwrap_or_else(|| format!("token:{}", token.name)),
        role: role_of(&token.role),
        expires_at: token.expires_at,
        account: token.account_id,
        proof: Proof::Token {
            hash: Sha256::of(text.as_bytes()),
            id: token.id,
            name: token.name,
        },
    }))
}

async fn by_session(app: &App, text: &str) -> sqlx::Result<Option<Caller>> {
    let known = people::sessions::verify(&app.db, text, app.now()).await?;
    Ok(known.map(|session| Caller {
        name: session.name,
        role: role_of(&session.role),
        expires_at: Some(session.expires_at),
        account: Some(session.account_id),
        proof: Proof::Session {
            hash: Sha256::of(text.as_bytes()),
            id: session.id,
            by_link: session.by_link,
        },
    }))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What the cookie of a login holds.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let texts = headers.get_all(header::COOKIE).into_iter();
    let pairs = texts
        .filter_map(|text| text.to_str().ok())
        .flat_map(|text| text.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

//! Logins in the page: a secret in a cookie, everything else here.

use analysis::Timestamp;
use chrono::TimeDelta;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::db::sessions::{self as table, Alive, NewSession, SessionRow};
use crate::identity::key::Sha256;
use crate::identity::tokens::{Secret, TokenError};

/// It ends when nothing was asked for this long.
pub const IDLE: TimeDelta = TimeDelta::minutes(30);
/// It ends then in any case.
pub const LIFE: TimeDelta = TimeDelta::hours(12);
/// Its use is noted at most this often, so that reading does not mean writing.
const NOTE_USE_EVERY: TimeDelta = TimeDelta::minutes(1);

const PREFIX: &str = "aiops_session_";
/// So much is kept of what a browser calls itself, in characters.
const USER_AGENT: usize = 200;

/// What is alive at `now`.
pub fn alive(now: Timestamp) -> Alive {
    Alive {
        now,
        idle_since: now - IDLE,
    }
}

/// Begins a session; the secret is for the cookie.
///
/// # Errors
///
/// If there are no random numbers, or Postgres does not answer.
pub async fn begin(
    db: &mut PgConnection,
    account: Uuid,
    user_agent: &str,
    by_link: bool,
    now: Timestamp,
) -> Result<Secret, TokenError> {
    table::forget_ended(&mut *db, alive(now)).await?;
    let secret = Secret::generate(PREFIX)?;
    let shown = user_agent.chars().filter(|c| !c.is_control());
    let user_agent: String = shown.take(USER_AGENT).collect();
    let new = NewSession {
        account_id: account,
        created_at: now,
        expires_at: now + LIFE,
        user_agent: &user_agent,
        by_link,
    };
    table::insert(&mut *db, secret.sha256(), &new).await?;
    Ok(secret)
}

/// The session that the text of a cookie stands for, if it is alive; notes that it was used.
///
/// # Errors
///
/// If Postgres does not answer.
pub async fn verify(db: &PgPool, text: &str, now: Timestamp) -> sqlx::Result<Option<SessionRow>> {
    let Some(hash) = hash(text) else {
        return Ok(None);
    };
    let found = table::live(db, hash, alive(now)).await?;
    if let Some(session) = &found
        && now - session.last_seen_at >= NOTE_USE_EVERY
    {
        table::touch(db, hash, now).await?;
    }
    Ok(found)
}

/// What the table knows a cookie by. `None`: it is not one of ours.
pub fn hash(text: &str) -> Option<Sha256> {
    text.starts_with(PREFIX)
        .then(|| Sha256::of(text.as_bytes()))
}

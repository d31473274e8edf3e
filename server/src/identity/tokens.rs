//! The secrets that people copy: join tokens, with which a host becomes an agent once, and API
//! tokens, with which programs read.
//!
//! Both are 256 random bits behind a prefix that secret scanners can look for. Only their SHA-256
//! is stored: a password needs a slow hash because people choose it, these need none.

use std::collections::BTreeMap;
use std::fmt;

use analysis::Timestamp;
use analysis::people::Role;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::json;
use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use super::key::Sha256;
use crate::config::Period;
use crate::db::audit;
use crate::db::tokens::{self as table, ApiTokenRow, JoinTokenRow};

const JOIN_PREFIX: &str = "aiops_join_";
const API_PREFIX: &str = "aiops_api_";

/// The use of an API token is noted at most this often, so that reading does not mean writing.
const NOTE_USE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A token in the clear. `Debug` hides it; `Display` is for the one who asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What to make.
#[derive(Clone, Debug)]
pub struct NewJoinToken {
    pub uses: u32,
    pub ttl: Period,
    /// The hosts that join with it get these labels.
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("a join token needs at least one use and at most {MAX_USES}")]
    Uses,
    #[error("there is an API token called {0:?} already")]
    NameTaken(String),
    #[error("the system has no random numbers")]
    NoRandomness,
    #[error("cannot store the token")]
    Database(#[from] sqlx::Error),
}

/// More hosts than one server is made for.
const MAX_USES: u32 = 100_000;

/// Makes a join token that is valid from `now` for its time to live. `actor`: for the audit.
///
/// # Errors
///
/// [`TokenError::Uses`], or if it cannot be stored.
pub async fn create_join_token(
    db: &PgPool,
    actor: &str,
    new: NewJoinToken,
    now: Timestamp,
) -> Result<(Secret, Timestamp), TokenError> {
    if new.uses == 0 || new.uses > MAX_USES {
        return Err(TokenError::Uses);
    }
    let secret = Secret::generate(JOIN_PREFIX)?;
    let row = JoinTokenRow {
        expires_at: now + new.ttl.as_delta(),
        uses_left: i32::try_from(new.uses).map_err(|_| TokenError::Uses)?,
        labels: Json(new.labels),
    };
    let mut tx = db.begin().await?;
    table::insert_join_token(&mut *tx, secret.sha256(), &row, now).await?;
    let detail = json!({
        "uses": row.uses_left,
        "expires_at": row.expires_at,
        "labels": row.labels,
    });
    audit::append(&mut tx, actor, "join-token-made", "", detail).await?;
    tx.commit().await?;
    Ok((secret, row.expires_at))
}

/// An API token to make.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    pub name: String,
    pub role: Role,
    /// `None`: it does not end by itself.
    pub expires_at: Option<Timestamp>,
    /// `None`: it belongs to nobody; it is made on the server's machine.
    pub account: Option<Uuid>,
    /// The token that makes it, and takes it along when it is revoked.
    pub made_by: Option<Uuid>,
}

/// Makes an API token called `name` with which everything may be done, and which does not expire.
///
/// # Errors
///
/// [`TokenError::NameTaken`], or if it cannot be stored.
pub async fn create_api_token(
    db: &PgPool,
    name: &str,
    now: Timestamp,
) -> Result<Secret, TokenError> {
    let new = NewApiToken {
        name: name.to_owned(),
        role: Role::Admin,
        expires_at: None,
        account: None,
        made_by: None,
    };
    make_api_token(db, "server", &new, now).await
}

/// Makes an API token. `actor`: for the audit.
///
/// # Errors
///
/// [`TokenError::NameTaken`], or if it cannot be stored.
pub async fn make_api_token(
    db: &PgPool,
    actor: &str,
    new: &NewApiToken,
    now: Timestamp,
) -> Result<Secret, TokenError> {
    let secret = Secret::generate(API_PREFIX)?;
    let mut tx = db.begin().await?;
    match table::insert_api_token(&mut *tx, secret.sha256(), new, now).await {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            return Err(TokenError::NameTaken(new.name.clone()));
        }
        done => done?,
    }
    let detail = json!({ "role": new.role, "expires_at": new.expires_at });
    audit::append(&mut tx, actor, "api-token-made", &new.name, detail).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Revokes the API token called `name` and those it made, if it is one of `account` or that is `None`; false if there
/// is none. `actor`: for the audit.
///
/// # Errors
///
/// If it cannot be stored.
pub async fn revoke_api_token(
    db: &PgPool,
    actor: &str,
    name: &str,
    account: Option<Uuid>,
) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let revoked = table::delete_api_token(&mut *tx, name, account).await?;
    if revoked {
        audit::append(&mut tx, actor, "api-token-revoked", name, json!({})).await?;
    }
    tx.commit().await?;
    Ok(revoked)
}

/// The API token that `text` is, or `None` if it is none, was revoked, or has expired at `now`.
///
/// # Errors
///
/// If Postgres does not answer.
pub async fn verify_api_token(
    db: &PgPool,
    text: &str,
    now: Timestamp,
) -> sqlx::Result<Option<ApiTokenRow>> {
    if !text.starts_with(API_PREFIX) {
        return Ok(None);
    }
    // Found by its hash, so the time it takes tells nothing about a token that exists.
    let found = table::live_api_token(db, Sha256::of(text.as_bytes()), now).await?;
    if let Some(token) = &found
        && token
            .last_used_at
            .is_none_or(|last| now - last >= NOTE_USE_EVERY)
    {
        table::touch_api_token(db, token.id, now).await?;
    }
    Ok(found)
}

impl Secret {
    /// Random bits behind `prefix`.
    ///
    /// # Errors
    ///
    /// [`TokenError::NoRandomness`].
    pub fn generate(prefix: &str) -> Result<Self, TokenError> {
        let mut bits = [0; 32];
        let filled = SystemRandom::new().fill(&mut bits);
        filled.map_err(|_| TokenError::NoRandomness)?;
        Ok(Self(format!(
            "{prefix}{}",
            BASE64_URL_SAFE_NO_PAD.encode(bits)
        )))
    }

    /// What is stored of it.
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(self.0.as_bytes())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

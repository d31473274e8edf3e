//! Accounts: made, changed, and given links by administrators.

use analysis::Timestamp;
use analysis::people::{Account, Role};
use chrono::TimeDelta;
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use tracing::info;
use uuid::Uuid;

use super::password::{self, PasswordError};
use crate::db::accounts::{self as table, AccountRow};
use crate::db::{audit, sessions};
use crate::identity::tokens::{Secret, TokenError};

/// Longest name of an account, in bytes.
pub const MAX_NAME: usize = 64;
/// A login link is good for this long.
pub const LINK_LIFE: TimeDelta = TimeDelta::minutes(15);
pub(super) const LINK_PREFIX: &str = "aiops_link_";

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error(
        "a name has 1 to {MAX_NAME} of a-z, 0-9, `.`, `_`, `-` and `@`, a letter or digit first"
    )]
    Name,
    #[error("there is an account called {0:?} already")]
    NameTaken(String),
    #[error("there is no account called {0:?}")]
    NotFound(String),
    #[error("{0:?} is the last administrator")]
    LastAdmin(String),
    #[error("{0:?} is disabled")]
    Disabled(String),
    #[error("a password has {} to {} bytes", password::LENGTH.start(), password::LENGTH.end())]
    PasswordLength,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Token(error.into())
    }
}

/// What to change of an account; what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    pub role: Option<Role>,
    pub disabled: Option<bool>,
}

/// A link that logs in once, and how long it does.
#[derive(Debug)]
pub struct Link {
    pub account: Account,
    pub secret: Secret,
    pub expires_at: Timestamp,
}

impl Link {
    /// To be put behind the address of the server. The token stands behind `#`, which browsers do
    /// not send: it is in no log on the way.
    pub fn path(&self) -> String {
        format!("/login#link={}", self.secret)
    }
}

/// Makes an account and the link with which its owner logs in first. `actor`: for the audit.
///
/// # Errors
///
/// [`AccountError::Name`], [`AccountError::NameTaken`], or if it cannot be stored.
pub async fn create(
    db: &PgPool,
    actor: &str,
    name: &str,
    role: Role,
    now: Timestamp,
) -> Result<Link, AccountError> {
    check_name(name)?;
    let row = AccountRow {
        account_id: Uuid::now_v7(),
        name: name.to_owned(),
        password_hash: None,
        role: role.to_string(),
        created_at: now,
        disabled_at: None,
    };
    let mut tx = db.begin().await?;
    match table::insert(&mut *tx, &row).await {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            return Err(AccountError::NameTaken(name.to_owned()));
        }
        done => done?,
    }
    let link = new_link(&mut tx, row, now).await?;
    let detail = json!({ "role": role });
    audit::append(&mut tx, actor, "account-created", name, detail).await?;
    tx.commit().await?;
    info!(account = name, %role, by = actor, "made account {name}");
    Ok(link)
}

/// Makes a link with which the owner logs in without a password, in the place of older ones.
///
/// # Errors
///
/// [`AccountError::NotFound`], [`AccountError::Disabled`], or if it cannot be stored.
pub async fn login_link(
    db: &PgPool,
    actor: &str,
    name: &str,
    now: Timestamp,
) -> Result<Link, AccountError> {
    let mut tx = db.begin().await?;
    let row = locked(&mut tx, name).await?;
    if row.disabled_at.is_some() {
        return Err(AccountError::Disabled(name.to_owned()));
    }
    let link = new_link(&mut tx, row, now).await?;
    audit::append(&mut tx, actor, "login-link-made", name, json!({})).await?;
    tx.commit().await?;
    Ok(link)
}

/// Changes an account. Its logins end with that.
///
/// # Errors
///
/// [`AccountError::NotFound`], [`AccountError::LastAdmin`], or if it cannot be stored.
pub async fn change(
    db: &PgPool,
    actor: &str,
    name: &str,
    change: Change,
    now: Timestamp,
) -> Result<Account, AccountError> {
    let mut tx = db.begin().await?;
    // Before the account itself: whoever changes an administrator locks in the same order.
    let admins = table::lock_admins(&mut tx).await?;
    let mut row = locked(&mut tx, name).await?;
    if let Some(role) = change.role {
        row.role = role.to_string();
    }
    match change.disabled {
        Some(true) => row.disabled_at = row.disabled_at.or(Some(now)),
        Some(false) => row.disabled_at = None,
        None => {}
    }
    let stays_admin = row.role == Role::Admin.name() && row.disabled_at.is_none();
    if !stays_admin && admins == [row.account_id] {
        return Err(AccountError::LastAdmin(name.to_owned()));
    }
    table::update(&mut *tx, &row).await?;
    sessions::end_all(&mut *tx, row.account_id).await?;
    if row.disabled_at.is_some() {
        table::delete_links(&mut tx, row.account_id).await?;
    }
    let detail = json!({ "role": row.role, "disabled": row.disabled_at.is_some() });
    audit::append(&mut tx, actor, "account-changed", name, detail).await?;
    tx.commit().await?;
    info!(
        account = name,
        role = row.role,
        by = actor,
        "changed account {name}"
    );
    Ok(shown(row))
}

/// Gives an account a password and ends its logins. The caller has seen that its owner asks.
///
/// # Errors
///
/// [`AccountError::PasswordLength`], [`AccountError::Password`], or if it cannot be stored.
pub async fn set_password(
    db: &PgPool,
    actor: &str,
    name: &str,
    password: String,
) -> Result<(), AccountError> {
    if !password::LENGTH.contains(&password.len()) {
        return Err(AccountError::PasswordLength);
    }
    let hash = password::hash(password).await?;
    let mut tx = db.begin().await?;
    let mut row = locked(&mut tx, name).await?;
    row.password_hash = Some(hash);
    table::update(&mut *tx, &row).await?;
    sessions::end_all(&mut *tx, row.account_id).await?;
    table::delete_links(&mut tx, row.account_id).await?;
    audit::append(&mut tx, actor, "password-changed", name, json!({})).await?;
    Ok(tx.commit().await?)
}

async fn locked(db: &mut PgConnection, name: &str) -> Result<AccountRow, AccountError> {
    let row = table::lock(db, name).await?;
    row.ok_or_else(|| AccountError::NotFound(name.to_owned()))
}

async fn new_link(
    db: &mut PgConnection,
    row: AccountRow,
    now: Timestamp,
) -> Result<Link, AccountError> {
    let secret = Secret::generate(LINK_PREFIX)?;
    let expires_at = now + LINK_LIFE;
    table::replace_link(db, secret.sha256(), row.account_id, expires_at).await?;
    Ok(Link {
        account: shown(row),
        secret,
        expires_at,
    })
}

/// Names stand on pages, in commands and in paths.
pub(super) fn check_name(name: &str) -> Result<(), AccountError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let starts = name.starts_with(plain);
    let holds = name.chars().all(|c| plain(c) || "._-@".contains(c));
    match starts && holds && name.len() <= MAX_NAME {
        true => Ok(()),
        false => Err(AccountError::Name),
    }
}

/// As people see it.
pub fn shown(row: AccountRow) -> Account {
    Account {
        role: super::role(&row.role),
        has_password: row.password_hash.is_some(),
        name: row.name,
        created_at: row.created_at,
        disabled_at: row.disabled_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for (name, good) in [
            ("ann", true),
            ("ann.b@example.com", true),
            ("0-x_y", true),
            ("", false),
            (".ann", false),
            ("Ann", false),
            ("ann b", false),
            ("a/b", false),
            ("an\u{1b}n", false),
            ("\u{430}nn", false),
        ] {
            assert_eq!(check_name(name).is_ok(), good, "{name:?}");
        }
        assert!(check_name(&"a".repeat(MAX_NAME + 1)).is_err());
    }
}

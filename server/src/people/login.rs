//! Logging in: with a name and a password, or once with a link.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use analysis::Timestamp;
use serde_json::json;
use sqlx::{Postgres, Transaction};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{debug, info};

use super::accounts::{LINK_PREFIX, check_name};
use super::password::{self, PasswordError};
use super::sessions;
use crate::app::App;
use crate::db::accounts::{self, AccountRow};
use crate::db::audit;
use crate::db::sessions as session_table;
use crate::identity::key::Sha256;
use crate::identity::tokens::{Secret, TokenError};

/// Attempts that are looked at, one after the other by each of them: what many try at once counts
/// as it would one by one.
static ATTEMPTS: Semaphore = Semaphore::const_new(2);
/// Who waits longer for a turn is told to come again.
const TURN_LIMIT: Duration = Duration::from_secs(5);

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("the name or the password is wrong")]
    Wrong,
    #[error("the link was used, or is too old")]
    WrongLink,
    #[error("too many attempts failed")]
    TooMany { wait: Duration },
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl From<sqlx::Error> for LoginError {
    fn from(error: sqlx::Error) -> Self {
        Self::Token(error.into())
    }
}

/// Where an attempt comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub address: IpAddr,
    pub user_agent: &'a str,
    /// The session that the browser has by now: it ends with a login.
    pub session: Option<Sha256>,
}

/// Somebody who was logged in.
#[derive(Debug)]
pub struct LoggedIn {
    pub account: AccountRow,
    pub secret: Secret,
    pub expires_at: Timestamp,
}

/// Logs in who knows the password of the account called `name`.
///
/// Takes the same time whether the name or the password is wrong.
///
/// # Errors
///
/// [`LoginError`].
pub async fn with_password(
    app: &App,
    name: &str,
    password: String,
    from: Origin<'_>,
) -> Result<LoggedIn, LoginError> {
    // What can be no account's counts as one, and is shown nowhere.
    let name = Some(name).filter(|name| check_name(name).is_ok());
    let name = name.unwrap_or_default();
    tokio::time::sleep(app.login_limits.delay(name, Instant::now())).await;
    let Ok(_turn) = timeout(TURN_LIMIT, ATTEMPTS.acquire()).await else {
        return Err(PasswordError::Busy.into());
    };
    allowed(app, name, from)?;
    let known = accounts::find(&app.db, name).await?;
    let hash = known.as_ref().and_then(|known| known.password_hash.clone());
    let fits = *password::LENGTH.end() >= password.len();
    let right = password::verify(password, hash.filter(|_| fits)).await?;
    if let Some(known) = known.as_ref().filter(|_| right) {
        let mut tx = app.db.begin().await?;
        // A new password ends all logins, and so it does this one, which began with the old.
        let locked = accounts::lock(&mut tx, name).await?;
        let same = |now: &AccountRow| now.password_hash == known.password_hash;
        if let Some(account) = locked.filter(|now| same(now) && now.disabled_at.is_none()) {
            app.login_limits.forgive(name, from.address);
            return logged_in(app, tx, account, from, false).await;
        }
    }
    failed(app, name, known.is_some(), from).await?;
    Err(LoginError::Wrong)
}

/// Logs in who holds a login link; it is used up by that, and by nothing less.
///
/// # Errors
///
/// [`LoginError`].
pub async fn with_link(app: &App, token: &str, from: Origin<'_>) -> Result<LoggedIn, LoginError> {
    // Not the name of an account: those who follow dead links stand in nobody's way.
    let nobody = "";
    allowed(app, nobody, from)?;
    let mut tx = app.db.begin().await?;
    let taken = match token.starts_with(LINK_PREFIX) {
        true => accounts::take_link(&mut tx, Sha256::of(token.as_bytes()), app.now()).await?,
        false => None,
    };
    match taken {
        Some(account) => logged_in(app, tx, account, from, true).await,
        None => {
            // Its connection is for others, too.
            tx.rollback().await?;
            failed(app, nobody, false, from).await?;
            Err(LoginError::WrongLink)
        }
    }
}

/// Whether the old password may be tried once more, and is the right one.
///
/// # Errors
///
/// [`LoginError`].
pub async fn check_old_password(
    app: &App,
    account: &AccountRow,
    password: String,
    from: Origin<'_>,
) -> Result<(), LoginError> {
    let Ok(_turn) = timeout(TURN_LIMIT, ATTEMPTS.acquire()).await else {
        return Err(PasswordError::Busy.into());
    };
    allowed(app, &account.name, from)?;
    if password::verify(password, account.password_hash.clone()).await? {
        return Ok(());
    }
    failed(app, &account.name, true, from).await?;
    Err(LoginError::Wrong)
}

fn allowed(app: &App, name: &str, from: Origin<'_>) -> Result<(), LoginError> {
    match app.login_limits.wait(name, from.address, Instant::now()) {
        Some(wait) => Err(LoginError::TooMany { wait }),
        None => Ok(()),
    }
}

/// Begins the session in `tx`, which has locked the account, and commits it.
async fn logged_in(
    app: &App,
    mut tx: Transaction<'_, Postgres>,
    account: AccountRow,
    from: Origin<'_>,
    by_link: bool,
) -> Result<LoggedIn, LoginError> {
    let now = app.now();
    if let Some(old) = from.session {
        session_table::end(&mut *tx, old).await?;
    }
    let id = account.account_id;
    let secret = sessions::begin(&mut tx, id, from.user_agent, by_link, now).await?;
    let detail = json!({ "address": from.address, "link": by_link });
    audit::append(
        &mut tx,
        &format!("user:{}", account.name),
        "login",
        "",
        detail,
    )
    .await?;
    tx.commit().await?;
    info!(account = account.name, address = %from.address, by_link, "{} logged in", account.name);
    Ok(LoggedIn {
        account,
        secret,
        expires_at: now + sessions::LIFE,
    })
}

/// Counts a failure. A name that is no account's is told to nobody: it may be a password that went
/// into the wrong field.
async fn failed(app: &App, name: &str, known: bool, from: Origin<'_>) -> sqlx::Result<()> {
    let tell = app.login_limits.note(name, from.address, Instant::now());
    let shown = if known { name } else { "" };
    let address = from.address;
    debug!(%address, account = shown, "a login failed");
    if tell {
        info!(%address, account = shown, "a login from {address} failed");
        let detail = json!({ "address": address });
        audit::note(&app.db, "server", "login-failed", shown, detail).await?;
    }
    Ok(())
}

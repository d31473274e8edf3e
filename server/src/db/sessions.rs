//! Logins in the page, by the hashes of their cookies.

use analysis::Timestamp;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::identity::key::Sha256;

/// A login, and whose it is.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// First half of its hash, in hexadecimal: tells one from another, and opens nothing.
    pub id: String,
    pub account_id: Uuid,
    pub name: String,
    /// Stable name of `analysis::people::Role`.
    pub role: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub user_agent: String,
    pub by_link: bool,
}

/// What is alive: neither over nor left alone for too long.
#[derive(Clone, Copy, Debug)]
pub struct Alive {
    pub now: Timestamp,
    /// Who was not seen since then is idle.
    pub idle_since: Timestamp,
}

/// A login to note.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    pub account_id: Uuid,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub user_agent: &'a str,
    pub by_link: bool,
}

pub async fn insert(
    db: impl PgExecutor<'_>,
    session: Sha256,
    new: &NewSession<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into login_session (session_sha256, account_id, created_at, last_seen_at,
            expires_at, user_agent, by_link)
        values ($1, $2, $3, $3, $4, $5, $6)",
        session.as_slice(),
        new.account_id,
        new.created_at,
        new.expires_at,
        new.user_agent,
        new.by_link
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The login with this hash, if it is alive and its account is not disabled.
pub async fn live(
    db: impl PgExecutor<'_>,
    session: Sha256,
    alive: Alive,
) -> sqlx::Result<Option<SessionRow>> {
    sqlx::query_as!(
        SessionRow,
        r#"select encode(substring(s.session_sha256 for 16), 'hex') as "id!", s.account_id,
            a.name, a.role, s.created_at, s.last_seen_at, s.expires_at, s.user_agent, s.by_link
        from login_session s join account a using (account_id)
        where s.session_sha256 = $1 and s.expires_at > $2 and s.last_seen_at > $3
            and a.disabled_at is null"#,
        session.as_slice(),
        alive.now,
        alive.idle_since
    )
    .fetch_optional(db)
    .await
}

/// The logins of an account that are alive, the newest first.
pub async fn of_account(
    db: impl PgExecutor<'_>,
    account: Uuid,
    alive: Alive,
) -> sqlx::Result<Vec<SessionRow>> {
    sqlx::query_as!(
        SessionRow,
        r#"select encode(substring(s.session_sha256 for 16), 'hex') as "id!", s.account_id,
            a.name, a.role, s.created_at, s.last_seen_at, s.expires_at, s.user_agent, s.by_link
        from login_session s join account a using (account_id)
        where s.account_id = $1 and s.expires_at > $2 and s.last_seen_at > $3
        order by s.created_at desc"#,
        account,
        alive.now,
        alive.idle_since
    )
    .fetch_all(db)
    .await
}

/// Notes that a login was used at `now`.
pub async fn touch(db: impl PgExecutor<'_>, session: Sha256, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "update login_session set last_seen_at = $2 where session_sha256 = $1",
        session.as_slice(),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends the login with this hash; false if there is none.
pub async fn end(db: impl PgExecutor<'_>, session: Sha256) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from login_session where session_sha256 = $1",
        session.as_slice()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the login of `account` that is called `id`; false if there is none.
pub async fn end_called(db: impl PgExecutor<'_>, account: Uuid, id: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from login_session
        where account_id = $1 and encode(substring(session_sha256 for 16), 'hex') = $2",
        account,
        id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all logins of an account.
pub async fn end_all(db: impl PgExecutor<'_>, account: Uuid) -> sqlx::Result<u64> {
    let done = sqlx::query!("delete from login_session where account_id = $1", account)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

/// Forgets what is not alive: logins and links.
pub async fn forget_ended(db: impl PgExecutor<'_>, alive: Alive) -> sqlx::Result<()> {
    sqlx::query!(
        "with links as (delete from login_link where expires_at <= $1)
        delete from login_session where expires_at <= $1 or last_seen_at <= $2",
        alive.now,
        alive.idle_since
    )
    .execute(db)
    .await?;
    Ok(())
}

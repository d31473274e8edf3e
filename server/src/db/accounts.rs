//! Accounts and the links that log in once.

use analysis::Timestamp;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::identity::key::Sha256;

#[derive(Clone, Debug)]
pub struct AccountRow {
    pub account_id: Uuid,
    pub name: String,
    /// `None`: it logs in with a link.
    pub password_hash: Option<String>,
    /// Stable name of `analysis::people::Role`.
    pub role: String,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
}

/// All accounts by name.
pub async fn list(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<AccountRow>> {
    sqlx::query_as!(
        AccountRow,
        "select account_id, name, password_hash, role, created_at, disabled_at
        from account order by name"
    )
    .fetch_all(db)
    .await
}

pub async fn find(db: impl PgExecutor<'_>, name: &str) -> sqlx::Result<Option<AccountRow>> {
    sqlx::query_as!(
        AccountRow,
        "select account_id, name, password_hash, role, created_at, disabled_at
        from account where name = $1",
        name
    )
    .fetch_optional(db)
    .await
}

/// Reads an account and keeps others from changing it until the transaction ends.
pub async fn lock(db: &mut PgConnection, name: &str) -> sqlx::Result<Option<AccountRow>> {
    sqlx::query_as!(
        AccountRow,
        "select account_id, name, password_hash, role, created_at, disabled_at
        from account where name = $1 for update",
        name
    )
    .fetch_optional(db)
    .await
}

/// The accounts that are administrators and not disabled; nobody else can make one less of them
/// until the transaction ends.
pub async fn lock_admins(db: &mut PgConnection) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select account_id from account where role = 'admin' and disabled_at is null
        order by account_id for update"
    )
    .fetch_all(db)
    .await
}

pub async fn insert(db: impl PgExecutor<'_>, row: &AccountRow) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into account (account_id, name, password_hash, role, created_at, disabled_at)
        values ($1, $2, $3, $4, $5, $6)",
        row.account_id,
        row.name,
        row.password_hash,
        row.role,
        row.created_at,
        row.disabled_at
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn update(db: impl PgExecutor<'_>, row: &AccountRow) -> sqlx::Result<()> {
    sqlx::query!(
        "update account set password_hash = $2, role = $3, disabled_at = $4 where account_id = $1",
        row.account_id,
        row.password_hash,
        row.role,
        row.disabled_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts a login link in the place of those the account had.
pub async fn replace_link(
    db: &mut PgConnection,
    token: Sha256,
    account: Uuid,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    delete_links(db, account).await?;
    sqlx::query!(
        "insert into login_link (token_sha256, account_id, expires_at) values ($1, $2, $3)",
        token.as_slice(),
        account,
        expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn delete_links(db: &mut PgConnection, account: Uuid) -> sqlx::Result<()> {
    sqlx::query!("delete from login_link where account_id = $1", account)
        .execute(db)
        .await?;
    Ok(())
}

/// Uses up a login link, and keeps others from changing its account until the transaction ends. The
/// account is locked first, as by who changes it. `None`: it is none, was used, has ended, or its account is disabled.
pub async fn take_link(
    db: &mut PgConnection,
    token: Sha256,
    now: Timestamp,
) -> sqlx::Result<Option<AccountRow>> {
    sqlx::query_as!(
        AccountRow,
        "with a as (
            select a.* from login_link l join account a using (account_id)
            where l.token_sha256 = $1 and l.expires_at > $2 and a.disabled_at is null
            for update of a
        )
        delete from login_link l using a
        where l.token_sha256 = $1 and a.account_id = l.account_id
        returning a.account_id, a.name, a.password_hash, a.role, a.created_at, a.disabled_at",
        token.as_slice(),
        now
    )
    .fetch_optional(db)
    .await
}

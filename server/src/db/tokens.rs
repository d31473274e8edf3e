//! Join tokens and API tokens, by their hashes.

use std::collections::BTreeMap;

use analysis::Timestamp;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::identity::key::Sha256;
use crate::identity::tokens::NewApiToken;

/// What a join token still allows.
#[derive(Debug)]
pub struct JoinTokenRow {
    pub expires_at: Timestamp,
    pub uses_left: i32,
    pub labels: Json<BTreeMap<String, String>>,
}

/// An API token as its owner may see it again: without the token.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ApiTokenRow {
    pub id: Uuid,
    pub name: String,
    pub created_at: Timestamp,
    /// `None`: does not expire.
    pub expires_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    /// Stable name of `analysis::people::Role`: at most that of its account.
    pub role: String,
    pub account_id: Option<Uuid>,
    /// Name of the account. `None`: it was made on the server's machine.
    pub account: Option<String>,
}

pub async fn insert_join_token(
    db: impl PgExecutor<'_>,
    token: Sha256,
    row: &JoinTokenRow,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into join_token (token_sha256, created_at, expires_at, uses_left, labels)
         values ($1, $2, $3, $4, $5)",
        token.as_slice(),
        now,
        row.expires_at,
        row.uses_left,
        Json(&row.labels.0) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Reads a join token and keeps others from using it until the transaction ends.
pub async fn lock_join_token(
    db: &mut PgConnection,
    token: Sha256,
) -> sqlx::Result<Option<JoinTokenRow>> {
    sqlx::query_as!(
        JoinTokenRow,
        r#"select expires_at, uses_left, labels as "labels: _"
           from join_token where token_sha256 = $1 for update"#,
        token.as_slice(),
    )
    .fetch_optional(db)
    .await
}

/// Takes one use from a token that the caller has locked and that has one left.
pub async fn use_join_token(db: &mut PgConnection, token: Sha256) -> sqlx::Result<()> {
    sqlx::query!(
        "update join_token set uses_left = uses_left - 1 where token_sha256 = $1",
        token.as_slice(),
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn insert_api_token(
    db: impl PgExecutor<'_>,
    token: Sha256,
    new: &NewApiToken,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into api_token (id, name, token_sha256, created_at, expires_at, role, account_id,
            made_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        Uuid::now_v7(),
        new.name,
        token.as_slice(),
        now,
        new.expires_at,
        new.role.name(),
        new.account,
        new.made_by,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The API token with this hash, if it has not expired at `now` and its account is not disabled.
pub async fn live_api_token(
    db: impl PgExecutor<'_>,
    token: Sha256,
    now: Timestamp,
) -> sqlx::Result<Option<ApiTokenRow>> {
    sqlx::query_as!(
        ApiTokenRow,
        r#"select t.id, t.name, t.created_at, t.expires_at, t.last_used_at, t.account_id,
            case when a.role = 'viewer' or t.role = 'viewer' then 'viewer'
                when a.role = 'operator' or t.role = 'operator' then 'operator'
                else t.role end as "role!",
            a.name as "account?"
        from api_token t left join account a using (account_id)
        where t.token_sha256 = $1 and (t.expires_at is null or t.expires_at > $2)
            and a.disabled_at is null"#,
        token.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await
}

/// Notes that a token was used at `now`.
pub async fn touch_api_token(
    db: impl PgExecutor<'_>,
    id: Uuid,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update api_token set last_used_at = $2 where id = $1",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// API tokens by name: all, or those of one account.
pub async fn api_tokens(
    db: impl PgExecutor<'_>,
    account: Option<Uuid>,
) -> sqlx::Result<Vec<ApiTokenRow>> {
    sqlx::query_as!(
        ApiTokenRow,
        r#"select t.id, t.name, t.created_at, t.expires_at, t.last_used_at, t.account_id,
            case when a.role = 'viewer' or t.role = 'viewer' then 'viewer'
                when a.role = 'operator' or t.role = 'operator' then 'operator'
                else t.role end as "role!",
            a.name as "account?"
        from api_token t left join account a using (account_id)
        where $1::uuid is null or t.account_id = $1 order by t.name"#,
        account
    )
    .fetch_all(db)
    .await
}

/// Removes the token called `name` with those it made, of `account` if one is given; false if there is none.
pub async fn delete_api_token(
    db: impl PgExecutor<'_>,
    name: &str,
    account: Option<Uuid>,
) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        "delete from api_token where name = $1 and ($2::uuid is null or account_id = $2)",
        name,
        account
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

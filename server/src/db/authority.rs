//! The roots that agents trust, and the key that signs.

use analysis::Timestamp;
use sqlx::PgExecutor;
use uuid::Uuid;

/// One root with its key.
pub struct AuthorityRow {
    pub id: Uuid,
    pub certificate_pem: String,
    /// PKCS#8.
    pub key_pem: String,
    /// Exactly one root signs; the others are only trusted.
    pub signs: bool,
    pub created_at: Timestamp,
}

/// All roots, the oldest first.
pub async fn all(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<AuthorityRow>> {
    sqlx::query_as!(
        AuthorityRow,
        "select id, certificate_pem, key_pem, signs, created_at
         from certificate_authority order by created_at, id"
    )
    .fetch_all(db)
    .await
}

/// Adds the root that signs, unless one does. A second server that does this at the same time
/// waits for the first and then changes nothing.
pub async fn insert_first(db: impl PgExecutor<'_>, root: &AuthorityRow) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into certificate_authority (id, certificate_pem, key_pem, signs, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict (signs) where signs do nothing",
        root.id,
        root.certificate_pem,
        root.key_pem,
        root.signs,
        root.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

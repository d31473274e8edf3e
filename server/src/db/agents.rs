//! The hosts that joined, and whether they may still speak.

use std::collections::BTreeMap;

use analysis::Timestamp;
use analysis::identity::AgentId;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

use crate::identity::authority::IssuedCertificate;
use crate::identity::key::Sha256;

/// A host that joins.
#[derive(Debug)]
pub struct NewAgent<'a> {
    pub agent_id: AgentId,
    pub host_name: &'a str,
    pub machine_id: &'a str,
    pub labels: &'a BTreeMap<String, String>,
    pub key_sha256: Sha256,
    /// The join token that it used.
    pub token_sha256: Sha256,
}

/// Adds a host, and remembers that this key joined with this token: asking again with both gives
/// the same identity.
pub async fn insert(
    db: &mut PgConnection,
    agent: &NewAgent<'_>,
    certificate: &IssuedCertificate,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into agent (agent_id, host_name, machine_id, labels, enrolled_at, key_sha256,
                            certificate_serial, certificate_expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        agent.agent_id.0,
        agent.host_name,
        agent.machine_id,
        Json(agent.labels) as _,
        now,
        agent.key_sha256.as_slice(),
        certificate.serial,
        certificate.expires_at,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into enrolment (token_sha256, key_sha256, agent_id, enrolled_at)
         values ($1, $2, $3, $4)",
        agent.token_sha256.as_slice(),
        agent.key_sha256.as_slice(),
        agent.agent_id.0,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The agent that this key became with this token.
pub async fn enrolled(
    db: impl PgExecutor<'_>,
    token: Sha256,
    key: Sha256,
) -> sqlx::Result<Option<AgentId>> {
    let agent = sqlx::query_scalar!(
        "select agent_id from enrolment where token_sha256 = $1 and key_sha256 = $2",
        token.as_slice(),
        key.as_slice(),
    )
    .fetch_optional(db)
    .await?;
    Ok(agent.map(AgentId))
}

/// May this agent speak? False if it was revoked or never joined.
pub async fn is_active(db: impl PgExecutor<'_>, agent: AgentId) -> sqlx::Result<bool> {
    let active = sqlx::query_scalar!(
        r#"select revoked_at is null as "active!" from agent where agent_id = $1"#,
        agent.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(active.unwrap_or(false))
}

/// Notes the newest certificate of an agent; false if it was revoked, or its key is another.
///
/// The check and the note are one statement, so that a revocation cannot come between them.
pub async fn set_certificate(
    db: impl PgExecutor<'_>,
    agent: AgentId,
    key: Sha256,
    certificate: &IssuedCertificate,
) -> sqlx::Result<bool> {
    let updated = sqlx::query!(
        "update agent set certificate_serial = $3, certificate_expires_at = $4
         where agent_id = $1 and key_sha256 = $2 and revoked_at is null",
        agent.0,
        key.as_slice(),
        certificate.serial,
        certificate.expires_at,
    )
    .execute(db)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Takes an agent's right to speak away, for good. False if there is no such agent, or it was
/// revoked before; the first reason stays.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    agent: AgentId,
    reason: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let revoked = sqlx::query!(
        "update agent set revoked_at = $3, revoked_reason = $2
         where agent_id = $1 and revoked_at is null",
        agent.0,
        reason,
        now,
    )
    .execute(db)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// How many agents that may speak hold a certificate that ends before `moment`.
pub async fn certificates_ending_before(
    db: impl PgExecutor<'_>,
    moment: Timestamp,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from agent
           where revoked_at is null and certificate_expires_at < $1"#,
        moment,
    )
    .fetch_one(db)
    .await
}

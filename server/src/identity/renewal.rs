//! A new certificate for an agent that has one.
//!
//! The key stays the same for the life of an identity, so the old certificate goes on to be good
//! until it expires: an answer that was lost costs nothing, the agent asks again. A host whose key
//! may have been copied is revoked and joins again.

use analysis::identity::AgentId;
use proto::enrolment::{EnrolResponse, RenewRequest};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use sqlx::PgExecutor;
use tracing::info;

use super::authority::{Authority, IssuedCertificate};
use super::certificate::Validity;
use super::key::{AgentKey, Sha256};
use super::peer::AgentIdentity;
use super::refusal::Refusal;
use super::tls::agent_verifier;
use crate::app::App;
use crate::db::agents;

/// A certificate is at most this long, in PEM. Unit: bytes.
const MAX_CERTIFICATE_BYTES: usize = 8 * 1024;

/// Renews the certificate of the agent at the other end of a connection.
///
/// # Errors
///
/// [`Refusal`] if the request is for another key, or the agent may not speak any more.
pub async fn renew(
    app: &App,
    csr_der: &[u8],
    identity: &AgentIdentity,
) -> Result<IssuedCertificate, Refusal> {
    renew_for(app, &AgentKey::from_request_der(csr_der)?, identity).await
}

/// Renews a certificate that may have expired, as when a host was off for two weeks: it is proof
/// of who the host is all the same, together with a request that its key has signed.
///
/// # Errors
///
/// [`Refusal`], also if the certificate expired longer ago than the configuration allows.
pub async fn renew_expired(app: &App, request: &RenewRequest) -> Result<EnrolResponse, Refusal> {
    let key = AgentKey::from_request_pem(&request.csr_pem)?;
    let identity = verified_in_its_time(&app.authority, &request.certificate_pem)?;
    if app.now() > identity.expires_at + app.config.identity.renew_after_expiry.as_delta() {
        return Err(Refusal::LongExpired);
    }
    let certificate = renew_for(app, &key, &identity).await?;
    Ok(super::enrol::response(app, identity.agent_id, certificate))
}

async fn renew_for(
    app: &App,
    key: &AgentKey,
    identity: &AgentIdentity,
) -> Result<IssuedCertificate, Refusal> {
    let AgentIdentity {
        agent_id,
        key_sha256,
        ..
    } = identity;
    if key.sha256 != *key_sha256 {
        return Err(Refusal::OtherKey);
    }
    let certificate = certify(app, *agent_id, key)?;
    note_certificate(&app.db, *agent_id, *key_sha256, &certificate).await?;
    info!(
        agent = %agent_id, serial = certificate.serial, expires_at = %certificate.expires_at,
        "renewed the certificate of agent {agent_id}"
    );
    Ok(certificate)
}

/// Makes a certificate of the configured life for `key`.
pub(super) fn certify(
    app: &App,
    agent: AgentId,
    key: &AgentKey,
) -> Result<IssuedCertificate, Refusal> {
    let life = app.config.identity.certificate_lifetime.as_delta();
    let validity = Validity::starting(app.now(), life);
    Ok(app.authority.issue_agent(agent, key, validity)?)
}

/// Notes the newest certificate of an agent, if it may still speak.
pub(super) async fn note_certificate(
    db: impl PgExecutor<'_>,
    agent: AgentId,
    key: Sha256,
    certificate: &IssuedCertificate,
) -> Result<(), Refusal> {
    if agents::set_certificate(db, agent, key, certificate).await? {
        Ok(())
    } else {
        Err(Refusal::NotActive)
    }
}

/// Verifies a certificate as the agents' listener would have done in its last second.
fn verified_in_its_time(authority: &Authority, pem: &str) -> Result<AgentIdentity, Refusal> {
    if pem.len() > MAX_CERTIFICATE_BYTES {
        return Err(Refusal::ForeignCertificate);
    }
    let foreign = |_| Refusal::ForeignCertificate;
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(foreign)?;
    let identity =
        AgentIdentity::from_certificate(&certificate).map_err(|_| Refusal::ForeignCertificate)?;
    let last =
        u64::try_from(identity.expires_at.timestamp()).map_err(|_| Refusal::ForeignCertificate)?;
    let moment = UnixTime::since_unix_epoch(std::time::Duration::from_secs(last));
    agent_verifier(authority)
        .map_err(|_| Refusal::ForeignCertificate)?
        .verify_client_cert(&certificate, &[], moment)
        .map_err(|_| Refusal::ForeignCertificate)?;
    Ok(identity)
}

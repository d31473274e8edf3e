//! The server's own certificate authority, kept in Postgres so that every replica is the same one.

use std::fmt;
use std::sync::Arc;

use analysis::Timestamp;
use analysis::identity::AgentId;
use rcgen::{CertifiedIssuer, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sqlx::PgPool;
use uuid::Uuid;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::certificate::{self, CannotIssue, Validity};
use super::key::{AgentKey, Sha256};
use crate::config::PublicName;
use crate::db::authority::{self as table, AuthorityRow};

/// Gives out certificates, and says which roots agents trust.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pin: String,
    certificate_pem: String,
    bundle_pem: String,
    roots: Arc<RootCertStore>,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("cannot read or write the table certificate_authority")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    CannotIssue(#[from] CannotIssue),
    #[error("what stands in the table certificate_authority is not an authority")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("no root in the table certificate_authority signs")]
    NoneSigns,
}

/// A certificate for an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCertificate {
    pub pem: String,
    /// As in [`super::peer::AgentIdentity::serial`].
    pub serial: String,
    pub expires_at: Timestamp,
}

impl Authority {
    /// Reads the authority, and makes it if there is none yet.
    ///
    /// Any number of servers may do this at once: the unique index on the root that signs lets
    /// one of them make it, and the others read that one.
    ///
    /// # Errors
    ///
    /// If Postgres fails, or holds something that is no authority.
    pub async fn open(db: &PgPool, now: Timestamp) -> Result<Self, AuthorityError> {
        let mut rows = table::all(db).await?;
        if rows.is_empty() {
            table::insert_first(db, &new_root(now)?).await?;
            rows = table::all(db).await?;
        }
        Self::from_rows(&rows)
    }

    fn from_rows(rows: &[AuthorityRow]) -> Result<Self, AuthorityError> {
        let signing = rows.iter().find(|row| row.signs);
        let signing = signing.ok_or(AuthorityError::NoneSigns)?;
        let mut roots = RootCertStore::empty();
        for row in rows {
            roots.add(root_der(row)?).map_err(malformed)?;
        }
        let certificate = root_der(signing)?;
        let key = KeyPair::from_pem(&signing.key_pem).map_err(malformed)?;
        Ok(Self {
            issuer: Issuer::from_ca_cert_der(&certificate, key).map_err(malformed)?,
            pin: pin(&certificate)?,
            certificate,
            certificate_pem: signing.certificate_pem.clone(),
            bundle_pem: rows
                .iter()
                .map(|row| row.certificate_pem.as_str())
                .collect(),
            roots: Arc::new(roots),
        })
    }

    /// SHA-256 of the public key of the root that signs, as `sha256:HEX`. It travels with the join
    /// token, so that a host knows the server before it says the token.
    pub fn pin(&self) -> &str {
        &self.pin
    }

    /// The root that signs, in PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Every root that agents trust, in PEM.
    pub fn bundle_pem(&self) -> &str {
        &self.bundle_pem
    }

    /// Every root whose certificates this server accepts.
    pub fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.roots)
    }

    /// Makes a certificate with which `key` speaks as `agent`.
    ///
    /// # Errors
    ///
    /// [`CannotIssue`], which is a bug of ours.
    pub fn issue_agent(
        &self,
        agent: AgentId,
        key: &AgentKey,
        validity: Validity,
    ) -> Result<IssuedCertificate, CannotIssue> {
        let params = certificate::agent(agent, validity)?;
        let made = params.signed_by(key.public(), &self.issuer)?;
        let serial = params.serial_number.as_ref();
        Ok(IssuedCertificate {
            pem: made.pem(),
            serial: hex(&serial.map(|serial| serial.to_bytes()).unwrap_or_default()),
            expires_at: validity.until,
        })
    }

    /// Makes a key and a certificate with which this process is the server called `names`.
    ///
    /// The chain has the root behind the certificate: a joining agent has only the pin, and finds
    /// the key that it is of in this chain.
    ///
    /// # Errors
    ///
    /// [`CannotIssue`] if a name cannot stand in a certificate.
    pub fn issue_server(
        &self,
        names: &[PublicName],
        validity: Validity,
    ) -> Result<CertifiedKey, CannotIssue> {
        let key = KeyPair::generate()?;
        let made = certificate::server(names, validity)?.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = rustls::crypto::ring::sign::any_ecdsa_type(&key)
            .expect("ring reads the keys that ring makes");
        let chain = vec![made.der().clone(), self.certificate.clone()];
        Ok(CertifiedKey::new(chain, key))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the key.
        f.debug_struct("Authority")
            .field("pin", &self.pin)
            .finish_non_exhaustive()
    }
}

/// Lower-case hexadecimal digits, two for each byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn new_root(now: Timestamp) -> Result<AuthorityRow, CannotIssue> {
    let id = Uuid::new_v4();
    let name = format!("aiops authority {}", &id.simple().to_string()[..8]);
    let root = CertifiedIssuer::self_signed(certificate::root(&name, now)?, KeyPair::generate()?)?;
    Ok(AuthorityRow {
        id,
        certificate_pem: root.pem(),
        key_pem: root.key().serialize_pem(),
        signs: true,
        created_at: now,
    })
}

fn root_der(row: &AuthorityRow) -> Result<CertificateDer<'static>, AuthorityError> {
    CertificateDer::from_pem_slice(row.certificate_pem.as_bytes()).map_err(malformed)
}

fn pin(root: &CertificateDer<'_>) -> Result<String, AuthorityError> {
    let (_, parsed) = X509Certificate::from_der(root).map_err(malformed)?;
    Ok(Sha256::of(parsed.public_key().raw).to_string())
}

fn malformed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AuthorityError {
    AuthorityError::Malformed(source.into())
}

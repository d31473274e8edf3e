//! Who is at the other end of a connection, read from its certificate and nowhere else.

use analysis::Timestamp;
use analysis::identity::AgentId;
use chrono::DateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;

use super::authority::hex;
use super::certificate::AGENT_URI_PREFIX;
use super::key::Sha256;

/// The agent at the other end of a connection. Every request on it has this as an extension.
///
/// Comes only from a certificate that rustls has verified against our roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentIdentity {
    pub agent_id: AgentId,
    /// SHA-256 of the public key of the certificate.
    pub key_sha256: Sha256,
    /// Of the certificate, in hexadecimal digits.
    pub serial: String,
    /// When the certificate does.
    pub expires_at: Timestamp,
}

/// Why a certificate names no agent. Ours never look like this, whoever signed them.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotAnAgent {
    #[error("the certificate cannot be read")]
    Unreadable,
    #[error("the certificate may be used for something else than being a client")]
    OtherUsage,
    #[error("the certificate does not have exactly one name")]
    NotOneName,
    #[error("the name in the certificate is not one of an agent")]
    OtherName,
}

impl AgentIdentity {
    /// Reads a certificate in DER. Anything unusual is refused.
    ///
    /// # Errors
    ///
    /// [`NotAnAgent`] says what is unusual.
    pub fn from_certificate(der: &[u8]) -> Result<Self, NotAnAgent> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| NotAnAgent::Unreadable)?;
        if !rest.is_empty() {
            return Err(NotAnAgent::Unreadable);
        }
        check_usage(&certificate)?;
        Ok(Self {
            agent_id: agent_id(&certificate)?,
            key_sha256: Sha256::of(certificate.public_key().raw),
            serial: hex(certificate.raw_serial()),
            expires_at: DateTime::from_timestamp(certificate.validity.not_after.timestamp(), 0)
                .ok_or(NotAnAgent::Unreadable)?,
        })
    }
}

fn check_usage(certificate: &X509Certificate<'_>) -> Result<(), NotAnAgent> {
    let usage = certificate.extended_key_usage();
    let usage = usage.map_err(|_| NotAnAgent::Unreadable)?;
    let usage = usage.ok_or(NotAnAgent::OtherUsage)?.value;
    if !usage.client_auth || usage.server_auth || usage.any || certificate.is_ca() {
        return Err(NotAnAgent::OtherUsage);
    }
    Ok(())
}

fn agent_id(certificate: &X509Certificate<'_>) -> Result<AgentId, NotAnAgent> {
    // Not `subject_alternative_name`: that one reads the first of several as if it were the only.
    let names: Vec<_> = certificate
        .extensions()
        .iter()
        .filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
            _ => None,
        })
        .flatten()
        .collect();
    let [GeneralName::URI(uri)] = names.as_slice() else {
        return Err(NotAnAgent::NotOneName);
    };
    let id = uri
        .strip_prefix(AGENT_URI_PREFIX)
        .ok_or(NotAnAgent::OtherName)?;
    let agent: AgentId = id.parse().map_err(|_| NotAnAgent::OtherName)?;
    // One spelling only: a UUID can be written in capitals or in braces as well.
    if agent.to_string() != id {
        return Err(NotAnAgent::OtherName);
    }
    Ok(agent)
}

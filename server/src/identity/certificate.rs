//! What stands in the certificates that the authority gives out.

use analysis::Timestamp;
use analysis::identity::AgentId;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use x509_parser::time::ASN1Time;

use crate::config::PublicName;

/// The clocks of hosts are not exact: certificates are valid from this long before they are made.
const CLOCK_SKEW_S: i64 = 3_600;

/// Ten years: shorter than a machine may live, so agents get a bundle that can hold two roots.
const ROOT_LIFE_DAYS: i64 = 3_650;

/// The start of every agent's URI; see the module `identity`.
pub const AGENT_URI_PREFIX: &str = "spiffe://aiops/agent/";

/// Why a certificate could not be made. Never the fault of the one who asked.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a certificate")]
pub struct CannotIssue(#[from] rcgen::Error);

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Validity {
    /// `life` from `now` on, and a little into the past for hosts whose clock is behind.
    pub fn starting(now: Timestamp, life: chrono::TimeDelta) -> Self {
        Self {
            from: now - chrono::TimeDelta::seconds(CLOCK_SKEW_S),
            until: now + life,
        }
    }
}

/// A root that signs the certificates of agents and servers, and no other authority.
pub(super) fn root(name: &str, now: Timestamp) -> Result<CertificateParams, CannotIssue> {
    let validity = Validity::starting(now, chrono::TimeDelta::days(ROOT_LIFE_DAYS));
    let mut params = common(name, validity)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// An agent's certificate: good for being a client, and for nothing else.
pub(super) fn agent(agent: AgentId, validity: Validity) -> Result<CertificateParams, CannotIssue> {
    let mut params = leaf(
        &agent.to_string(),
        validity,
        ExtendedKeyUsagePurpose::ClientAuth,
    )?;
    let uri = format!("{AGENT_URI_PREFIX}{agent}").try_into()?;
    params.subject_alt_names = vec![SanType::URI(uri)];
    Ok(params)
}

/// A server's certificate for `names`: good for being a server, and for nothing else.
pub(super) fn server(
    names: &[PublicName],
    validity: Validity,
) -> Result<CertificateParams, CannotIssue> {
    let mut params = leaf(
        "aiops server",
        validity,
        ExtendedKeyUsagePurpose::ServerAuth,
    )?;
    params.subject_alt_names = names
        .iter()
        .map(|name| match name.as_str().parse::<std::net::IpAddr>() {
            Ok(address) => Ok(SanType::IpAddress(address)),
            Err(_) => name.as_str().try_into().map(SanType::DnsName),
        })
        .collect::<Result<_, _>>()?;
    Ok(params)
}

fn leaf(
    name: &str,
    validity: Validity,
    usage: ExtendedKeyUsagePurpose,
) -> Result<CertificateParams, CannotIssue> {
    let mut params = common(name, validity)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn common(name: &str, validity: Validity) -> Result<CertificateParams, CannotIssue> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = moment(validity.from)?.to_datetime();
    params.not_after = moment(validity.until)?.to_datetime();
    // Else rcgen takes a hash of the key, which is the same again at every renewal.
    params.serial_number = Some(random_serial()?);
    Ok(params)
}

fn random_serial() -> Result<SerialNumber, CannotIssue> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| rcgen::Error::RingUnspecified)?;
    // Positive and of full length, so that it is written in one way only.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn moment(at: Timestamp) -> Result<ASN1Time, CannotIssue> {
    Ok(ASN1Time::from_timestamp(at.timestamp()).map_err(|_| rcgen::Error::Time)?)
}

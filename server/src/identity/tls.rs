//! The TLS of both listeners: what the server shows, and what it demands.

use std::sync::Arc;

use analysis::Timestamp;
use arc_swap::ArcSwap;
use chrono::TimeDelta;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, VerifierBuilderError,
    WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion, version};

use super::authority::Authority;
use super::certificate::{CannotIssue, Validity};
use crate::config::{Config, PublicName};

/// The certificate that this process shows on both listeners.
///
/// It is made at the start and again at half of its life, never stored, and swapped while
/// connections go on.
#[derive(Debug)]
pub struct ServerCertificate {
    names: Vec<PublicName>,
    life: TimeDelta,
    current: ArcSwap<Current>,
}

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    made_at: Timestamp,
}

impl ServerCertificate {
    /// Makes the first one.
    ///
    /// # Errors
    ///
    /// [`CannotIssue`] if a name cannot stand in a certificate.
    pub fn new(
        config: &Config,
        authority: &Authority,
        now: Timestamp,
    ) -> Result<Self, CannotIssue> {
        let names = names(config);
        let life = config.identity.server_certificate_lifetime.as_delta();
        let first = make(authority, &names, life, now)?;
        Ok(Self {
            names,
            life,
            current: ArcSwap::from_pointee(first),
        })
    }

    /// Makes the next one if half of the life of the current one is over at `now`. True if it did.
    ///
    /// # Errors
    ///
    /// [`CannotIssue`]; the current one stays.
    pub fn renew_if_due(&self, authority: &Authority, now: Timestamp) -> Result<bool, CannotIssue> {
        if now < self.current.load().made_at + self.life / 2 {
            return Ok(false);
        }
        let next = make(authority, &self.names, self.life, now)?;
        self.current.store(Arc::new(next));
        Ok(true)
    }
}

impl ResolvesServerCert for ServerCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Whatever name the client asks for: there is one certificate, and it has all names.
        Some(Arc::clone(&self.current.load().key))
    }
}

/// For the listener of people: no client certificate, TLS 1.2 and 1.3.
///
/// # Errors
///
/// Never with the provider that is compiled in.
pub fn for_people(certificate: Arc<ServerCertificate>) -> Result<ServerConfig, rustls::Error> {
    let versions: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];
    let mut tls = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

/// For the listener of agents: a client certificate of ours or no connection, TLS 1.3 and HTTP/2.
///
/// # Errors
///
/// If the authority has no roots.
pub fn for_agents(
    certificate: Arc<ServerCertificate>,
    authority: &Authority,
) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let mut tls = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13])?
        .with_client_cert_verifier(agent_verifier(authority)?)
        .with_cert_resolver(certificate);
    tls.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session is not verified again: an agent could go on with a certificate that has
    // expired. A full handshake costs 0.2 ms, half of which resumption would save.
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    tls.send_tls13_tickets = 0;
    Ok(tls)
}

/// What accepts an agent's certificate: signed by one of our roots, for being a client.
pub(super) fn agent_verifier(
    authority: &Authority,
) -> Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError> {
    WebPkiClientVerifier::builder_with_provider(authority.roots(), provider()).build()
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn make(
    authority: &Authority,
    names: &[PublicName],
    life: TimeDelta,
    now: Timestamp,
) -> Result<Current, CannotIssue> {
    let key = authority.issue_server(names, Validity::starting(now, life))?;
    Ok(Current {
        key: Arc::new(key),
        made_at: now,
    })
}

/// Everything this server may be called: what the configuration says, and how one calls a server
/// on the same machine.
fn names(config: &Config) -> Vec<PublicName> {
    let mut names = config.public_names.clone();
    names.push(PublicName::of_this_machine());
    names.extend(PublicName::of_loopback());
    for listen in [config.listen.http, config.listen.agents] {
        if !listen.ip().is_unspecified() {
            names.push(listen.ip().into());
        }
    }
    let mut unique = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

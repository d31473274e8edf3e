//! TLS configurations of a client that trusts one private authority, never the system's roots.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::pin::{CaPin, PinnedAuthority};

/// Why certificates or a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read the {0} as PEM")]
    Pem(&'static str, #[source] rustls_pki_types::pem::Error),
    #[error("there is no {0}")]
    Empty(&'static str),
    #[error("the certificates cannot be used")]
    Unusable(#[from] rustls::Error),
}

/// The cryptography of all our connections; named each time, so that no process default matters.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// For the first contact: the server has to prove the pinned authority. Gives the verifier too,
/// which knows whether the pin was the problem.
///
/// # Errors
///
/// If the library refuses its own defaults.
pub fn pinned(pin: CaPin) -> Result<(ClientConfig, Arc<PinnedAuthority>), TlsError> {
    let authority = Arc::new(PinnedAuthority::new(pin, provider()));
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&authority) as _)
        .with_no_client_auth();
    Ok((config, authority))
}

/// For HTTPS to a server of the authority, without a certificate of our own.
///
/// # Errors
///
/// If `ca_bundle_pem` holds no authority.
pub fn trusting(ca_bundle_pem: &str) -> Result<ClientConfig, TlsError> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(ca_bundle_pem)?)
        .with_no_client_auth())
}

/// For the stream: both sides show a certificate, and speak HTTP/2.
///
/// # Errors
///
/// If one of the three is unreadable, or the key is not the certificate's.
pub fn mutual(
    ca_bundle_pem: &str,
    certificate_pem: &str,
    key_pem: &str,
) -> Result<ClientConfig, TlsError> {
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes())
        .map_err(|error| TlsError::Pem("key", error))?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(ca_bundle_pem)?)
        .with_client_auth_cert(certificates("certificate", certificate_pem)?, key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// The certificates of a PEM text, at least one.
///
/// # Errors
///
/// If there is none, or one is no PEM; `what` names them.
pub fn certificates(
    what: &'static str,
    pem: &str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::Pem(what, error))?;
    if chain.is_empty() {
        Err(TlsError::Empty(what))
    } else {
        Ok(chain)
    }
}

fn roots(ca_bundle_pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates("authority", ca_bundle_pem)? {
        roots.add(authority)?;
    }
    Ok(roots)
}

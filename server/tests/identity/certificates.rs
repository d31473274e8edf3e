//! Certificates as clients show them, also such as our authority never gives out.

use std::sync::Arc;

use proto::enrolment::EnrolResponse;
use rcgen::{CertificateParams, Issuer, KeyPair, SanType};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use server::db::authority;
use sqlx::PgPool;

/// What a client shows in the handshake.
pub struct Credentials(CertifiedKey);

impl Credentials {
    pub fn new(certificate_pem: &str, key: &KeyPair) -> Self {
        let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes()).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let key = rustls::crypto::ring::sign::any_ecdsa_type(&key).unwrap();
        Self(CertifiedKey::new(vec![certificate], key))
    }

    /// A certificate for a fresh key, with `params` as they are, by an authority that would not
    /// have made it.
    pub fn signed(params: &CertificateParams, issuer: &Issuer<'_, KeyPair>) -> Self {
        let key = KeyPair::generate().unwrap();
        Self::new(&params.signed_by(&key, issuer).unwrap().pem(), &key)
    }

    /// What somebody has who stole the server's key.
    pub fn of_server(stolen: CertifiedKey) -> Self {
        Self(stolen)
    }
}

/// The authority of this database, in the hands of the test.
pub async fn issuer(db: &PgPool) -> Issuer<'static, KeyPair> {
    let row = authority::all(db).await.unwrap().remove(0);
    let key = KeyPair::from_pem(&row.key_pem).unwrap();
    Issuer::from_ca_cert_pem(&row.certificate_pem, key).unwrap()
}

/// An authority of somebody else.
pub fn foreign_issuer() -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    Issuer::new(params, KeyPair::generate().unwrap())
}

/// What an agent's certificate holds, with these names instead of its own.
pub fn client_params(names: Vec<SanType>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = names;
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    params
}

pub fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

/// The TLS of a client that trusts the roots of `bundle_pem`.
pub fn client_tls(bundle_pem: &str, credentials: Option<Credentials>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(bundle_pem.as_bytes()) {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut tls = match credentials {
        Some(shown) => tls.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown.0))),
        None => tls.with_no_client_auth(),
    };
    tls.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(tls)
}

/// A signing request in PEM; its subject claims to be somebody.
pub fn signing_request(key: &KeyPair) -> String {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "root of all agents");
    params.serialize_request(key).unwrap().pem().unwrap()
}

pub fn signing_request_der(key: &KeyPair) -> Vec<u8> {
    let request = CertificateParams::default().serialize_request(key).unwrap();
    request.der().to_vec()
}

/// What the host that got this answer shows.
pub fn joined(answer: &EnrolResponse, key: &KeyPair) -> Credentials {
    Credentials::new(&answer.certificate_pem, key)
}

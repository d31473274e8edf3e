//! A certificate authority.

use std::sync::Arc;

use agent::pin::CaPin;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair,
};
use rustls::{
    RootCertStore, ServerConfig, crypto::ring::default_provider, server::WebPkiClientVerifier,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use uuid::Uuid;
use x509_parser::{
    prelude::{FromDer, X509Certificate},
    time::ASN1Time,
};

pub struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// When a certificate is valid, in seconds from now on.
#[derive(Clone, Copy)]
pub struct Life {
    pub from_s: i64,
    pub until_s: i64,
}

impl Life {
    pub const WEEK: Self = Self {
        from_s: -3600,
        until_s: 7 * 86_400,
    };
    /// Nine tenths of it are over: it is to be renewed at once.
    pub const DUE: Self = Self {
        from_s: -9 * 3600,
        until_s: 3600,
    };
    pub const EXPIRED: Self = Self {
        from_s: -86_400,
        until_s: -60,
    };
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub fn pin(&self) -> String {
        CaPin::of(self.certificate.der()).unwrap().to_string()
    }

    /// Signs a request as it is, in PEM.
    pub fn sign(&self, csr_der: &[u8], life: Life) -> String {
        let mut csr = CertificateSigningRequestParams::from_der(&csr_der.into()).unwrap();
        // Else it is a hash of the key, and the same again at each renewal.
        csr.params.serial_number = Some(Uuid::new_v4().as_bytes().to_vec().into());
        let now = ASN1Time::now().timestamp();
        let at = |seconds| {
            ASN1Time::from_timestamp(now + seconds)
                .unwrap()
                .to_datetime()
        };
        csr.params.not_before = at(life.from_s);
        csr.params.not_after = at(life.until_s);
        csr.signed_by(&self.issuer).unwrap().pem()
    }

    /// For a listener at localhost that anybody may connect to.
    pub fn https(&self) -> Arc<ServerConfig> {
        let (chain, key) = self.server_certificate();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }

    /// For a listener at localhost that demands a certificate of this authority.
    pub fn mutual(&self) -> Arc<ServerConfig> {
        let (chain, key) = self.server_certificate();
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let provider = Arc::new(default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .unwrap();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Arc::new(config)
    }

    /// With the authority in the chain: a host that joins knows only its hash.
    fn server_certificate(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let chain = vec![certificate.der().clone(), self.certificate.der().clone()];
        (
            chain,
            PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap(),
        )
    }
}

/// The serial number of a certificate in DER.
pub fn serial(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let (_, parsed) = X509Certificate::from_der(certificate).unwrap();
    parsed.raw_serial().to_vec()
}

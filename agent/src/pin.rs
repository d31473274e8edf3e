//! How a host knows its server before it trusts anybody: the hash of the authority's key.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ring::digest::{SHA256, digest};
use rustls::{
    CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

/// SHA-256 of an authority's public key (its `SubjectPublicKeyInfo`), as `sha256:HEX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaPin([u8; 32]);

/// The text is no pin.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a pin is `sha256:` and 64 hexadecimal digits")]
pub struct NotAPin;

impl CaPin {
    /// The pin of a certificate's key. `None`: it is no certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let hash = digest(&SHA256, parsed.public_key().raw);
        Some(Self(hash.as_ref().try_into().ok()?))
    }
}

impl FromStr for CaPin {
    type Err = NotAPin;

    fn from_str(text: &str) -> Result<Self, NotAPin> {
        let hex = text.strip_prefix("sha256:").ok_or(NotAPin)?;
        if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotAPin);
        }
        let mut pin = [0; 32];
        for (byte, digits) in pin.iter_mut().zip(hex.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| NotAPin)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotAPin)?;
        }
        Ok(Self(pin))
    }
}

impl fmt::Display for CaPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Accepts a server whose chain ends at the authority with the pinned key, and no other.
///
/// The server has to send its authority's certificate along: all that the host has is the hash.
#[derive(Debug)]
pub struct PinnedAuthority {
    pin: CaPin,
    provider: Arc<CryptoProvider>,
    mismatch: AtomicBool,
}

impl PinnedAuthority {
    pub fn new(pin: CaPin, provider: Arc<CryptoProvider>) -> Self {
        Self {
            pin,
            provider,
            mismatch: AtomicBool::new(false),
        }
    }

    /// Whether a server was refused because its authority is another one. TLS libraries wrap the
    /// reason so deep that asking here is the only sure way.
    pub fn saw_mismatch(&self) -> bool {
        self.mismatch.load(Ordering::Relaxed)
    }

    fn authority<'a>(&self, chain: &'a [CertificateDer<'a>]) -> Option<&'a CertificateDer<'a>> {
        chain
            .iter()
            .find(|certificate| CaPin::of(certificate) == Some(self.pin))
    }
}

impl ServerCertVerifier for PinnedAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authority) = self.authority(intermediates) else {
            self.mismatch.store(true, Ordering::Relaxed);
            return Err(CertificateError::UnknownIssuer.into());
        };
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_as_they_are_written() {
        let text = format!("sha256:{}", "0f".repeat(32));
        assert_eq!(text.parse::<CaPin>().unwrap().to_string(), text);
        let wrong = [
            "",
            "sha256:",
            "0f0f",
            &text[..70],
            &text.replace("0f", "+f"),
            "sha256:é",
            "md5:00",
        ];
        for text in wrong {
            assert_eq!(text.parse::<CaPin>(), Err(NotAPin), "{text:?}");
        }
    }
}

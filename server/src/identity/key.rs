//! An agent's public key, as a signing request brings it.

use std::fmt;

use rcgen::{
    CertificateSigningRequestParams, PKCS_ECDSA_P256_SHA256, PublicKey, PublicKeyData as _,
};
use ring::digest;

/// Larger requests than any agent sends are not even parsed. Unit: bytes.
const MAX_REQUEST_BYTES: usize = 8 * 1024;

/// SHA-256 of a public key (its SubjectPublicKeyInfo in DER), or of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    pub fn of(bytes: &[u8]) -> Self {
        let digest = digest::digest(&digest::SHA256, bytes);
        Self(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

/// As it stands in a pin: `sha256:` and 64 hexadecimal digits.
impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key that a signing request proved to hold.
///
/// Everything else in the request (subject, extensions) is ignored: what a certificate says is
/// decided here, not by the one who asks.
#[derive(Debug)]
pub struct AgentKey {
    public: PublicKey,
    pub sha256: Sha256,
}

/// Why a signing request is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BadSigningRequest {
    #[error("the signing request has {0} bytes, more than {MAX_REQUEST_BYTES}")]
    TooLarge(usize),
    #[error("the signing request is not PKCS#10 signed by its own key")]
    Malformed(#[source] rcgen::Error),
    #[error("the key of the signing request is not ECDSA P-256")]
    OtherAlgorithm,
}

impl AgentKey {
    /// Reads a PKCS#10 request in DER and checks that it is signed by the key it is for.
    ///
    /// # Errors
    ///
    /// [`BadSigningRequest`], whose text may be shown to the one who asks.
    pub fn from_request_der(der: &[u8]) -> Result<Self, BadSigningRequest> {
        check_size(der.len())?;
        Self::proven(CertificateSigningRequestParams::from_der(&der.into()))
    }

    /// Like [`Self::from_request_der`], in PEM.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn from_request_pem(pem: &str) -> Result<Self, BadSigningRequest> {
        check_size(pem.len())?;
        Self::proven(CertificateSigningRequestParams::from_pem(pem))
    }

    fn proven(
        parsed: Result<CertificateSigningRequestParams, rcgen::Error>,
    ) -> Result<Self, BadSigningRequest> {
        let public = parsed.map_err(BadSigningRequest::Malformed)?.public_key;
        if *public.algorithm() != PKCS_ECDSA_P256_SHA256 {
            return Err(BadSigningRequest::OtherAlgorithm);
        }
        let sha256 = Sha256::of(&public.subject_public_key_info());
        Ok(Self { public, sha256 })
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }
}

fn check_size(bytes: usize) -> Result<(), BadSigningRequest> {
    if bytes > MAX_REQUEST_BYTES {
        return Err(BadSigningRequest::TooLarge(bytes));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384};

    use super::*;

    fn request(key: &KeyPair) -> Vec<u8> {
        let request = CertificateParams::default().serialize_request(key).unwrap();
        request.der().to_vec()
    }

    #[test]
    fn a_request_counts_only_if_its_own_p256_key_signed_it() {
        let good = request(&KeyPair::generate().unwrap());
        assert!(AgentKey::from_request_der(&good).is_ok());

        let mut forged = good.clone();
        *forged.last_mut().unwrap() ^= 1;
        let p384 = request(&KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap());
        let cases: &[(&str, &[u8])] = &[
            ("nothing", b""),
            ("garbage", b"\x30\x03abc"),
            ("a flipped bit in the signature", &forged),
            ("cut short", &good[..good.len() - 1]),
            ("another kind of key", &p384),
            ("too large", &[0; MAX_REQUEST_BYTES + 1]),
        ];
        for (name, der) in cases {
            assert!(AgentKey::from_request_der(der).is_err(), "{name}");
        }
    }
}

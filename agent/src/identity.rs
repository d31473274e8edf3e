//! Who this agent is: the name the server gave it, its key, its certificate.

use std::sync::Arc;

use analysis::{Timestamp, identity::AgentId};
use arc_swap::ArcSwap;
use rcgen::{CertificateParams, KeyPair};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::{
    orders::keys::OrderKeys,
    pin::CaPin,
    state_dir::{StateDir, StateDirError},
    tls::{self, TlsError},
};

/// What was agreed at enrolment and stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    pub agent_id: AgentId,
    /// Where people and enrolment talk to the server: `https://host:8443`.
    pub server: String,
    /// The authority that the host was joined with, as `sha256:HEX`.
    pub ca_pin: String,
    /// `host:port` of the agent listeners, in the order to try them.
    pub stream_addresses: Vec<String>,
    /// As the host wants to be called. `None`: its own host name.
    pub host_name: Option<String>,
}

/// A certificate and all that belongs to it, as one value that is exchanged as a whole.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub certificate_pem: String,
    pub ca_bundle_pem: String,
    pub not_before: Timestamp,
    pub expires_at: Timestamp,
    /// For the stream. Kept with the certificate, so that TLS sessions resume while it is valid.
    pub tls: Arc<rustls::ClientConfig>,
}

/// Why there is no usable identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    State(#[from] StateDirError),
    #[error("cannot use the certificate")]
    Tls(#[from] TlsError),
    #[error("cannot make or read the key")]
    Key(#[from] rcgen::Error),
    #[error("the certificate cannot be read: {0}")]
    Certificate(&'static str),
    #[error("the certificate is for another key")]
    OtherKey,
    #[error("the server's authorities do not include the pinned one")]
    OtherAuthority,
}

/// The identity of a running agent. Its certificate changes under it: read it for each connection.
#[derive(Debug)]
pub struct Identity {
    pub enrolment: Enrolment,
    state: StateDir,
    key: KeyPair,
    credentials: ArcSwap<Credentials>,
}

impl Identity {
    /// Reads what `join` left in the state directory.
    ///
    /// # Errors
    ///
    /// [`StateDirError::NotJoined`] if there is nothing, else what is wrong with it.
    pub fn load(state: &StateDir) -> Result<Self, IdentityError> {
        let enrolment =
            enrolment(state)?.ok_or_else(|| StateDirError::NotJoined(state.identity()))?;
        let read =
            |path: std::path::PathBuf| state.read(&path)?.ok_or(StateDirError::NotJoined(path));
        let key = KeyPair::from_pem(&read(state.key())?)?;
        let credentials =
            Credentials::new(&key, read(state.certificate())?, read(state.ca_bundle())?)?;
        Ok(Self {
            enrolment,
            state: state.clone(),
            key,
            credentials: ArcSwap::from_pointee(credentials),
        })
    }

    pub fn credentials(&self) -> Arc<Credentials> {
        self.credentials.load_full()
    }

    /// A request to sign this agent's key.
    ///
    /// # Errors
    ///
    /// If the library cannot sign it.
    pub fn signing_request(&self) -> Result<rcgen::CertificateSigningRequest, IdentityError> {
        signing_request(&self.key)
    }

    /// Takes a new certificate: on disk first, then for the next connection.
    ///
    /// # Errors
    ///
    /// If it is not one for our key, or cannot be stored. The old one stays in use then.
    pub fn replace(
        &self,
        certificate_pem: String,
        ca_bundle_pem: String,
    ) -> Result<(), IdentityError> {
        let credentials = Credentials::new(&self.key, certificate_pem, ca_bundle_pem)?;
        store(&self.state, &credentials)?;
        self.credentials.store(Arc::new(credentials));
        Ok(())
    }

    /// Pins the keys that sign orders, if this host has none. Tells whether they were taken.
    ///
    /// # Errors
    ///
    /// If they cannot be made durable, or those that are there cannot be read.
    pub fn pin(&self, keys: &OrderKeys) -> Result<bool, IdentityError> {
        Ok(keys.pin(&self.state)?)
    }
}

impl Credentials {
    /// Checks that the certificate is one for `key`, and reads its life from it.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is another key's.
    pub fn new(
        key: &KeyPair,
        certificate_pem: String,
        ca_bundle_pem: String,
    ) -> Result<Self, IdentityError> {
        let chain = tls::certificates("certificate", &certificate_pem)?;
        let (_, leaf) = X509Certificate::from_der(&chain[0])
            .map_err(|_| IdentityError::Certificate("no X.509"))?;
        if leaf.public_key().subject_public_key.data != key.public_key_raw() {
            return Err(IdentityError::OtherKey);
        }
        let moment = |time: x509_parser::time::ASN1Time| {
            chrono::DateTime::from_timestamp(time.timestamp(), 0)
                .ok_or(IdentityError::Certificate("its dates are out of range"))
        };
        let tls = tls::mutual(&ca_bundle_pem, &certificate_pem, &key.serialize_pem())?;
        Ok(Self {
            not_before: moment(leaf.validity().not_before)?,
            expires_at: moment(leaf.validity().not_after)?,
            tls: Arc::new(tls),
            certificate_pem,
            ca_bundle_pem,
        })
    }

    /// Whether the authorities include the one that the host was joined with.
    pub fn include(&self, pin: CaPin) -> bool {
        tls::certificates("authority", &self.ca_bundle_pem).is_ok_and(|all| {
            all.iter()
                .any(|authority| CaPin::of(authority) == Some(pin))
        })
    }
}

/// What was agreed at enrolment, if the host has joined.
///
/// # Errors
///
/// If the file is there and cannot be read.
pub fn enrolment(state: &StateDir) -> Result<Option<Enrolment>, StateDirError> {
    let path = state.identity();
    let Some(text) = state.read(&path)? else {
        return Ok(None);
    };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| StateDirError::Damaged {
            path,
            source: error.into(),
        })
}

/// The key of this host, made once: an enrolment whose answer was lost is repeated with the same
/// key, and the server gives the same identity again.
///
/// # Errors
///
/// If it cannot be read, made or stored.
pub fn key(state: &StateDir) -> Result<KeyPair, IdentityError> {
    if let Some(pem) = state.read(&state.key())? {
        return Ok(KeyPair::from_pem(&pem)?);
    }
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    state.replace(&state.key(), key.serialize_pem().as_bytes())?;
    Ok(key)
}

/// A request to sign `key`. The subject stays empty: the server decides on the name.
///
/// # Errors
///
/// If the library cannot sign it.
pub fn signing_request(key: &KeyPair) -> Result<rcgen::CertificateSigningRequest, IdentityError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    Ok(params.serialize_request(key)?)
}

/// Writes a certificate and its authorities.
///
/// # Errors
///
/// If they cannot be made durable.
pub fn store(state: &StateDir, credentials: &Credentials) -> Result<(), StateDirError> {
    // The authorities first: a certificate without them is of no use, the reverse is harmless.
    state.replace(&state.ca_bundle(), credentials.ca_bundle_pem.as_bytes())?;
    state.replace(&state.certificate(), credentials.certificate_pem.as_bytes())
}

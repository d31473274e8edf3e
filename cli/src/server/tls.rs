//! Whom the command trusts: the authority of the context, and nobody else.

use std::{fs, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use crate::{
    config::Connection,
    exit::{Exit, Failure},
    message::say,
};

pub(super) fn of(connection: &Connection) -> Result<ClientConfig, Failure> {
    let place = match &connection.ca_file {
        Some(path) => path.display().to_string(),
        None => say("cli-in-context").to_string(),
    };
    let unreadable = || {
        Failure::new(
            Exit::Usage,
            say("cli-no-authority").with("path", place.as_str()),
        )
    };
    let pem = match (&connection.ca, &connection.ca_file) {
        (Some(pem), _) => pem.clone().into_bytes(),
        (None, Some(path)) => fs::read(path).map_err(|error| unreadable().because(error))?,
        (None, None) => return Err(unreadable().hint(say("cli-no-server-hint"))),
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unreadable().because(error))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable().because(error))?;
    }
    Ok(
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::broken(say("cli-no-tls"), error))?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

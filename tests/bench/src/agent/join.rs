//! How a simulated agent gets its certificate: as a host does, over the API, with a token.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use proto::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse};
use rcgen::{CertificateParams, KeyPair};
use reqwest::StatusCode;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use system::Server;

/// As many as the server signs at once, and a few that wait for their turn.
const AT_ONCE: usize = 8;
/// Until a host that was too many asks again.
const BUSY_WAIT: Duration = Duration::from_millis(10);

/// What makes hosts members of a fleet.
pub struct JoinToken {
    url: String,
    token: String,
    roots: Arc<RootCertStore>,
    client: reqwest::Client,
}

/// Who an agent is, ready to connect.
#[derive(Clone)]
pub struct Identity {
    pub stream_address: String,
    pub tls: Arc<ClientConfig>,
}

impl JoinToken {
    /// A token for so many hosts.
    pub fn new(server: &Server, uses: usize) -> Result<Self> {
        let words = server.join_command(uses)?;
        let at = words.iter().position(|word| word == "--token");
        let token = at.and_then(|at| words.get(at + 1)).context("no token")?;
        let mut roots = RootCertStore::empty();
        let authority = server.admin(&["ca", "show"])?;
        for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            roots.add(certificate?)?;
        }
        let roots = Arc::new(roots);
        let tls = tls()?
            .with_root_certificates(Arc::clone(&roots))
            .with_no_client_auth();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls);
        Ok(Self {
            url: format!("{}{ENROL_PATH}", server.url()),
            token: token.clone(),
            roots,
            client: client.build()?,
        })
    }

    /// Joins `count` hosts.
    pub async fn join_all(&self, count: usize) -> Result<Vec<Identity>> {
        let joins = stream::iter(0..count).map(|number| self.join(number));
        joins.buffered(AT_ONCE).try_collect().await
    }

    async fn join(&self, number: usize) -> Result<Identity> {
        let key = KeyPair::generate()?;
        let request = EnrolRequest {
            token: self.token.clone(),
            csr_pem: CertificateParams::default()
                .serialize_request(&key)?
                .pem()?,
            host_name: format!("bench-{number:05}"),
            machine_id: format!("{number:032x}"),
        };
        loop {
            let answer = self.client.post(&self.url).json(&request).send().await?;
            let status = answer.status();
            // The server signs a few at a time; hosts that are too many come back.
            if status == StatusCode::SERVICE_UNAVAILABLE {
                tokio::time::sleep(BUSY_WAIT).await;
                continue;
            }
            let text = answer.text().await?;
            ensure!(status.is_success(), "{status}: {text}");
            return self.identity(&key, serde_json::from_str(&text)?);
        }
    }

    fn identity(&self, key: &KeyPair, answer: EnrolResponse) -> Result<Identity> {
        let chain = CertificateDer::pem_slice_iter(answer.certificate_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes())?;
        let mut tls = tls()?
            .with_root_certificates(Arc::clone(&self.roots))
            .with_client_auth_cert(chain, key)?;
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let addresses = answer.stream_addresses;
        let stream_address = addresses.into_iter().next().context("no address")?;
        Ok(Identity {
            stream_address,
            tls: Arc::new(tls),
        })
    }
}

fn tls() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?)
}

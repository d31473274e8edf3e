//! An HTTPS server that enrols, and remembers every byte that it was sent.

use std::sync::{Arc, Mutex};

use proto::enrolment::{EnrolRequest, EnrolResponse, RenewRequest};
use rcgen::CertificateSigningRequestParams;
use rustls_pki_types::CertificateSigningRequestDer;
use rustls_pki_types::pem::PemObject;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use super::authority::{Authority, Life};

/// The server's key that signs orders: 32 ones.
pub const ORDER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

pub struct EnrolmentServer {
    pub address: String,
    /// Bodies of the requests that got through TLS.
    pub seen: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

/// What the server does wrong.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// So many first requests are carried out, and their answers lost.
    pub lose_answers: usize,
    /// So many first requests are answered with 503, as by a server whose database is away.
    pub busy: usize,
    /// Gives the authority of somebody else.
    pub other_authority: bool,
}

impl EnrolmentServer {
    pub async fn start(authority: Arc<Authority>, faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(authority.https());
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                // A client that refuses us ends the handshake.
                let Ok(mut stream) = acceptor.accept(tcp).await else {
                    continue;
                };
                let Some(body) = read_request(&mut stream).await else {
                    continue;
                };
                let count = {
                    let mut seen = remembered.lock().unwrap();
                    seen.push(body.clone());
                    seen.len()
                };
                if count <= faults.busy {
                    let _ = stream.write_all(BUSY.as_bytes()).await;
                    let _ = stream.shutdown().await;
                } else if count > faults.lose_answers {
                    let answer = answer(&authority, faults, &body);
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
                    let text = format!("{head}content-length: {}\r\n\r\n{answer}", answer.len());
                    let _ = stream.write_all(text.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        Self {
            address: format!("https://localhost:{port}"),
            seen,
            task,
        }
    }

    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for EnrolmentServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(authority: &Authority, faults: Faults, body: &str) -> String {
    let csr_pem = match serde_json::from_str::<EnrolRequest>(body) {
        Ok(request) => request.csr_pem,
        Err(_) => serde_json::from_str::<RenewRequest>(body).unwrap().csr_pem,
    };
    let csr = CertificateSigningRequestDer::from_pem_slice(csr_pem.as_bytes()).unwrap();
    CertificateSigningRequestParams::from_der(&csr).unwrap();
    let ca_bundle_pem = if faults.other_authority {
        Authority::new().pem()
    } else {
        authority.pem()
    };
    serde_json::to_string(&EnrolResponse {
        agent_id: Uuid::from_u128(7),
        certificate_pem: authority.sign(&csr, Life::WEEK),
        ca_bundle_pem,
        stream_addresses: vec!["localhost:9443".into()],
        order_keys: vec![ORDER_KEY.into()],
    })
    .unwrap()
}

/// The body of one HTTP/1.1 request.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(body.to_owned());
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

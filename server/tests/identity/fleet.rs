//! A server in this process, and hosts that talk to it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use analysis::fleet::Problem;
use hyper_util::rt::TokioIo;
use proto::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse};
use proto::v1::agent_stream_client::AgentStreamClient;
use rcgen::KeyPair;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use serde::Serialize;
use server::app::App;
use server::config::{Config, Period};
use server::identity::tokens::{self, NewJoinToken};
use server::{Database, Server};
use sqlx::PgPool;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};

use crate::certificates::{client_tls, signing_request};

/// A whole server on free ports.
pub struct Fleet {
    pub app: App,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Fleet {
    pub async fn start(db: PgPool) -> Self {
        let mut config = config();
        // The servers of one database share the key.
        let options = db.connect_options();
        let database = options.get_database().unwrap_or_default();
        let key_file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{database}.pem"));
        config.orders.key_file = Some(key_file);
        Self::start_with(db, config).await
    }

    pub async fn start_with(db: PgPool, config: Config) -> Self {
        let server = Server::bind_on(config, Database::given(db)).await.unwrap();
        let app = server.app().clone();
        let stop = CancellationToken::new();
        let running = tokio::spawn(server.run(stop.clone()));
        Self { app, stop, running }
    }

    /// Stops it, which must go well.
    pub async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
    }

    pub async fn token(&self, uses: u32) -> String {
        self.token_from(uses, self.app.now()).await
    }

    /// A token that was made at `moment` and is good for an hour.
    pub async fn token_from(&self, uses: u32, moment: analysis::Timestamp) -> String {
        let labels = [("site".to_owned(), "lab".to_owned())].into();
        let ttl = Period::from_secs(3_600);
        let new = NewJoinToken { uses, ttl, labels };
        let made = tokens::create_join_token(&self.app.db, "server", new, moment).await;
        made.unwrap().0.to_string()
    }

    /// Joins as a host would, over HTTPS.
    pub async fn join(&self, token: &str, key: &KeyPair) -> Result<EnrolResponse, Problem> {
        let request = EnrolRequest {
            token: token.to_owned(),
            csr_pem: signing_request(key),
            host_name: "db-1".into(),
            machine_id: "0123".into(),
        };
        self.post(ENROL_PATH, &request).await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<EnrolResponse, Problem> {
        let tls = client_tls(self.app.authority.bundle_pem(), None);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(Arc::unwrap_or_clone(tls))
            .no_proxy()
            .build()
            .unwrap();
        let url = format!("https://localhost:{}{path}", self.app.addresses.http.port());
        let answer = client.post(url).json(body).send().await.unwrap();
        if answer.status().is_success() {
            return Ok(answer.json().await.unwrap());
        }
        let kind = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(kind, "application/problem+json");
        let status = answer.status().as_u16();
        let problem: Problem = answer.json().await.unwrap();
        assert_eq!(problem.status, status);
        Err(problem)
    }
}

pub fn config() -> Config {
    let mut config = Config::default().with_machine_names();
    config.listen.http = ([127, 0, 0, 1], 0).into();
    config.listen.agents = ([127, 0, 0, 1], 0).into();
    config
}

/// A TLS connection; its handshake is over for us, but with TLS 1.3 the server may still refuse.
pub async fn connect(
    address: SocketAddr,
    tls: Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let connection = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(tls).connect(name, connection).await
}

/// A client of the agents' listener.
pub async fn agent(
    address: SocketAddr,
    tls: Arc<ClientConfig>,
) -> Result<AgentStreamClient<Channel>, tonic::transport::Error> {
    let connect = tower::service_fn(move |_| {
        let tls = Arc::clone(&tls);
        async move { connect(address, tls).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_static("http://localhost");
    let channel = endpoint.connect_with_connector(connect).await?;
    Ok(AgentStreamClient::new(channel))
}

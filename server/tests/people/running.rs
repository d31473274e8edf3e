//! A whole server in this process, and those who speak with it over TLS.

use std::sync::Arc;

use analysis::people::Role;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use server::app::App;
use server::config::Config;
use server::people::accounts;
use server::{Database, Server};
use sqlx::PgPool;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

/// Of every account.
pub const PASSWORD: &str = "correct horse battery";

/// A whole server on free ports.
pub struct Running {
    pub app: App,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub async fn start(db: PgPool) -> Self {
        let mut config = Config::default().with_machine_names();
        config.listen.http = ([127, 0, 0, 1], 0).into();
        config.listen.agents = ([127, 0, 0, 1], 0).into();
        let server = Server::bind_on(config, Database::given(db)).await.unwrap();
        let app = server.app().clone();
        let stop = CancellationToken::new();
        let running = tokio::spawn(server.run(stop.clone()));
        Self { app, stop, running }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
    }

    fn tls(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(self.app.authority.bundle_pem().as_bytes()) {
            roots.add(root.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    /// To write and read bytes as no client would.
    pub async fn connection(&self) -> TlsStream<TcpStream> {
        let plain = TcpStream::connect(self.app.addresses.http).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let connector = TlsConnector::from(Arc::new(self.tls()));
        connector.connect(name, plain).await.unwrap()
    }

    /// Nobody yet.
    pub fn browser(&self) -> Client {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls())
            .no_proxy()
            .build()
            .unwrap();
        let port = self.app.addresses.http.port();
        Client {
            http,
            base: format!("https://localhost:{port}"),
            header: None,
        }
    }

    pub fn program(&self, token: &str) -> Client {
        Client {
            header: Some(("authorization", format!("Bearer {token}"))),
            ..self.browser()
        }
    }

    /// Somebody with a password who has logged in.
    pub async fn account(&self, name: &str, role: Role) -> Client {
        let (db, now) = (&self.app.db, self.app.now());
        accounts::create(db, "server", name, role, now)
            .await
            .unwrap();
        let password = PASSWORD.to_owned();
        accounts::set_password(db, "server", name, password)
            .await
            .unwrap();
        let mut client = self.browser();
        assert_eq!(client.log_in(name, PASSWORD).await, StatusCode::OK);
        client
    }
}

pub struct Client {
    http: reqwest::Client,
    base: String,
    header: Option<(&'static str, String)>,
}

impl Client {
    /// Below the API.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.at(method, &format!("{}{path}", server::api::BASE))
    }

    pub fn at(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.header {
            Some((name, value)) => request.header(*name, value),
            None => request,
        }
    }

    /// As our own page sends it.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let mut request = self
            .request(method, path)
            .header("sec-fetch-site", "same-origin");
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn log_in(&mut self, name: &str, password: &str) -> StatusCode {
        let body = json!({ "name": name, "password": password });
        let answer = self.post("/login", &body).await;
        if answer.status().is_success() {
            self.keep_cookie(&answer);
        }
        answer.status()
    }

    pub async fn again(mut self, name: &str) -> Self {
        assert_eq!(self.log_in(name, PASSWORD).await, StatusCode::OK);
        self
    }

    pub fn keep_cookie(&mut self, answer: &Response) {
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let pair = cookie.split(';').next().unwrap();
        self.header = Some(("cookie", pair.to_owned()));
    }
}

/// The name of a refusal.
pub async fn kind(answer: Response) -> String {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = answer.json().await.unwrap();
    problem["type"].as_str().unwrap().to_owned()
}

//! The server's HTTP API, as far as commands need it.

use std::{fs, sync::Arc, time::Duration};

use analysis::fleet::Problem;
use futures_util::{Stream, StreamExt as _};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    config::Connection,
    exit::{Exit, Failure},
};

/// A reply that has not begun by then never will.
const REPLY_WITHIN: Duration = Duration::from_secs(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A connection to one server.
pub struct Server {
    http: reqwest::Client,
    connection: Connection,
}

impl Server {
    /// Prepares the connection; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the authority's certificate cannot be read.
    pub fn new(connection: Connection) -> Result<Self, Failure> {
        if !connection.server.contains("://") {
            let message = format!(
                "`{}` is no server: write https://HOST:PORT",
                connection.server
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(&connection)?)
            .connect_timeout(CONNECT_WITHIN)
            .build()
            .map_err(|error| Failure::broken("cannot set up the HTTP client", error))?;
        Ok(Self { http, connection })
    }

    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, Failure> {
        let request = self
            .request(Method::GET, path)
            .query(query)
            .timeout(REPLY_WITHIN);
        self.read(self.send(request).await?).await
    }

    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let request = self
            .request(Method::POST, path)
            .json(body)
            .timeout(REPLY_WITHIN);
        self.read(self.send(request).await?).await
    }

    /// Asks for something that is only done, not answered.
    pub async fn order(&self, path: &str, body: &impl Serialize) -> Result<(), Failure> {
        let request = self
            .request(Method::POST, path)
            .json(body)
            .timeout(REPLY_WITHIN);
        self.send(request).await.map(drop)
    }

    /// Opens a stream of server-sent events and gives their data, one by one, as it comes.
    pub async fn events(
        &self,
        path: &str,
        query: &[(&str, String)],
        after: Option<String>,
    ) -> Result<impl Stream<Item = Result<ServerSent, Failure>> + Unpin, Failure> {
        let mut request = self.request(Method::GET, path).query(query);
        if let Some(id) = after {
            request = request.header("Last-Event-ID", id);
        }
        let mut chunks = self.send(request).await?.bytes_stream();
        let lost = |error| self.unreachable(error);
        let mut parser = EventParser::default();
        Ok(Box::pin(futures_util::stream::poll_fn(move |cx| {
            loop {
                if let Some(event) = parser.next() {
                    return std::task::Poll::Ready(Some(Ok(event)));
                }
                match std::task::ready!(chunks.poll_next_unpin(cx)) {
                    Some(Ok(chunk)) => parser.push(&chunk),
                    Some(Err(error)) => return std::task::Poll::Ready(Some(Err(lost(error)))),
                    None => return std::task::Poll::Ready(None),
                }
            }
        })))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!(
            "{}/api/v1{path}",
            self.connection.server.trim_end_matches('/')
        );
        self.http
            .request(method, url)
            .bearer_auth(&self.connection.token)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem = response.json::<Problem>().await.ok();
        Err(refused(status, problem))
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, Failure> {
        response.json().await.map_err(|error| {
            Failure::broken(
                format!("{} answered something else", self.connection.server),
                error,
            )
            .hint("`aiops` and the server may be of different versions")
        })
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let server = &self.connection.server;
        Failure::new(
            Exit::Unreachable,
            format!("the server at {server} does not answer"),
        )
        .because(error.without_url())
        .hint("on the host itself `aiops analyze` needs no server: leave --host out there")
    }
}

fn tls(connection: &Connection) -> Result<ClientConfig, Failure> {
    let path = &connection.ca_file;
    let unreadable = || {
        let text = format!("cannot read the server's authority from {}", path.display());
        Failure::new(Exit::Usage, text)
    };
    let pem = fs::read(path).map_err(|error| unreadable().because(error))?;
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
            .map_err(|error| Failure::broken("cannot set up TLS", error))?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

/// A name as one segment of a path, whatever it holds.
pub fn path_segment(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

/// What the server refused, with the exit code for it.
fn refused(status: StatusCode, problem: Option<Problem>) -> Failure {
    let exit = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::NotAllowed,
        StatusCode::NOT_FOUND | StatusCode::CONFLICT => Exit::NoSuchTarget,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Exit::Usage,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Exit::Unreachable
        }
        _ => Exit::Broken,
    };
    let Some(problem) = problem else {
        return Failure::new(exit, format!("the server answered {status}"));
    };
    let message = problem.detail.unwrap_or(problem.title);
    Failure {
        hint: problem.hint,
        ..Failure::new(exit, message)
    }
}

/// One server-sent event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ServerSent {
    pub id: Option<String>,
    pub event: Option<String>,
    pub data: String,
}

/// Cuts a byte stream into server-sent events (WHATWG HTML, 9.2.6).
#[derive(Default)]
struct EventParser {
    buffer: Vec<u8>,
}

impl EventParser {
    fn push(&mut self, bytes: &[u8]) {
        self.buffer
            .extend(bytes.iter().filter(|byte| **byte != b'\r'));
    }

    /// The next whole event. Comments, which only keep the connection alive, are passed over.
    fn next(&mut self) -> Option<ServerSent> {
        loop {
            let end = self.buffer.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let event = block_event(&String::from_utf8_lossy(&block));
            if event != ServerSent::default() {
                return Some(event);
            }
        }
    }
}

fn block_event(block: &str) -> ServerSent {
    let mut event = ServerSent::default();
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = Some(value.to_owned()),
            "event" => event.event = Some(value.to_owned()),
            "data" => {
                if !event.data.is_empty() {
                    event.data.push('\n');
                }
                event.data.push_str(value);
            }
            _ => {}
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_cut_wherever_the_chunks_end() {
        let stream =
            ": keep-alive\n\nid: 7\nevent: gap\r\ndata: {\"a\":\ndata: 1}\n\ndata: two\n\nda";
        let sent = |id: Option<&str>, event: Option<&str>, data: &str| ServerSent {
            id: id.map(Into::into),
            event: event.map(Into::into),
            data: data.into(),
        };
        let expected = [
            sent(Some("7"), Some("gap"), "{\"a\":\n1}"),
            sent(None, None, "two"),
        ];
        for size in 1..stream.len() {
            let mut parser = EventParser::default();
            let mut events = Vec::new();
            for chunk in stream.as_bytes().chunks(size) {
                parser.push(chunk);
                events.extend(std::iter::from_fn(|| parser.next()));
            }
            assert_eq!(events, expected, "chunks of {size}");
        }
    }

    #[test]
    fn a_refusal_carries_its_exit_code_and_hint() {
        let problem = Problem {
            kind: "host-not-found".into(),
            title: "no such host".into(),
            status: 404,
            detail: Some("there is no host `db-3`".into()),
            hint: Some("did you mean `db-03`?".into()),
        };
        let failure = refused(StatusCode::NOT_FOUND, Some(problem));
        assert_eq!(failure.exit, Exit::NoSuchTarget);
        assert_eq!(failure.message, "there is no host `db-3`");
        assert_eq!(failure.hint.as_deref(), Some("did you mean `db-03`?"));
        assert_eq!(
            refused(StatusCode::BAD_GATEWAY, None).exit,
            Exit::Unreachable
        );
    }
}

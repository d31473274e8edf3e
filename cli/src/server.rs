//! The server's HTTP API, as far as commands need it.

mod problem;
mod tls;

pub use problem::{exit_of, refusal};

use std::{collections::BTreeMap, time::Duration};

use analysis::people::NewPassword;
use futures_util::{Stream, StreamExt as _};
use reqwest::{
    Method, RequestBuilder, Response,
    header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    config::Connection,
    exit::{Exit, Failure},
    message::say,
};

/// A reply that has not begun by then never will.
const REPLY_WITHIN: Duration = Duration::from_secs(30);
const SESSION_COOKIE: &str = "__Host-aiops_session=";
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A connection to one server.
pub struct Server {
    http: reqwest::Client,
    connection: Connection,
    /// The cookie of a login, `NAME=VALUE`, used instead of the token.
    session: Option<String>,
}

impl Server {
    /// Prepares the connection; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the authority's certificate cannot be read.
    pub fn new(connection: Connection) -> Result<Self, Failure> {
        if !connection.server.contains("://") {
            let message = say("cli-no-address").with("server", connection.server.as_str());
            return Err(Failure::new(Exit::Usage, message));
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::of(&connection)?)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .build()
            .map_err(|error| Failure::broken(say("cli-no-http"), error))?;
        Ok(Self {
            http,
            connection,
            session: None,
        })
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
        self.read(self.call(Method::POST, path, Some(body)).await?)
            .await
    }

    pub async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.read(self.call(Method::PATCH, path, Some(body)).await?)
            .await
    }

    /// Asks for something that is only done, not answered.
    pub async fn order(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<(), Failure> {
        self.call(method, path, body).await.map(drop)
    }

    /// Sends a request as it is, and gives what comes back, refusals too.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Response, Failure> {
        let mut request = self.request(method, path).timeout(REPLY_WITHIN);
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        request
            .send()
            .await
            .map_err(|error| self.unreachable(error))
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Response, Failure> {
        let mut request = self.request(method, path).timeout(REPLY_WITHIN);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await
    }

    /// Logs in. The answer comes with a connection that has the session.
    pub async fn log_in<T: DeserializeOwned>(
        &self,
        path: &str,
        credentials: &impl Serialize,
    ) -> Result<(T, Self), Failure> {
        let response = self.call(Method::POST, path, Some(credentials)).await?;
        let in_session = self.in_session(&response)?;
        Ok((self.read(response).await?, in_session))
    }

    /// Sets the password of who is logged in. All sessions end but that of the connection that it
    /// gives.
    pub async fn set_password(&self, new: &NewPassword) -> Result<Self, Failure> {
        let response = self.call(Method::POST, "/me/password", Some(new)).await?;
        self.in_session(&response)
    }

    /// A connection with the session that the server began with its answer.
    fn in_session(&self, response: &Response) -> Result<Self, Failure> {
        let cookies = response.headers().get_all(SET_COOKIE).iter();
        let session = cookies
            .filter_map(|cookie| cookie.to_str().ok())
            .filter_map(|cookie| cookie.split(';').next())
            .find(|pair| pair.starts_with(SESSION_COOKIE))
            .map(str::to_owned);
        let no_session = || {
            let message = say("cli-no-session").with("server", self.address());
            Failure::new(Exit::Broken, message).hint(say("cli-odd-answer-hint"))
        };
        Ok(Self {
            http: self.http.clone(),
            connection: self.connection.clone(),
            session: Some(session.ok_or_else(no_session)?),
        })
    }

    /// The server's address, as the context has it.
    pub fn address(&self) -> &str {
        self.connection.server.trim_end_matches('/')
    }

    /// Opens a stream of server-sent events and gives their data, one by one, as it comes.
    pub async fn events(
        &self,
        path: &str,
        query: &[(&str, String)],
        after: Option<String>,
    ) -> Result<impl Stream<Item = Result<ServerSent, Failure>> + Unpin + use<>, Failure> {
        let mut request = self.request(Method::GET, path).query(query);
        if let Some(id) = after {
            request = request.header("Last-Event-ID", id);
        }
        let mut chunks = self.send(request).await?.bytes_stream();
        let address = self.address().to_owned();
        let mut parser = EventParser::default();
        Ok(Box::pin(futures_util::stream::poll_fn(move |cx| {
            loop {
                if let Some(event) = parser.next() {
                    return std::task::Poll::Ready(Some(Ok(event)));
                }
                match std::task::ready!(chunks.poll_next_unpin(cx)) {
                    Some(Ok(chunk)) => parser.push(&chunk),
                    Some(Err(error)) => {
                        return std::task::Poll::Ready(Some(Err(no_answer(&address, error))));
                    }
                    None => return std::task::Poll::Ready(None),
                }
            }
        })))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1{path}", self.address());
        let request = self.http.request(method, url);
        match &self.session {
            // The server takes a cookie only from its own page, by the origin.
            Some(session) => request
                .header(COOKIE, session)
                .header(ORIGIN, self.address()),
            None if self.connection.token.is_empty() => request,
            None => request.bearer_auth(&self.connection.token),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(refusal(response).await)
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, Failure> {
        response.json().await.map_err(|error| {
            Failure::broken(say("cli-odd-answer").with("server", self.address()), error)
                .hint(say("cli-odd-answer-hint"))
        })
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        no_answer(self.address(), error)
    }
}

/// The server could not be reached, or went away.
pub fn no_answer(server: &str, error: reqwest::Error) -> Failure {
    Failure::new(
        Exit::Unreachable,
        say("cli-no-answer").with("server", server),
    )
    .because(error.without_url())
    .hint(say("cli-no-answer-hint"))
}

/// Labels as the server takes them: all of these.
pub fn label_query(labels: &BTreeMap<String, String>) -> Option<(&'static str, String)> {
    let pairs: Vec<_> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    (!pairs.is_empty()).then(|| ("label", pairs.join(",")))
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
}

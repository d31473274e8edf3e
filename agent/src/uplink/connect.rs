//! A connection to an agent listener, with a certificate on both sides.

use std::{io, sync::Arc, time::Duration};

use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::transport::{Channel, Endpoint};

/// For TCP and TLS together, and for HTTP/2.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// A network that was cut says nothing: ask this often whether the other side still lives ...
const PING_PERIOD: Duration = Duration::from_secs(15);
/// ... and believe that it does not after this long without an answer.
const PING_LIMIT: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("{0:?} is not host:port")]
    BadAddress(String),
    #[error("{0} does not answer")]
    Tcp(String, #[source] io::Error),
    #[error("{address} and this agent do not accept each other's certificate")]
    Tls { address: String, source: io::Error },
    #[error("{0} did not answer within {CONNECT_LIMIT:?}")]
    Slow(String),
    #[error("{0} does not speak HTTP/2")]
    Http2(String, #[source] tonic::transport::Error),
}

/// A channel over exactly one connection: when that breaks, the channel is of no more use.
pub(crate) struct Connected {
    pub(crate) channel: Channel,
    /// Our own address, as the server sees it if nothing is in between.
    pub(crate) local_address: Option<String>,
}

/// Connects to `address`, `host:port`.
pub(crate) async fn connect(
    address: &str,
    tls: Arc<rustls::ClientConfig>,
) -> Result<Connected, ConnectError> {
    match tokio::time::timeout(CONNECT_LIMIT, connect_unhurried(address, tls)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(ConnectError::Slow(address.to_owned())),
    }
}

async fn connect_unhurried(
    address: &str,
    tls: Arc<rustls::ClientConfig>,
) -> Result<Connected, ConnectError> {
    let bad_address = || ConnectError::BadAddress(address.to_owned());
    let (host, _) = address.rsplit_once(':').ok_or_else(bad_address)?;
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
        .map_err(|_| bad_address())?;
    let tcp = TcpStream::connect(address)
        .await
        .map_err(|error| ConnectError::Tcp(address.to_owned(), error))?;
    // Small messages go at once.
    let _ = tcp.set_nodelay(true);
    let local_address = tcp
        .local_addr()
        .ok()
        .map(|address| address.ip().to_string());
    let stream = TlsConnector::from(tls)
        .connect(name, tcp)
        .await
        .map_err(|source| ConnectError::Tls {
            address: address.to_owned(),
            source,
        })?;
    let channel = channel_over(stream)
        .await
        .map_err(|error| ConnectError::Http2(address.to_owned(), error))?;
    Ok(Connected {
        channel,
        local_address,
    })
}

async fn channel_over(stream: TlsStream<TcpStream>) -> Result<Channel, tonic::transport::Error> {
    let mut stream = Some(stream);
    let only_once = tower::service_fn(move |_| {
        let stream = stream.take().ok_or(io::ErrorKind::NotConnected);
        async move { Ok::<_, io::Error>(TokioIo::new(stream?)) }
    });
    // The scheme says nothing about the transport: TLS is ours, below.
    Endpoint::from_static("http://agent-stream")
        .http2_keep_alive_interval(PING_PERIOD)
        .keep_alive_timeout(PING_LIMIT)
        .keep_alive_while_idle(true)
        .connect_with_connector(only_once)
        .await
}

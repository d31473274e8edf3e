//! gRPC for agents. No byte of a host without a live certificate of ours reaches a handler.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::sockopt::set_tcp_user_timeout;
use sqlx::PgPool;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tracing::{debug, info, warn};

use super::per_agent::{AgentPlace, AgentPlaces};
use super::{Admitted, Door};
use crate::api::metrics::Metrics;
use crate::db::agents;
use crate::identity::peer::AgentIdentity;

/// A connection carries one stream and now and then a renewal.
const STREAMS_PER_CONNECTION: u32 = 8;

const MAX_HEADER_BYTES: u32 = 8 * 1024;

/// A silent connection is asked for a sign of life this often, and cut when none comes.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(30);
const KEEPALIVE_LIMIT: Duration = Duration::from_secs(10);

/// What was sent has to arrive within this, or the host is cut off: an order to a host that is
/// gone shows so, long before the host is missed. One that is only slow connects again.
const DELIVERED_WITHIN: Duration = Duration::from_secs(8);

/// How long Postgres may take to say whether an agent may speak.
const CHECK_LIMIT: Duration = Duration::from_secs(5);

/// Connections that were let in and that tonic has not taken yet. When full, handshakes wait.
const WAITING: usize = 64;

/// Serves `routes` until `stop` is cancelled and the calls in flight have ended.
///
/// # Errors
///
/// If tonic gives up, which it does not by itself.
pub async fn serve(
    door: Door,
    routes: Routes,
    db: PgPool,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let (admitted, connections) = mpsc::channel(WAITING);
    let places = AgentPlaces::default();
    let letting_in = door.open(stop.clone(), move |connection| {
        let (db, metrics, admitted) = (db.clone(), Arc::clone(&metrics), admitted.clone());
        let places = places.clone();
        async move {
            if let Some(connection) = identified(connection, &db, &metrics, &places).await {
                // Fails only while the server stops; the agent then finds the connection closed.
                let _ = admitted.send(connection).await;
            }
        }
    });
    let serving = Server::builder()
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .http2_keepalive_interval(Some(KEEPALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEPALIVE_LIMIT))
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .add_routes(routes)
        .serve_with_incoming_shutdown(
            ReceiverStream::new(connections).map(Ok::<_, io::Error>),
            stop.cancelled_owned(),
        );
    let letting_in = async {
        letting_in.await;
        Ok(())
    };
    tokio::try_join!(letting_in, serving).map(drop)
}

/// The connection with who is at its other end, or `None` if that one may not speak.
///
/// rustls has verified the certificate; what it cannot know is asked here: whose it is, and
/// whether it was revoked.
async fn identified(
    admitted: Admitted,
    db: &PgPool,
    metrics: &Metrics,
    places: &AgentPlaces,
) -> Option<AgentConnection> {
    let peer = admitted.peer;
    let refused = |outcome: &'static str| {
        metrics.identity.connection("agents", outcome);
        None
    };
    let certificate = admitted.stream.get_ref().1.peer_certificates();
    let certificate = certificate.and_then(|chain| chain.first())?;
    let identity = match AgentIdentity::from_certificate(certificate) {
        Ok(identity) => identity,
        Err(error) => {
            warn!(%peer, %error, "refused a certificate of ours that names no agent");
            return refused("certificate-unusual");
        }
    };
    let agent = identity.agent_id;
    // Before Postgres is asked: one agent that connects all the time costs no other a query.
    let Some(place) = places.take(agent) else {
        info!(%peer, %agent, "refused agent {agent}: it has too many connections");
        return refused("agent-connections");
    };
    match timeout(CHECK_LIMIT, agents::is_active(db, agent)).await {
        Ok(Ok(true)) => {
            bound_delivery(admitted.stream.get_ref().0);
            Some(AgentConnection {
                stream: admitted.stream,
                identity,
                _places: (admitted.place, place),
            })
        }
        Ok(Ok(false)) => {
            info!(%peer, %agent, "refused agent {agent}: it was revoked");
            refused("agent-revoked")
        }
        Ok(Err(error)) => {
            warn!(%peer, %agent, %error, "cannot check whether agent {agent} may speak");
            refused("database-unavailable")
        }
        Err(_) => refused("database-unavailable"),
    }
}

fn bound_delivery(connection: &TcpStream) {
    let limit = u32::try_from(DELIVERED_WITHIN.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = set_tcp_user_timeout(connection, limit) {
        // The kernel is older than the option: the host is missed after three heartbeats.
        debug!(%error, "cannot bound the delivery to an agent");
    }
}

/// A connection of an agent that may speak. tonic gives each of its requests the
/// [`AgentIdentity`] as an extension.
struct AgentConnection {
    stream: TlsStream<TcpStream>,
    identity: AgentIdentity,
    /// Counts the connection as open, among all and among those of its agent.
    _places: (OwnedSemaphorePermit, AgentPlace),
}

impl Connected for AgentConnection {
    type ConnectInfo = AgentIdentity;

    fn connect_info(&self) -> AgentIdentity {
        self.identity.clone()
    }
}

impl AsyncRead for AgentConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for AgentConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

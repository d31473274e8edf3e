//! Lets connections in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::api::metrics::Metrics;

/// Who has not finished its handshake by then is cut off.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

/// After a failed `accept` (no file descriptors left), before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// One listener with its TLS and its bounds.
pub struct Door {
    listener: TcpListener,
    tls: TlsAcceptor,
    /// As metrics call it: `http`, `agents`.
    name: &'static str,
    handshakes: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

/// A connection whose handshake is done.
pub struct Admitted {
    pub stream: TlsStream<TcpStream>,
    pub peer: SocketAddr,
    /// Counts the connection as open until it is dropped.
    pub place: OwnedSemaphorePermit,
}

impl Door {
    /// A door to `listener` with room for so many handshakes and connections at once.
    pub fn new(
        name: &'static str,
        listener: TcpListener,
        tls: ServerConfig,
        (handshakes, connections): (usize, usize),
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            listener,
            tls: TlsAcceptor::from(Arc::new(tls)),
            name,
            handshakes: Arc::new(Semaphore::new(handshakes)),
            connections: Arc::new(Semaphore::new(connections)),
            metrics,
        }
    }

    /// Lets connections in until `stop` is cancelled, each served by a task of its own, and then
    /// waits for these tasks.
    pub async fn open<Served>(
        self,
        stop: CancellationToken,
        serve: impl Fn(Admitted) -> Served + Clone + Send + 'static,
    ) where
        Served: Future<Output = ()> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = tasks.join_next() => report_panic(ended),
                (connection, peer, permits) = self.next() => {
                    let guarded = Guarded {
                        tls: self.tls.clone(),
                        name: self.name,
                        metrics: Arc::clone(&self.metrics),
                    };
                    let serve = serve.clone();
                    tasks.spawn(async move {
                        if let Some(admitted) = guarded.admit(connection, peer, permits).await {
                            serve(admitted).await;
                        }
                    });
                }
            }
        }
        // Nobody new is to wait in the kernel's queue for us.
        drop(self.listener);
        while let Some(ended) = tasks.join_next().await {
            report_panic(ended);
        }
    }

    /// The next connection, when there is room for it. Until then it waits in the kernel's queue,
    /// where it costs next to nothing.
    async fn next(&self) -> (TcpStream, SocketAddr, Permits) {
        let permits = Permits {
            place: acquire(&self.connections).await,
            handshake: acquire(&self.handshakes).await,
        };
        loop {
            match self.listener.accept().await {
                Ok((connection, peer)) => return (connection, peer, permits),
                Err(error) => {
                    warn!(%error, listener = self.name, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

struct Permits {
    place: OwnedSemaphorePermit,
    handshake: OwnedSemaphorePermit,
}

/// What one handshake needs of the door.
struct Guarded {
    tls: TlsAcceptor,
    name: &'static str,
    metrics: Arc<Metrics>,
}

impl Guarded {
    async fn admit(
        &self,
        connection: TcpStream,
        peer: SocketAddr,
        permits: Permits,
    ) -> Option<Admitted> {
        // Acks are small and awaited.
        let _ = connection.set_nodelay(true);
        let handshake = timeout(HANDSHAKE_LIMIT, self.tls.accept(connection)).await;
        drop(permits.handshake);
        let refusal = match handshake {
            Ok(Ok(stream)) => {
                self.metrics.identity.connection(self.name, "accepted");
                let place = permits.place;
                return Some(Admitted {
                    stream,
                    peer,
                    place,
                });
            }
            Ok(Err(error)) => {
                debug!(%peer, %error, listener = self.name, "no TLS handshake with {peer}");
                outcome_of(&error)
            }
            Err(_) => "handshake-timeout",
        };
        self.metrics.identity.connection(self.name, refusal);
        None
    }
}

/// The stable name of why a handshake failed.
fn outcome_of(error: &io::Error) -> &'static str {
    use rustls::{CertificateError, Error};
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref());
    match cause {
        Some(Error::NoCertificatesPresented) => "certificate-missing",
        Some(Error::InvalidCertificate(reason)) => match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "certificate-expired"
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "certificate-for-other-use"
            }
            _ => "certificate-foreign",
        },
        Some(_) => "handshake-failed",
        None => "hung-up",
    }
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let acquired = Arc::clone(semaphore).acquire_owned().await;
    acquired.expect("the semaphores of a door are never closed")
}

fn report_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        warn!(%error, "a connection was dropped by a bug");
    }
}

//! The stream's server: real TLS, the protocol's own receiver, and a memory instead of Postgres.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use analysis::{Timestamp, event::Event};
use chrono::{TimeDelta, Utc};
use delivery::{Batch, Hello, Receiver, StreamRow};
use proto::v1::{
    self, FromAgent, FromServer,
    agent_stream_server::{AgentStream, AgentStreamServer},
    from_agent, from_server,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, transport::server::Connected};

use super::authority::{Authority, Life, serial};

/// The key that signs orders, as a renewal tells it.
pub const RENEWED_KEY: [u8; 32] = [2; 32];

/// What the server has seen and stored.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    row: StreamRow,
    pub hellos: Vec<v1::Hello>,
    pub events: Vec<Event>,
    pub goodbyes: Vec<String>,
    /// Serial numbers of the clients' certificates, one per stream.
    pub serials: Vec<Vec<u8>>,
    pub renewals: usize,
    /// What the agent says of orders.
    pub updates: Vec<v1::OrderUpdate>,
}

/// Ten years ahead of the host's clock: an agent that looks at its own is found out.
pub fn server_now() -> Timestamp {
    Utc::now() + TimeDelta::days(3650)
}

type Answers = mpsc::Sender<Result<FromServer, Status>>;

pub struct StreamServer {
    pub address: String,
    pub stored: watch::Receiver<Stored>,
    /// Cuts all streams when it changes.
    cut: watch::Sender<u64>,
    /// To the agent, on its newest stream.
    say: Arc<Mutex<Option<Answers>>>,
    task: JoinHandle<()>,
}

impl StreamServer {
    pub async fn start(authority: Arc<Authority>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stored, watching) = watch::channel(Stored::default());
        let (cut, cuts) = watch::channel(0);
        let say = Arc::default();
        let acceptor = TlsAcceptor::from(authority.mutual());
        let service = Service {
            authority,
            stored,
            cuts,
            say: Arc::clone(&say),
            lock: Arc::default(),
        };
        let (connections, incoming) = mpsc::channel(8);
        let task = tokio::spawn(async move {
            let accept = async {
                loop {
                    let (tcp, _) = listener.accept().await.unwrap();
                    if let Ok(stream) = acceptor.accept(tcp).await {
                        let _ = connections.send(Ok::<_, io::Error>(Peer(stream))).await;
                    }
                }
            };
            let serve = tonic::transport::Server::builder()
                .add_service(AgentStreamServer::new(service))
                .serve_with_incoming(ReceiverStream::new(incoming));
            tokio::select! {
                () = accept => {}
                served = serve => served.unwrap(),
            }
        });
        Self {
            address: format!("localhost:{port}"),
            stored: watching,
            cut,
            say,
            task,
        }
    }

    pub fn cut_streams(&self) {
        self.cut.send_modify(|count| *count += 1);
    }

    /// Says something on the newest stream.
    pub async fn say(&self, message: from_server::Message) {
        let message = Some(message);
        let answers = self.say.lock().unwrap().clone().unwrap();
        answers.send(Ok(FromServer { message })).await.unwrap();
    }

    /// Waits until what is stored is as wanted.
    pub async fn until(&self, what: &str, wanted: impl FnMut(&Stored) -> bool) -> Stored {
        let mut stored = self.stored.clone();
        let found = super::soon(what, stored.wait_for(wanted)).await;
        found.unwrap().clone()
    }
}

impl Drop for StreamServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Service {
    authority: Arc<Authority>,
    stored: watch::Sender<Stored>,
    cuts: watch::Receiver<u64>,
    say: Arc<Mutex<Option<Answers>>>,
    /// In place of the row lock.
    lock: Arc<Mutex<()>>,
}

#[tonic::async_trait]
impl AgentStream for Service {
    type StreamStream = ReceiverStream<Result<FromServer, Status>>;

    async fn stream(
        &self,
        request: Request<Streaming<FromAgent>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let serial = request.extensions().get::<Serial>().unwrap().0.clone();
        let mut incoming = request.into_inner();
        let (out, outgoing) = mpsc::channel(8);
        *self.say.lock().unwrap() = Some(out.clone());
        let (stored, mut cuts) = (self.stored.clone(), self.cuts.clone());
        cuts.mark_unchanged();
        let (lock, say) = (Arc::clone(&self.lock), Arc::clone(&self.say));
        stored.send_modify(|stored| stored.serials.push(serial));
        tokio::spawn(async move {
            loop {
                let message = tokio::select! {
                    message = incoming.message() => message,
                    _ = cuts.changed() => {
                        // It holds the stream open, too.
                        *say.lock().unwrap() = None;
                        return;
                    }
                };
                let Ok(Some(message)) = message else { return };
                let answer = {
                    let _guard = lock.lock().unwrap();
                    answer(&stored, message)
                };
                if let Some(answer) = answer {
                    let answer = FromServer {
                        message: Some(answer),
                    };
                    let _ = out.send(Ok(answer)).await;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }

    async fn renew(
        &self,
        request: Request<v1::RenewRequest>,
    ) -> Result<Response<v1::RenewResponse>, Status> {
        self.stored.send_modify(|stored| stored.renewals += 1);
        let certificate_pem = self.authority.sign(&request.get_ref().csr_der, Life::WEEK);
        let ca_bundle_pem = self.authority.pem();
        Ok(Response::new(v1::RenewResponse {
            certificate_pem,
            ca_bundle_pem,
            order_keys: vec![RENEWED_KEY.to_vec().into()],
        }))
    }
}

fn answer(stored: &watch::Sender<Stored>, message: FromAgent) -> Option<from_server::Message> {
    match message.message.unwrap() {
        from_agent::Message::Hello(hello) => {
            let outcome =
                Receiver::default().hello(&stored.borrow().row, &Hello::try_from(&hello).unwrap());
            stored.send_modify(|stored| {
                stored.row = outcome.row;
                stored.hellos.push(hello);
            });
            Some(from_server::Message::Welcome(v1::Welcome {
                server_time_ns: server_now().timestamp_nanos_opt().unwrap(),
                ..(&outcome.welcome).into()
            }))
        }
        from_agent::Message::Batch(batch) => {
            let batch = Batch::try_from(batch).unwrap();
            let accept = Receiver::default()
                .batch(&stored.borrow().row, &batch.head())
                .unwrap();
            let (session, acked) = (accept.row.session, accept.row.acked);
            stored.send_modify(|stored| {
                let new = batch.records.iter().skip(accept.skip);
                stored
                    .events
                    .extend(new.filter_map(|r| proto::event::from_bytes(&r.payload).ok()));
                stored.row = accept.row;
            });
            Some(from_server::Message::Ack(v1::Ack { session, acked }))
        }
        from_agent::Message::Goodbye(goodbye) => {
            stored.send_modify(|stored| stored.goodbyes.push(goodbye.reason));
            None
        }
        from_agent::Message::Order(update) => {
            stored.send_modify(|stored| stored.updates.push(update));
            None
        }
        from_agent::Message::Heartbeat(_) => None,
    }
}

/// A connection, with what TLS says of the client.
struct Peer(TlsStream<TcpStream>);

/// The serial number of a client's certificate.
#[derive(Clone)]
struct Serial(Vec<u8>);

impl Connected for Peer {
    type ConnectInfo = Serial;

    fn connect_info(&self) -> Serial {
        let chain = self.0.get_ref().1.peer_certificates().unwrap();
        Serial(serial(&chain[0]))
    }
}

impl AsyncRead for Peer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Peer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

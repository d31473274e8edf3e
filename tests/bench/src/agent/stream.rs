//! A connection to the agents' listener, from Hello on.

use std::{io, time::Duration};

use anyhow::{Context, Result, bail};
use hyper_util::rt::TokioIo;
use proto::v1::{
    self, FromAgent, FromServer, agent_stream_client::AgentStreamClient, from_agent, from_server,
};
use rustls_pki_types::ServerName;
use tokio::{net::TcpStream, sync::mpsc, time::timeout};
use tokio_rustls::TlsConnector;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Streaming, transport::Endpoint};
use uuid::Uuid;

use super::Identity;

/// As the agent's own: see `agent::uplink`.
const MESSAGES_IN_FLIGHT: usize = 2;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const WELCOME_LIMIT: Duration = Duration::from_secs(30);

/// A stream that the server has welcomed.
pub struct Stream {
    pub out: mpsc::Sender<FromAgent>,
    pub incoming: Streaming<FromServer>,
    pub welcome: v1::Welcome,
}

impl Stream {
    /// Connects and says Hello, as an agent with an empty spool.
    pub async fn open(identity: &Identity, boot: Uuid, epoch: u64) -> Result<Self> {
        let connecting = timeout(CONNECT_LIMIT, connect(identity));
        let channel = connecting.await.context("slow")??;
        let (out, outgoing) = mpsc::channel(MESSAGES_IN_FLIGHT);
        out.send(hello(boot, epoch)).await?;
        let mut client = AgentStreamClient::new(channel);
        let opened = timeout(WELCOME_LIMIT, client.stream(ReceiverStream::new(outgoing)));
        let mut incoming = opened.await.context("no answer to Hello")??.into_inner();
        let answer = timeout(WELCOME_LIMIT, incoming.message()).await??;
        match answer.and_then(|answer| answer.message) {
            Some(from_server::Message::Welcome(welcome)) => Ok(Self {
                out,
                incoming,
                welcome,
            }),
            other => bail!("no welcome, but {other:?}"),
        }
    }
}

/// The way `agent::uplink` connects: one TLS connection for one channel.
async fn connect(identity: &Identity) -> Result<tonic::transport::Channel> {
    let address = &identity.stream_address;
    let (host, _) = address.rsplit_once(':').context("no port")?;
    let name = ServerName::try_from(host.to_owned())?;
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let connector = TlsConnector::from(std::sync::Arc::clone(&identity.tls));
    let mut stream = Some(connector.connect(name, tcp).await?);
    let only_once = tower::service_fn(move |_| {
        let stream = stream.take().ok_or(io::ErrorKind::NotConnected);
        async move { Ok::<_, io::Error>(TokioIo::new(stream?)) }
    });
    let endpoint = Endpoint::from_static("http://agent-stream");
    Ok(endpoint.connect_with_connector(only_once).await?)
}

fn hello(boot: Uuid, epoch: u64) -> FromAgent {
    message(from_agent::Message::Hello(v1::Hello {
        protocol_min: proto::PROTOCOL,
        protocol_max: proto::PROTOCOL,
        epoch,
        last_durable_seq: 0,
        boot_id: boot.as_bytes().to_vec().into(),
        fingerprint: boot.as_bytes().to_vec().into(),
        force_new_epoch: 0,
        host: Some(v1::HostFacts {
            host_name: "simulated".to_owned(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Default::default()
        }),
        wall_clock_ns: chrono::Utc::now().timestamp_nanos_opt().unwrap_or(0),
        spool: None,
    }))
}

pub fn message(message: from_agent::Message) -> FromAgent {
    FromAgent {
        message: Some(message),
    }
}

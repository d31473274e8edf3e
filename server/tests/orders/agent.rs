//! An agent: joins over HTTPS, speaks over mTLS, and does what a test tells it to.

use std::io::Write as _;
use std::time::Duration;

use analysis::order::{HostOutcome, Order, SIGNED_PREFIX};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proto::enrolment::EnrolResponse;
use proto::v1::from_agent::Message as Say;
use proto::v1::from_server::Message as Heard;
use proto::v1::order_update::Update;
use proto::v1::{self, FromAgent};
use rcgen::KeyPair;
use ring::signature::{ED25519, UnparsedPublicKey};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use crate::certificates::{client_tls, joined};
use crate::fleet::{Fleet, agent};

/// Nothing here takes that long.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A report of a host without processes.
pub const REPORT: &str = r#"{"analysis":"analyze-ptree","at":"2026-01-01T00:00:00Z","processes":[],
    "omitted":0,"totals":{"processes":0,"kernel_threads":0,"running":0,"uninterruptible":0,
    "stopped":0,"zombies":0,"orphans":0,"rss_bytes":0},"limits":[]}"#;

/// A host that has joined.
pub struct Host {
    pub id: Uuid,
    key: KeyPair,
    enrolled: EnrolResponse,
}

/// Its stream.
pub struct Stream {
    said: mpsc::Sender<FromAgent>,
    heard: tonic::Streaming<v1::FromServer>,
}

impl Host {
    pub async fn join(fleet: &Fleet) -> Self {
        let key = KeyPair::generate().unwrap();
        let token = fleet.token(1).await;
        let enrolled = fleet.join(&token, &key).await.unwrap();
        Self {
            id: enrolled.agent_id,
            key,
            enrolled,
        }
    }

    /// Connects to this replica, as an agent that takes orders.
    pub async fn connect(&self, fleet: &Fleet) -> Stream {
        self.connect_with(fleet, &["orders"]).await
    }

    pub async fn connect_with(&self, fleet: &Fleet, capabilities: &[&str]) -> Stream {
        let credentials = joined(&self.enrolled, &self.key);
        let tls = client_tls(&self.enrolled.ca_bundle_pem, Some(credentials));
        let mut client = agent(fleet.app.addresses.agents, tls).await.unwrap();
        let (said, messages) = mpsc::channel(8);
        let hello = v1::Hello {
            protocol_min: 1,
            protocol_max: 1,
            boot_id: Uuid::from_u128(7).as_bytes().to_vec().into(),
            fingerprint: b"machine".to_vec().into(),
            host: Some(v1::HostFacts {
                host_name: "db-1".to_owned(),
                capabilities: capabilities.iter().map(|name| capability(name)).collect(),
                ..Default::default()
            }),
            ..Default::default()
        };
        say(&said, Say::Hello(hello)).await;
        let heard = client.stream(ReceiverStream::new(messages)).await.unwrap();
        let mut stream = Stream {
            said,
            heard: heard.into_inner(),
        };
        match stream.heard().await {
            Heard::Welcome(_) => stream,
            other => panic!("not welcome: {other:?}"),
        }
    }

    /// Checks that an order is signed by a key that this host trusts, and for it.
    pub fn verified(&self, wire: &v1::Order) -> Order {
        let [key] = self.enrolled.order_keys.as_slice() else {
            panic!("one key: {:?}", self.enrolled.order_keys);
        };
        let key = UnparsedPublicKey::new(&ED25519, STANDARD.decode(key).unwrap());
        let signed = [SIGNED_PREFIX, &wire.content].concat();
        key.verify(&signed, &wire.signature).unwrap();
        let order: Order = serde_json::from_slice(&wire.content).unwrap();
        assert_eq!(order.agent_id.0, self.id);
        order
    }
}

fn capability(source: &str) -> v1::Capability {
    v1::Capability {
        source: source.to_owned(),
        runs: "yes".to_owned(),
        degraded: String::new(),
    }
}

impl Stream {
    pub async fn heard(&mut self) -> Heard {
        next(&mut self.heard).await.expect("the stream goes on")
    }

    pub async fn wire_order(&mut self) -> v1::Order {
        match self.heard().await {
            Heard::Order(order) => order,
            other => panic!("no order: {other:?}"),
        }
    }

    pub async fn order(&mut self) -> Uuid {
        let wire = self.wire_order().await;
        let order: Order = serde_json::from_slice(&wire.content).unwrap();
        order.order_id.0
    }

    pub async fn stored(&mut self) -> Uuid {
        match self.heard().await {
            Heard::OrderStored(stored) => Uuid::from_slice(&stored.order_id).unwrap(),
            other => panic!("not stored: {other:?}"),
        }
    }

    pub async fn begun(&self, order: Uuid) {
        let begun = v1::OrderBegun { wall_clock_ns: 1 };
        self.update(order, Update::Begun(begun)).await;
    }

    pub async fn progress(&self, order: Uuid, json: &str) {
        let progress = json.as_bytes().to_vec().into();
        let progress = v1::OrderProgress { progress };
        self.update(order, Update::Progress(progress)).await;
    }

    pub async fn answered(&self, order: Uuid, report: &[u8]) {
        self.ended_with(order, &HostOutcome::Answered, deflated(report))
            .await;
    }

    pub async fn ended(&self, order: Uuid, outcome: &HostOutcome) {
        self.ended_with(order, outcome, Vec::new()).await;
    }

    async fn ended_with(&self, order: Uuid, outcome: &HostOutcome, report: Vec<u8>) {
        let ended = v1::OrderEnded {
            wall_clock_ns: 1,
            outcome: serde_json::to_vec(outcome).unwrap().into(),
            report: report.into(),
        };
        self.update(order, Update::Ended(ended)).await;
    }

    async fn update(&self, order: Uuid, update: Update) {
        let update = v1::OrderUpdate {
            order_id: order.as_bytes().to_vec().into(),
            update: Some(update),
        };
        say(&self.said, Say::Order(update)).await;
    }

    /// Whether the server ends the stream, instead of saying anything.
    pub async fn is_over(&mut self) -> bool {
        next(&mut self.heard).await.is_none()
    }

    /// Says goodbye, and waits until the server knows.
    pub async fn leave(mut self) {
        let reason = "stopped".to_owned();
        say(&self.said, Say::Goodbye(v1::Goodbye { reason })).await;
        assert!(next(&mut self.heard).await.is_none());
    }
}

async fn say(said: &mpsc::Sender<FromAgent>, message: Say) {
    let message = Some(message);
    said.send(FromAgent { message }).await.unwrap();
}

async fn next(heard: &mut tonic::Streaming<v1::FromServer>) -> Option<Heard> {
    let message = timeout(LIMIT, heard.message()).await.expect("in time");
    message.ok().flatten()?.message
}

pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

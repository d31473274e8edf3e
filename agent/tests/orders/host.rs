//! An agent with a server that orders something.

use std::{fs, path::Path, sync::Arc};

use agent::orders::Program;
use analysis::{
    Timestamp,
    identity::OrderId,
    order::{HostOutcome, Order, Refusal},
};
use chrono::TimeDelta;
use proto::v1::{self, from_server::Message};
use tempfile::TempDir;

use crate::support::{
    Running,
    authority::{Authority, Life},
    joined,
    orders::{Signer, beginnings, ends, order, script},
    quiet,
    stream::{StreamServer, server_now},
};

/// Answers at once, and counts how often it ran.
pub const QUICK: &str = "read -r question; echo x >> RUNS; echo \"report $question\"";
/// Answers when somebody says so.
pub const PATIENT: &str = "read -r question; echo x >> RUNS
    until [ -e GO ]; do sleep 0.02; done; echo \"report $question\"";

pub struct Host {
    pub root: TempDir,
    pub signer: Signer,
    pub server: StreamServer,
    worker: Program,
    /// Since when the host remembers orders.
    pub born_at: Timestamp,
}

impl Host {
    pub async fn new(text: &str) -> Self {
        let authority = Arc::new(Authority::new());
        let server = StreamServer::start(Arc::clone(&authority)).await;
        let root = tempfile::tempdir().unwrap();
        let addresses = vec![server.address.clone()];
        joined(root.path(), &authority, Life::WEEK, addresses);
        let signer = Signer::new();
        let born_at = server_now() - TimeDelta::days(1);
        signer.pinned_by(root.path(), born_at);
        let at = |name: &str| root.path().join(name).display().to_string();
        let worker = script(&text.replace("RUNS", &at("runs")).replace("GO", &at("go")));
        Self {
            root,
            signer,
            server,
            worker,
            born_at,
        }
    }

    /// A running agent, whose stream is open.
    pub async fn start(&self) -> Running {
        let before = self.server.stored.borrow().hellos.len();
        let agent = Running::start_with(quiet(self.root.path()), self.worker.clone());
        self.server
            .until("the stream", |stored| stored.hellos.len() > before)
            .await;
        agent
    }

    pub async fn send(&self, order: &Order) {
        self.server
            .say(Message::Order(self.signer.sign(order)))
            .await;
    }

    pub async fn about(&self, id: OrderId, message: impl FnOnce(Vec<u8>) -> Message) {
        self.server.say(message(id.0.as_bytes().to_vec())).await;
    }

    pub async fn stored(&self, id: OrderId) {
        let stored = |order_id: Vec<u8>| {
            Message::OrderStored(v1::OrderStored {
                order_id: order_id.into(),
            })
        };
        self.about(id, stored).await;
    }

    pub async fn asked(&self, id: OrderId) {
        let asked = |order_id: Vec<u8>| {
            Message::OrderAsked(v1::OrderAsked {
                order_id: order_id.into(),
            })
        };
        self.about(id, asked).await;
    }

    /// Waits until the agent has dealt with all that was said before.
    pub async fn caught_up(&self) {
        let nobody_knows = OrderId(uuid::Uuid::new_v4());
        let heard = self.server.stored.borrow().updates.len();
        self.asked(nobody_knows).await;
        self.server
            .until("that it caught up", |stored| {
                !ends(&stored.updates[heard..], nobody_knows).is_empty()
            })
            .await;
    }

    /// Waits for the `count`th end of an order, and gives that.
    pub async fn end(&self, id: OrderId, count: usize) -> HostOutcome {
        let what = format!("end {count}");
        let stored = self
            .server
            .until(&what, |stored| ends(&stored.updates, id).len() >= count)
            .await;
        ends(&stored.updates, id)[count - 1].0.clone()
    }

    /// How often the end of an order was told.
    pub fn ends(&self, id: OrderId) -> usize {
        ends(&self.server.stored.borrow().updates, id).len()
    }

    pub async fn begun(&self, id: OrderId, count: usize) {
        self.server
            .until("the beginning", |stored| {
                beginnings(&stored.updates, id) >= count
            })
            .await;
    }

    pub fn order(&self) -> Order {
        order(server_now())
    }

    pub fn runs(&self) -> usize {
        self.ran().len()
    }

    /// What the workers wrote, a line each.
    pub fn ran(&self) -> Vec<String> {
        let runs = fs::read_to_string(self.root.path().join("runs"));
        runs.unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    pub fn go(&self) {
        fs::write(self.root.path().join("go"), "").unwrap();
    }

    pub fn policy(&self, text: &str) {
        write(&self.root.path().join("policy.toml"), text);
    }
}

pub fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

pub fn refusal(outcome: &HostOutcome) -> Option<Refusal> {
    match outcome {
        HostOutcome::Refused { reason, .. } => Some(*reason),
        _ => None,
    }
}

//! Orders as a server signs them.

use agent::{
    orders::{Program, keys::OrderKeys, store::Store},
    state_dir::StateDir,
};
use analysis::{
    Timestamp,
    identity::{AgentId, InquiryId, OrderId},
    order::{HostOutcome, Order, SIGNED_PREFIX},
    process_tree::ProcessTreeAsked,
    question::Question,
};
use chrono::TimeDelta;
use proto::v1::{self, order_update::Update};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use uuid::Uuid;

/// The host that `joined` makes.
pub const ME: AgentId = AgentId(Uuid::from_u128(7));

/// Signs orders.
pub struct Signer {
    pair: Ed25519KeyPair,
}

impl Signer {
    pub fn new() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        Self { pair }
    }

    pub fn keys(&self) -> OrderKeys {
        OrderKeys::new([self.pair.public_key()])
    }

    /// What enrolment would have left.
    pub fn pinned_by(&self, state: &std::path::Path, born_at: Timestamp) {
        let state = StateDir::open(state).unwrap();
        assert!(self.keys().pin(&state).unwrap());
        Store::bear(&state, born_at).unwrap();
    }

    pub fn sign_bytes(&self, content: &[u8]) -> Vec<u8> {
        let message = [SIGNED_PREFIX, content].concat();
        self.pair.sign(&message).as_ref().to_vec()
    }

    /// As if it were something else than an order.
    pub fn sign_plainly(&self, content: &[u8]) -> Vec<u8> {
        self.pair.sign(content).as_ref().to_vec()
    }

    pub fn sign(&self, order: &Order) -> v1::Order {
        let content = serde_json::to_vec(order).unwrap();
        v1::Order {
            signature: self.sign_bytes(&content).into(),
            content: content.into(),
        }
    }
}

/// Issued at `now`, to begin within a minute.
pub fn order(now: Timestamp) -> Order {
    Order {
        order_id: OrderId(Uuid::new_v4()),
        inquiry_id: InquiryId(Uuid::from_u128(9)),
        agent_id: ME,
        question: Question::AnalyzePtree(ProcessTreeAsked::default()),
        requested_by: "ann".to_owned(),
        issued_at: now,
        not_after: now + TimeDelta::seconds(60),
        time_limit_ms: 10_000,
    }
}

/// A worker that does what a shell script says.
pub fn script(text: &str) -> Program {
    Program {
        environment: Vec::new(),
        path: "/bin/sh".into(),
        arguments: vec!["-c".into(), text.into(), "worker".into()],
    }
}

/// The ends among `updates` of this order.
pub fn ends(updates: &[v1::OrderUpdate], id: OrderId) -> Vec<(HostOutcome, Vec<u8>)> {
    let of_order = updates
        .iter()
        .filter(|u| u.order_id[..] == id.0.as_bytes()[..]);
    let ended = of_order.filter_map(|update| match update.update.as_ref().unwrap() {
        Update::Ended(ended) => Some(ended),
        _ => None,
    });
    let read = |ended: &v1::OrderEnded| {
        let outcome = serde_json::from_slice(&ended.outcome).unwrap();
        (outcome, ended.report.to_vec())
    };
    ended.map(read).collect()
}

/// How often the agent said that it began this order.
pub fn beginnings(updates: &[v1::OrderUpdate], id: OrderId) -> usize {
    let begun = |update: &&v1::OrderUpdate| {
        update.order_id[..] == id.0.as_bytes()[..]
            && matches!(update.update, Some(Update::Begun(_)))
    };
    updates.iter().filter(begun).count()
}

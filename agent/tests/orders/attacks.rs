//! Whoever lacks the key, or has only orders that were used, gets nothing to run: against an agent
//! with its memory, whose limits are wide, so that they do not stand in for a check.

use std::collections::BTreeSet;

use agent::orders::verify::MAX_CONTENT_BYTES;
use analysis::{
    identity::{AgentId, OrderId},
    order::{HostOutcome, Order, Refusal},
};
use chrono::TimeDelta;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use proto::v1::{self, from_server::Message, order_update::Update};
use uuid::Uuid;

use crate::{
    host::Host,
    support::{
        orders::{ME, Signer, ends},
        stream::server_now,
    },
};

/// Says which order it was started for.
const NAMED: &str = "read -r question; echo $AIOPS_ORDER >> RUNS; echo \"report $question\"";
/// In so many parts, with as many in each: fewer than the refusals that are remembered until the
/// server has heard them.
const PARTS: usize = 100;
const IN_PART: usize = 100;

#[tokio::test]
async fn of_ten_thousand_forged_replayed_late_and_foreign_orders_none_runs() {
    let host = Host::new(NAMED).await;
    host.policy("max_running = 1000\nper_minute = 60000");
    let mut agent = host.start().await;
    let used: Vec<Order> = (0..8).map(|_| host.order()).collect();
    for (number, order) in used.iter().enumerate() {
        host.send(order).await;
        assert_eq!(host.end(order.order_id, 1).await, HostOutcome::Answered);
        if is_stored(number) {
            host.stored(order.order_id).await;
        }
    }
    let attacker = Attacker {
        host: &host,
        other: Signer::new(),
        used: &used,
    };
    let (attacks, mut runner) = (attacks(used.len()), TestRunner::default());
    for part in 0..PARTS {
        if part == PARTS / 2 {
            // From here on, of what was used only the disk knows.
            agent.stop().await;
            agent = host.start().await;
        }
        let heard = host.server.stored.borrow().updates.len();
        let mut expected = Vec::new();
        for _ in 0..IN_PART {
            let attack = attacks.new_tree(&mut runner).unwrap().current();
            let (order, answer) = attacker.order(&attack);
            host.server.say(Message::Order(order)).await;
            expected.extend(answer.map(|(id, reason)| (id, reason, attack)));
        }
        host.caught_up().await;
        let all: BTreeSet<[u8; 16]> = expected.iter().map(|(id, ..)| id.0.into_bytes()).collect();
        let stored = host
            .server
            .until("every answer", |stored| {
                let told = stored.updates[heard..].iter();
                let told: BTreeSet<&[u8]> = told.map(|update| &update.order_id[..]).collect();
                all.iter().all(|id| told.contains(&id[..]))
            })
            .await;
        for (id, reason, attack) in expected {
            let (outcome, _) = ends(&stored.updates[heard..], id).remove(0);
            match outcome {
                HostOutcome::Refused { reason: told, .. } => assert_eq!(told, reason, "{attack:?}"),
                // What it became when it was new.
                HostOutcome::Answered if matches!(attack, Attack::Replay(_)) => {}
                outcome => panic!("{attack:?}: {outcome:?}"),
            }
        }
        // Beginnings are told before ends: whatever began is in it.
        let begun = stored.updates.iter().filter_map(begun).collect();
        assert_eq!(ids(&used), begun);
    }
    agent.stop().await;
    let ran = host.ran();
    assert_eq!(ran.len(), used.len(), "{ran:?}");
}

/// Of half of the used orders the server has stored the end, and said so.
fn is_stored(number: usize) -> bool {
    number.is_multiple_of(2)
}

fn begun(update: &v1::OrderUpdate) -> Option<OrderId> {
    let is_begun = matches!(update.update, Some(Update::Begun(_)));
    is_begun.then(|| OrderId(Uuid::from_slice(&update.order_id).unwrap()))
}

fn ids(orders: &[Order]) -> BTreeSet<OrderId> {
    orders.iter().map(|order| order.order_id).collect()
}

/// What somebody may do to an order who lacks the key, or has only a used one.
#[derive(Clone, Debug)]
enum Attack {
    FlipContent(usize, u8),
    FlipSignature(usize, u8),
    CutContent(usize),
    CutSignature(usize),
    Append(Vec<u8>),
    Garbage(Vec<u8>, Vec<u8>),
    /// Signed by another key.
    OtherKey,
    /// Signed by the right key, but as something else than an order.
    NoPrefix,
    /// A right signature of another order.
    OtherSignature,
    /// Changed in its meaning, with the old signature.
    Reworded,
    /// Rightly signed, but too long to be looked at.
    Long,
    OtherHost(u128),
    /// In seconds: more than the clocks of the two may differ.
    Late(i64),
    BeforeMemory(i64),
    Replay(usize),
}

fn attacks(used: usize) -> impl Strategy<Value = Attack> {
    let flip = || (any::<usize>(), 0..8_u8);
    let bytes = || prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        4 => flip().prop_map(|(at, bit)| Attack::FlipContent(at, bit)),
        4 => flip().prop_map(|(at, bit)| Attack::FlipSignature(at, bit)),
        4 => any::<usize>().prop_map(Attack::CutContent),
        4 => (0..64_usize).prop_map(Attack::CutSignature),
        4 => prop::collection::vec(any::<u8>(), 1..20).prop_map(Attack::Append),
        4 => (bytes(), bytes()).prop_map(|(content, signed)| Attack::Garbage(content, signed)),
        4 => Just(Attack::OtherKey),
        4 => Just(Attack::NoPrefix),
        4 => Just(Attack::OtherSignature),
        4 => Just(Attack::Reworded),
        1 => Just(Attack::Long),
        4 => any::<u128>()
            .prop_filter("that is us", |id| AgentId(Uuid::from_u128(*id)) != ME)
            .prop_map(Attack::OtherHost),
        4 => (30..1_000_000_i64).prop_map(Attack::Late),
        4 => (0..1_000_000_000_000_i64).prop_map(Attack::BeforeMemory),
        4 => (0..used).prop_map(Attack::Replay),
    ]
}

struct Attacker<'a> {
    host: &'a Host,
    other: Signer,
    used: &'a [Order],
}

impl Attacker<'_> {
    /// What is sent; and, where the id is still to be read in it, what the server is to hear.
    fn order(&self, attack: &Attack) -> (v1::Order, Option<(OrderId, Refusal)>) {
        let mut order = self.host.order();
        match attack {
            Attack::OtherHost(id) => order.agent_id = AgentId(Uuid::from_u128(*id)),
            Attack::Late(by) => order.not_after = server_now() - TimeDelta::seconds(*by),
            Attack::BeforeMemory(by) => {
                order.issued_at = self.host.born_at - TimeDelta::nanoseconds(*by);
            }
            Attack::Replay(number) => order = self.used[*number].clone(),
            _ => {}
        }
        let signer = &self.host.signer;
        let signed = signer.sign(&order);
        let (mut content, mut signature) = (signed.content.to_vec(), signed.signature.to_vec());
        match attack {
            Attack::FlipContent(at, bit) => {
                let at = at % content.len();
                content[at] ^= 1 << bit;
            }
            Attack::FlipSignature(at, bit) => signature[at % 64] ^= 1 << bit,
            Attack::CutContent(to) => content.truncate(to % content.len()),
            Attack::CutSignature(to) => signature.truncate(*to),
            Attack::Append(bytes) => content.extend(bytes),
            Attack::Garbage(bytes, signed) => {
                (content, signature) = (bytes.clone(), signed.clone());
            }
            Attack::OtherKey => signature = self.other.sign_bytes(&content),
            Attack::NoPrefix => signature = signer.sign_plainly(&content),
            Attack::OtherSignature => signature = signer.sign_bytes(b"{}"),
            Attack::Reworded => {
                let text = String::from_utf8(content).unwrap();
                content = text.replace("ann", "bob").into_bytes();
            }
            Attack::Long => {
                content.resize(MAX_CONTENT_BYTES + 1, b' ');
                signature = signer.sign_bytes(&content);
            }
            _ => {}
        }
        let answer = match attack {
            Attack::FlipContent(..)
            | Attack::CutContent(_)
            | Attack::Append(_)
            | Attack::Garbage(..)
            | Attack::Long => None,
            // Refused as often as it comes; but so many refusals are remembered and no more, and
            // an old one may be forgotten between the question and the answer.
            Attack::Replay(number) if is_stored(*number) => None,
            Attack::OtherHost(_) => Some(Refusal::WrongHost),
            Attack::Late(_) => Some(Refusal::Expired),
            Attack::BeforeMemory(_) | Attack::Replay(_) => Some(Refusal::Replayed),
            _ => Some(Refusal::BadSignature),
        };
        let forged = v1::Order {
            content: content.into(),
            signature: signature.into(),
        };
        (forged, answer.map(|reason| (order.order_id, reason)))
    }
}

//! From a question to orders: what is sent to whom, and what ends at once.

use std::time::Duration;

use analysis::Timestamp;
use analysis::fleet::{Capability, HostState};
use analysis::identity::{AgentId, InquiryId, OrderId};
use analysis::inquiry::{HostOrder, Inquiry};
use analysis::order::{BEGIN_WITHIN, Order, OrderState, Outcome, Refusal, Refuser};
use analysis::question::Question;
use chrono::SubsecRound as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::key::OrderKey;
use crate::app::App;
use crate::db::audit::{self, Deed};
use crate::db::inquiries::{self, NewInquiry, NewPart, Signed};
use crate::db::orders;

/// So many hosts are named in the audit; of the others only their number.
const NAMED: usize = 100;

/// What is asked, and by whom.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    pub question: Question,
    /// The account's name, or `token:NAME`.
    pub account: &'a str,
    /// The same as the audit has it.
    pub actor: &'a str,
    pub time_limit: Duration,
    /// How long to wait for hosts that are off. `None`: not at all.
    pub wait: Option<Duration>,
}

/// A host that is asked.
#[derive(Clone, Debug)]
pub struct AskedHost {
    pub agent: Uuid,
    pub name: String,
    pub state: HostState,
    /// `None`: it never said.
    pub capabilities: Option<Vec<Capability>>,
}

/// Stores an inquiry, and has the orders sent.
///
/// # Errors
///
/// If Postgres does not answer; nothing was asked then.
pub async fn inquire(
    app: &App,
    key: &OrderKey,
    asked: &Asked<'_>,
    mut hosts: Vec<AskedHost>,
) -> sqlx::Result<Inquiry> {
    hosts.sort_by(|one, other| (&one.name, one.agent).cmp(&(&other.name, other.agent)));
    // As Postgres will have it.
    let now = app.now().trunc_subsecs(6);
    let wait = asked.wait.unwrap_or_default().max(BEGIN_WITHIN);
    let making = Making {
        key,
        asked,
        inquiry: InquiryId(Uuid::now_v7()),
        now,
        not_after: now + wait,
    };
    let (orders, parts): (Vec<HostOrder>, Vec<NewPart>) =
        hosts.iter().map(|host| making.part(host)).unzip();
    store(app, &making, &orders, &parts).await?;
    for order in &orders {
        match &order.state {
            OrderState::Ended { outcome, .. } => app.metrics.orders.ended(&name_of(outcome)),
            _ => app.orders.streams().wake(order.agent_id.0),
        }
    }
    Ok(Inquiry {
        inquiry_id: making.inquiry,
        command: asked.question.to_string(),
        question: asked.question.clone(),
        requested_by: asked.account.to_owned(),
        requested_at: now,
        orders,
    })
}

async fn store(
    app: &App,
    making: &Making<'_>,
    orders: &[HostOrder],
    parts: &[NewPart],
) -> sqlx::Result<()> {
    let asked = making.asked;
    let inquiry = NewInquiry {
        inquiry_id: making.inquiry.0,
        question: &asked.question,
        requested_by: asked.account,
        requested_at: making.now,
        time_limit_ms: i64::try_from(asked.time_limit.as_millis()).unwrap_or(i64::MAX),
        not_after: making.not_after,
    };
    let to_tell: Vec<Uuid> = orders
        .iter()
        .filter(|order| !order.state.is_ended())
        .map(|order| order.agent_id.0)
        .collect();
    let mut tx = app.db.begin().await?;
    inquiries::insert(&mut tx, &inquiry, parts).await?;
    if !to_tell.is_empty() {
        orders::notify_agents(&mut *tx, &to_tell).await?;
    }
    let target = making.inquiry.to_string();
    audit::append_all(&mut tx, &deeds(making, orders, &target)).await?;
    tx.commit().await
}

/// What the audit has of it: who asked what, and which hosts were not even asked.
fn deeds<'a>(making: &Making<'a>, orders: &'a [HostOrder], target: &'a str) -> Vec<Deed<'a>> {
    let names = orders.iter().take(NAMED).map(|order| &order.host_name);
    let created = Deed {
        actor: making.asked.actor,
        action: "inquiry-created",
        target,
        detail: json!({
            "question": making.asked.question,
            "hosts": orders.len(),
            "named": names.collect::<Vec<_>>(),
            "wait_s": making.asked.wait.map(|wait| wait.as_secs()),
        }),
    };
    let ended = orders.iter().filter_map(|order| match &order.state {
        OrderState::Ended { outcome, .. } => Some((order, outcome)),
        _ => None,
    });
    let ended = ended.map(|(order, outcome)| {
        let mut detail = json!({
            "inquiry": making.inquiry, "order": order.order_id, "outcome": name_of(outcome),
        });
        let mut action = "order-ended";
        if let Outcome::Refused { reason, .. } = outcome {
            action = "order-refused";
            detail["reason"] = json!(reason);
        }
        Deed {
            actor: "server",
            action,
            target: &order.host_name,
            detail,
        }
    });
    std::iter::once(created).chain(ended).collect()
}

/// What the parts of one inquiry have in common.
struct Making<'a> {
    key: &'a OrderKey,
    asked: &'a Asked<'a>,
    inquiry: InquiryId,
    now: Timestamp,
    not_after: Timestamp,
}

impl Making<'_> {
    fn part(&self, host: &AskedHost) -> (HostOrder, NewPart) {
        let order_id = OrderId(Uuid::now_v7());
        let state = self.state(host);
        let outcome = match &state {
            OrderState::Ended { outcome, .. } => serde_json::to_value(outcome).ok(),
            _ => None,
        };
        let part = NewPart {
            order_id: order_id.0,
            agent_id: host.agent,
            state: match &state {
                OrderState::Queued { .. } => "queued",
                OrderState::Ended { .. } => "ended",
                _ => "sent",
            },
            signed: (!state.is_ended()).then(|| self.signed(order_id, host.agent)),
            outcome,
        };
        let order = HostOrder {
            order_id,
            agent_id: AgentId(host.agent),
            host_name: host.name.clone(),
            state,
        };
        (order, part)
    }

    fn signed(&self, order_id: OrderId, agent: Uuid) -> Signed {
        let order = Order {
            order_id,
            inquiry_id: self.inquiry,
            agent_id: AgentId(agent),
            question: self.asked.question.clone(),
            requested_by: self.asked.account.to_owned(),
            issued_at: self.now,
            not_after: self.not_after,
            time_limit_ms: u64::try_from(self.asked.time_limit.as_millis()).unwrap_or(u64::MAX),
        };
        let content = serde_json::to_vec(&order).expect("an order has nothing that JSON has not");
        let signature = self.key.sign(&content);
        Signed { content, signature }
    }

    /// Where the part of `host` begins.
    fn state(&self, host: &AskedHost) -> OrderState {
        let ended = |outcome| OrderState::Ended {
            at: self.now,
            outcome,
        };
        let refused = |reason, detail: &str| {
            ended(Outcome::Refused {
                by: Refuser::Server,
                reason,
                detail: detail.to_owned(),
            })
        };
        let orders = host.capabilities.as_ref().map(|all| {
            let orders = all.iter().find(|capability| capability.source == "orders");
            orders.map(|orders| (orders.runs.is_some(), orders.degraded.as_deref()))
        });
        let off = |since, why| match self.asked.wait {
            Some(_) => OrderState::Queued {
                until: self.not_after,
            },
            None => ended(Outcome::Offline { since, why }),
        };
        match (&host.state, orders) {
            (HostState::Revoked { reason, .. }, _) => refused(Refusal::NotTrusted, reason),
            (HostState::CloneSuspected { .. }, _) => {
                refused(Refusal::NotTrusted, "two machines use its identity")
            }
            (_, Some(None)) => refused(Refusal::NotSupported, ""),
            (_, Some(Some((false, why)))) => refused(Refusal::Disabled, why.unwrap_or_default()),
            (HostState::Online { .. }, _) => OrderState::Sent,
            (HostState::Joined, _) => off(None, None),
            (HostState::Offline { since, reason }, _) => off(Some(*since), Some(*reason)),
        }
    }
}

/// The stable name of an outcome.
fn name_of(outcome: &Outcome) -> String {
    let json = serde_json::to_value(outcome).unwrap_or(Value::Null);
    json["outcome"].as_str().unwrap_or_default().to_owned()
}

//! Whether this host obeys an order. Pure and total: any bytes get an answer.
//!
//! [`open`], then [`admit`]. Whether the order is new is for the [store](super::store) to say.

use analysis::{
    Timestamp,
    identity::{AgentId, OrderId},
    order::{Order, Refusal},
};
use serde::Deserialize;

use super::{keys::OrderKeys, policy::Policy};

/// Longest content of an order, in bytes; a longer one is not looked at.
pub const MAX_CONTENT_BYTES: usize = 64 * 1024;

/// An order as it came.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    pub content: &'a [u8],
    pub signature: &'a [u8],
}

/// Why nothing runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As far as it can be made out; of an order that nobody trusted signed, this is hearsay.
    pub order_id: Option<OrderId>,
    pub reason: Refusal,
    pub detail: String,
}

/// What the host knows at this moment.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// By the server's clock. `None`: it never told the time.
    pub now: Option<Timestamp>,
    /// Since when the host remembers orders, by the server's clock. `None`: it does not.
    pub born_at: Option<Timestamp>,
    /// What the local policy says, or why nobody knows.
    pub policy: &'a Result<Policy, (Refusal, String)>,
    /// Orders that run.
    pub running: usize,
    /// Orders that began within the last minute.
    pub in_last_minute: usize,
}

/// What does not depend on the moment: the signature, the meaning, and the host it is for.
///
/// # Errors
///
/// [`Refused`].
pub fn open(signed: Signed<'_>, keys: &OrderKeys, me: AgentId) -> Result<Order, Refused> {
    let Signed { content, signature } = signed;
    let refused = |reason, detail: String| Refused {
        order_id: id_of(content),
        reason,
        detail,
    };
    if content.len() > MAX_CONTENT_BYTES {
        let detail = format!("it has {} bytes", content.len());
        return Err(Refused {
            order_id: None,
            reason: Refusal::NotUnderstood,
            detail,
        });
    }
    if !keys.signed(content, signature) {
        let detail = if keys.is_empty() {
            "this host knows no key that signs orders"
        } else {
            "no key that this host knows has signed it"
        };
        return Err(refused(Refusal::BadSignature, detail.to_owned()));
    }
    let order: Order = serde_json::from_slice(content)
        .map_err(|error| refused(Refusal::NotUnderstood, error.to_string()))?;
    if order.agent_id != me {
        let detail = format!("it is for {}", order.agent_id);
        return Err(refused(Refusal::WrongHost, detail));
    }
    Ok(order)
}

/// What depends on the moment.
///
/// # Errors
///
/// [`Refused`].
pub fn admit(order: &Order, here: &Circumstances<'_>) -> Result<(), Refused> {
    let refused = |reason, detail| {
        Err(Refused {
            order_id: Some(order.order_id),
            reason,
            detail,
        })
    };
    match here.now {
        None => {
            return refused(
                Refusal::Expired,
                "the server has not told the time".to_owned(),
            );
        }
        Some(now) if now > order.not_after => {
            let late = now - order.not_after;
            let detail = format!("it came {} ms after its end", late.num_milliseconds());
            return refused(Refusal::Expired, detail);
        }
        Some(_) => {}
    }
    if here
        .born_at
        .is_none_or(|born_at| order.issued_at <= born_at)
    {
        let detail = "it was issued before this host's memory of orders begins: it may have run";
        return refused(Refusal::Replayed, detail.to_owned());
    }
    let policy = match here.policy {
        Ok(policy) => policy,
        Err((reason, detail)) => return refused(*reason, detail.clone()),
    };
    if let Err(detail) = policy.allow(order) {
        return refused(Refusal::Policy, detail);
    }
    if here.running >= policy.max_running {
        let detail = format!("{} run already (max_running)", here.running);
        return refused(Refusal::TooMany, detail);
    }
    if here.in_last_minute >= policy.per_minute {
        let detail = format!(
            "{} began in the last minute (per_minute)",
            here.in_last_minute
        );
        return refused(Refusal::TooMany, detail);
    }
    Ok(())
}

/// The id of what may be an order, so that its refusal reaches the one who asked.
fn id_of(content: &[u8]) -> Option<OrderId> {
    #[derive(Deserialize)]
    struct OnlyId {
        order_id: OrderId,
    }
    let found: OnlyId = serde_json::from_slice(content).ok()?;
    Some(found.order_id)
}

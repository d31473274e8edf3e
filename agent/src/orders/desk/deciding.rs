//! Which orders begin: everything that the host looks at before it obeys.

use analysis::{
    identity::OrderId,
    order::{HostOutcome, Order, Refusal},
};
use chrono::Utc;
use proto::v1;
use tracing::warn;

use super::{Desk, since_boot_ns};
use crate::{
    orders::{
        detail::short,
        store::BeginError,
        verify::{self, Circumstances, Refused, Signed},
    },
    uplink::whole,
};

/// An order's end is told before what it left is killed: whoever hears it may ask the next at once.
/// So many that are being cleared up count as ended. More come only of processes that cannot be
/// killed: then they count as running, and the policy's `max_running` bounds them, too.
const CLEARED_BESIDE: usize = 8;
const MINUTE_NS: u64 = 60_000_000_000;

impl Desk {
    pub(super) fn order(&mut self, order: &v1::Order) {
        let signed = Signed {
            content: &order.content,
            signature: &order.signature,
        };
        let keys = self.keys().ok().flatten().unwrap_or_default();
        let order = match verify::open(signed, &keys, self.parts.me) {
            Ok(order) => order,
            Err(refused) => return self.refuse(refused, "unknown"),
        };
        let id = order.order_id;
        if self.store.get(id).is_some() || self.outbox.refusals.get(id).is_some() {
            return self.had_before(id);
        }
        if self.is_stopping {
            // The next agent is sent it again.
            return;
        }
        let now_ns = since_boot_ns();
        while self
            .begun_ns
            .front()
            .is_some_and(|at| at + MINUTE_NS <= now_ns)
        {
            self.begun_ns.pop_front();
        }
        let here = Circumstances {
            now: self.server_now(),
            born_at: self.store.born_at(),
            policy: &self.parts.policy.read(),
            running: self.workers.len() + self.clearing.len().saturating_sub(CLEARED_BESIDE),
            in_last_minute: self.begun_ns.len(),
        };
        let requester = order.requested_by.clone();
        match verify::admit(&order, &here).and_then(|()| self.begin(&order)) {
            Ok(()) => self.start(order, now_ns),
            Err(refused) => self.refuse(refused, &requester),
        }
    }

    /// Comes again after a stream that broke: the server has not heard what became of it.
    fn had_before(&mut self, id: OrderId) {
        match self.store.get(id).map(|record| record.end.as_ref()) {
            Some(None) => self.outbox.begun(id),
            Some(Some(end)) if end.stored => {
                let detail = "it has ended, and the server has stored how".to_owned();
                warn!(order = %id, "an order came a second time");
                let outcome = refused(Refusal::Replayed, detail);
                self.outbox.refused(id, outcome, Utc::now());
            }
            Some(Some(_)) | None => self.outbox.ended(id),
        }
    }

    fn begin(&mut self, order: &Order) -> Result<(), Refused> {
        let refused = |reason, detail| Refused {
            order_id: Some(order.order_id),
            reason,
            detail,
        };
        self.store
            .begin(order, Utc::now())
            .map_err(|error| match error {
                BeginError::Known => refused(Refusal::Replayed, error.to_string()),
                BeginError::Full(detail) => refused(Refusal::TooMany, detail),
                BeginError::Disk(error) => refused(Refusal::CannotRemember, whole(&error)),
            })
    }

    /// What became of an order that the server believes to run?
    pub(super) fn asked(&mut self, id: OrderId) {
        if self.running.contains_key(&id) {
            return self.outbox.begun(id);
        }
        if self.store.get(id).is_some_and(|record| !record.is_stored()) {
            return self.outbox.ended(id);
        }
        warn!(order = %id, "the server asks for an order that this host does not know");
        self.outbox.refused(id, HostOutcome::Lost, Utc::now());
    }

    fn refuse(&mut self, refused: Refused, requester: &str) {
        let Refused {
            order_id,
            reason,
            detail,
        } = refused;
        // An order may hold anything up to its size, and a reason may quote it.
        let detail = short(detail);
        let order = order_id.map_or("without an id".to_owned(), |id| id.to_string());
        warn!(order, requester = ?requester, ?reason, detail = ?detail, "order refused");
        let Some(id) = order_id else { return };
        // A forged order must not end the one whose id it took.
        if self.store.get(id).is_none() {
            let outcome = HostOutcome::Refused { reason, detail };
            self.outbox.refused(id, outcome, Utc::now());
        }
    }
}

fn refused(reason: Refusal, detail: String) -> HostOutcome {
    HostOutcome::Refused { reason, detail }
}

//! Orders that this host has refused, for as long as somebody may ask again.

use std::collections::VecDeque;

use analysis::{Timestamp, identity::OrderId, order::HostOutcome};

/// Most that are remembered. When it is full, the oldest is forgotten: the server sends an order
/// again whose answer it has not stored.
pub(super) const MOST_REFUSALS: usize = 256;

/// In memory only: nothing ran, so nothing is lost with it.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    remembered: VecDeque<Refusal>,
}

/// What was answered without running anything.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) order_id: OrderId,
    pub(super) outcome: HostOutcome,
    /// By the host's clock.
    pub(super) at: Timestamp,
    stored: bool,
}

impl Refusals {
    /// Remembers an answer. The first one to an id stays: who asks again gets the same. Gives the
    /// order that is forgotten for it, if one is.
    pub(super) fn add(
        &mut self,
        order_id: OrderId,
        outcome: HostOutcome,
        at: Timestamp,
    ) -> Option<OrderId> {
        if self.get(order_id).is_some() {
            return None;
        }
        let is_full = self.remembered.len() >= MOST_REFUSALS;
        let oldest = is_full.then(|| self.remembered.pop_front()).flatten();
        self.remembered.push_back(Refusal {
            order_id,
            outcome,
            at,
            stored: false,
        });
        oldest.map(|oldest| oldest.order_id)
    }

    pub(super) fn get(&self, id: OrderId) -> Option<&Refusal> {
        self.remembered
            .iter()
            .find(|refusal| refusal.order_id == id)
    }

    pub(super) fn stored(&mut self, id: OrderId) {
        let mut all = self.remembered.iter_mut();
        if let Some(refusal) = all.find(|refusal| refusal.order_id == id) {
            refusal.stored = true;
        }
    }

    /// Those that the server has not stored, as far as we know.
    pub(super) fn waiting(&self) -> impl Iterator<Item = OrderId> {
        let waiting = self.remembered.iter().filter(|refusal| !refusal.stored);
        waiting.map(|refusal| refusal.order_id)
    }
}

#[cfg(test)]
mod tests {
    use analysis::order::Refusal as Reason;
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_first_answer_stays_and_the_memory_is_bounded() {
        let mut refusals = Refusals::default();
        let id = |number: usize| OrderId(Uuid::from_u128(number as u128));
        let at = DateTime::UNIX_EPOCH;
        let refused = |reason| HostOutcome::Refused {
            reason,
            detail: String::new(),
        };
        for number in 0..=MOST_REFUSALS {
            refusals.add(id(number), refused(Reason::Policy), at);
        }
        refusals.add(id(1), refused(Reason::TooMany), at);
        assert_eq!(
            refusals.get(id(1)).unwrap().outcome,
            refused(Reason::Policy)
        );
        assert!(refusals.get(id(0)).is_none());
        refusals.stored(id(1));
        assert_eq!(refusals.waiting().count(), MOST_REFUSALS - 1);
    }
}

//! What the server has still to hear of orders.

use std::collections::{BTreeMap, BTreeSet};

use analysis::{
    Timestamp,
    identity::OrderId,
    order::{HostOutcome, Progress},
};
use tokio::sync::watch;

use super::refusals::Refusals;

/// Only ids, the latest progress, and what was refused: the rest is made when there is room for it
/// on the stream. However slow that is, and however much the server asks, it is bounded by the
/// orders and refusals that are remembered; of progress only the latest is left, of beginnings and
/// ends everything.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) refusals: Refusals,
    begun: BTreeSet<OrderId>,
    ended: BTreeSet<OrderId>,
    progress: BTreeMap<OrderId, Progress>,
    changed: watch::Sender<u64>,
}

/// One thing to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Begun(OrderId),
    Ended(OrderId),
    Progress(OrderId, Progress),
}

impl Outbox {
    /// The receiver sees a change whenever there is something to send.
    pub(super) fn new() -> (Self, watch::Receiver<u64>) {
        let (changed, watching) = watch::channel(0);
        let outbox = Self {
            refusals: Refusals::default(),
            begun: BTreeSet::new(),
            ended: BTreeSet::new(),
            progress: BTreeMap::new(),
            changed,
        };
        (outbox, watching)
    }

    pub(super) fn begun(&mut self, id: OrderId) {
        self.begun.insert(id);
        self.tell();
    }

    pub(super) fn progress(&mut self, id: OrderId, progress: Progress) {
        self.progress.insert(id, progress);
        self.tell();
    }

    /// No progress follows an end.
    pub(super) fn ended(&mut self, id: OrderId) {
        self.progress.remove(&id);
        self.ended.insert(id);
        self.tell();
    }

    /// An end without anything having run. For it the oldest refusal may go, told or not.
    pub(super) fn refused(&mut self, id: OrderId, outcome: HostOutcome, at: Timestamp) {
        if let Some(forgotten) = self.refusals.add(id, outcome, at) {
            self.ended.remove(&forgotten);
        }
        self.ended(id);
    }

    pub(super) fn stored(&mut self, id: OrderId) {
        self.refusals.stored(id);
        self.begun.remove(&id);
        self.ended.remove(&id);
    }

    /// What goes next. Of one order: its beginning before its end.
    pub(super) fn next(&mut self) -> Option<Due> {
        if let Some(id) = self.begun.pop_first() {
            return Some(Due::Begun(id));
        }
        if let Some(id) = self.ended.pop_first() {
            return Some(Due::Ended(id));
        }
        let (id, progress) = self.progress.pop_first()?;
        Some(Due::Progress(id, progress))
    }

    fn tell(&self) {
        self.changed.send_modify(|number| *number += 1);
    }
}

#[cfg(test)]
mod tests {
    use analysis::order::Step;
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::orders::refusals::MOST_REFUSALS;

    #[test]
    fn of_progress_the_latest_goes_and_none_after_the_end() {
        let (mut outbox, changed) = Outbox::new();
        let (one, other) = (OrderId(Uuid::from_u128(1)), OrderId(Uuid::from_u128(2)));
        let step = |done| Progress {
            step: Step::ReadingUnit,
            done,
            of: 9,
        };
        outbox.begun(one);
        outbox.progress(one, step(1));
        outbox.progress(other, step(1));
        outbox.progress(other, step(2));
        outbox.ended(one);
        assert!(changed.has_changed().unwrap());
        let all: Vec<Due> = std::iter::from_fn(|| outbox.next()).collect();
        let expected = [
            Due::Begun(one),
            Due::Ended(one),
            Due::Progress(other, step(2)),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_server_that_asks_without_end_and_hears_nothing_fills_no_memory() {
        let (mut outbox, _changed) = Outbox::new();
        let id = |number| OrderId(Uuid::from_u128(number));
        for number in 0..10_000 {
            outbox.refused(id(number), HostOutcome::Lost, DateTime::UNIX_EPOCH);
        }
        // Of the ones that are left nothing is missing.
        assert_eq!(outbox.refusals.waiting().count(), MOST_REFUSALS);
        let due: Vec<Due> = std::iter::from_fn(|| outbox.next()).collect();
        let first = 10_000 - MOST_REFUSALS as u128;
        let expected: Vec<Due> = (first..10_000)
            .map(|number| Due::Ended(id(number)))
            .collect();
        assert_eq!(due, expected);
    }
}

//! What the server has still to hear of orders.

use std::collections::{BTreeMap, BTreeSet};

use analysis::{identity::OrderId, order::Progress};
use tokio::sync::watch;

/// Only ids and the latest progress: what is sent is made when there is room for it on the stream.
/// So it is as small as the number of orders, however slow the stream; of progress only the latest
/// is left, of beginnings and ends everything.
#[derive(Debug)]
pub(super) struct Outbox {
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

    pub(super) fn stored(&mut self, id: OrderId) {
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
    use uuid::Uuid;

    use super::*;

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
}

//! What goes to the server, as it is on the wire.

use analysis::{Timestamp, identity::OrderId, order::HostOutcome};
use proto::v1::{self, order_update::Update};
use tracing::warn;

use super::{desk::Desk, outbox::Due};

impl Desk {
    /// Made only when there is room for it on the stream: reports stay on disk until then.
    pub(super) fn next_update(&mut self) -> Option<v1::OrderUpdate> {
        loop {
            let due = self.outbox.next()?;
            let update = match due {
                Due::Begun(id) => self.begun(id).map(|update| (id, update)),
                Due::Ended(id) => self.ended(id).map(|update| (id, update)),
                Due::Progress(id, progress) => {
                    let progress = json(&progress).into();
                    let update = Update::Progress(v1::OrderProgress { progress });
                    Some((id, update))
                }
            };
            // Meanwhile stored or forgotten: there is nothing to say.
            if let Some((id, update)) = update {
                return Some(v1::OrderUpdate {
                    order_id: id.0.as_bytes().to_vec().into(),
                    update: Some(update),
                });
            }
        }
    }

    fn begun(&self, id: OrderId) -> Option<Update> {
        let record = self.store.get(id)?;
        Some(Update::Begun(v1::OrderBegun {
            wall_clock_ns: nanoseconds(record.begun_at),
        }))
    }

    fn ended(&mut self, id: OrderId) -> Option<Update> {
        let of_store = self.store.get(id).and_then(|record| record.end.as_ref());
        if of_store.is_none_or(|end| end.stored) {
            let refusal = self.outbox.refusals.get(id)?;
            return Some(end(&refusal.outcome, refusal.at, Vec::new()));
        }
        let report = self.store.report(id).unwrap_or_else(|error| {
            warn!(order = %id, "its report is gone: {error}");
            self.store.lose(id);
            Vec::new()
        });
        let ended = self.store.get(id)?.end.as_ref()?;
        Some(end(&ended.outcome, ended.at, report))
    }
}

fn end(outcome: &HostOutcome, at: Timestamp, report: Vec<u8>) -> Update {
    Update::Ended(v1::OrderEnded {
        wall_clock_ns: nanoseconds(at),
        outcome: json(outcome).into(),
        report: report.into(),
    })
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("words and numbers are JSON")
}

fn nanoseconds(at: Timestamp) -> i64 {
    at.timestamp_nanos_opt().unwrap_or(0)
}

//! What follows from the facts in a batch: known losses, and the restart ledger.

use analysis::Timestamp;
use analysis::event::{Event, Fact, GapReason};
use delivery::StreamRow;
use sqlx::PgConnection;
use uuid::Uuid;

use super::hello_facts::without_nul;
use super::ledger;
use super::rows::Row;
use crate::db::gaps::{self, GapRow, gap_id};

/// Stores what follows from `rows`. Costs nothing for processes: only units and losses matter.
pub(super) async fn apply(
    db: &mut PgConnection,
    agent: Uuid,
    before: &StreamRow,
    rows: &[&Row<'_>],
    now: Timestamp,
) -> sqlx::Result<()> {
    let told = || {
        rows.iter()
            .filter_map(|row| Some((*row, row.event.as_ref()?)))
    };
    let gaps: Vec<GapRow> = told()
        .filter_map(|(row, event)| gap(agent, before, row, event, now))
        .collect();
    gaps::insert(db, agent, &gaps, now).await?;
    let events: Vec<&Event> = told().map(|(_, event)| event).collect();
    ledger::apply(db, agent, &events).await
}

/// The gap that an event declares, if it is one.
fn gap(
    agent: Uuid,
    before: &StreamRow,
    row: &Row<'_>,
    event: &Event,
    now: Timestamp,
) -> Option<GapRow> {
    let Fact::Gap(fact) = &event.fact else {
        return None;
    };
    let mut lost = fact.lost;
    let mut id = gap_id(agent, "event", before.epoch, row.record.seq);
    if let Some(declared) = row.record.gap() {
        // The same hole has one name however often it is carried into a new epoch.
        id = gap_id(agent, "hole", declared.epoch, declared.to);
        if declared.epoch == before.epoch {
            let missing = declared.after(before.acked)?;
            lost = (missing.count > 0).then_some(missing.count);
        }
    }
    Some(GapRow {
        gap_id: id,
        // The spool does not know when a hole came to be.
        at: if row.columns.at_ns == 0 {
            now
        } else {
            event.at
        },
        source: without_nul(&fact.source),
        reason: fact.reason.name(),
        lost,
        detail: without_nul(&fact.detail),
    })
}

/// The gap that a batch leaves that could not be taken.
pub(super) fn malformed_gap(
    agent: Uuid,
    epoch: u64,
    first_seq: u64,
    what: &str,
    now: Timestamp,
) -> GapRow {
    GapRow {
        gap_id: gap_id(agent, "malformed", epoch, first_seq),
        at: now,
        source: "stream".to_owned(),
        reason: GapReason::Malformed.name(),
        lost: None,
        detail: format!(
            "batch of epoch {epoch} from {first_seq} refused: {}",
            without_nul(what)
        ),
    }
}

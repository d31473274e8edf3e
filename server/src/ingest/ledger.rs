//! The restart ledger, kept up with the events.

use std::collections::BTreeMap;

use analysis::cause::Certainty;
use analysis::event::Event;
use analysis::ledger::{BootEnd, LedgerChange, RunKey, change};
use analysis::run::Run;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::runs;

/// Applies the facts of a batch. Applying them twice changes nothing.
///
/// One read and one write for each run that the batch tells of, however much it tells.
pub(super) async fn apply(
    db: &mut PgConnection,
    agent: Uuid,
    events: &[&Event],
) -> sqlx::Result<()> {
    let mut changed = BTreeMap::new();
    for event in events {
        match change(event) {
            Some(LedgerChange::Upsert { key, patch }) => {
                let before = match changed.remove(&key) {
                    Some(run) => Some(run),
                    None => {
                        let (unit, invocation) = (key.unit.as_str(), key.invocation.0);
                        runs::of_invocation(db, agent, unit, invocation).await?
                    }
                };
                changed.insert(key.clone(), patch.merge(key, before));
            }
            Some(LedgerChange::CloseBoot(end)) => {
                write(db, agent, &mut changed).await?;
                let open = runs::ended_with(db, agent, end.boot, end.at, event.boot).await?;
                for run in open {
                    runs::upsert(db, agent, &closed(run, &end)).await?;
                }
            }
            None => {}
        }
    }
    write(db, agent, &mut changed).await
}

async fn write(
    db: &mut PgConnection,
    agent: Uuid,
    changed: &mut BTreeMap<RunKey, Run>,
) -> sqlx::Result<()> {
    for run in std::mem::take(changed).into_values() {
        runs::upsert(db, agent, &run).await?;
    }
    Ok(())
}

/// The run as it ended with that boot, or with an older one whose end nobody saw.
fn closed(mut run: Run, end: &BootEnd) -> Run {
    if run.boot == end.boot {
        end.close(&mut run);
    } else {
        let mut older = end.clone();
        older.boot = run.boot;
        older.stop.certainty = Certainty::Inferred;
        older.close(&mut run);
    }
    run
}

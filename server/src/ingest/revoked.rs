//! Who was revoked, for streams that are open and say nothing.
//!
//! Each batch checks its own agent in its own transaction; this is for the quiet ones.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tracing::warn;
use uuid::Uuid;

use crate::app::App;
use crate::db::hosts;

/// A revoked agent's stream is cut after this at the latest, and a little more.
const REFRESH: Duration = Duration::from_secs(2);

/// The revoked agents, as of the last refresh.
pub(super) type Revoked = watch::Receiver<Arc<BTreeSet<Uuid>>>;

/// Starts to read the revoked agents every two seconds, until the server stops.
pub(super) fn watch_revoked(app: &App) -> Revoked {
    let (told, revoked) = watch::channel(Arc::default());
    let app_of_task = app.clone();
    app.tasks
        .spawn(app.stop.clone().run_until_cancelled_owned(async move {
            let mut tick = tokio::time::interval(REFRESH);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                refresh(&app_of_task, &told).await;
            }
        }));
    revoked
}

async fn refresh(app: &App, told: &watch::Sender<Arc<BTreeSet<Uuid>>>) {
    match hosts::revoked(&app.ingest_db).await {
        Ok(agents) => {
            let agents: BTreeSet<Uuid> = agents.into_iter().collect();
            // Wakes ten thousand streams: only when there is something new.
            told.send_if_modified(|known| {
                let changed = **known != agents;
                if changed {
                    *known = Arc::new(agents);
                }
                changed
            });
        }
        Err(error) => warn!(%error, "cannot read who was revoked: {error}"),
    }
}

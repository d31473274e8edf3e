//! Who is lost, and how far the fleet is behind.

use tracing::info;

use crate::app::App;
use crate::db::hosts;
use crate::ingest::HEARTBEAT;

/// What the passes remember.
#[derive(Debug, Default)]
pub struct Presence {
    /// The last pass failed: nobody could be noted as heard either.
    failed: bool,
}

impl Presence {
    /// Notes agents that were not heard for three heartbeats. Their own replica would have noted
    /// it, unless it died with them; whoever comes first does it for all.
    ///
    /// The first pass after a failed one notes nobody: while Postgres was away, no heartbeat could
    /// be stored, and the whole fleet looks lost.
    ///
    /// # Errors
    ///
    /// If Postgres does not answer.
    pub async fn pass(&mut self, app: &App) -> sqlx::Result<()> {
        let may_note = !std::mem::replace(&mut self.failed, true);
        if may_note {
            note_lost(app).await?;
        }
        let lag = hosts::fleet_lag(&app.ingest_db).await?;
        app.metrics.fleet.connected.set(lag.connected);
        app.metrics.fleet.events_behind.set(lag.events);
        self.failed = false;
        Ok(())
    }
}

async fn note_lost(app: &App) -> sqlx::Result<()> {
    let lost = hosts::mark_lost(&app.ingest_db, 3.0 * HEARTBEAT.as_secs_f64()).await?;
    if lost > 0 {
        info!(lost, "{lost} agents were not heard for three heartbeats");
    }
    Ok(())
}

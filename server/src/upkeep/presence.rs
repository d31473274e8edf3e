//! Who is lost, and how far the fleet is behind.

use tracing::info;

use crate::app::App;
use crate::db::hosts;
use crate::ingest::HEARTBEAT;

/// Notes agents that were not heard for three heartbeats. Their own replica would have noted it,
/// unless it died with them; whoever comes first does it for all.
pub(super) async fn pass(app: &App) -> sqlx::Result<()> {
    let lost = hosts::mark_lost(&app.ingest_db, 3.0 * HEARTBEAT.as_secs_f64()).await?;
    if lost > 0 {
        info!(lost, "{lost} agents were not heard for three heartbeats");
    }
    let lag = hosts::fleet_lag(&app.ingest_db).await?;
    app.metrics.fleet.connected.set(lag.connected);
    app.metrics.fleet.events_behind.set(lag.events);
    Ok(())
}

//! What has to be done from time to time: partitions, retention, who is lost, and orders of which
//! nothing is heard.

mod lease;
pub mod orders;
pub mod partitions;
pub mod presence;
pub mod retention;

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::app::App;
use presence::Presence;

/// How often partitions are made and dropped. They are made a week ahead, so that this may fail
/// for days.
const PARTITIONS_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often it is noted who is lost, and how far the fleet is behind.
const PRESENCE_EVERY: Duration = Duration::from_secs(15);
/// How often it is looked which orders are over.
const ORDERS_EVERY: Duration = Duration::from_secs(3);

/// Runs until `stop` is cancelled, then waits for the streams of agents and followers.
///
/// # Errors
///
/// None; a failed pass is logged and tried again.
pub async fn run(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    // Before any lease: a server that starts alone must be able to store at once.
    if let Err(error) = partitions::ensure(&app.ingest_db).await {
        warn!(%error, "cannot make partitions: {error}");
    }
    tokio::join!(
        keep_partitions(&app, &stop),
        keep_presence(&app, &stop),
        keep_orders(&app, &stop)
    );
    app.tasks.close();
    app.tasks.wait().await;
    Ok(())
}

async fn keep_partitions(app: &App, stop: &CancellationToken) {
    let mut tick = ticks(PARTITIONS_EVERY);
    while next(&mut tick, stop).await {
        // Outside `select!`, so that a pass is never cut off in its middle.
        if let Err(error) = retention::pass(app).await {
            warn!(%error, "cannot keep the partitions: {error}");
        }
    }
}

async fn keep_presence(app: &App, stop: &CancellationToken) {
    let mut presence = Presence::default();
    let mut tick = ticks(PRESENCE_EVERY);
    while next(&mut tick, stop).await {
        if let Err(error) = presence.pass(app).await {
            warn!(%error, "cannot note who is lost: {error}");
        }
    }
}

async fn keep_orders(app: &App, stop: &CancellationToken) {
    let mut tick = ticks(ORDERS_EVERY);
    while next(&mut tick, stop).await {
        if let Err(error) = orders::pass(app).await {
            warn!(%error, "cannot look after orders: {error}");
        }
    }
}

fn ticks(period: Duration) -> tokio::time::Interval {
    let mut tick = tokio::time::interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

/// Waits for the next tick. False: the server stops.
async fn next(tick: &mut tokio::time::Interval, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        _ = tick.tick() => true,
    }
}

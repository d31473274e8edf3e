//! How a replica hears of orders and answers: `LISTEN`, and a look into the table each second for
//! where that is not to be had.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use uuid::Uuid;

use super::OVERDUE_AFTER;
use crate::app::App;
use crate::db::orders;

const ORDER: &str = "aiops_order";
const ANSWER: &str = "aiops_answer";
/// How long an order waits at most that nobody told of.
const POLL: Duration = Duration::from_secs(1);
/// Between two tries to listen.
const RETRY: Duration = Duration::from_secs(1);
/// Agents that one look wakes; the others have the next one.
const WAKES: i64 = 1_000;

/// Runs until `stop` is cancelled.
///
/// # Errors
///
/// None; what fails is tried again.
pub async fn run(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    tokio::join!(
        stop.run_until_cancelled(listen(&app)),
        stop.run_until_cancelled(poll(&app))
    );
    Ok(())
}

async fn listen(app: &App) {
    // A connection of its own, which no request has to wait for.
    let options = app.db.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options);
    let mut is_known = false;
    loop {
        let Err(error) = hear(app, &pool).await;
        if is_known {
            debug!(%error, "cannot listen for orders: {error}");
        } else {
            warn!(%error, "cannot listen for orders, so they may take a second longer: {error}");
            is_known = true;
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn hear(app: &App, pool: &sqlx::PgPool) -> sqlx::Result<std::convert::Infallible> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all([ORDER, ANSWER]).await?;
    debug!("listening for orders");
    loop {
        // `None`: the connection was lost and is made anew. What was missed, the next look finds.
        let Some(told) = listener.try_recv().await? else {
            continue;
        };
        let Ok(id) = told.payload().parse::<Uuid>() else {
            continue;
        };
        match told.channel() {
            ORDER => app.orders.streams().wake(id),
            _ => app.orders.changed(id),
        }
    }
}

async fn poll(app: &App) {
    let mut tick = tokio::time::interval(POLL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match orders::to_wake(&app.ingest_db, OVERDUE_AFTER.as_secs_f64(), WAKES).await {
            Ok(agents) => agents
                .into_iter()
                .for_each(|agent| app.orders.streams().wake(agent)),
            Err(error) => debug!(%error, "cannot look for orders: {error}"),
        }
    }
}

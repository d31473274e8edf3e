//! Orders of which nothing is heard, and inquiries that are old.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tracing::info;

use super::lease::Lease;
use crate::app::App;
use crate::db::audit::{self, Deed};
use crate::db::inquiries;
use crate::db::orders::{self, Ended};

/// A host that was sent an order and was gone since may come back and tell for so long: it may have
/// begun, and who asks is told that nobody knows only then.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(10 * 60);
/// A replica that dies while it looks after orders holds that up for this long.
const LEASE_SECONDS: i32 = 15;
/// Orders and inquiries of one transaction; the next pass has the others.
const AT_ONCE: i64 = 500;

/// One pass: ends what did not begin in time or will never tell, on one replica at a time.
///
/// # Errors
///
/// If Postgres does not answer; the next pass does it.
pub async fn pass(app: &App) -> sqlx::Result<()> {
    app.metrics
        .orders
        .open
        .set(orders::open(&app.ingest_db).await?);
    let lease = Lease::take_for(&app.ingest_db, "orders", app.replica, LEASE_SECONDS).await?;
    if lease.is_none() {
        return Ok(());
    }
    let mut tx = app.ingest_db.begin().await?;
    let mut ended = orders::expire(&mut tx, AT_ONCE).await?;
    ended.extend(orders::give_up(&mut tx, COMES_BACK_WITHIN.as_secs_f64(), AT_ONCE).await?);
    if !ended.is_empty() {
        let deeds: Vec<Deed<'_>> = ended.iter().map(deed).collect();
        let inquiries: Vec<_> = ended.iter().map(|ended| ended.inquiry_id).collect();
        orders::notify_inquiries(&mut *tx, &inquiries).await?;
        audit::append_all(&mut tx, &deeds).await?;
    }
    tx.commit().await?;
    for order in &ended {
        app.metrics.orders.ended(&order.outcome);
        app.orders.changed(order.inquiry_id);
    }
    forget(app).await
}

fn deed(ended: &Ended) -> Deed<'_> {
    Deed {
        actor: "server",
        action: "order-ended",
        target: &ended.host_name,
        detail: json!({
            "inquiry": ended.inquiry_id, "order": ended.order_id, "outcome": ended.outcome,
        }),
    }
}

async fn forget(app: &App) -> sqlx::Result<()> {
    let days = TimeDelta::days(app.config.retention.inquiries_days.into());
    // So many days that there are not as many: everything is kept.
    let Some(moment) = app
        .now()
        .checked_sub_signed(days)
        .filter(|moment| chrono::Datelike::year(moment) >= 1970)
    else {
        return Ok(());
    };
    let forgotten = inquiries::forget(&app.ingest_db, moment, AT_ONCE).await?;
    if forgotten > 0 {
        info!(forgotten, "deleted {forgotten} inquiries that were too old");
    }
    Ok(())
}

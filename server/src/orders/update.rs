//! What a host says of its orders. It may come twice, late, or from the wrong host.

use analysis::Timestamp;
use analysis::order::{Failure, HostOutcome, OrderState, Outcome, Progress, Refuser};
use chrono::TimeDelta;
use proto::v1;
use proto::v1::order_update::Update;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tracing::warn;
use uuid::Uuid;

use super::report::{self, Unusable};
use crate::app::App;
use crate::db::audit;
use crate::db::orders::{self, Locked};

/// Orders that end at once on one replica. All that end anywhere wait for each other at the head of
/// the audit; this many connections to Postgres may do so, and the others go on storing events.
static ENDING: Semaphore = Semaphore::const_new(2);
/// Longest text of a host about an end, in characters.
const MAX_DETAIL: usize = 2_000;

/// While servers are exchanged one after the other, an answer may come to one that is too old for
/// the question. A host that is not heard by then tells it again when it is asked why it still runs.
const NEWER_SERVER_WITHIN: TimeDelta = TimeDelta::minutes(1);

/// What is to be told about an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Nothing,
    /// The host may forget it: it is committed, or was never asked for.
    Stored,
    /// It was given to another host; nothing has changed.
    OfAnother,
}

/// How an order ended, as it is stored.
struct End {
    outcome: Value,
    report: Option<Vec<u8>>,
}

/// Stores what the host of `agent` says of the order `order`.
///
/// # Errors
///
/// If Postgres fails. To call it again with the same is harmless.
pub(crate) async fn apply(
    app: &App,
    agent: Uuid,
    order: Uuid,
    update: &Update,
) -> sqlx::Result<Told> {
    match update {
        Update::Begun(_) => runs(app, agent, order, None).await,
        // A step that this server does not know is a sign of life all the same.
        Update::Progress(told) => {
            let progress = serde_json::from_slice(&told.progress).ok();
            runs(app, agent, order, progress).await
        }
        Update::Ended(ended) => end(app, agent, order, ended).await,
    }
}

async fn runs(
    app: &App,
    agent: Uuid,
    order: Uuid,
    progress: Option<Progress>,
) -> sqlx::Result<Told> {
    let mut tx = app.ingest_db.begin().await?;
    let Some(locked) = orders::lock(&mut tx, order).await? else {
        return Ok(Told::Nothing);
    };
    if locked.agent_id != agent {
        return Ok(Told::OfAnother);
    }
    let since = app.now();
    let next = OrderState::Running { since, progress };
    if !locked.state().is_some_and(|state| state.may_become(&next)) {
        return Ok(Told::Nothing);
    }
    orders::runs(&mut tx, order, progress).await?;
    orders::notify_inquiries(&mut *tx, &[locked.inquiry_id]).await?;
    tx.commit().await?;
    app.orders.changed(locked.inquiry_id);
    Ok(Told::Nothing)
}

async fn end(app: &App, agent: Uuid, order: Uuid, told: &v1::OrderEnded) -> sqlx::Result<Told> {
    // Before the report is unpacked, which is work, and without keeping the row locked for it.
    let known = {
        let mut connection = app.ingest_db.acquire().await?;
        orders::lock(&mut connection, order).await?
    };
    match known {
        Some(known) if known.agent_id != agent => Ok(Told::OfAnother),
        Some(known) if known.state().is_some() => {
            let Some(end) = ending(&known, told, app.now()).await else {
                // The host keeps its answer, and tells it to the next server that it speaks to.
                return Ok(Told::Nothing);
            };
            commit(app, order, end).await?;
            Ok(Told::Stored)
        }
        // It has ended, or was deleted since: the host may forget it.
        _ => Ok(Told::Stored),
    }
}

/// What a host's end amounts to. `None`: a newer server may know, and may be here soon.
async fn ending(known: &Locked, told: &v1::OrderEnded, now: Timestamp) -> Option<End> {
    let outcome = match serde_json::from_slice(&told.outcome) {
        Ok(HostOutcome::Answered) => match answered(known, told).await {
            Ok(end) => return Some(end),
            // Whether it is one this server knows too little to say.
            Err(_) if !known.is_known() => {
                if now - known.begun_at() < NEWER_SERVER_WITHIN {
                    return None;
                }
                failed(
                    Failure::QuestionUnknown,
                    "this version of the server cannot read the question, nor the report",
                )
            }
            Err(unusable) => failed(unusable.reason, &unusable.detail),
        },
        Ok(HostOutcome::Refused { reason, detail }) => Outcome::Refused {
            by: Refuser::Host,
            reason,
            detail: clean(&detail),
        },
        Ok(HostOutcome::Failed { reason, detail }) => failed(reason, &detail),
        Ok(HostOutcome::Lost) => Outcome::Lost,
        Ok(HostOutcome::Cancelled) => Outcome::Cancelled,
        Err(_) => failed(
            Failure::Crashed,
            "the host's outcome is none that this server knows",
        ),
    };
    Some(End {
        outcome: serde_json::to_value(outcome).unwrap_or(Value::Null),
        report: None,
    })
}

/// The report of a host that has one.
async fn answered(known: &Locked, told: &v1::OrderEnded) -> Result<End, Unusable> {
    let asked = known.analysis().ok_or_else(|| Unusable {
        reason: Failure::QuestionUnknown,
        detail: String::new(),
    })?;
    let report = report::checked(asked, told.report.clone()).await?;
    Ok(End {
        outcome: json!({ "outcome": "answered", "summary": report.summary }),
        report: Some(report.deflated),
    })
}

fn failed(reason: Failure, detail: &str) -> Outcome {
    let detail = clean(detail);
    Outcome::Failed { reason, detail }
}

async fn commit(app: &App, order: Uuid, mut end: End) -> sqlx::Result<()> {
    let _turn = ENDING.acquire().await;
    let mut tx = app.ingest_db.begin().await?;
    let Some(locked) = orders::lock(&mut tx, order).await? else {
        return Ok(());
    };
    let Some(state) = locked.state() else {
        return Ok(());
    };
    // The host was asked after it and never had it: what was wanted has come true.
    if locked.is_cancelled && state == OrderState::Sent && end.outcome["outcome"] == "lost" {
        end.outcome = json!({ "outcome": "cancelled" });
    }
    orders::end(&mut tx, order, &end.outcome, end.report.as_deref()).await?;
    orders::notify_inquiries(&mut *tx, &[locked.inquiry_id]).await?;
    note(&mut tx, order, &locked, &end.outcome).await?;
    tx.commit().await?;
    let outcome = end.outcome["outcome"].as_str().unwrap_or_default();
    app.metrics.orders.ended(outcome);
    if end.report.is_some() {
        let took = (app.now() - locked.requested_at).as_seconds_f64();
        app.metrics.orders.answered(took);
    }
    app.orders.changed(locked.inquiry_id);
    Ok(())
}

/// The audit has the name of an end, never what was found.
async fn note(
    db: &mut sqlx::PgConnection,
    order: Uuid,
    locked: &Locked,
    outcome: &Value,
) -> sqlx::Result<()> {
    let actor = format!("host:{}", locked.host_name);
    let name = &outcome["outcome"];
    let mut detail = json!({ "inquiry": locked.inquiry_id, "order": order, "outcome": name });
    let mut action = "order-ended";
    if name == "refused" {
        action = "order-refused";
        detail["reason"] = outcome["reason"].clone();
    }
    audit::append(db, &actor, action, &locked.host_name, detail).await
}

/// A host spoke of another one's order: it cannot know the id by accident.
pub(crate) async fn note_other(app: &App, agent: Uuid, order: Uuid) {
    app.metrics.orders.of_others.inc();
    warn!(%agent, %order, "agent {agent} speaks of an order of another host: {order}");
    let actor = format!("host:{agent}");
    let target = order.to_string();
    let noted = audit::note(&app.db, &actor, "order-update-refused", &target, json!({})).await;
    if let Err(error) = noted {
        warn!(%agent, %error, "cannot note that in the audit: {error}");
    }
}

/// Without control characters, which terminals obey and Postgres refuses in part, and not too long.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_DETAIL)
        .collect()
}

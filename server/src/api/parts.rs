//! One host's part of an inquiry as JSON: `analysis::inquiry::HostOrder`.

use analysis::identity::{AgentId, OrderId};
use analysis::inquiry::HostOrder;
use analysis::order::{Failure, Outcome};
use analysis::report::{Report, Summary};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::error::ApiError;
use crate::db::inquiries::{self, PartRow};
use crate::orders::inflate;

/// Reports that are read for clients at once: each may have 16 MiB.
static READING: Semaphore = Semaphore::const_new(8);

/// The part with its report. The report goes out as it was stored: to parse it again would take a
/// hundred times as long.
pub(super) async fn json(db: &PgPool, row: &PartRow) -> Result<String, ApiError> {
    if let Some(state) = row.open_state() {
        let part = HostOrder {
            order_id: OrderId(row.order_id),
            agent_id: AgentId(row.agent_id),
            host_name: row.host_name.clone(),
            state,
        };
        return serde_json::to_string(&part).map_err(|_| ApiError::Internal("a part"));
    }
    let part = json!({
        "order_id": row.order_id,
        "agent_id": row.agent_id,
        "host_name": row.host_name,
        "state": "ended",
        "at": row.ended_at,
    });
    if !row.is_answered() {
        return Ok(with_outcome(part, row.outcome.clone()));
    }
    let Some(report) = report(db, row.order_id).await? else {
        let outcome = Outcome::Failed {
            reason: Failure::Crashed,
            detail: "the stored report cannot be read".to_owned(),
        };
        return Ok(with_outcome(part, serde_json::to_value(outcome).ok()));
    };
    let mut outcome = row.outcome.clone().unwrap_or_else(|| json!({}));
    if outcome.get("summary").is_none() {
        outcome["summary"] = summary(&report);
    }
    let mut text = with_outcome(part, Some(outcome));
    text.truncate(text.len() - 1);
    Ok(text + ",\"report\":" + &report + "}")
}

/// Of a report that was stored before there were summaries.
fn summary(report: &str) -> Value {
    let report = serde_json::from_str::<Report>(report).ok();
    let summary = report.as_ref().map(Summary::of);
    serde_json::to_value(summary).unwrap_or_default()
}

fn with_outcome(mut part: Value, outcome: Option<Value>) -> String {
    if let (Some(part), Some(Value::Object(outcome))) = (part.as_object_mut(), outcome) {
        part.extend(outcome);
    }
    part.to_string()
}

/// The report of one part of an inquiry. `None`: there is none.
pub(super) async fn report_of(
    db: &PgPool,
    inquiry: Uuid,
    order: Uuid,
) -> Result<Option<String>, ApiError> {
    if !inquiries::has_part(db, inquiry, order).await? {
        return Ok(None);
    }
    report(db, order).await
}

async fn report(db: &PgPool, order: Uuid) -> Result<Option<String>, ApiError> {
    let _turn = READING.acquire().await;
    let Some(deflated) = inquiries::report(db, order).await? else {
        return Ok(None);
    };
    let inflated = tokio::task::spawn_blocking(move || inflate(&deflated)).await;
    let json = inflated.ok().and_then(Result::ok);
    Ok(json.and_then(|json| String::from_utf8(json).ok()))
}

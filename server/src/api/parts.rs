//! One host's part of an inquiry as JSON: `analysis::inquiry::HostOrder`.

use analysis::identity::{AgentId, OrderId};
use analysis::inquiry::HostOrder;
use analysis::order::{Failure, Outcome};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::Semaphore;

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
    let mut part = json!({
        "order_id": row.order_id,
        "agent_id": row.agent_id,
        "host_name": row.host_name,
        "state": "ended",
        "at": row.ended_at,
    });
    if !row.is_answered() {
        return Ok(with_outcome(part, row.outcome.clone()));
    }
    let Some(report) = report(db, row).await? else {
        let outcome = Outcome::Failed {
            reason: Failure::Crashed,
            detail: "the stored report cannot be read".to_owned(),
        };
        return Ok(with_outcome(part, serde_json::to_value(outcome).ok()));
    };
    part["outcome"] = "answered".into();
    let mut text = part.to_string();
    text.truncate(text.len() - 1);
    Ok(text + ",\"report\":" + &report + "}")
}

fn with_outcome(mut part: Value, outcome: Option<Value>) -> String {
    if let (Some(part), Some(Value::Object(outcome))) = (part.as_object_mut(), outcome) {
        part.extend(outcome);
    }
    part.to_string()
}

async fn report(db: &PgPool, row: &PartRow) -> Result<Option<String>, ApiError> {
    let _turn = READING.acquire().await;
    let Some(deflated) = inquiries::report(db, row.order_id).await? else {
        return Ok(None);
    };
    let inflated = tokio::task::spawn_blocking(move || inflate(&deflated)).await;
    let json = inflated.ok().and_then(Result::ok);
    Ok(json.and_then(|json| String::from_utf8(json).ok()))
}

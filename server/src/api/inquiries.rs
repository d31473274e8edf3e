//! Questions to hosts.

use std::time::{Duration, Instant};

use analysis::Timestamp;
use analysis::identity::InquiryId;
use analysis::inquiry::{Inquiry, InquiryPage, NewInquiry};
use analysis::order::LONGEST_WAIT;
use analysis::question::{BadQuestion, Question};
use axum::Json;
use axum::body::Body as ResponseBody;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use uuid::Uuid;

use super::auth::Caller;
use super::body::Body;
use super::error::ApiError;
use super::params::{self, Path, Query};
use super::{asked_hosts, hosts, parts};
use crate::app::App;
use crate::db::hosts::HostRow;
use crate::db::inquiries::{self, SummaryRow};
use crate::db::{audit, orders};
use crate::orders::inquire::{Asked, AskedHost, inquire};

/// Inquiries of a page, if the client does not say.
const PAGE: i64 = 50;
const MOST_INQUIRIES: i64 = 500;
/// Shorter than this nothing is ever answered.
const LEAST_TIME_LIMIT: Duration = Duration::from_millis(100);

/// `POST /inquiries`: asks. What cannot be asked has ended in the answer.
#[utoipa::path(post, path = "/inquiries", tag = "inquiries", request_body = NewInquiry,
    responses((status = 201, description = "The inquiry as it begins", body = Inquiry),
        (status = 404, description = "There is no such host; nobody was asked",
            content_type = "application/problem+json", body = analysis::fleet::Problem),
        (status = 429, description = "This account has asked too many hosts",
            content_type = "application/problem+json", body = analysis::fleet::Problem)))]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewInquiry>,
) -> Result<(StatusCode, Json<Inquiry>), ApiError> {
    let asked = Asked {
        time_limit: time_limit(&new)?,
        wait: wait(&new)?,
        question: checked(new.question)?,
        account: &caller.name,
        actor: &caller.actor(),
    };
    let key = app.orders.key();
    let key = key.map_err(|problem| ApiError::OrdersUnavailable(problem.clone()))?;
    let rows = asked_hosts::resolve(&app, &new.hosts, &new.labels).await?;
    let taken = app
        .orders
        .limit()
        .take(&caller.name, rows.len(), Instant::now());
    taken.map_err(|wait| ApiError::TooManyOrders { wait })?;
    let hosts = rows.into_iter().map(asked_host).collect();
    let inquiry = inquire(&app, key, &asked, hosts).await?;
    Ok((StatusCode::CREATED, Json(inquiry)))
}

fn asked_host(row: HostRow) -> AskedHost {
    AskedHost {
        agent: row.agent_id,
        state: hosts::state(&row),
        name: row.host_name,
        capabilities: row.facts.map(|facts| facts.0.capabilities),
    }
}

/// What stays text in a question is what the host reads, too.
fn checked(question: Question) -> Result<Question, ApiError> {
    let bad = |BadQuestion { parameter, why }| ApiError::BadParameter {
        name: parameter,
        why,
    };
    question.check().map_err(bad)?;
    Ok(question)
}

fn time_limit(new: &NewInquiry) -> Result<Duration, ApiError> {
    let most = new.question.analysis().time_limit();
    let asked = new.time_limit_ms.map_or(most, Duration::from_millis);
    if (LEAST_TIME_LIMIT..=most).contains(&asked) {
        return Ok(asked);
    }
    Err(ApiError::BadParameter {
        name: "time_limit_ms",
        why: format!(
            "has to be between {} and {}",
            LEAST_TIME_LIMIT.as_millis(),
            most.as_millis()
        ),
    })
}

fn wait(new: &NewInquiry) -> Result<Option<Duration>, ApiError> {
    let wait = new.wait_s.map(Duration::from_secs);
    match wait {
        Some(wait) if wait > LONGEST_WAIT => Err(ApiError::BadParameter {
            name: "wait_s",
            why: format!("may be at most {}", LONGEST_WAIT.as_secs()),
        }),
        // To wait for no time is not to wait.
        wait => Ok(wait.filter(|wait| !wait.is_zero())),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// `next` of the page before.
    before: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// `GET /inquiries`: the newest first.
#[utoipa::path(get, path = "/inquiries", tag = "inquiries", params(ListParams),
    responses((status = 200, description = "What was asked lately", body = InquiryPage)))]
pub(super) async fn list(
    State(app): State<App>,
    Query(asked): Query<ListParams>,
) -> Result<Json<Value>, ApiError> {
    let limit = params::limit(asked.limit, PAGE, MOST_INQUIRIES)?;
    let before = asked.before.as_deref().map(place).transpose()?;
    let rows = inquiries::page(&app.db, before, limit).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows == limit);
    let last = rows.last().filter(|_| is_full);
    let next = last.map(|row| cursor(row.requested_at, row.inquiry_id));
    let inquiries: Vec<Value> = rows.iter().map(summary).collect();
    Ok(Json(json!({ "inquiries": inquiries, "next": next })))
}

/// An `InquirySummary`, with the question as it was stored: a newer server may have asked it.
fn summary(row: &SummaryRow) -> Value {
    json!({
        "inquiry_id": row.inquiry_id,
        "question": row.question,
        "command": command(&row.question),
        "requested_by": row.requested_by,
        "requested_at": row.requested_at,
        "hosts": row.hosts,
        "answered": row.answered,
        "ended": row.ended,
    })
}

/// A question as one would type it. Of one that a newer server asked: the name of the analysis.
fn command(question: &Value) -> String {
    match Question::deserialize(question) {
        Ok(question) => question.to_string(),
        Err(_) => question["analysis"].as_str().unwrap_or_default().to_owned(),
    }
}

/// A place among the inquiries as clients see it: opaque text.
fn cursor(at: Timestamp, id: Uuid) -> String {
    let at = at.timestamp_micros().to_be_bytes();
    URL_SAFE_NO_PAD.encode([&at[..], id.as_bytes()].concat())
}

fn place(text: &str) -> Result<(Timestamp, Uuid), ApiError> {
    let parse = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (at, id) = bytes.split_first_chunk::<8>()?;
        let at = Timestamp::from_timestamp_micros(i64::from_be_bytes(*at))
            .filter(|at| params::YEARS.contains(&chrono::Datelike::year(at)))?;
        Some((at, Uuid::from_slice(id).ok()?))
    };
    parse().ok_or_else(|| ApiError::BadParameter {
        name: "before",
        why: "not a cursor of this server".to_owned(),
    })
}

/// `GET /inquiries/{id}`: the question, and where it is on each host.
#[utoipa::path(get, path = "/inquiries/{id}", tag = "inquiries",
    params(("id" = InquiryId, Path, description = "The inquiry")),
    responses((status = 200, description = "The inquiry with its reports", body = Inquiry)))]
pub(super) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let inquiry = find(&app, &id).await?;
    let rows = inquiries::parts(&app.db, inquiry.inquiry_id).await?;
    let mut head = json!({
        "inquiry_id": inquiry.inquiry_id,
        "question": inquiry.question,
        "command": command(&inquiry.question),
        "requested_by": inquiry.requested_by,
        "requested_at": inquiry.requested_at,
    })
    .to_string();
    head.truncate(head.len() - 1);
    head += ",\"orders\":[";
    // One report at a time: a thousand of them may take more memory than there is.
    let parts = stream::iter(rows.into_iter().enumerate()).then(move |(at, row)| {
        let app = app.clone();
        async move {
            let part = parts::json(&app.db, &row).await?;
            let comma = if at == 0 { "" } else { "," };
            Ok::<_, ApiError>(Bytes::from(comma.to_owned() + &part))
        }
    });
    let body = stream::iter([Ok(Bytes::from(head))])
        .chain(parts)
        .chain(stream::iter([Ok(Bytes::from_static(b"]}"))]));
    let body = ResponseBody::from_stream(body.inspect(|part| {
        if let Err(error) = part {
            // The client sees an answer that is cut off.
            tracing::warn!(%error, "cannot read a report: {error}");
        }
    }));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The inquiry that a path names.
pub(super) async fn find(app: &App, id: &str) -> Result<inquiries::InquiryRow, ApiError> {
    let not_found = || ApiError::InquiryNotFound(id.chars().take(64).collect());
    let id: Uuid = id.parse().map_err(|_| not_found())?;
    let found = inquiries::find(&app.db, id).await?;
    found.ok_or_else(not_found)
}

/// `POST /inquiries/{id}/cancel`: ends what runs. A second call changes nothing.
#[utoipa::path(post, path = "/inquiries/{id}/cancel", tag = "inquiries",
    params(("id" = InquiryId, Path, description = "The inquiry")),
    responses((status = 204, description = "It ends as soon as the hosts hear of it")))]
pub(super) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let inquiry = find(&app, &id).await?.inquiry_id;
    let mut tx = app.db.begin().await?;
    let cancelled = inquiries::cancel(&mut tx, inquiry, app.now()).await?;
    if cancelled.is_empty() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let (ended, running): (Vec<_>, Vec<_>) = cancelled.iter().partition(|part| part.is_ended);
    let agents: Vec<Uuid> = running.iter().map(|part| part.agent_id).collect();
    orders::notify_agents(&mut *tx, &agents).await?;
    orders::notify_inquiries(&mut *tx, &[inquiry]).await?;
    let detail = json!({ "hosts": cancelled.len(), "not_begun": ended.len() });
    let (actor, target) = (caller.actor(), inquiry.to_string());
    audit::append(&mut tx, &actor, "inquiry-cancelled", &target, detail).await?;
    tx.commit().await?;
    ended
        .iter()
        .for_each(|_| app.metrics.orders.ended("cancelled"));
    agents
        .into_iter()
        .for_each(|agent| app.orders.streams().wake(agent));
    app.orders.changed(inquiry);
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_says_its_place_and_nothing_else_is_one() {
        let at = Timestamp::from_timestamp_micros(1_790_000_000_123_456).unwrap();
        let id = Uuid::from_u128(7);
        assert_eq!(place(&cursor(at, id)).unwrap(), (at, id));
        for text in ["", "x", "AAAA", "?", &"_".repeat(32), &"A".repeat(200)] {
            assert!(place(text).is_err(), "{text:?}");
        }
    }
}

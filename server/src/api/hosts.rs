//! The registry of hosts.

use analysis::Timestamp;
use analysis::fleet::{Host, HostList, HostState, OfflineReason};
use analysis::identity::AgentId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tracing::info;
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::body::Body;
use super::error::ApiError;
use super::params::{self, Path, Query};
use crate::app::App;
use crate::db::hosts::HostRow;
use crate::db::{agents, audit, hosts};

/// More hosts than one server is made for.
const MOST_HOSTS: i64 = 20_000;
/// Longest part of a name, or list of labels, that can be asked for, in bytes.
const MOST_QUERY: usize = 1024;
/// So many names are compared to say which one was perhaps meant.
const NAMES: i64 = 5_000;
/// So many hosts of one name are listed.
const SAME_NAME: i64 = 20;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Part of a name.
    q: Option<String>,
    /// `key=value`, several separated by commas: all have to match.
    label: Option<String>,
    #[param(minimum = 1, maximum = 20_000)]
    limit: Option<i64>,
}

/// `GET /hosts`: by name.
#[utoipa::path(get, path = "/hosts", tag = "hosts", params(ListParams),
    responses((status = 200, description = "The hosts", body = HostList)))]
pub(super) async fn list(
    State(app): State<App>,
    Query(asked): Query<ListParams>,
) -> Result<Json<HostList>, ApiError> {
    let limit = params::limit(asked.limit, MOST_HOSTS, MOST_HOSTS)?;
    let query = words("q", asked.q.as_deref())?;
    let labels = labels(words("label", asked.label.as_deref())?)?;
    let rows = hosts::list(&app.db, query, &labels, limit).await?;
    Ok(Json(HostList {
        hosts: rows.into_iter().map(host).collect(),
    }))
}

/// What is asked for, if anything is.
fn words<'a>(name: &'static str, text: Option<&'a str>) -> Result<Option<&'a str>, ApiError> {
    text.filter(|text| !text.is_empty())
        .map(|text| params::text(name, text, MOST_QUERY))
        .transpose()
}

/// `GET /hosts/{host}`: by id or name.
#[utoipa::path(get, path = "/hosts/{host}", tag = "hosts",
    params(("host" = String, Path, description = "Name or agent id")),
    responses((status = 200, description = "The host", body = Host)))]
pub(super) async fn show(
    State(app): State<App>,
    Path(asked): Path<String>,
) -> Result<Json<Host>, ApiError> {
    Ok(Json(host(find(&app, &asked).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revocation {
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// `POST /hosts/{host}/revoke`: for good. A second call changes nothing.
#[utoipa::path(post, path = "/hosts/{host}/revoke", tag = "hosts",
    params(("host" = String, Path, description = "Name or agent id")),
    request_body = Revocation,
    responses((status = 204, description = "The host is revoked")))]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(asked): Path<String>,
    Body(Revocation { reason }): Body<Revocation>,
) -> Result<StatusCode, ApiError> {
    let reason = params::text("reason", &reason, 500)?;
    let host = find(&app, &asked).await?;
    let agent = AgentId(host.agent_id);
    let by = caller.actor();
    let mut tx = app.db.begin().await?;
    let revoked = agents::revoke(&mut *tx, agent, reason, app.now()).await?;
    if revoked {
        let detail = json!({ "agent_id": agent, "reason": reason });
        audit::append(&mut tx, &by, "host-revoked", &host.host_name, detail).await?;
    }
    tx.commit().await?;
    if revoked {
        info!(%agent, reason, by, "revoked agent {agent}: {reason}");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The one host that `asked` names, by id or by name.
///
/// A host that was revoked does not stand in the way of the one that joined under its name since.
pub(super) async fn find(app: &App, asked: &str) -> Result<HostRow, ApiError> {
    let asked = params::text("host", asked, 255)?;
    let mut rows = hosts::find(&app.db, asked.parse().ok(), asked, SAME_NAME).await?;
    if rows.iter().any(|row| row.revoked_at.is_none()) {
        rows.retain(|row| row.revoked_at.is_none());
    }
    match rows.len() {
        0 => Err(not_found(app, asked).await?),
        1 => Ok(rows.remove(0)),
        _ => {
            let ids = rows.iter().map(|row| row.agent_id.to_string()).collect();
            Err(ApiError::HostAmbiguous {
                asked: asked.to_owned(),
                ids,
            })
        }
    }
}

/// There is no host `asked`; perhaps another was meant.
pub(super) async fn not_found(app: &App, asked: &str) -> Result<ApiError, ApiError> {
    let names = hosts::names(&app.db, NAMES).await?;
    Ok(ApiError::HostNotFound {
        asked: asked.to_owned(),
        nearest: params::near(asked, names),
    })
}

/// `a=b,c=d` as the object that a host's labels have to contain.
fn labels(text: Option<&str>) -> Result<Value, ApiError> {
    let pair = |text: &str| {
        let (key, value) = text.split_once('=').ok_or_else(|| ApiError::BadParameter {
            name: "label",
            why: "has to be key=value".to_owned(),
        })?;
        Ok((key.to_owned(), Value::from(value)))
    };
    let pairs = text.into_iter().flat_map(|text| text.split(','));
    pairs
        .map(pair)
        .collect::<Result<Map<_, _>, _>>()
        .map(Value::Object)
}

fn host(row: HostRow) -> Host {
    let state = state(&row);
    let lag = row
        .last_durable_seq
        .zip(row.acked)
        .map(|(durable, acked)| durable - acked);
    Host {
        agent_id: AgentId(row.agent_id),
        host_name: row.host_name,
        labels: serde_json::from_value(row.labels).unwrap_or_default(),
        state,
        enrolled_at: row.enrolled_at,
        last_heard_at: row.last_heard_at,
        certificate_expires_at: row.certificate_expires_at,
        facts: row.facts.map(|facts| facts.0),
        // A batch may have been stored since the agent last said how far its disk reaches.
        event_lag: lag.map(|lag| lag.max(0).cast_unsigned()),
        clock_offset_ms: row.clock_offset_ms,
    }
}

pub(super) fn state(row: &HostRow) -> HostState {
    let reason = || row.revoked_reason.clone().unwrap_or_default();
    if let Some(since) = row.revoked_at {
        return HostState::Revoked {
            since,
            reason: reason(),
        };
    }
    if let Some(since) = row.clone_suspected_at {
        return HostState::CloneSuspected { since };
    }
    match (row.connected_at, row.disconnected_at) {
        (None, _) => HostState::Joined,
        (Some(since), None) => HostState::Online { since },
        (Some(_), Some(since)) => HostState::Offline {
            since: heard_until(row, since),
            reason: offline(row),
        },
    }
}

/// A lost host has been away since it was last heard, not since somebody noticed.
fn heard_until(row: &HostRow, noticed: Timestamp) -> Timestamp {
    match offline(row) {
        OfflineReason::Lost => row.last_heard_at.unwrap_or(noticed),
        _ => noticed,
    }
}

fn offline(row: &HostRow) -> OfflineReason {
    let name = row.disconnect_reason.as_deref().unwrap_or_default();
    serde_json::from_value(Value::from(name)).unwrap_or(OfflineReason::Lost)
}

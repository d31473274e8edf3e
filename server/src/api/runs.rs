//! The restart ledger, run by run.

use analysis::Timestamp;
use analysis::identity::AgentId;
use analysis::run::Run;
use axum::Json;
use axum::extract::State;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;
use super::hosts;
use super::params::{self, Path, Query};
use crate::app::App;
use crate::db::runs::{self, RunRow};

/// Runs of an answer, if the client does not say.
const RUNS: i64 = 1000;
const MOST_RUNS: i64 = 10_000;
/// How far back a client sees that does not say.
const DEFAULT_SINCE: TimeDelta = TimeDelta::days(7);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Params {
    unit: Option<String>,
    /// A time (RFC 3339), or how long ago: `1h`. Seven days ago if it is not given.
    since: Option<String>,
    /// The same. Now if it is not given.
    until: Option<String>,
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<i64>,
}

/// The newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunList {
    runs: Vec<HostRun>,
}

/// A run, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
struct HostRun {
    agent_id: AgentId,
    #[serde(flatten)]
    run: Run,
}

/// `GET /hosts/{host}/runs`: what was up at some time between `since` and `until`.
#[utoipa::path(get, path = "/hosts/{host}/runs", tag = "ledger",
    params(("host" = String, Path, description = "Name or agent id"), Params),
    responses((status = 200, description = "The runs", body = RunList)))]
pub(super) async fn of_host(
    State(app): State<App>,
    Path(host): Path<String>,
    Query(asked): Query<Params>,
) -> Result<Json<RunList>, ApiError> {
    let host = hosts::find(&app, &host).await?;
    let unit = asked.unit.as_deref().map(params::unit).transpose()?;
    let unit = unit.as_ref().map(analysis::identity::UnitName::as_str);
    let (since, until) = asked.span(&app)?;
    let limit = params::limit(asked.limit, RUNS, MOST_RUNS)?;
    let rows = runs::of_host(&app.db, host.agent_id, unit, since, until, limit).await?;
    Ok(Json(list(rows)))
}

/// `GET /units/{unit}/runs`: the stops of one unit on all hosts.
#[utoipa::path(get, path = "/units/{unit}/runs", tag = "ledger",
    params(("unit" = String, Path, description = "`nginx` is `nginx.service`"), Params),
    responses((status = 200, description = "The runs", body = RunList)))]
pub(super) async fn of_unit(
    State(app): State<App>,
    Path(unit): Path<String>,
    Query(asked): Query<Params>,
) -> Result<Json<RunList>, ApiError> {
    let unit = params::unit(&unit)?;
    let (since, until) = asked.span(&app)?;
    let limit = params::limit(asked.limit, RUNS, MOST_RUNS)?;
    let rows = runs::of_unit(&app.db, unit.as_str(), since, until, limit).await?;
    Ok(Json(list(rows)))
}

impl Params {
    fn span(&self, app: &App) -> Result<(Timestamp, Timestamp), ApiError> {
        let now = app.now();
        let since = params::moment("since", self.since.as_deref(), now)?;
        let until = params::moment("until", self.until.as_deref(), now)?;
        Ok((since.unwrap_or(now - DEFAULT_SINCE), until.unwrap_or(now)))
    }
}

fn list(rows: Vec<RunRow>) -> RunList {
    let run = |row: RunRow| HostRun {
        agent_id: AgentId(row.agent_id),
        run: row.run.0,
    };
    RunList {
        runs: rows.into_iter().map(run).collect(),
    }
}

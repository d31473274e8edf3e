//! The restart ledger, run by run.

use analysis::Timestamp;
use analysis::identity::AgentId;
use analysis::run::Run;
use axum::Json;
use axum::extract::{Path, State};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::hosts;
use super::params::{self, Query};
use crate::app::App;
use crate::db::runs::{self, RunRow};

/// Runs of an answer, if the client does not say.
const RUNS: i64 = 1000;
const MOST_RUNS: i64 = 10_000;
/// How far back a client sees that does not say.
const DEFAULT_SINCE: TimeDelta = TimeDelta::days(7);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    unit: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<i64>,
}

/// The newest first.
#[derive(Debug, Serialize)]
pub(super) struct RunList {
    runs: Vec<HostRun>,
}

/// A run, and whose it is.
#[derive(Debug, Serialize)]
struct HostRun {
    agent_id: AgentId,
    #[serde(flatten)]
    run: Run,
}

/// `GET /hosts/{host}/runs`: what was up at some time between `since` and `until`.
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

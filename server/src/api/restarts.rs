//! The restart analysis of a host, from the ledger: it answers for hosts that are off, too.

use analysis::Timestamp;
use analysis::identity::UnitName;
use analysis::limitation::Limitation;
use analysis::restarts::{RecordFacts, RecordGap, RestartQuestion, RestartReport, restart_report};
use analysis::run::Run;
use axum::Json;
use axum::extract::State;
use chrono::{Days, TimeDelta};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use uuid::Uuid;

use super::error::ApiError;
use super::hosts;
use super::params::{self, Path, Query};
use crate::app::App;
use crate::config::Period;
use crate::db::gaps::{self, StoredGap};
use crate::db::runs;

/// Runs that one report is made from; a host that has more asks for a shorter period.
const MOST_RUNS: i64 = 50_000;
const MOST_GAPS: i64 = 1_000;
/// The longest period, in days.
const MOST_DAYS: i64 = 366;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Params {
    unit: Option<String>,
    /// `true`: all units that stopped.
    all: Option<bool>,
    /// `7d` if it is not given.
    period: Option<String>,
}

/// `GET /hosts/{host}/restarts`: of one unit, or of all.
#[utoipa::path(get, path = "/hosts/{host}/restarts", tag = "ledger",
    params(("host" = String, Path, description = "Name or agent id"), Params),
    responses((status = 200, description = "The report", body = RestartReport)))]
pub(super) async fn of_host(
    State(app): State<App>,
    Path(host): Path<String>,
    Query(asked): Query<Params>,
) -> Result<Json<RestartReport>, ApiError> {
    let now = app.now();
    let question = RestartQuestion {
        unit: asked.unit()?,
        since: now - asked.period()?,
        now,
    };
    let agent = hosts::find(&app, &host).await?.agent_id;
    let runs = runs_of(&app, agent, &question).await?;
    let record = record(&app, agent, &question).await?;
    Ok(Json(restart_report(&runs, &question, &record)))
}

impl Params {
    fn unit(&self) -> Result<Option<UnitName>, ApiError> {
        match (&self.unit, self.all) {
            (Some(unit), None | Some(false)) => params::unit(unit).map(Some),
            (None, Some(true)) => Ok(None),
            _ => Err(ApiError::BadParameter {
                name: "unit",
                why: "give either unit=NAME or all=true".to_owned(),
            }),
        }
    }

    fn period(&self) -> Result<TimeDelta, ApiError> {
        let refused = |why: String| ApiError::BadParameter {
            name: "period",
            why,
        };
        let text = self.period.as_deref().unwrap_or("7d");
        let period: Period = text.parse().map_err(|error| refused(format!("{error}")))?;
        let longest = TimeDelta::days(MOST_DAYS);
        let period = Some(period.as_delta()).filter(|period| *period <= longest);
        period.ok_or_else(|| refused(format!("may be at most {MOST_DAYS}d")))
    }
}

/// What was up at some time of the period.
async fn runs_of(app: &App, agent: Uuid, question: &RestartQuestion) -> Result<Vec<Run>, ApiError> {
    let unit = question.unit.as_ref().map(UnitName::as_str);
    let (since, until) = (question.since, in_future(question.now));
    let rows = runs::of_host(&app.db, agent, unit, since, until, MOST_RUNS).await?;
    if i64::try_from(rows.len()).is_ok_and(|rows| rows == MOST_RUNS) {
        let why = format!("there are more than {MOST_RUNS} runs; ask for a shorter one");
        return Err(ApiError::BadParameter {
            name: "period",
            why,
        });
    }
    Ok(rows.into_iter().map(|row| row.run.0).collect())
}

/// The clock of a host may be ahead of ours.
fn in_future(now: Timestamp) -> Timestamp {
    now + TimeDelta::days(1)
}

async fn record(
    app: &App,
    agent: Uuid,
    question: &RestartQuestion,
) -> Result<RecordFacts, ApiError> {
    let until = in_future(question.now);
    let gaps = gaps::of_host(&app.db, agent, question.since, until, MOST_GAPS).await?;
    let recorded = runs::recorded_since(&app.db, agent).await?;
    let days = app.config.retention.ledger_days;
    Ok(RecordFacts {
        record_begins_at: recorded.map(|recorded| whole_since(recorded, question.now, days)),
        gaps: gaps.into_iter().filter_map(gap).collect(),
        limits: ["log", "restart-policy"].map(not_in_ledger).into(),
        ..RecordFacts::default()
    })
}

/// Log lines and settings of units stay on their hosts.
fn not_in_ledger(what: &str) -> Limitation {
    Limitation {
        what: what.to_owned(),
        why: "the ledger does not keep it; the host's own journal has it".to_owned(),
        count: 1,
    }
}

/// Since when the ledger is whole. Its oldest run may still go on, and be older than what is kept.
fn whole_since(recorded: Timestamp, now: Timestamp, ledger_days: u32) -> Timestamp {
    let kept = now.checked_sub_days(Days::new(ledger_days.into()));
    kept.map_or(recorded, |kept| recorded.max(kept))
}

/// `None`: a reason that a newer server wrote.
fn gap(gap: StoredGap) -> Option<RecordGap> {
    Some(RecordGap {
        at: gap.at,
        source: gap.source,
        reason: serde_json::from_value(Value::from(gap.reason)).ok()?,
        lost: gap.lost.map(i64::cast_unsigned),
        detail: gap.detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deleted_is_not_called_recorded() {
        let day = |day: i64| Timestamp::from_timestamp(day * 86_400, 0).unwrap();
        // (the oldest run began, days that are kept, whole since)
        let cases = [
            (10, 30, 70),
            (80, 30, 80),
            (10, 400, 10),
            (10, u32::MAX, 10),
        ];
        for (recorded, kept, whole) in cases {
            let since = whole_since(day(recorded), day(100), kept);
            assert_eq!(since, day(whole), "{recorded} {kept}");
        }
    }
}

//! Why and how often units stopped, from this host's own journal.

use std::{path::PathBuf, time::Duration};

use analysis::{
    identity::UnitName,
    limitation::Limitation,
    order::{Failure, Progress, Step},
    restarts::{RestartQuestion, RestartReport, RestartsAsked, restart_report},
    run::Run,
};
use chrono::TimeDelta;

use crate::{
    CollectError, NoAnswer,
    answer::no_answer,
    black_box::Folders,
    gather::blocking,
    history::{HistoryAsked, MOST_TAILS, history, tails},
    host::ClockReading,
    journal::JournaledRun,
    meant::meant,
};

/// For a host that is asked from afar: it leaves time to conclude before the order ends.
const WITHIN: Duration = Duration::from_secs(45);
const BLACK_BOX_WITHIN: Duration = Duration::from_secs(1);
const TAILS_WITHIN: Duration = Duration::from_secs(3);

/// Answers from this host's journal, and says how far it is.
pub(crate) async fn restarts(
    asked: &RestartsAsked,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<RestartReport, NoAnswer> {
    let step = |step, done| progress(Progress { step, done, of: 2 });
    step(Step::ReadingJournal, 0);
    let unit = asked.unit.as_deref().map(UnitName::from_user).transpose();
    let wanted = JournalAsked {
        unit: unit.map_err(|error| no_answer(Failure::NoSuchTarget, error))?,
        period: TimeDelta::seconds(asked.period_s.into()),
        journal: None,
        within: Some(WITHIN),
    };
    let report = report_from_journal(wanted).await;
    step(Step::Concluding, 1);
    report.map_err(|error| no_answer(Failure::NotPossible, error))
}

/// A question, and which journal is to answer it.
#[derive(Clone, Debug)]
pub struct JournalAsked {
    /// `None`: all units.
    pub unit: Option<UnitName>,
    /// How far to look back.
    pub period: TimeDelta,
    /// Where the journal's files are. `None`: the journal of this host.
    pub journal: Option<PathBuf>,
    /// How long the journal may be read. `None`: as long as it takes.
    pub within: Option<Duration>,
}

/// Reports from a journal, and, if it is this host's, from what systemd says of the unit now.
///
/// # Errors
///
/// [`CollectError`] if the journal cannot be read; what else is missing is a limitation.
pub async fn report_from_journal(wanted: JournalAsked) -> Result<RestartReport, CollectError> {
    let now = ClockReading::now().wall;
    let since = now - wanted.period;
    let mut history = history(HistoryAsked {
        unit: wanted.unit,
        since,
        journal: wanted.journal.clone(),
        within: wanted.within,
    })
    .await?;
    let question = RestartQuestion {
        unit: history.unit.clone(),
        since,
        now,
    };
    let failed = failed_runs(&history.runs, &question);
    match tails(failed, wanted.journal.as_deref(), TAILS_WITHIN).await {
        Ok(logs) => history.record.logs = logs,
        Err(error) => history.record.limits.push(Limitation {
            what: "log".to_owned(),
            why: error.to_string(),
            count: 1,
        }),
    }
    // Another journal may be that of another host.
    if wanted.journal.is_none() && question.unit.is_some() {
        let recorded = blocking(BLACK_BOX_WITHIN, "the black box", || {
            Ok(Folders::of_this_host().host_recording().each_minute())
        });
        history.record.host_load = recorded.await.unwrap_or_default();
    }
    let mut report = restart_report(&history.runs, &question, &history.record);
    if let Some(unit) = &report.unit
        && report.is_of_unknown_unit()
        && wanted.journal.is_none()
    {
        report.similar = meant(unit).await;
    }
    Ok(report)
}

/// The newest runs of the unit that ended badly. Of all units nobody reads the logs at once.
fn failed_runs(runs: &[Run], question: &RestartQuestion) -> Vec<JournaledRun> {
    let Some(unit) = &question.unit else {
        return Vec::new();
    };
    let mut failed: Vec<_> = runs
        .iter()
        .filter(|run| run.unit == *unit)
        .filter(|run| {
            run.stop
                .as_ref()
                .is_some_and(|stop| stop.cause.is_failure())
        })
        .filter(|run| run.stopped_at >= Some(question.since))
        .map(|run| JournaledRun {
            unit: run.unit.clone(),
            invocation: run.invocation,
            began_at: run.started_at,
            ended_at: run.stopped_at,
        })
        .collect();
    failed.sort_by_key(|run| std::cmp::Reverse(run.ended_at));
    failed.truncate(MOST_TAILS);
    failed
}

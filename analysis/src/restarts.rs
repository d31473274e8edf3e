//! `analyze restarts`: how often units stopped and came back, why, and how long it took.

use std::{collections::BTreeMap, fmt};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    black_box::HostSample,
    cause::{Actor, Certainty, Evidence, StopCause},
    event::{Event, Fact, GapReason},
    identity::{InvocationId, UnitName},
    limitation::Limitation,
    log::LogLine,
    period::Period as Length,
    process::ExitStatus,
    question,
    question::BadQuestion,
    report::Health,
    run::{Run, StartReason},
};

mod advice;
pub mod patterns;
pub mod policy;
mod unit;

pub use advice::Advice;
use patterns::PatternTest;
use policy::{PolicyCheck, RestartPolicy};

/// Stops of one unit that a report lists; older ones are counted.
pub const MOST_STOPS: usize = 2000;
/// The same in a report on all units.
const MOST_STOPS_OF_MANY: usize = 100;
/// What nobody needs to say: a week.
const USUAL_PERIOD_S: u32 = 7 * 86_400;

/// `aiops analyze restarts NAME --period 7d`, as a host is asked for its own journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestartsAsked {
    /// `nginx` means `nginx.service`. `None`: all units that stopped, the worst first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How far to look back, in seconds: a week if it is not given.
    #[serde(default = "usual_period_s")]
    pub period_s: u32,
}

fn usual_period_s() -> u32 {
    USUAL_PERIOD_S
}

impl RestartsAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        if self.period_s == 0 {
            return Err(BadQuestion {
                parameter: "period_s",
                why: "is no length of time".to_owned(),
            });
        }
        self.unit.as_deref().map_or(Ok(()), question::unit)
    }
}

impl fmt::Display for RestartsAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit.as_deref().unwrap_or("--all");
        let period = Length::from_secs(self.period_s);
        write!(f, "analyze restarts {unit} --period {period}")
    }
}

/// Who keeps the record that a report is made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordSource {
    /// The server: what it was told, also of hosts that are off, and of journals that are gone.
    #[default]
    Ledger,
    /// The host's own journal, with what systemd says of the unit now.
    Journal,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartQuestion {
    /// `None`: all units that stopped, the worst first.
    pub unit: Option<UnitName>,
    /// Stops from here on count.
    pub since: Timestamp,
    pub now: Timestamp,
}

/// What the host itself says of a unit at `now`, where it can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitNow {
    pub unit: UnitName,
    /// systemd's words: `active`, `failed`, ...
    pub active: String,
    pub sub: String,
    /// `None`: no main process.
    pub main_pid: Option<u32>,
}

/// A stretch of time of which something is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordGap {
    pub at: Timestamp,
    pub source: String,
    pub reason: GapReason,
    /// `None`: nobody counted.
    pub lost: Option<u64>,
    pub detail: String,
}

impl RecordGap {
    /// The gap that an event declares. `None`: it tells of something else.
    pub fn told_by(event: &Event) -> Option<Self> {
        let Fact::Gap(gap) = &event.fact else {
            return None;
        };
        Some(Self {
            at: event.at,
            source: gap.source.clone(),
            reason: gap.reason,
            lost: gap.lost,
            detail: gap.detail.clone(),
        })
    }
}

/// Facts beside the runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFacts {
    /// The oldest thing recorded. `None`: nothing is.
    pub record_begins_at: Option<Timestamp>,
    pub gaps: Vec<RecordGap>,
    pub states: Vec<UnitNow>,
    pub source: RecordSource,
    /// The settings that decide what becomes of a unit that ends.
    pub policies: BTreeMap<UnitName, RestartPolicy>,
    /// The last lines of runs that failed.
    pub logs: BTreeMap<InvocationId, Vec<LogLine>>,
    /// The host itself, minute by minute, where the black box has it.
    pub host_load: Vec<HostSample>,
    /// The name that was asked for, if it is an alias.
    pub asked_as: Option<UnitName>,
    pub limits: Vec<Limitation>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RestartReport {
    /// The unit that was asked for. `None`: all.
    #[serde(default)]
    pub unit: Option<UnitName>,
    /// The name that it was asked for by, if that is an alias.
    #[serde(default)]
    pub asked_as: Option<UnitName>,
    pub since: Timestamp,
    pub until: Timestamp,
    #[serde(default)]
    pub source: RecordSource,
    /// The record begins here, later than was asked for: what was before is not known.
    pub record_begins_at: Option<Timestamp>,
    pub gaps: Vec<RecordGap>,
    /// The worst first.
    pub units: Vec<UnitRestarts>,
    #[serde(default)]
    pub limits: Vec<Limitation>,
    /// Of a unit that the host does not know: those that may have been meant.
    #[serde(default)]
    pub similar: Vec<UnitName>,
}

/// The stops of one unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnitRestarts {
    pub unit: UnitName,
    pub state: CurrentState,
    /// Stops that another run followed.
    pub restarts: u32,
    /// Over the time that the record covers; less than a day counts as one.
    pub restarts_per_day: f64,
    /// Stops that are the unit's own fault.
    pub failures: u32,
    /// Tasks that did their work and ended: neither restarts nor stops.
    pub completed: u32,
    /// Mean time from ready to stopped. `None`: no run has both.
    pub mean_uptime_ms: Option<u64>,
    pub uptimes_counted: u32,
    /// Mean time to recovery: from the stop of a run that had been ready, and was not meant to
    /// last, until the unit was ready again. `None`: there was none.
    pub mttr_ms: Option<u64>,
    pub recoveries_counted: u32,
    /// The most frequent first.
    pub causes: Vec<CauseShare>,
    /// The newest first.
    pub stops: Vec<StopRow>,
    /// Older stops that are not listed; the figures count them.
    #[serde(default)]
    pub stops_omitted: u32,
    /// What was tested for a pattern in time, and what was found. Of a single unit only.
    #[serde(default)]
    pub patterns: Vec<PatternTest>,
    /// What the unit's settings do to the exits that happened. `None`: the settings are not known
    /// here, or the unit is no service.
    #[serde(default)]
    pub policy: Option<PolicyCheck>,
    pub advice: Vec<Advice>,
}

/// What the unit does at the end of the report's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum CurrentState {
    Running {
        /// `None`: since before the record begins.
        since: Option<Timestamp>,
        main_pid: Option<u32>,
    },
    Down {
        since: Option<Timestamp>,
        /// systemd calls it failed, or its last stop was a failure.
        failed: bool,
    },
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CauseShare {
    pub cause: StopCause,
    pub count: u32,
    pub percent: f64,
}

/// One stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StopRow {
    pub invocation: InvocationId,
    /// When the run began. `None`: before anything was recorded.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// Why it began.
    #[serde(default)]
    pub start: StartReason,
    pub stopped_at: Timestamp,
    pub cause: StopCause,
    pub certainty: Certainty,
    pub actor: Option<Actor>,
    pub exit: Option<ExitStatus>,
    /// It never was ready: the start failed.
    pub never_ready: bool,
    /// Somebody stopped it, or it was done; nothing was to start it again. Not an outage.
    pub meant_to_last: bool,
    /// From ready to stopped. `None`: the start is not recorded, or the clock was set back.
    pub uptime_ms: Option<u64>,
    /// Until the unit was ready again. `None`: it was not.
    pub recovery_ms: Option<u64>,
    /// Why the next run began. `None`: there is none.
    pub next_start: Option<StartReason>,
    pub oom: Option<OomMemory>,
    pub evidence: Vec<Evidence>,
    /// The last that the run's own processes logged, where the journal was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogLine>,
}

/// What the process that was chosen held, and the limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OomMemory {
    pub rss_bytes: u64,
    /// `None`: the machine's memory, or the kernel's line is missing.
    pub limit_bytes: Option<u64>,
}

/// Reports on the runs of one host. They may come in any order.
pub fn restart_report(
    runs: &[Run],
    question: &RestartQuestion,
    record: &RecordFacts,
) -> RestartReport {
    let late_record = record.record_begins_at.filter(|at| *at > question.since);
    let period = Period {
        since: question.since,
        until: question.now,
        covered: question.now - late_record.unwrap_or(question.since),
    };
    let mut by_unit: BTreeMap<&UnitName, Vec<&Run>> = BTreeMap::new();
    for run in runs {
        by_unit.entry(&run.unit).or_default().push(run);
    }
    if let Some(unit) = &question.unit {
        by_unit.retain(|name, _| *name == unit);
        // That a unit never stopped is an answer too.
        by_unit.entry(unit).or_default();
    }
    let is_single = question.unit.is_some();
    let mut units: Vec<_> = by_unit
        .into_iter()
        .map(|(unit, runs)| unit::unit_restarts(unit, runs, record, period, is_single))
        .filter(|unit| is_single || !unit.stops.is_empty())
        .collect();
    units.sort_by_key(|unit| std::cmp::Reverse((unit.failures, unit.restarts, unit.stops.len())));
    RestartReport {
        unit: question.unit.clone(),
        asked_as: record.asked_as.clone(),
        since: question.since,
        until: question.now,
        source: record.source,
        record_begins_at: late_record,
        gaps: gaps_within(record, question),
        units,
        limits: record.limits.clone(),
        similar: Vec::new(),
    }
}

fn gaps_within(record: &RecordFacts, question: &RestartQuestion) -> Vec<RecordGap> {
    let inside = |gap: &&RecordGap| gap.at >= question.since && gap.at <= question.now;
    let mut gaps: Vec<_> = record.gaps.iter().filter(inside).cloned().collect();
    gaps.sort_by_key(|gap| gap.at);
    gaps
}

#[derive(Clone, Copy)]
struct Period {
    since: Timestamp,
    until: Timestamp,
    /// The part of it that the record covers.
    covered: TimeDelta,
}

impl RestartReport {
    /// Whether somebody should look at something.
    pub fn has_problem(&self) -> bool {
        // One that systemd gave up has failed, whatever its runs ended with.
        let has_failed = |unit: &UnitRestarts| {
            unit.failures > 0 || matches!(unit.state, CurrentState::Down { failed: true, .. })
        };
        self.units.iter().any(has_failed)
    }

    /// Whether neither the record nor the host itself has ever seen the unit that was asked for.
    pub fn is_of_unknown_unit(&self) -> bool {
        let unseen = |unit: &UnitRestarts| {
            unit.stops.is_empty() && unit.completed == 0 && unit.state == CurrentState::Unknown
        };
        self.unit.is_some() && self.units.iter().all(unseen)
    }

    pub fn health(&self) -> Health {
        if self.is_of_unknown_unit() {
            Health::NoSuchTarget
        } else if self.has_problem() {
            Health::Problem
        } else {
            Health::Fine
        }
    }
}

#[cfg(test)]
mod tests;

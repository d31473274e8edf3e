//! The last starts and stops of a unit, and how often it came back.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::ServiceFacts;
use crate::{
    Timestamp,
    cause::Stop,
    identity::InvocationId,
    run::{Run, StartReason},
};

/// Events that a report keeps.
pub(super) const MOST_EVENTS: usize = 50;
/// What systemd and the journal call the same moment lies closer together.
const SAME_MOMENT: TimeDelta = TimeDelta::seconds(2);

/// Something that happened to the unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitEvent {
    pub at: Timestamp,
    pub invocation_id: Option<InvocationId>,
    #[serde(flatten)]
    pub what: Happened,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Happened {
    /// It began to start, and is not ready yet.
    Starting {
        start: StartReason,
    },
    /// It was ready. `took_ms`: since it began to start.
    Started {
        start: StartReason,
        took_ms: Option<u64>,
    },
    /// It ended before it was ready.
    StartFailed {
        stop: Stop,
    },
    Stopped {
        stop: Stop,
        uptime_ms: Option<u64>,
    },
}

/// How often it ended by itself and was started again, as far as the record goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Activity {
    /// From when on all is known. `None`: there is no record.
    pub known_since: Option<Timestamp>,
    pub restarts_last_hour: u32,
    pub restarts_last_day: u32,
    /// Of the runs before those restarts. `None`: not known.
    pub mean_uptime_ms: Option<u64>,
    pub last_restart_at: Option<Timestamp>,
    /// The longest time between two of those of the last day. `None`: there are no two.
    pub longest_between_ms: Option<u64>,
}

/// The events, the newest first, and what they come to.
pub(super) fn of(facts: &ServiceFacts) -> (Vec<UnitEvent>, Activity) {
    let runs = &facts.record.runs;
    let mut events: Vec<UnitEvent> = runs.iter().flat_map(of_run).collect();
    events.extend(unrecorded_start(facts, &events));
    // What happened at the same moment stays in its order, which is that of the runs.
    events.sort_by_key(|event| event.at);
    events.reverse();
    (events, activity(facts))
}

fn of_run(run: &Run) -> Vec<UnitEvent> {
    let event = |at, what| UnitEvent {
        at,
        invocation_id: Some(run.invocation),
        what,
    };
    // A task is ready when it is done: it was started when it began.
    let is_task = run.ready_at.is_some() && run.ready_at >= run.stopped_at && run.stop.is_some();
    let ready_at = match is_task {
        true => run.started_at.or(run.ready_at),
        false => run.ready_at,
    };
    let mut events = Vec::new();
    match (ready_at, run.started_at) {
        (Some(ready_at), started_at) => {
            let what = Happened::Started {
                start: run.start.clone(),
                took_ms: started_at.and_then(|started_at| elapsed_ms(started_at, ready_at)),
            };
            events.push(event(ready_at, what));
        }
        (None, Some(started_at)) if run.stop.is_none() => {
            let start = run.start.clone();
            events.push(event(started_at, Happened::Starting { start }));
        }
        (None, _) => {}
    }
    if let (Some(at), Some(stop)) = (run.stopped_at, run.stop.clone()) {
        let never_ready = run.ready_at.is_none() && run.started_at.is_some();
        let what = match never_ready {
            true => Happened::StartFailed { stop },
            false => Happened::Stopped {
                stop,
                uptime_ms: ready_at.and_then(|ready_at| elapsed_ms(ready_at, at)),
            },
        };
        events.push(event(at, what));
    }
    events
}

/// The start that systemd remembers, where the journal no longer does.
fn unrecorded_start(facts: &ServiceFacts, events: &[UnitEvent]) -> Option<UnitEvent> {
    let at = facts.times.active_at.filter(|_| facts.is_up())?;
    let is_start = |event: &UnitEvent| matches!(event.what, Happened::Started { .. });
    let is_recorded = events
        .iter()
        .any(|event| is_start(event) && (event.at - at).abs() < SAME_MOMENT);
    let took_ms = facts.times.began_at;
    let took_ms = took_ms.and_then(|began_at| elapsed_ms(began_at, at));
    (!is_recorded).then_some(UnitEvent {
        at,
        invocation_id: facts.invocation_id,
        what: Happened::Started {
            start: StartReason::Unknown,
            took_ms,
        },
    })
}

fn activity(facts: &ServiceFacts) -> Activity {
    let runs = &facts.record.runs;
    let pairs = runs.iter().zip(runs.iter().skip(1));
    // A run that came back after this one ended by itself.
    let returns: Vec<(Timestamp, &Run)> = pairs
        .filter(|(before, after)| is_return(before, after))
        .filter_map(|(before, after)| Some((began(after)?, before)))
        .collect();
    let within = |length: TimeDelta| {
        let recent = returns
            .iter()
            .filter(move |(at, _)| facts.at - *at <= length);
        recent.collect::<Vec<_>>()
    };
    let day = within(TimeDelta::days(1));
    let uptimes: Vec<u64> = day
        .iter()
        .filter_map(|(_, run)| elapsed_ms(run.ready_at.or(run.started_at)?, run.stopped_at?))
        .collect();
    let gaps = day.iter().zip(day.iter().skip(1));
    Activity {
        known_since: facts.record.since,
        restarts_last_hour: count(within(TimeDelta::hours(1)).len()),
        restarts_last_day: count(day.len()),
        mean_uptime_ms: uptimes
            .iter()
            .sum::<u64>()
            .checked_div(uptimes.len() as u64),
        last_restart_at: returns.last().map(|(at, _)| *at),
        longest_between_ms: gaps
            .filter_map(|((earlier, _), (later, _))| elapsed_ms(*earlier, *later))
            .max(),
    }
}

/// Whether `before` ended by itself, and `after` followed for that.
fn is_return(before: &Run, after: &Run) -> bool {
    let failed = before
        .stop
        .as_ref()
        .is_some_and(|stop| stop.cause.is_failure());
    matches!(after.start, StartReason::Automatic { .. }) || failed
}

fn began(run: &Run) -> Option<Timestamp> {
    run.started_at.or(run.ready_at).or(run.stopped_at)
}

/// `None` if the clock was set back in between.
fn elapsed_ms(from: Timestamp, to: Timestamp) -> Option<u64> {
    (to - from).num_milliseconds().try_into().ok()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

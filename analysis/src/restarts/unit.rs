//! The stops of one unit.

use std::collections::BTreeMap;

use super::{
    CauseShare, CurrentState, MOST_STOPS, MOST_STOPS_OF_MANY, OomMemory, Period, RecordFacts,
    StopRow, UnitNow, UnitRestarts, advice, patterns, policy,
};
use crate::{
    Timestamp,
    cause::{Evidence, Stop, StopCause},
    identity::UnitName,
    run::{Run, StartReason},
};

const DAY_MS: f64 = 86_400_000.0;

pub(super) fn unit_restarts(
    unit: &UnitName,
    mut runs: Vec<&Run>,
    record: &RecordFacts,
    period: Period,
    is_single: bool,
) -> UnitRestarts {
    runs.sort_by_key(|run| (began(run), run.invocation));
    let now = record.states.iter().find(|state| state.unit == *unit);
    let (mut stops, completed) = stops_within(&runs, record, period);
    let starts: Vec<Timestamp> = runs
        .iter()
        .filter_map(|run| run.started_at.or(run.ready_at))
        .filter(|at| *at >= period.since && *at <= period.until)
        .collect();
    let restarts = count(&stops, |row| row.next_start.is_some());
    let uptimes: Vec<u64> = stops.iter().filter_map(|row| row.uptime_ms).collect();
    let recoveries = recoveries(&stops);
    let settings = record.policies.get(unit);
    let state = current_state(&runs, now);
    let most = if is_single {
        MOST_STOPS
    } else {
        MOST_STOPS_OF_MANY
    };
    UnitRestarts {
        unit: unit.clone(),
        state,
        restarts,
        restarts_per_day: per_day(restarts, period),
        failures: count(&stops, |row| row.cause.is_failure()),
        completed,
        mean_uptime_ms: mean(&uptimes),
        uptimes_counted: uptimes.len() as u32,
        mttr_ms: mean(&recoveries),
        recoveries_counted: recoveries.len() as u32,
        causes: cause_split(&stops),
        patterns: if is_single {
            patterns::of(&stops, &record.host_load)
        } else {
            Vec::new()
        },
        policy: settings.map(|settings| policy::check(settings, &stops, &starts)),
        advice: advice::follows_from(unit, &stops),
        stops_omitted: stops.len().saturating_sub(most) as u32,
        stops: {
            stops.truncate(most);
            stops
        },
    }
}

/// The newest first; and how many tasks did their work and ended.
fn stops_within(runs: &[&Run], record: &RecordFacts, period: Period) -> (Vec<StopRow>, u32) {
    let mut stops = Vec::new();
    let mut completed = 0;
    for (place, run) in runs.iter().enumerate() {
        let Some((stopped_at, stop)) = run.stopped_at.zip(run.stop.as_ref()) else {
            continue;
        };
        if stopped_at < period.since || stopped_at > period.until {
            continue;
        }
        let later = &runs[place + 1..];
        if is_completed_task(run, stop, later) {
            completed += 1;
        } else {
            let mut row = stop_row(run, (stopped_at, stop), later);
            row.log = record
                .logs
                .get(&run.invocation)
                .cloned()
                .unwrap_or_default();
            stops.push(row);
        }
    }
    stops.sort_by_key(|row| std::cmp::Reverse((row.stopped_at, row.invocation)));
    (stops, completed)
}

/// How long each outage took. One begins when a unit stops that had been ready; failed attempts to
/// start it again are the same outage.
fn recoveries(stops: &[StopRow]) -> Vec<u64> {
    let outages = stops
        .iter()
        .filter(|row| !row.never_ready && !row.meant_to_last);
    outages.filter_map(|row| row.recovery_ms).collect()
}

fn began(run: &Run) -> Option<Timestamp> {
    run.started_at.or(run.ready_at).or(run.stopped_at)
}

fn count(stops: &[StopRow], counts: impl Fn(&StopRow) -> bool) -> u32 {
    stops.iter().filter(|row| counts(row)).count() as u32
}

/// Less than a day counts as one: two restarts in the first minute are not thousands a day.
fn per_day(restarts: u32, period: Period) -> f64 {
    let covered_ms = period.covered.num_milliseconds() as f64;
    f64::from(restarts) * DAY_MS / covered_ms.max(DAY_MS)
}

fn mean(values: &[u64]) -> Option<u64> {
    let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
    u64::try_from(sum.checked_div(values.len() as u128)?).ok()
}

/// A one-shot is ready when it is done; what systemd did not start again by itself has not failed
/// to run on.
fn is_completed_task(run: &Run, stop: &Stop, later: &[&Run]) -> bool {
    let done_when_ready = run.ready_at >= run.stopped_at && run.ready_at.is_some();
    let restarted = later
        .first()
        .is_some_and(|next| matches!(next.start, StartReason::Automatic { .. }));
    stop.cause == StopCause::Clean && done_when_ready && !restarted
}

fn stop_row(run: &Run, (stopped_at, stop): (Timestamp, &Stop), later: &[&Run]) -> StopRow {
    let ready_again = later
        .iter()
        .filter_map(|run| run.ready_at)
        .find(|ready| *ready >= stopped_at);
    StopRow {
        invocation: run.invocation,
        started_at: run.started_at.or(run.ready_at),
        start: run.start.clone(),
        stopped_at,
        cause: stop.cause,
        certainty: stop.certainty,
        actor: stop.actor.clone(),
        exit: stop.exit,
        // A run of which the beginning is not recorded may well have been ready.
        never_ready: run.ready_at.is_none() && run.started_at.is_some(),
        meant_to_last: is_meant_to_last(stop, later.first().copied()),
        uptime_ms: run.ready_at.and_then(|ready| elapsed_ms(ready, stopped_at)),
        recovery_ms: ready_again.and_then(|ready| elapsed_ms(stopped_at, ready)),
        next_start: later.first().map(|next| next.start.clone()),
        oom: stop.evidence.iter().find_map(oom_memory),
        evidence: stop.evidence.clone(),
        log: Vec::new(),
    }
}

fn is_meant_to_last(stop: &Stop, next: Option<&Run>) -> bool {
    let is_restart = |evidence| matches!(evidence, &Evidence::StopJob { restart: true, .. });
    let automatic = next.is_some_and(|next| matches!(next.start, StartReason::Automatic { .. }));
    match stop.cause {
        StopCause::Manual | StopCause::PackageUpgrade | StopCause::Dependency => {
            !stop.evidence.iter().any(is_restart)
        }
        StopCause::Clean => !automatic,
        _ => false,
    }
}

/// `None` if the clock was set back in between.
fn elapsed_ms(from: Timestamp, to: Timestamp) -> Option<u64> {
    (to - from).num_milliseconds().try_into().ok()
}

fn oom_memory(evidence: &Evidence) -> Option<OomMemory> {
    match evidence {
        Evidence::KernelOom {
            rss_bytes,
            limit_bytes,
            ..
        } => Some(OomMemory {
            rss_bytes: *rss_bytes,
            limit_bytes: *limit_bytes,
        }),
        _ => None,
    }
}

fn cause_split(stops: &[StopRow]) -> Vec<CauseShare> {
    let mut counts: BTreeMap<StopCause, u32> = BTreeMap::new();
    for row in stops {
        *counts.entry(row.cause).or_default() += 1;
    }
    let mut shares: Vec<_> = counts
        .into_iter()
        .map(|(cause, count)| CauseShare {
            cause,
            count,
            percent: f64::from(count) * 100.0 / stops.len() as f64,
        })
        .collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.count));
    shares
}

/// The host's own word, if there is one; else the newest run's.
fn current_state(runs: &[&Run], now: Option<&UnitNow>) -> CurrentState {
    let newest = runs.last();
    let recorded = match newest {
        None => CurrentState::Unknown,
        Some(run) => match (&run.stop, run.stopped_at) {
            (Some(stop), since) => CurrentState::Down {
                since,
                failed: stop.cause.is_failure(),
            },
            (None, _) => CurrentState::Running {
                since: run.ready_at.or(run.started_at),
                main_pid: None,
            },
        },
    };
    let Some(now) = now else {
        return recorded;
    };
    match now.active.as_str() {
        "active" | "reloading" => CurrentState::Running {
            since: match recorded {
                CurrentState::Running { since, .. } => since,
                _ => None,
            },
            main_pid: now.main_pid,
        },
        "inactive" | "failed" => CurrentState::Down {
            since: match recorded {
                CurrentState::Down { since, .. } => since,
                _ => None,
            },
            failed: now.active == "failed",
        },
        _ => recorded,
    }
}

//! From runs to stops and what followed them.

use chrono::Duration;

use super::{OomMemory, Outage};
use crate::{
    Timestamp,
    cause::{Evidence, Stop, StopCause},
    run::Run,
};

/// The stops of one unit's runs, which are sorted by their start.
pub(super) fn outages(runs: &[&Run]) -> Vec<Outage> {
    let stopped = runs.iter().enumerate();
    stopped
        .filter_map(|(at, run)| outage(run, &runs[at + 1..]))
        .collect()
}

fn outage(run: &Run, later: &[&Run]) -> Option<Outage> {
    let (stopped_at, stop) = run.stopped_at.zip(run.stop.as_ref())?;
    let up_since = run.ready_at.or(run.started_at);
    // A start that failed in between did not end the outage.
    let back = later
        .iter()
        .find(|run| run.ready_at.is_some_and(|ready| ready >= stopped_at));
    Some(Outage {
        invocation: run.invocation,
        boot: run.boot,
        started_at: run.started_at,
        stopped_at,
        was_ready: run.ready_at.is_some(),
        uptime_ms: up_since.and_then(|since| milliseconds(since, stopped_at)),
        cause: stop.cause,
        certainty: stop.certainty,
        actor: stop.actor.clone(),
        exit: stop.exit,
        memory: memory(&stop.evidence),
        evidence: stop.evidence.clone(),
        recovery_ms: back.and_then(|run| milliseconds(stopped_at, run.ready_at?)),
        start: back.map(|run| run.start.clone()),
        meant_to_last: meant_to_last(stop),
    })
}

/// `None` if the clock was set back in between: a length that never was helps nobody.
fn milliseconds(from: Timestamp, until: Timestamp) -> Option<u64> {
    let length: Duration = until - from;
    u64::try_from(length.num_milliseconds()).ok()
}

fn memory(evidence: &[Evidence]) -> Option<OomMemory> {
    evidence.iter().find_map(|fact| match fact {
        Evidence::KernelOom {
            rss_bytes,
            limit_bytes,
            ..
        } => Some(OomMemory {
            rss_bytes: *rss_bytes,
            limit_bytes: *limit_bytes,
        }),
        _ => None,
    })
}

fn meant_to_last(stop: &Stop) -> bool {
    let restart = stop
        .evidence
        .iter()
        .any(|fact| matches!(fact, Evidence::StopJob { restart: true, .. }));
    match stop.cause {
        StopCause::Manual | StopCause::PackageUpgrade => !restart,
        StopCause::Clean => true,
        _ => false,
    }
}

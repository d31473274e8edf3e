//! Where the memory of the running unit goes, by what the black box has of it.

use chrono::TimeDelta;

use super::{ServiceCause, ServiceEvidence, ServiceVerdict, facts::ServiceFacts};
use crate::{
    cause::Certainty,
    trend::{Course, Trend},
};

/// An older sample is of an agent that does not run.
const FRESH: TimeDelta = TimeDelta::minutes(15);
/// The clock was set, or the first look was early.
const SLACK: TimeDelta = TimeDelta::minutes(1);
/// A forecast is no verdict beyond so many times what was seen, and beyond a week.
const FAR_FACTOR: i32 = 4;
const FAR: TimeDelta = TimeDelta::days(7);

/// Of the run that goes on. `None`: nothing was recorded of it.
pub(super) fn memory_trend(facts: &ServiceFacts) -> Option<Trend> {
    if !facts.is_up() {
        return None;
    }
    let trend = facts.recording.memory_trend()?;
    let began = facts.times.began_at.or(facts.unit.status.since)?;
    let is_of_this_run = trend.from >= began - SLACK && facts.at - trend.to <= FRESH;
    is_of_this_run.then_some(trend)
}

/// That it grows until it is killed, if it goes on like this.
pub(super) fn grows_to_its_limit(facts: &ServiceFacts) -> Option<ServiceVerdict> {
    let trend = memory_trend(facts).filter(|trend| trend.course == Course::Grows)?;
    let left = TimeDelta::seconds(i64::try_from(trend.reaches_limit_in_s?).ok()?);
    let is_soon = left <= FAR && left <= (trend.to - trend.from) * FAR_FACTOR;
    is_soon.then(|| ServiceVerdict {
        cause: ServiceCause::MemoryGrows,
        certainty: Certainty::Inferred,
        stop_cause: None,
        evidence: vec![ServiceEvidence::MemoryTrend { trend }],
        next: Vec::new(),
    })
}

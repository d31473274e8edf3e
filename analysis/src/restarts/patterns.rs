//! Whether stops come at certain times, with the test that says so.
//!
//! A crash loop is one mishap, not fifty: stops close to each other count as one episode, and of a
//! day (or an hour, or a week) all that happened in it counts once. Many questions are put to the
//! same few stops, so each p-value is corrected for their number (Holm), and below [`NEEDED`]
//! observations nothing is claimed.

mod circle;
mod intervals;
mod load;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::StopRow;
use crate::{
    Timestamp,
    black_box::{HostSample, LoadMeasure},
    cause::StopCause,
};

/// Stops that follow each other within this many seconds are one episode.
const BURST_S: i64 = 120;
/// Observations that a test needs.
pub const NEEDED: u32 = 6;
/// A pattern is claimed below this corrected p-value.
pub const LEVEL: f64 = 0.01;

const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;
const HOUR_S: i64 = 3600;
/// Monday, 5 January 1970.
const FIRST_MONDAY_S: i64 = 4 * DAY_S;

/// One question about the times of stops, and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PatternTest {
    pub stops: StopKind,
    pub pattern: Pattern,
    pub verdict: PatternVerdict,
    /// `None`: there is none for it, or too little to use it on.
    pub test: Option<StatisticalTest>,
    /// Stops that were looked at.
    pub stops_counted: u32,
    /// Observations of the test: days, weeks or hours with stops, or intervals between episodes.
    pub n: u32,
    /// How many it needs.
    pub n_needed: u32,
    /// How often chance alone looks like this.
    pub p_value: Option<f64>,
    /// The same, given that several questions were put.
    pub p_corrected: Option<f64>,
    /// Length of the cycle; of `interval` the median interval.
    pub period_s: Option<u64>,
    /// Mean time within the cycle: since midnight UTC, since Monday 00:00 UTC, since the full hour.
    pub at_s: Option<u32>,
    /// How far from that stops are: the circular standard deviation, or the mean distance from the
    /// median interval.
    pub spread_s: Option<u64>,
    /// Of `after-high-load`: the load before stops, and otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadBefore>,
}

/// How busy the host was in the five minutes before stops, and at all times that are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoadBefore {
    pub measure: LoadMeasure,
    /// The median over the hours with stops.
    pub before_hundredths: u32,
    /// The median over all minutes.
    pub otherwise_hundredths: u32,
    /// How many minutes are recorded.
    pub minutes: u32,
}

/// Which stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StopKind {
    /// The unit ended by itself: it failed, or just ended.
    Own,
    /// Somebody, or a package manager, stopped it.
    Requested,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    HourOfDay,
    Weekday,
    /// The same minute of hours: what timers and cron do.
    MinuteOfHour,
    /// The same time from one to the next, whatever the clock says: leaks, certificates, loops.
    Interval,
    AfterHighLoad,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PatternVerdict {
    Found,
    NotFound,
    /// No pattern can be claimed of so few.
    TooFew,
    /// Nothing was recorded that the question could be answered from.
    NotRecorded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StatisticalTest {
    /// Rayleigh's test of uniform directions on a circle.
    Rayleigh,
    /// Bartlett's (Moran's) test of exponential intervals, its lower tail: more regular than chance.
    Bartlett,
    /// A permutation test: the stops at all other times, with the same distances from each other.
    Shift,
}

/// What a test found.
struct Finding {
    n: u32,
    p_value: f64,
    period_s: u64,
    at_s: Option<u32>,
    spread_s: u64,
}

/// Puts every question to the stops that the unit made by itself, and to those that were asked for.
///
/// `minutes`: the load of the host, as far as it is recorded.
pub(super) fn of(stops: &[StopRow], minutes: &[HostSample]) -> Vec<PatternTest> {
    let mut tests = Vec::new();
    for kind in [StopKind::Own, StopKind::Requested] {
        let mut times: Vec<Timestamp> = stops
            .iter()
            .filter(|row| kind_of(row) == Some(kind))
            .map(|row| row.stopped_at)
            .collect();
        times.sort_unstable();
        if !times.is_empty() {
            tests.extend(tests_of(kind, &times, minutes));
        }
    }
    correct(&mut tests);
    tests
}

/// `None`: what happens to the host, and to other units, says nothing of this one.
fn kind_of(row: &StopRow) -> Option<StopKind> {
    match row.cause {
        StopCause::Manual | StopCause::PackageUpgrade => Some(StopKind::Requested),
        StopCause::Clean if row.meant_to_last => None,
        StopCause::Reboot | StopCause::Dependency | StopCause::Unknown => None,
        _ => Some(StopKind::Own),
    }
}

fn tests_of(stops: StopKind, times: &[Timestamp], minutes: &[HostSample]) -> Vec<PatternTest> {
    let episodes = episodes(times);
    let test = |pattern, test, found: Option<Finding>| {
        let n = found.as_ref().map_or(0, |found| found.n);
        let enough = found.filter(|found| found.n >= NEEDED);
        PatternTest {
            stops,
            pattern,
            // Judged when all p-values are known.
            verdict: PatternVerdict::TooFew,
            test: Some(test),
            stops_counted: times.len() as u32,
            n,
            n_needed: NEEDED,
            p_value: enough.as_ref().map(|found| found.p_value),
            p_corrected: None,
            period_s: enough.as_ref().map(|found| found.period_s),
            at_s: enough.as_ref().and_then(|found| found.at_s),
            spread_s: enough.as_ref().map(|found| found.spread_s),
            load: None,
        }
    };
    let cycle = |length, origin| circle::test(&episodes, length, origin);
    vec![
        test(
            Pattern::HourOfDay,
            StatisticalTest::Rayleigh,
            cycle(DAY_S, 0),
        ),
        test(
            Pattern::Weekday,
            StatisticalTest::Rayleigh,
            cycle(WEEK_S, FIRST_MONDAY_S),
        ),
        test(
            Pattern::MinuteOfHour,
            StatisticalTest::Rayleigh,
            cycle(HOUR_S, 0),
        ),
        test(
            Pattern::Interval,
            StatisticalTest::Bartlett,
            intervals::test(&episodes, BURST_S),
        ),
        after_high_load(
            load::test(&episodes, minutes),
            test(Pattern::AfterHighLoad, StatisticalTest::Shift, None),
        ),
    ]
}

fn after_high_load(outcome: load::Outcome, none: PatternTest) -> PatternTest {
    match outcome {
        load::Outcome::NotRecorded => PatternTest {
            verdict: PatternVerdict::NotRecorded,
            test: None,
            ..none
        },
        load::Outcome::TooFew(n) => PatternTest { n, ..none },
        load::Outcome::Tested { n, p_value, load } => PatternTest {
            n,
            p_value: Some(p_value),
            load: Some(load),
            ..none
        },
    }
}

/// When each episode began, in seconds since 1970.
fn episodes(times: &[Timestamp]) -> Vec<i64> {
    let mut begun = Vec::new();
    let mut last = None;
    for at in times.iter().map(chrono::DateTime::timestamp) {
        if last.is_none_or(|last| at - last > BURST_S) {
            begun.push(at);
        }
        last = Some(at);
    }
    begun
}

/// Corrects the p-values for their number, and judges.
fn correct(tests: &mut [PatternTest]) {
    let mut order: Vec<usize> = (0..tests.len())
        .filter(|at| tests[*at].p_value.is_some())
        .collect();
    let p_of = |tests: &[PatternTest], at: usize| tests[at].p_value.unwrap_or(1.0);
    order.sort_by(|a, b| p_of(tests, *a).total_cmp(&p_of(tests, *b)));
    let mut least = 0.0_f64;
    for (place, &at) in order.iter().enumerate() {
        let still_open = (order.len() - place) as f64;
        least = least.max((p_of(tests, at) * still_open).min(1.0));
        tests[at].p_corrected = Some(least);
        tests[at].verdict = if least < LEVEL {
            PatternVerdict::Found
        } else {
            PatternVerdict::NotFound
        };
    }
}

#[cfg(test)]
mod tests;

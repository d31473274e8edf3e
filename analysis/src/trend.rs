//! Whether a quantity grows, how fast, and when it meets its limit.
//!
//! Theil and Sen's slope (the median of the slopes between all pairs, which single peaks do not
//! bend) with the Mann-Kendall test (whether later values are larger more often than chance would
//! have it). Neighbouring readings of memory resemble each other, which makes any test too sure of
//! itself: the series is thinned to medians of equal spans of time before it is tested.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Timestamp, cause::Certainty};

/// Spans of which the medians are tested.
const SPANS: usize = 48;
/// A program that has just begun fills its caches.
const SHORTEST: Duration = Duration::from_secs(30 * 60);
const FEWEST: usize = 20;
/// Chance has to be less likely than this.
const SIGNIFICANT: f64 = 0.01;
/// Kendall's tau above which growth is steady, not only more often up than down.
const STEADY: f64 = 0.7;
/// Growth over the whole time that is worth a word: this share of the beginning, and so much.
const WORTH_SHARE: f64 = 0.05;
/// What fills a cache slows down; a leak does not. The later half has to grow by this share of the
/// earlier one's slope.
const GOES_ON: f64 = 0.4;

/// One reading.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reading {
    pub at: Timestamp,
    pub value: f64,
}

/// What the memory of one run does. The aliases are the names that older agents write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trend {
    pub course: Course,
    pub certainty: Certainty,
    pub from: Timestamp,
    pub to: Timestamp,
    pub readings: u32,
    #[serde(alias = "first")]
    pub first_bytes: f64,
    #[serde(alias = "last")]
    pub last_bytes: f64,
    /// Theil-Sen.
    #[serde(alias = "slope_per_hour")]
    pub slope_bytes_per_hour: f64,
    /// Kendall's tau: 1 grows all the time, -1 shrinks all the time.
    pub tau: f64,
    /// Of the Mann-Kendall test: how likely chance alone looks like this.
    pub p_value: f64,
    /// What it grows towards. `None`: no limit, or not known.
    #[serde(alias = "limit")]
    pub limit_bytes: Option<f64>,
    /// Until it is there, if it goes on like this. `None`: it does not grow, or has no limit.
    pub reaches_limit_in_s: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Course {
    /// It grows steadily and does not slow down.
    Grows,
    /// It grew, and slows down: a cache, a warm-up.
    Settles,
    /// Neither up nor down, or not so much that it matters.
    Stable,
    Shrinks,
    /// Not long enough, or not often enough looked at.
    TooShort,
}

/// The trend of the readings of one run, in any order. `None`: there are none.
///
/// `least`: growth of less over the whole time is none, in the unit of the values.
pub fn trend(readings: &[Reading], limit: Option<f64>, least: f64) -> Option<Trend> {
    let mut sorted = readings.to_vec();
    sorted.sort_by_key(|reading| reading.at);
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    let thinned = thinned(&sorted);
    let slope = slope(&thinned);
    let (tau, p_value) = mann_kendall(&thinned);
    let hours = hours(first.at, last.at);
    let growth = slope * hours;
    let long_enough = (last.at - first.at)
        .to_std()
        .is_ok_and(|length| length >= SHORTEST);
    let matters = growth.abs() >= least.max(first.value.abs() * WORTH_SHARE);
    let is_clear = p_value < SIGNIFICANT && tau.abs() >= STEADY && matters;
    let course = match () {
        () if !long_enough || sorted.len() < FEWEST => Course::TooShort,
        () if !is_clear => Course::Stable,
        () if growth < 0.0 => Course::Shrinks,
        () if slows_down(&thinned) => Course::Settles,
        () => Course::Grows,
    };
    let room = limit.map(|limit| (limit - last.value).max(0.0));
    let in_hours = room
        .filter(|_| course == Course::Grows)
        .map(|room| room / slope);
    Some(Trend {
        course,
        certainty: match course {
            Course::TooShort => Certainty::Unknown,
            // It was measured that it grows; that it will go on is not.
            Course::Grows | Course::Settles => Certainty::Inferred,
            Course::Stable | Course::Shrinks => Certainty::Measured,
        },
        from: first.at,
        to: last.at,
        readings: u32::try_from(sorted.len()).unwrap_or(u32::MAX),
        first_bytes: first.value,
        last_bytes: last.value,
        slope_bytes_per_hour: slope,
        tau,
        p_value,
        limit_bytes: limit,
        reaches_limit_in_s: in_hours.and_then(|hours| seconds(hours * 3600.0)),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be in range"
)]
fn seconds(seconds: f64) -> Option<u64> {
    /// Beyond a year it is no forecast.
    const LONGEST: f64 = 365.0 * 86_400.0;
    (0.0..LONGEST).contains(&seconds).then_some(seconds as u64)
}

fn hours(from: Timestamp, to: Timestamp) -> f64 {
    (to - from).as_seconds_f64() / 3600.0
}

/// (hours since the first, value): medians of equal spans of time. Expects them sorted.
fn thinned(sorted: &[Reading]) -> Vec<(f64, f64)> {
    let Some(first) = sorted.first() else {
        return Vec::new();
    };
    let points: Vec<(f64, f64)> = sorted
        .iter()
        .map(|reading| (hours(first.at, reading.at), reading.value))
        .collect();
    if points.len() <= SPANS {
        return points;
    }
    let whole = points.last().map_or(0.0, |last| last.0);
    let span = whole / SPANS as f64;
    let mut thinned = Vec::with_capacity(SPANS);
    let mut rest = points.as_slice();
    for number in 1..=SPANS {
        let end = span * number as f64;
        let inside = match number {
            SPANS => rest.len(),
            _ => rest.partition_point(|point| point.0 < end),
        };
        let (now, later) = rest.split_at(inside);
        rest = later;
        if !now.is_empty() {
            let time = median(now.iter().map(|point| point.0).collect());
            thinned.push((time, median(now.iter().map(|point| point.1).collect())));
        }
    }
    thinned
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

fn slope(points: &[(f64, f64)]) -> f64 {
    let mut slopes = Vec::new();
    for (at, early) in points.iter().enumerate() {
        for late in &points[at + 1..] {
            if late.0 > early.0 {
                slopes.push((late.1 - early.1) / (late.0 - early.0));
            }
        }
    }
    median(slopes)
}

fn slows_down(points: &[(f64, f64)]) -> bool {
    let (early, late) = points.split_at(points.len() / 2);
    slope(late) < slope(early) * GOES_ON
}

/// Kendall's tau and the two-sided p-value, with the correction for ties.
fn mann_kendall(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    if points.len() < 3 {
        return (0.0, 1.0);
    }
    let mut s = 0.0_f64;
    for (at, early) in points.iter().enumerate() {
        for late in &points[at + 1..] {
            s += match late.1.total_cmp(&early.1) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Less => -1.0,
                std::cmp::Ordering::Equal => 0.0,
            };
        }
    }
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - ties(points)) / 18.0;
    if variance <= 0.0 {
        return (0.0, 1.0);
    }
    let z = (s.abs() - 1.0).max(0.0) / variance.sqrt();
    let tau = s / (n * (n - 1.0) / 2.0);
    (tau, erfc(z / std::f64::consts::SQRT_2))
}

fn ties(points: &[(f64, f64)]) -> f64 {
    let mut values: Vec<f64> = points.iter().map(|point| point.1).collect();
    values.sort_by(f64::total_cmp);
    values
        .chunk_by(|a, b| a == b)
        .map(|group| {
            let t = group.len() as f64;
            t * (t - 1.0) * (2.0 * t + 5.0)
        })
        .sum()
}

/// The complementary error function for `x >= 0`, to 1.5e-7 (Abramowitz and Stegun 7.1.26).
fn erfc(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    let polynomial = series.iter().fold(0.0, |sum, factor| (sum + factor) * t);
    polynomial * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    const MIB: f64 = 1_048_576.0;

    /// A value each five minutes.
    fn series(values: impl IntoIterator<Item = f64>) -> Vec<Reading> {
        let at = |number: usize| {
            let minutes = TimeDelta::minutes(5 * i64::try_from(number).unwrap());
            DateTime::UNIX_EPOCH + minutes
        };
        let values = values.into_iter().enumerate();
        values
            .map(|(number, value)| Reading {
                at: at(number),
                value,
            })
            .collect()
    }

    /// Noise without a generator: the same in each run.
    fn noise(number: usize) -> f64 {
        ((number * 7919) % 101) as f64 / 101.0 - 0.5
    }

    fn of(values: impl IntoIterator<Item = f64>) -> Trend {
        trend(&series(values), Some(1024.0 * MIB), MIB).unwrap()
    }

    #[test]
    fn a_leak_is_seen_through_noise_with_its_slope_and_its_end() {
        // 12 MiB an hour for a day, with peaks.
        let leak = of((0..288).map(|n| (200.0 + n as f64 + 20.0 * noise(n)) * MIB));
        assert_eq!(leak.course, Course::Grows);
        assert!(
            (leak.slope_bytes_per_hour / MIB - 12.0).abs() < 0.5,
            "{leak:?}"
        );
        let hours = leak.reaches_limit_in_s.unwrap() / 3600;
        assert!((40..=48).contains(&hours), "{hours}");
        assert_eq!(leak.certainty, Certainty::Inferred);
    }

    #[test]
    fn what_is_no_leak_is_none() {
        // (name, values, course)
        let cases: [(&str, Vec<f64>, Course); 6] = [
            (
                "noise",
                (0..288).map(|n| (200.0 + 40.0 * noise(n)) * MIB).collect(),
                Course::Stable,
            ),
            (
                "a cache that fills",
                (0..288)
                    .map(|n| (200.0 - 100.0 * (-(n as f64) / 60.0).exp()) * MIB)
                    .collect(),
                Course::Settles,
            ),
            (
                "day and night",
                (0..576)
                    .map(|n| (200.0 + 50.0 * (n as f64 / 45.8).sin()) * MIB)
                    .collect(),
                Course::Stable,
            ),
            (
                "growth of nothing",
                (0..288)
                    .map(|n| (200.0 + n as f64 / 1000.0) * MIB)
                    .collect(),
                Course::Stable,
            ),
            (
                "given back",
                (0..288).map(|n| (900.0 - n as f64) * MIB).collect(),
                Course::Shrinks,
            ),
            (
                "twenty minutes",
                (0..5).map(|n| (200.0 + 50.0 * n as f64) * MIB).collect(),
                Course::TooShort,
            ),
        ];
        for (name, values, course) in cases {
            let found = of(values);
            assert_eq!(found.course, course, "{name}: {found:?}");
            assert_eq!(found.reaches_limit_in_s, None, "{name}");
        }
    }

    #[test]
    fn order_does_not_matter_and_nothing_has_no_trend() {
        let mut readings = series((0..50).map(|n| n as f64 * MIB));
        let sorted = trend(&readings, None, MIB);
        readings.reverse();
        assert_eq!(trend(&readings, None, MIB), sorted);
        assert_eq!(trend(&[], None, MIB), None);
        let one = trend(&readings[..1], None, MIB).unwrap();
        assert_eq!(one.course, Course::TooShort);
    }

    #[test]
    fn the_tail_of_the_normal_distribution_is_right() {
        for (z, p) in [(0.0, 1.0), (1.96, 0.05), (2.575_8, 0.01), (3.290_5, 0.001)] {
            let found = erfc(z / std::f64::consts::SQRT_2);
            assert!((found - p).abs() < 1e-4, "{z}: {found}");
        }
    }
}

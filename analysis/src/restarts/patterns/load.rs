//! Stops after high load: whether the host was busier before them than at other times.
//!
//! Load comes in phases, and so do stops: to count each minute as an observation of its own would
//! call chance a pattern. The times of the stops are moved along the whole record instead, all
//! together, to each other minute; the p-value is how often there is as much load before them
//! there.

use chrono::TimeDelta;

use super::{HOUR_S, LoadBefore, NEEDED};
use crate::black_box::{HostSample, LoadMeasure};

/// What the load before a stop is the mean of.
const BEFORE: TimeDelta = TimeDelta::minutes(5);
/// The last sample before a stop may be so old.
const FRESH_S: i64 = 120;
/// A shorter record has too few other times.
const FEWEST_MINUTES: usize = 720;
/// Times closer than this belong to the same phase.
const SHIFT: usize = 60;

pub(super) enum Outcome {
    /// There is no record of the load at the times of the stops.
    NotRecorded,
    /// Hours with stops of which the load is known.
    TooFew(u32),
    Tested {
        n: u32,
        p_value: f64,
        load: LoadBefore,
    },
}

/// `stops`: in seconds since 1970, in order. `minutes`: in order.
pub(super) fn test(stops: &[i64], minutes: &[HostSample]) -> Outcome {
    let (measure, load) = load(minutes);
    let at: Vec<usize> = one_an_hour(stops)
        .filter_map(|stop| minute_before(stop, minutes))
        .collect();
    let n = at.len() as u32;
    if n == 0 {
        return Outcome::NotRecorded;
    }
    if n < NEEDED || minutes.len() < FEWEST_MINUTES {
        return Outcome::TooFew(n);
    }
    let ranks = ranks(&load);
    let sum = |shift: usize| -> f64 { at.iter().map(|at| ranks[(at + shift) % ranks.len()]).sum() };
    let observed = sum(0);
    let shifts = SHIFT..=ranks.len() - SHIFT;
    let (mut all, mut as_high) = (1_u32, 1_u32);
    for shift in shifts {
        all += 1;
        // Sums of the same numbers in another order differ in their last digits.
        as_high += u32::from(sum(shift) >= observed - 1e-9);
    }
    let otherwise = median(load.clone());
    let before = median(at.iter().map(|at| load[*at]).collect());
    Outcome::Tested {
        n,
        p_value: f64::from(as_high) / f64::from(all),
        load: LoadBefore {
            measure,
            before_hundredths: before as u32,
            otherwise_hundredths: otherwise as u32,
            minutes: minutes.len() as u32,
        },
    }
}

/// The first stop of each hour: the others may follow from it.
fn one_an_hour(stops: &[i64]) -> impl Iterator<Item = i64> {
    let mut last = None;
    stops.iter().copied().filter(move |stop| {
        let hour = stop.div_euclid(HOUR_S);
        last.replace(hour) != Some(hour)
    })
}

fn minute_before(stop: i64, minutes: &[HostSample]) -> Option<usize> {
    let behind = minutes.partition_point(|minute| minute.at.timestamp() <= stop);
    let at = behind.checked_sub(1)?;
    (stop - minutes[at].at.timestamp() <= FRESH_S).then_some(at)
}

/// What the load was over the minutes up to each.
fn load(minutes: &[HostSample]) -> (LoadMeasure, Vec<f64>) {
    let waits: Option<Vec<u32>> = minutes.iter().map(HostSample::wait_hundredths).collect();
    let (measure, values) = match waits {
        Some(waits) => (LoadMeasure::Waiting, waits),
        None => {
            let load = minutes.iter().map(|minute| minute.load_hundredths);
            (LoadMeasure::LoadAverage, load.collect())
        }
    };
    let mut from = 0;
    let mut sum = 0_u64;
    let mut means = Vec::with_capacity(values.len());
    for (at, value) in values.iter().enumerate() {
        sum += u64::from(*value);
        while minutes[from].at <= minutes[at].at - BEFORE && from < at {
            sum -= u64::from(values[from]);
            from += 1;
        }
        means.push(sum as f64 / (at - from + 1) as f64);
    }
    (measure, means)
}

/// From 0, the least, to 1; those that are equal share theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equal in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        let rank = first as f64 + equal.len() as f64 / 2.0;
        for at in equal {
            ranks[*at] = rank / values.len() as f64;
        }
        first += equal.len();
    }
    ranks
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, black_box::HostSample};

    const WEEK_MIN: i64 = 7 * 24 * 60;

    /// Phases of an hour with load, at times without order.
    fn is_busy(minute: i64, seed: i64) -> bool {
        let hour = minute / 60;
        ((hour + seed * 1009) * 2_654_435_761).rem_euclid(1 << 32) < (1 << 32) / 12
    }

    fn record(minutes: i64, seed: i64) -> Vec<HostSample> {
        let sample = |minute: i64| HostSample {
            at: Timestamp::from_timestamp(minute * 60, 0).unwrap(),
            over_ms: 60_000,
            cores: 2,
            load_hundredths: 40,
            cpu_wait_hundredths: Some(if is_busy(minute, seed) { 6000 } else { 200 }),
            memory_wait_hundredths: Some((minute % 7) as u32),
            io_wait_hundredths: None,
            memory_bytes: 0,
            memory_available_bytes: 0,
            swap_used_bytes: 0,
        };
        (1..=minutes).map(sample).collect()
    }

    fn scattered(n: i64, seed: i64) -> i64 {
        let mixed = ((n * n * 31 + n + seed * 7919) * 2_654_435_761).rem_euclid(1 << 32);
        (mixed * WEEK_MIN * 60) >> 32
    }

    fn p_value(stops: &[i64], minutes: &[HostSample]) -> f64 {
        match test(stops, minutes) {
            Outcome::Tested { p_value, .. } => p_value,
            _ => 1.0,
        }
    }

    #[test]
    fn stops_in_busy_hours_are_seen_with_both_loads() {
        let stops: Vec<i64> = (0..WEEK_MIN)
            .filter(|minute| minute % 60 == 40 && is_busy(*minute, 0))
            .map(|minute| minute * 60 + 20)
            .take(8)
            .collect();
        let Outcome::Tested { n, p_value, load } = test(&stops, &record(WEEK_MIN, 0)) else {
            panic!("not tested")
        };
        assert_eq!(n, 8);
        assert!(p_value < 0.001, "{p_value}");
        assert_eq!(load.measure, LoadMeasure::Waiting);
        assert_eq!(load.before_hundredths, 6000);
        assert_eq!(load.otherwise_hundredths, 200);
    }

    #[test]
    fn chance_is_seldom_called_a_pattern() {
        let false_claims = (0..200)
            .filter(|seed| {
                let mut stops: Vec<i64> = (1..20).map(|n| scattered(n, *seed)).collect();
                stops.sort_unstable();
                p_value(&stops, &record(WEEK_MIN / 4, *seed)) < 0.01
            })
            .count();
        assert!(false_claims <= 5, "{false_claims} of 200");
    }

    #[test]
    fn load_of_every_night_and_stops_of_every_night_are_one_coincidence() {
        let mut minutes = record(WEEK_MIN, 0);
        for (minute, sample) in minutes.iter_mut().enumerate() {
            let is_night = minute / 60 % 24 < 3;
            sample.cpu_wait_hundredths = Some(if is_night { 5000 } else { 100 });
        }
        let stops: Vec<i64> = (0..7).map(|day| (day * 24 + 2) * HOUR_S).collect();
        let p = p_value(&stops, &minutes);
        assert!((0.01..0.2).contains(&p), "{p}");
    }

    #[test]
    fn too_little_is_said_to_be_too_little() {
        let stops: Vec<i64> = (1..9).map(|hour| hour * HOUR_S).collect();
        assert!(matches!(test(&stops, &[]), Outcome::NotRecorded));
        let hours = record(9 * 60, 0);
        assert!(matches!(test(&stops, &hours), Outcome::TooFew(8)));
        assert!(matches!(
            test(&stops[..3], &record(WEEK_MIN, 0)),
            Outcome::TooFew(3)
        ));
        // A loop in one hour is one.
        let looping: Vec<i64> = (0..20).map(|n| 3 * HOUR_S + n * 130).collect();
        assert!(matches!(
            test(&looping, &record(WEEK_MIN, 0)),
            Outcome::TooFew(1)
        ));
        // Stops before the record began.
        let early: Vec<i64> = (1..9).map(|hour| -hour * HOUR_S).rev().collect();
        assert!(matches!(
            test(&early, &record(WEEK_MIN, 0)),
            Outcome::NotRecorded
        ));
    }

    #[test]
    fn without_pressure_the_load_average_is_taken_and_the_same_load_is_no_pattern() {
        let mut minutes = record(WEEK_MIN, 0);
        for sample in &mut minutes {
            sample.cpu_wait_hundredths = None;
            sample.memory_wait_hundredths = None;
        }
        let stops: Vec<i64> = (1..9).map(|hour| hour * 7 * HOUR_S).collect();
        let Outcome::Tested { p_value, load, .. } = test(&stops, &minutes) else {
            panic!("not tested")
        };
        assert_eq!(load.measure, LoadMeasure::LoadAverage);
        assert!(p_value > 0.99, "{p_value}");
    }
}

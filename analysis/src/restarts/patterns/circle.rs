//! Times on a circle: whether they come at the same hour, weekday or minute.

use std::{collections::BTreeMap, f64::consts::TAU};

use super::Finding;

/// A cycle whose stops cancel each other out has no direction.
const NO_DIRECTION: f64 = 1e-9;

/// Rayleigh's test, with one observation for each cycle: ten stops in one night are no evidence
/// about nights. `None`: there is nothing to look at.
pub(super) fn test(times: &[i64], cycle_s: i64, origin_s: i64) -> Option<Finding> {
    let directions = directions(times, cycle_s, origin_s);
    let n = directions.len() as f64;
    if directions.is_empty() {
        return None;
    }
    let x: f64 = directions.iter().map(|angle| angle.cos()).sum();
    let y: f64 = directions.iter().map(|angle| angle.sin()).sum();
    let resultant = x.hypot(y);
    let mean = y.atan2(x).rem_euclid(TAU);
    let of_circle = |angle: f64| angle / TAU * cycle_s as f64;
    let concentration = (resultant / n).clamp(1e-12, 1.0);
    Some(Finding {
        n: directions.len() as u32,
        p_value: p_value(n, resultant),
        period_s: cycle_s.unsigned_abs(),
        at_s: Some(of_circle(mean) as u32 % cycle_s.unsigned_abs() as u32),
        spread_s: of_circle((-2.0 * concentration.ln()).sqrt()).min(cycle_s as f64) as u64,
    })
}

/// The mean direction of each cycle that has any.
fn directions(times: &[i64], cycle_s: i64, origin_s: i64) -> Vec<f64> {
    let mut sums: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for at in times {
        let since = at - origin_s;
        let angle = since.rem_euclid(cycle_s) as f64 / cycle_s as f64 * TAU;
        let sum = sums.entry(since.div_euclid(cycle_s)).or_default();
        *sum = (sum.0 + angle.cos(), sum.1 + angle.sin());
    }
    sums.into_values()
        .filter(|(x, y)| x.hypot(*y) > NO_DIRECTION)
        .map(|(x, y)| y.atan2(x))
        .collect()
}

/// Of `n` directions with a sum of this length (the approximation in Zar's Biostatistical Analysis).
fn p_value(n: f64, resultant: f64) -> f64 {
    let root = (1.0 + 4.0 * n + 4.0 * (n * n - resultant * resultant)).sqrt();
    (root - (1.0 + 2.0 * n)).exp().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_directions_look_like_a_pattern_as_often_as_the_p_value_says() {
        const TIMES: u32 = 20_000;
        let mut state = 1_u64;
        // An angle of a linear congruential generator (Knuth's MMIX).
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 * TAU
        };
        for level in [0.05, 0.01] {
            let mut below = 0_u32;
            for _ in 0..TIMES {
                let angles: Vec<f64> = (0..8).map(|_| random()).collect();
                let x: f64 = angles.iter().map(|angle| angle.cos()).sum();
                let y: f64 = angles.iter().map(|angle| angle.sin()).sum();
                below += u32::from(p_value(8.0, x.hypot(y)) < level);
            }
            let share = f64::from(below) / f64::from(TIMES);
            assert!((share - level).abs() < level * 0.15, "{level}: {share}");
        }
    }

    #[test]
    fn many_stops_of_one_day_are_one_observation() {
        let night: Vec<i64> = (0..50).map(|n| 3 * 3600 + n * 300).collect();
        assert_eq!(test(&night, 86_400, 0).unwrap().n, 1);
        assert!(test(&[], 86_400, 0).is_none());
    }
}

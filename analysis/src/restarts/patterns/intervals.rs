//! Times between episodes: whether they are more regular than chance.

use super::Finding;

/// Bartlett's statistic of exponential intervals (Moran), of which only the lower tail counts:
/// intervals that are too much alike. `dead_s`: no interval can be shorter, as what is closer was
/// counted as one episode; beyond it, chance is exponential again. `None`: there is no interval.
pub(super) fn test(times: &[i64], dead_s: i64) -> Option<Finding> {
    let mut intervals: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let n = intervals.len() as f64;
    if intervals.is_empty() {
        return None;
    }
    let beyond = |interval: &i64| (interval - dead_s).max(1) as f64;
    let mean = intervals.iter().map(beyond).sum::<f64>() / n;
    let mean_log = intervals.iter().map(|one| beyond(one).ln()).sum::<f64>() / n;
    let statistic = 2.0 * n * (mean.ln() - mean_log) / (1.0 + (n + 1.0) / (6.0 * n));
    let p_value = chi_square_below(statistic.max(0.0), n - 1.0);
    let median = median(&mut intervals);
    let distances: i64 = intervals.iter().map(|one| (one - median).abs()).sum();
    Some(Finding {
        n: intervals.len() as u32,
        p_value,
        period_s: median.unsigned_abs(),
        at_s: None,
        spread_s: distances.unsigned_abs() / intervals.len() as u64,
    })
}

fn median(values: &mut [i64]) -> i64 {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => i64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// How probable a value below `x` is, of the chi-square distribution.
fn chi_square_below(x: f64, freedom: f64) -> f64 {
    if freedom <= 0.0 {
        return 1.0;
    }
    gamma_below(freedom / 2.0, x / 2.0)
}

/// The regularized lower incomplete gamma function, by its series.
fn gamma_below(a: f64, x: f64) -> f64 {
    // The series would take long out there, and the answer is 1 to all digits that matter.
    const FAR: f64 = 12.0;
    if x <= 0.0 {
        return 0.0;
    }
    if x > a + FAR * a.sqrt() + FAR {
        return 1.0;
    }
    let mut term = 1.0 / a;
    let mut sum = term;
    let mut next = a;
    while term > sum * 1e-12 {
        next += 1.0;
        term *= x / next;
        sum += term;
    }
    (a * x.ln() - x - ln_gamma(a)).exp() * sum
}

/// Stirling's series, from where it is exact to nine digits.
fn ln_gamma(a: f64) -> f64 {
    let mut shift = 0.0;
    let mut z = a;
    while z < 10.0 {
        shift += z.ln();
        z += 1.0;
    }
    let series = 1.0 / (12.0 * z) - 1.0 / (360.0 * z.powi(3)) + 1.0 / (1260.0 * z.powi(5));
    (z - 0.5) * z.ln() - z + 0.5 * std::f64::consts::TAU.ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chi_square_is_that_of_the_tables() {
        // (x, degrees of freedom, probability of less)
        let cases = [
            (3.841, 1.0, 0.95),
            (1.145, 5.0, 0.05),
            (0.554, 5.0, 0.01),
            (18.307, 10.0, 0.95),
            (69.5, 100.0, 0.0088),
            (0.0, 5.0, 0.0),
            (1e6, 5.0, 1.0),
        ];
        for (x, freedom, probability) in cases {
            let found = chi_square_below(x, freedom);
            assert!((found - probability).abs() < 2e-4, "{x} {freedom}: {found}");
        }
    }

    #[test]
    fn one_interval_proves_nothing() {
        assert!(test(&[7], 0).is_none());
        assert_eq!(test(&[0, 3600], 0).unwrap().p_value.to_string(), "1");
    }
}

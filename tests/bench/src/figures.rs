//! Medians, percentiles and the lines that are printed.

use std::fs;

/// The value below which `share` (0 to 1) of the values are. Of no values: NaN.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into what fits into memory"
    )]
    let index = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

pub fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// Prints a figure with its target.
pub fn figure(what: &str, measured: &str, target: &str) {
    println!("{what:44} {measured:>16}   target {target}");
}

/// Prints what is no target of its own, but helps to read one.
pub fn beside(what: &str, measured: &str) {
    println!("{what:44} {measured:>16}");
}

/// Prints how busy the machine is: to be called before and after, since others may work on it.
pub fn load(when: &str) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let minute = load.split(' ').next().unwrap_or("unknown");
    beside(&format!("load average {when}"), minute);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_need_no_order() {
        let values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(median(&values), 50.0);
        assert_eq!(percentile(&values, 0.99), 99.0);
        assert_eq!(median(&[3.0]), 3.0);
        assert!(median(&[]).is_nan());
    }
}

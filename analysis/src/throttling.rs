//! How long the kernel held a control group back because its CPU quota was used up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One reading of a control group that has a quota: its `cpu.max` and `cpu.stat`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaReading {
    pub cgroup: String,
    /// CPU time that it may use in each period.
    pub quota_us: u64,
    pub period_us: u64,
    /// Periods in which it wanted CPU, since it was made.
    pub periods: u64,
    /// Of these, those in which the quota did not last.
    pub throttled_periods: u64,
    /// How long it was held back, of all CPUs together.
    pub throttled_us: u64,
}

/// What two readings of a control group tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Throttling {
    /// The one with the quota: that of the process, or one above it.
    pub cgroup: String,
    /// `cpu.max`: CPU time that it may use in each period.
    pub quota_us: u64,
    pub period_us: u64,
    /// Between the readings.
    pub window_ms: u64,
    /// Periods between the readings in which it wanted CPU.
    pub periods: u64,
    /// Of these, those in which the quota did not last.
    pub throttled_periods: u64,
    /// How long it was held back, of all CPUs together.
    pub throttled_us: u64,
    /// Share of the time between the readings in which it was held back; on several CPUs at once,
    /// at most that.
    pub throttled_percent: f64,
}

impl Throttling {
    /// What the quota is as a share of one CPU.
    pub fn quota_percent(&self) -> f64 {
        share(self.quota_us, self.period_us)
    }
}

/// The quota that held it back most. `None`: no quota was there at both readings.
pub fn throttling(
    before: &[QuotaReading],
    after: &[QuotaReading],
    window_ns: u64,
) -> Option<Throttling> {
    let told = after.iter().filter_map(|after| {
        let before = before.iter().find(|before| before.cgroup == after.cgroup)?;
        between(before, after, window_ns)
    });
    // The first of several that are the same: its own rather than one above it.
    told.reduce(
        |most, next| match next.throttled_percent > most.throttled_percent {
            true => next,
            false => most,
        },
    )
}

/// `None`: it is another control group of the same name, whose counts began anew.
fn between(before: &QuotaReading, after: &QuotaReading, window_ns: u64) -> Option<Throttling> {
    let window_us = window_ns / 1000;
    let throttled_periods = after
        .throttled_periods
        .checked_sub(before.throttled_periods)?;
    let throttled_us = after.throttled_us.checked_sub(before.throttled_us)?;
    // Several CPUs are held back at once, and each counts.
    let at_most = throttled_periods.saturating_mul(after.period_us);
    let held_us = throttled_us.min(at_most).min(window_us);
    Some(Throttling {
        cgroup: after.cgroup.clone(),
        quota_us: after.quota_us,
        period_us: after.period_us,
        window_ms: window_us / 1000,
        periods: after.periods.checked_sub(before.periods)?,
        throttled_periods,
        throttled_us,
        throttled_percent: share(held_us, window_us),
    })
}

fn share(part: u64, of: u64) -> f64 {
    part as f64 * 100.0 / of.max(1) as f64
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// One that is held back for four fifths of half a second.
    pub(crate) fn held_back() -> Throttling {
        let before = [reading("/system.slice/nginx.service", 0, 0, 0)];
        let after = [reading("/system.slice/nginx.service", 5, 5, 400_000)];
        throttling(&before, &after, WINDOW_NS).unwrap()
    }

    fn reading(cgroup: &str, periods: u64, throttled: u64, throttled_us: u64) -> QuotaReading {
        QuotaReading {
            cgroup: cgroup.into(),
            quota_us: 20_000,
            period_us: 100_000,
            periods,
            throttled_periods: throttled,
            throttled_us,
        }
    }

    const WINDOW_NS: u64 = 500_000_000;

    #[test]
    fn what_counts_is_what_was_added_between_the_readings() {
        let before = [reading("/a", 1000, 900, 70_000_000)];
        let after = [reading("/a", 1005, 905, 70_400_000)];
        let told = throttling(&before, &after, WINDOW_NS).unwrap();
        assert_eq!((told.throttled_periods, told.periods), (5, 5));
        assert_eq!((told.throttled_us, told.window_ms), (400_000, 500));
        assert_eq!((told.throttled_percent, told.quota_percent()), (80.0, 20.0));
        let told = throttling(&after, &after, WINDOW_NS).unwrap();
        assert_eq!((told.throttled_percent, told.periods), (0.0, 0));
    }

    #[test]
    fn several_cpus_that_are_held_back_at_once_are_no_more_than_all_the_time() {
        let before = [reading("/a", 0, 0, 0)];
        let share = |periods, us| {
            let after = [reading("/a", 5, periods, us)];
            throttling(&before, &after, WINDOW_NS)
                .unwrap()
                .throttled_percent
        };
        assert_eq!(share(5, 3_200_000), 100.0);
        // Only in one period.
        assert_eq!(share(1, 3_200_000), 20.0);
    }

    #[test]
    fn the_quota_that_holds_back_most_is_told_and_of_the_same_its_own() {
        let before = [reading("/a/b", 0, 0, 0), reading("/a", 0, 0, 0)];
        let which = |own_us, above_us| {
            let after = [reading("/a/b", 5, 5, own_us), reading("/a", 5, 5, above_us)];
            throttling(&before, &after, WINDOW_NS).unwrap().cgroup
        };
        assert_eq!(which(100_000, 200_000), "/a");
        assert_eq!(which(0, 0), "/a/b");
        assert_eq!(throttling(&before[..1], &before[1..], WINDOW_NS), None);
        assert_eq!(throttling(&[], &[], WINDOW_NS), None);
        let again = [reading("/a", 1, 0, 0)];
        assert_eq!(
            throttling(&[reading("/a", 9, 9, 9)], &again, WINDOW_NS),
            None
        );
    }
}

//! What a unit uses, against what it may use.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{resources::Pressure, throttling::Throttling};

/// What the cgroup of a unit uses. `None` where systemd does not account it, or has no limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnitResources {
    /// With its share of the page cache.
    pub memory_bytes: Option<u64>,
    /// The most that it ever was in this run.
    pub memory_peak_bytes: Option<u64>,
    /// What cannot be had back by dropping caches: anonymous memory.
    pub memory_anonymous_bytes: Option<u64>,
    pub swap_bytes: Option<u64>,
    /// Above it the kernel slows it down and takes back.
    pub memory_high_bytes: Option<u64>,
    /// Above it the kernel kills. That of a slice above it, if that is lower.
    pub memory_max_bytes: Option<u64>,
    /// `memory_bytes` of the limit.
    pub memory_used_percent: Option<f64>,
    /// How many processes of it the kernel killed for want of memory since its cgroup was made.
    pub oom_kills: Option<u64>,
    /// CPU time of this run.
    pub cpu_ns: Option<u64>,
    /// `CPUQuota=`, in microseconds of CPU time per second.
    pub cpu_quota_us_per_s: Option<u64>,
    /// While it was looked at. `None`: it has no quota, or none that can be read.
    #[serde(default)]
    pub throttling: Option<Throttling>,
    /// How long the run is, for the mean.
    pub cpu_over_ms: Option<u64>,
    /// Of one CPU, in the mean over the run.
    pub cpu_mean_percent: Option<f64>,
    /// Processes and threads together.
    pub tasks: Option<u64>,
    pub tasks_max: Option<u64>,
    pub tasks_used_percent: Option<f64>,
    pub io_read_bytes: Option<u64>,
    pub io_written_bytes: Option<u64>,
    /// How long its tasks waited in the last minute. `None`: the kernel does not watch its cgroup.
    #[serde(default)]
    pub pressure: Option<Pressure>,
}

impl UnitResources {
    /// Adds what follows from the numbers.
    pub(super) fn with_shares(mut self) -> Self {
        let memory_limit = self
            .memory_max_bytes
            .into_iter()
            .chain(self.memory_high_bytes);
        self.memory_used_percent = percent(self.memory_bytes, memory_limit.min());
        self.tasks_used_percent = percent(self.tasks, self.tasks_max);
        let over_ns = self.cpu_over_ms.and_then(|ms| ms.checked_mul(1_000_000));
        self.cpu_mean_percent = percent(self.cpu_ns, over_ns);
        self
    }
}

fn percent(used: Option<u64>, of: Option<u64>) -> Option<f64> {
    let of = of.filter(|of| *of > 0)?;
    Some(used? as f64 * 100.0 / of as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_from_what_is_known() {
        let resources = UnitResources {
            memory_bytes: Some(256 << 20),
            memory_max_bytes: Some(1 << 30),
            memory_high_bytes: Some(512 << 20),
            cpu_ns: Some(500_000_000),
            cpu_over_ms: Some(10_000),
            tasks: Some(5),
            ..UnitResources::default()
        };
        let resources = resources.with_shares();
        // Of the limit that it meets first.
        assert_eq!(resources.memory_used_percent, Some(50.0));
        assert_eq!(resources.cpu_mean_percent, Some(5.0));
        assert_eq!(resources.tasks_used_percent, None);
        assert_eq!(
            UnitResources::default().with_shares(),
            UnitResources::default()
        );
    }
}

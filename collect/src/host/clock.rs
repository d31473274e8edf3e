//! The clocks of this host, read together.

use std::time::Duration;

use analysis::Timestamp;
use chrono::TimeDelta;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// See [`ClockReading::since_boot_of_noted`].
const UNNOTICED_NS: u128 = 1_000_000_000;

/// What the clocks of this host said at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The wall clock, which people and NTP set.
    pub wall: Timestamp,
    /// Since boot, suspended time included (`CLOCK_BOOTTIME`): the clock of events.
    pub since_boot_ns: u64,
    /// Since boot, suspended time left out (`CLOCK_MONOTONIC`): the clock of journal and kernel log.
    pub monotonic_ns: u64,
}

impl ClockReading {
    pub fn now() -> Self {
        let wall = clock_gettime(ClockId::Realtime);
        Self {
            wall: timestamp(wall),
            since_boot_ns: nanoseconds(clock_gettime(ClockId::Boottime)),
            monotonic_ns: nanoseconds(clock_gettime(ClockId::Monotonic)),
        }
    }

    /// When the host booted, by its wall clock of this reading.
    pub fn booted_at(&self) -> Timestamp {
        self.wall_at(0)
    }

    /// What the wall clock said at a moment of this boot, had nobody set it since.
    pub fn wall_at(&self, since_boot_ns: u64) -> Timestamp {
        let before = i128::from(self.since_boot_ns) - i128::from(since_boot_ns);
        let before = i64::try_from(before).map_or(TimeDelta::zero(), TimeDelta::nanoseconds);
        self.wall.checked_sub_signed(before).unwrap_or(self.wall)
    }

    /// The moment of this boot at which `CLOCK_MONOTONIC` said `monotonic_ns`. Right if the host
    /// was not suspended since; otherwise too late by the time it was.
    pub fn since_boot_of_monotonic(&self, monotonic_ns: u64) -> u64 {
        let suspended = self.since_boot_ns.saturating_sub(self.monotonic_ns);
        monotonic_ns.saturating_add(suspended)
    }

    /// The moment of this boot at which the wall clock said `at` and `CLOCK_MONOTONIC` said
    /// `monotonic_ns`, as journald notes them. `None`: the host was suspended since, or its wall
    /// clock was set, so that nobody can tell; less than a second of either goes unnoticed.
    pub fn since_boot_of_noted(&self, at: Timestamp, monotonic_ns: u64) -> Option<u64> {
        let by_wall = i128::from((self.wall - at).num_nanoseconds()?);
        let awake = i128::from(self.monotonic_ns) - i128::from(monotonic_ns);
        let same = by_wall.abs_diff(awake) < UNNOTICED_NS;
        same.then(|| self.since_boot_of_monotonic(monotonic_ns))
    }

    /// How far somebody set the wall clock since `earlier`, of the same boot. Positive: forward.
    pub fn wall_moved_ms(&self, earlier: &Self) -> i64 {
        let wall = self.wall - earlier.wall;
        let since = Duration::from_nanos(self.since_boot_ns.saturating_sub(earlier.since_boot_ns));
        let real = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        wall.num_milliseconds().saturating_sub(real)
    }
}

fn nanoseconds(time: Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let rest = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

fn timestamp(time: Timespec) -> Timestamp {
    let rest = u32::try_from(time.tv_nsec).unwrap_or(0);
    Timestamp::from_timestamp(time.tv_sec, rest).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(wall_ms: i64, since_boot_ms: u64) -> ClockReading {
        ClockReading {
            wall: Timestamp::from_timestamp_millis(wall_ms).unwrap(),
            since_boot_ns: since_boot_ms * 1_000_000,
            monotonic_ns: (since_boot_ms - 40) * 1_000_000,
        }
    }

    #[test]
    fn moments_of_the_boot_have_their_wall_time() {
        let now = reading(1_000_000, 600);
        assert_eq!(now.booted_at().timestamp_millis(), 999_400);
        assert_eq!(now.wall_at(700_000_000).timestamp_millis(), 1_000_100);
        assert_eq!(now.since_boot_of_monotonic(60_000_000), 100_000_000);
    }

    #[test]
    fn what_was_noted_before_a_suspend_has_no_moment() {
        let at = |ms| Timestamp::from_timestamp_millis(ms).unwrap();
        let ms = 1_000_000;
        // 40 ms of the boot it was suspended, long before.
        let now = reading(1_000_000, 60_600);
        let noted = |wall, monotonic| now.since_boot_of_noted(at(wall), monotonic * ms);
        assert_eq!(noted(999_000, 59_560), Some(59_600 * ms), "a second ago");
        assert_eq!(noted(940_000, 560), Some(600 * ms), "a minute ago");
        assert_eq!(noted(940_000, 59_560), None, "it slept 59 s since");
        assert_eq!(noted(-3_000_000, 59_560), None, "or the clock was set");
        assert_eq!(noted(-20_000_000_000_000, 0), None, "in the Middle Ages");
    }

    #[test]
    fn a_clock_that_was_set_has_moved() {
        let before = reading(1_000_000, 600);
        assert_eq!(reading(1_001_000, 1_600).wall_moved_ms(&before), 0);
        assert_eq!(reading(4_601_000, 1_600).wall_moved_ms(&before), 3_600_000);
        assert_eq!(reading(1_000, 1_600).wall_moved_ms(&before), -1_000_000);
    }

    #[test]
    fn the_real_clocks_agree_with_procfs() {
        let now = ClockReading::now();
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let read = now.since_boot_ns as f64 / 1e9;
        assert!((uptime - read).abs() < 5.0, "{uptime} {read}");
    }
}

//! What the whole host did, in the same rings.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// The host at one moment, and how much was waited since the sample before. Source: procfs
/// `loadavg`, `pressure` and `meminfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostSample {
    pub at: Timestamp,
    /// How long ago the sample before was taken: waiting is the mean over this.
    pub over_ms: u32,
    pub cores: u32,
    /// Hundredths. The load average of the last minute.
    pub load_hundredths: u32,
    /// Hundredths of a percent of the time in which at least one task waited for a CPU. `None`:
    /// the kernel does not watch it.
    pub cpu_wait_hundredths: Option<u32>,
    /// The same, for memory.
    pub memory_wait_hundredths: Option<u32>,
    /// The same, for disks.
    pub io_wait_hundredths: Option<u32>,
    pub memory_bytes: u64,
    pub memory_available_bytes: u64,
    pub swap_used_bytes: u64,
}

impl HostSample {
    /// The resource that was waited for most. `None`: the kernel does not watch it.
    pub fn wait_hundredths(&self) -> Option<u32> {
        let waits = [
            self.cpu_wait_hundredths,
            self.memory_wait_hundredths,
            self.io_wait_hundredths,
        ];
        waits.into_iter().flatten().max()
    }
}

/// What "load" is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadMeasure {
    /// Hundredths of a percent of the time in which a task waited for CPU, memory or a disk,
    /// whichever is most.
    Waiting,
    /// Hundredths of the load average, where the kernel does not watch waiting.
    LoadAverage,
}

/// All that the black box has of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostRecording {
    /// The last minutes, in short steps, the oldest first.
    pub recent: Vec<HostSample>,
    /// The last days, a sample for each minute. What is newer than some minutes may be missing.
    pub minutes: Vec<HostSample>,
}

impl HostRecording {
    /// A sample for each minute, up to the newest that is recorded.
    pub fn each_minute(&self) -> Vec<HostSample> {
        let mut minutes = self.minutes.clone();
        let mut begun: Option<usize> = None;
        for (at, sample) in self.recent.iter().enumerate() {
            if minutes.last().is_some_and(|last| sample.at <= last.at) {
                continue;
            }
            let from = *begun.get_or_insert(at);
            if sample.at - self.recent[from].at >= TimeDelta::seconds(55) {
                minutes.extend(mean(&self.recent[from..=at]));
                begun = None;
            }
        }
        minutes
    }

    /// The samples of `length` before `end`, in the shortest steps that there are.
    pub(super) fn before(&self, end: Timestamp, length: TimeDelta) -> Vec<HostSample> {
        let within = |sample: &&HostSample| sample.at <= end && sample.at > end - length;
        let recent: Vec<_> = self.recent.iter().filter(within).copied().collect();
        let minutes = self.each_minute();
        let minutes: Vec<_> = minutes.iter().filter(within).copied().collect();
        // What the short steps begin in the middle of is told by the minutes.
        let reaches_as_far = |first: &HostSample| {
            let earliest = minutes.first().map(|minute| minute.at);
            earliest.is_none_or(|at| first.at <= at + TimeDelta::minutes(2))
        };
        match recent.first().is_some_and(reaches_as_far) {
            true => recent,
            false => minutes,
        }
    }
}

/// The last of some samples, with what was waited over all of them.
fn mean(samples: &[HostSample]) -> Option<HostSample> {
    let last = *samples.last()?;
    let of = |wait: fn(&HostSample) -> Option<u32>| {
        let (mut sum, mut over) = (0_u64, 0_u64);
        for sample in samples {
            sum += u64::from(wait(sample)?) * u64::from(sample.over_ms);
            over += u64::from(sample.over_ms);
        }
        u32::try_from(sum / over.max(1)).ok()
    };
    let over_ms = samples
        .iter()
        .fold(0_u32, |sum, one| sum.saturating_add(one.over_ms));
    Some(HostSample {
        over_ms,
        cpu_wait_hundredths: of(|one| one.cpu_wait_hundredths),
        memory_wait_hundredths: of(|one| one.memory_wait_hundredths),
        io_wait_hundredths: of(|one| one.io_wait_hundredths),
        ..last
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::DateTime;

    use super::*;

    pub(crate) fn host(second: i64, over_s: u32, wait: u32) -> HostSample {
        HostSample {
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
            over_ms: over_s * 1000,
            cores: 2,
            load_hundredths: wait / 10,
            cpu_wait_hundredths: Some(wait),
            memory_wait_hundredths: Some(0),
            io_wait_hundredths: Some(0),
            memory_bytes: 4 << 30,
            memory_available_bytes: 2 << 30,
            swap_used_bytes: 0,
        }
    }

    #[test]
    fn minutes_that_are_not_written_yet_follow_from_the_short_steps() {
        let recording = HostRecording {
            minutes: (1..=3).map(|minute| host(minute * 60, 60, 100)).collect(),
            recent: (1..=62).map(|n| host(n * 5, 5, n as u32 % 2)).collect(),
        };
        let minutes = recording.each_minute();
        let seconds: Vec<_> = minutes.iter().map(|one| one.at.timestamp()).collect();
        assert_eq!(seconds, [60, 120, 180, 240, 300]);
        assert_eq!(minutes[3].over_ms, 60_000);
        assert_eq!(HostRecording::default().each_minute(), []);
    }

    #[test]
    fn the_time_before_an_end_has_the_shortest_steps_that_reach_far_enough() {
        let recording = HostRecording {
            minutes: (1..=60).map(|minute| host(minute * 60, 60, 1)).collect(),
            recent: (601..=720).map(|n| host(n * 5, 5, 1)).collect(),
        };
        let end = |second| DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        let count = |second| recording.before(end(second), TimeDelta::minutes(10)).len();
        assert_eq!(count(3600), 120);
        assert_eq!(count(3100), 10);
        assert_eq!(count(1000), 10);
        assert_eq!(count(30), 0);
        let begun = HostRecording {
            minutes: Vec::new(),
            recent: (1..=9).map(|n| host(n * 5, 5, 1)).collect(),
        };
        assert_eq!(begun.before(end(50), TimeDelta::minutes(10)).len(), 9);
    }
}

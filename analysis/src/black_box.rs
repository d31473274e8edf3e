//! The black box: what a unit used in the time before it stopped.

mod before;
mod host;
mod movement;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    before::{HostBefore, MinutesBefore, UnitBefore},
    host::{HostRecording, HostSample, LoadMeasure},
    movement::{Direction, Movement},
};
use crate::{
    Timestamp,
    trend::{Reading, Trend, trend},
};

/// Growth of memory below this is nobody's concern.
const LEAST_GROWTH_BYTES: f64 = 8.0 * 1024.0 * 1024.0;

/// What a unit used at one moment. Source: the agent, which looks every few seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    pub at: Timestamp,
    /// On the clock that no one sets (`CLOCK_BOOTTIME`); it begins anew with each boot.
    pub since_boot_ms: u64,
    /// The same number for all samples of one run of the unit.
    pub run: u64,
    pub processes: u32,
    pub threads: u32,
    /// Sum over its processes; what they share counts for each.
    pub rss_bytes: u64,
    /// What the kernel charges the unit's cgroup, its page cache too. `None`: not accounted.
    pub memory_bytes: Option<u64>,
    /// The lowest limit of the cgroup itself. `None`: none, or not known.
    pub memory_limit_bytes: Option<u64>,
    /// Hundredths of a percent of one core since the sample before.
    pub cpu_percent_hundredths: u32,
    /// The oldest process, which mostly is the main one. `None`: not recorded.
    pub main_pid: Option<u32>,
    /// That this process has open. `None`: not counted.
    pub open_files: Option<u32>,
}

impl Sample {
    /// Memory that may be the service's own. What its processes share counts for each of them in
    /// the sum, but no more is its own than the kernel charges it.
    pub fn own_bytes(&self) -> u64 {
        let charged = self.memory_bytes.unwrap_or(u64::MAX);
        self.rss_bytes.min(charged)
    }

    /// 100 is one core.
    pub fn cpu_percent(&self) -> f64 {
        f64::from(self.cpu_percent_hundredths) / 100.0
    }
}

/// All that the black box has of one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recording {
    /// The last minutes, in short steps, the oldest first.
    pub recent: Vec<Sample>,
    /// The last days, in long steps.
    pub history: Vec<Sample>,
    /// The last minutes of runs that are over, the latest first.
    pub ended: Vec<Vec<Sample>>,
}

impl Recording {
    /// Whether the memory of the run that goes on grows. `None`: nothing was recorded of it.
    pub fn memory_trend(&self) -> Option<Trend> {
        self.trend_until(self.recent.last().or(self.history.last())?)
    }

    /// Of the run that `last` is a sample of.
    fn trend_until(&self, last: &Sample) -> Option<Trend> {
        let of_run = |sample: &&Sample| sample.run == last.run && sample.at < last.at;
        // The short steps of the last minutes would outweigh the days before.
        let samples = self.history.iter().filter(of_run);
        let samples: Vec<&Sample> = samples.chain(std::iter::once(last)).collect();
        let readings: Vec<Reading> = samples
            .iter()
            .map(|sample| Reading {
                at: sample.at,
                value: sample.own_bytes() as f64,
            })
            .collect();
        let limit = samples.last().and_then(|last| last.memory_limit_bytes);
        trend(
            &readings,
            limit.map(|limit| limit as f64),
            LEAST_GROWTH_BYTES,
        )
    }

    /// The last minutes before `end`: of the run that goes on, or of the one that had just ended.
    pub fn before(&self, end: Timestamp) -> &[Sample] {
        let until = |samples: &[Sample]| samples.partition_point(|sample| sample.at <= end);
        let runs = std::iter::once(&self.recent).chain(&self.ended);
        runs.map(|samples| &samples[..until(samples)])
            .max_by_key(|samples| samples.last().map(|last| last.at))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::trend;

    fn sample(minute: i64, run: u64, mib: u64) -> Sample {
        Sample {
            at: DateTime::UNIX_EPOCH + TimeDelta::minutes(minute),
            since_boot_ms: 0,
            run,
            processes: 1,
            threads: 1,
            rss_bytes: mib << 20,
            memory_bytes: None,
            memory_limit_bytes: Some(1 << 30),
            cpu_percent_hundredths: 150,
            main_pid: None,
            open_files: None,
        }
    }

    /// As of a database whose processes come to touch what they share.
    #[test]
    fn what_is_shared_does_not_grow_because_more_processes_touch_it() {
        let shared = |number: u64| Sample {
            memory_bytes: Some(900 << 20),
            ..sample(i64::try_from(number).unwrap() * 5, 1, 4096 + 60 * number)
        };
        let recording = Recording {
            history: (0..100).map(shared).collect(),
            ..Recording::default()
        };
        let trend = recording.memory_trend().unwrap();
        assert_ne!(trend.course, trend::Course::Grows, "{trend:?}");
    }

    #[test]
    fn a_restart_is_no_end_of_a_leak_and_no_part_of_the_next() {
        let minute = |number: u64| i64::try_from(number).unwrap() * 5;
        let before = (0..100).map(|n| sample(minute(n), 1, 100 + 2 * n));
        let after = (100..200).map(|n| sample(minute(n), 2, n));
        let recording = Recording {
            history: before.chain(after).collect(),
            ..Recording::default()
        };
        let trend = recording.memory_trend().unwrap();
        assert_eq!(trend.course, trend::Course::Grows);
        assert_eq!(trend.from, recording.history[100].at);
        assert_eq!(Recording::default().memory_trend(), None);
    }

    #[test]
    fn the_minutes_before_an_end_are_those_of_the_run_that_ended() {
        let run = |run: u64, minutes: std::ops::Range<i64>| -> Vec<Sample> {
            minutes.map(|minute| sample(minute, run, 1)).collect()
        };
        let recording = Recording {
            recent: run(3, 30..35),
            ended: vec![run(2, 20..25), run(1, 10..15)],
            ..Recording::default()
        };
        let at = |minute: i64| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        for (end, run, count) in [(26, 2, 5), (22, 2, 3), (17, 1, 5), (40, 3, 5)] {
            let samples = recording.before(at(end));
            assert_eq!((samples[0].run, samples.len()), (run, count), "{end}");
        }
        assert!(recording.before(at(5)).is_empty());
    }
}

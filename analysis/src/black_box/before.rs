//! The minutes before an end, in short.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{HostRecording, HostSample, Movement, Recording, Sample, movement::movement};
use crate::{Timestamp, cause::Certainty, trend, trend::Trend};

/// Fewer tell nothing.
const FEWEST: usize = 3;
/// How far back the host is looked at.
const LENGTH: TimeDelta = TimeDelta::minutes(10);
/// An end comes within a step after the last sample. The steps are these at least, and no longer.
const SHORT_STEP_S: i64 = 5;
const LONG_STEP_S: i64 = 300;
/// What a pass itself takes, at most, with what it was late.
const SLACK_S: i64 = 2;
const MIB: u64 = 1 << 20;

/// What a unit and its host did in the minutes before an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MinutesBefore {
    /// `None`: nothing was recorded of that run.
    pub unit: Option<UnitBefore>,
    /// `None`: nothing was recorded of that time.
    pub host: Option<HostBefore>,
}

/// What the run of a unit used before its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnitBefore {
    /// Measured: the samples are of the very process. Inferred: of the run of which the last
    /// sample is just before the end.
    pub certainty: Certainty,
    pub from: Timestamp,
    pub to: Timestamp,
    pub memory_bytes: Movement,
    /// With page cache, as the kernel charges it against a limit; else the sum of resident memory.
    pub memory_is_charged: bool,
    pub memory_limit_bytes: Option<u64>,
    /// 10000 is one core.
    pub cpu_percent_hundredths: Movement,
    pub processes: Movement,
    pub threads: Movement,
    /// Of the main process. `None`: not counted.
    pub open_files: Option<Movement>,
    /// Of the whole run, in steps of five minutes.
    pub memory_trend: Option<Trend>,
    pub samples: Vec<Sample>,
}

/// What the host did meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HostBefore {
    pub from: Timestamp,
    pub to: Timestamp,
    pub cores: u32,
    pub load_hundredths: Movement,
    /// `None`: the kernel does not watch it. The others alike.
    pub cpu_wait_hundredths: Option<Movement>,
    pub memory_wait_hundredths: Option<Movement>,
    pub io_wait_hundredths: Option<Movement>,
    pub memory_bytes: u64,
    pub memory_available_bytes: Movement,
    pub swap_used_bytes: Movement,
}

impl MinutesBefore {
    /// The minutes before the end of process `pid` of a unit. `None`: nothing was recorded.
    pub fn of(
        recording: &Recording,
        host: &HostRecording,
        end: Timestamp,
        pid: Option<u32>,
    ) -> Option<Self> {
        let unit = unit_before(recording, end, pid);
        let host = host_before(&host.before(end, LENGTH), end);
        (unit.is_some() || host.is_some()).then_some(Self { unit, host })
    }
}

fn unit_before(recording: &Recording, end: Timestamp, pid: Option<u32>) -> Option<UnitBefore> {
    let in_short_steps = last_run(recording.before(end), end, SHORT_STEP_S);
    let samples = in_short_steps.or_else(|| {
        let until = recording.history.partition_point(|sample| sample.at <= end);
        last_run(&recording.history[..until], end, LONG_STEP_S)
    })?;
    let (first, last) = (samples.first()?, samples.last()?);
    let is_charged = last.memory_limit_bytes.is_some()
        && samples.iter().all(|sample| sample.memory_bytes.is_some());
    let of = |value: fn(&Sample) -> u64, matters| {
        let values: Vec<_> = samples.iter().map(|one| (one.at, value(one))).collect();
        movement(&values, matters)
    };
    let memory = match is_charged {
        true => of(|one| one.memory_bytes.unwrap_or(0), 4 * MIB),
        false => of(|one| one.rss_bytes, 4 * MIB),
    };
    let files: Vec<_> = samples
        .iter()
        .filter_map(|one| Some((one.at, one.open_files?.into())))
        .collect();
    // The first sample of a run has nothing before it to be compared with.
    let cpu: Vec<_> = samples
        .iter()
        .skip(1)
        .map(|one| (one.at, one.cpu_percent_hundredths.into()))
        .collect();
    Some(UnitBefore {
        certainty: certainty(recording, last, end, pid),
        from: first.at,
        to: last.at,
        memory_bytes: memory?,
        memory_is_charged: is_charged,
        memory_limit_bytes: last.memory_limit_bytes,
        cpu_percent_hundredths: movement(&cpu, 500)?,
        processes: of(|one| one.processes.into(), 2)?,
        threads: of(|one| one.threads.into(), 4)?,
        open_files: movement(&files, 16),
        memory_trend: recording
            .trend_until(last)
            .filter(|trend| trend.course != trend::Course::TooShort),
        samples,
    })
}

/// The samples of the run that was seen last, if that was just before `end`.
fn last_run(samples: &[Sample], end: Timestamp, step_s: i64) -> Option<Vec<Sample>> {
    let last = samples.last()?;
    let samples: Vec<Sample> = samples
        .iter()
        .filter(|sample| sample.run == last.run)
        .copied()
        .collect();
    let steps = samples.windows(2).map(|pair| pair[1].at - pair[0].at);
    // A host with many processes is looked at less often.
    let step = steps.max().unwrap_or_default();
    let step = step.clamp(TimeDelta::seconds(step_s), TimeDelta::seconds(LONG_STEP_S));
    let is_just_before = end - last.at <= step + TimeDelta::seconds(SLACK_S);
    (is_just_before && samples.len() >= FEWEST).then_some(samples)
}

fn certainty(recording: &Recording, last: &Sample, end: Timestamp, pid: Option<u32>) -> Certainty {
    let is_the_process = pid.is_some() && last.main_pid == pid;
    // One of several processes of a run that went on without it.
    let went_on = std::iter::once(&recording.recent)
        .chain(&recording.ended)
        .chain([&recording.history])
        .flatten()
        .any(|sample| sample.run == last.run && sample.at > end);
    match is_the_process || went_on {
        true => Certainty::Measured,
        false => Certainty::Inferred,
    }
}

fn host_before(samples: &[HostSample], end: Timestamp) -> Option<HostBefore> {
    let (first, last) = (samples.first()?, samples.last()?);
    if samples.len() < FEWEST || end - last.at > TimeDelta::minutes(2) {
        return None;
    }
    let of = |value: fn(&HostSample) -> Option<u64>, matters| {
        let values: Option<Vec<_>> = samples
            .iter()
            .map(|one| Some((one.at, value(one)?)))
            .collect();
        movement(&values?, matters)
    };
    Some(HostBefore {
        from: first.at,
        to: last.at,
        cores: last.cores,
        load_hundredths: of(|one| Some(one.load_hundredths.into()), 50)?,
        cpu_wait_hundredths: of(|one| one.cpu_wait_hundredths.map(u64::from), 500),
        memory_wait_hundredths: of(|one| one.memory_wait_hundredths.map(u64::from), 500),
        io_wait_hundredths: of(|one| one.io_wait_hundredths.map(u64::from), 500),
        memory_bytes: last.memory_bytes,
        memory_available_bytes: of(|one| Some(one.memory_available_bytes), 64 * MIB)?,
        swap_used_bytes: of(|one| Some(one.swap_used_bytes), 16 * MIB)?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::DateTime;

    use super::{super::host::tests::host, *};
    use crate::black_box::Direction;

    fn at(second: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    pub(crate) fn sample(second: i64, run: u64, mib: u64) -> Sample {
        Sample {
            at: at(second),
            since_boot_ms: 0,
            run,
            processes: 1,
            threads: 4,
            rss_bytes: mib << 20,
            memory_bytes: Some((mib + 2) << 20),
            memory_limit_bytes: Some(512 << 20),
            cpu_percent_hundredths: 1250,
            main_pid: Some(run as u32 * 100),
            open_files: Some(20),
        }
    }

    /// A run that leaks for its last minutes, and its next one.
    fn recording() -> Recording {
        let leaking = |n: i64| sample(n * 5, 1, 80 + 4 * (n - 10).max(0).unsigned_abs());
        Recording {
            recent: (121..140).map(|n| sample(n * 5, 2, 80)).collect(),
            ended: vec![(0..120).map(leaking).collect()],
            history: Vec::new(),
        }
    }

    #[test]
    fn a_rise_before_a_crash_is_told_with_its_limit() {
        let before = unit_before(&recording(), at(597), Some(100)).unwrap();
        assert_eq!(before.certainty, Certainty::Measured);
        assert_eq!(before.memory_bytes.direction, Direction::Rose);
        assert!(before.memory_is_charged);
        assert_eq!(before.memory_limit_bytes, Some(512 << 20));
        assert_eq!(before.memory_bytes.last, (80 + 4 * 109 + 2) << 20);
        assert_eq!(before.threads.direction, Direction::Steady);
        assert_eq!(before.samples.len(), 120);
    }

    #[test]
    fn another_run_is_not_taken_for_the_one_that_crashed() {
        // Within a step after the last sample, by another process: only likely.
        let other = unit_before(&recording(), at(599), Some(7)).unwrap();
        assert_eq!(other.certainty, Certainty::Inferred);
        // Longer after the last sample, and before the next run's first three: no word.
        assert_eq!(unit_before(&recording(), at(604), Some(100)), None);
        assert_eq!(unit_before(&recording(), at(611), Some(200)), None);
        // A worker crashes, and the run goes on.
        let worker = unit_before(&recording(), at(650), Some(7)).unwrap();
        assert_eq!(worker.certainty, Certainty::Measured);
        assert_eq!(unit_before(&recording(), at(9000), Some(7)), None);
        assert_eq!(unit_before(&Recording::default(), at(1), None), None);
    }

    #[test]
    fn an_older_crash_is_told_by_the_history() {
        let history = (0..200).map(|n| sample(n * 300, 1, 100 + n.unsigned_abs()));
        let recording = Recording {
            history: history.collect(),
            ..Recording::default()
        };
        let before = unit_before(&recording, at(100 * 300 + 200), None).unwrap();
        assert_eq!(before.to, at(100 * 300));
        assert_eq!(before.certainty, Certainty::Measured, "{before:?}");
        let trend = before.memory_trend.unwrap();
        assert_eq!(trend.course, trend::Course::Grows);
        assert_eq!(trend.to, at(100 * 300));
    }

    #[test]
    fn the_host_is_told_if_it_was_watched_until_then() {
        let recording = HostRecording {
            minutes: (1..=60).map(|n| host(n * 60, 60, 40 * n as u32)).collect(),
            recent: Vec::new(),
        };
        let none = Recording::default();
        let before = MinutesBefore::of(&none, &recording, at(3000), None).unwrap();
        let host = before.host.unwrap();
        assert_eq!(before.unit, None);
        assert_eq!((host.from, host.to), (at(41 * 60), at(3000)));
        assert_eq!(host.cpu_wait_hundredths.unwrap().last, 2000);
        assert_eq!(MinutesBefore::of(&none, &recording, at(9000), None), None);
    }
}

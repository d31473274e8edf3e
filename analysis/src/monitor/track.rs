//! One process over time: what is usual for it.

use std::collections::VecDeque;

use chrono::TimeDelta;

use super::{Measure, Row, Sampled, What};
use crate::{
    Timestamp,
    process::ProcessId,
    trend::{Course, Reading, trend},
};

/// Readings that make up what is usual, and the fewest that do.
const USUAL: usize = 30;
const FEWEST: usize = 8;
/// How many times the usual scatter a reading has to be off.
const FAR: f64 = 6.0;
/// Of the normal distribution: the standard deviation by the median of the deviations.
const SCATTER: f64 = 1.4826;
/// Readings of memory for its trend: one a minute, of the last four hours.
const TREND_EVERY: TimeDelta = TimeDelta::seconds(60);
const TREND: usize = 240;
/// Growth of less is none, in bytes.
const LEAST_GROWTH: f64 = 16.0 * 1024.0 * 1024.0;

#[derive(Debug)]
pub(super) struct Track {
    comm: String,
    state: char,
    cpu_ns: u64,
    first_rss_bytes: u64,
    rss_bytes: u64,
    threads: u32,
    cpu_percent: f64,
    cpu: Usual,
    memory: Usual,
    thread_count: Usual,
    readings: VecDeque<Reading>,
    grows: bool,
}

impl Track {
    pub(super) fn new(one: &Sampled, at: Timestamp) -> Self {
        let mut track = Self {
            comm: one.comm.clone(),
            state: one.state,
            cpu_ns: one.cpu_ns,
            first_rss_bytes: one.rss_bytes,
            rss_bytes: one.rss_bytes,
            threads: one.threads,
            cpu_percent: 0.0,
            // Less than these is not worth a word: percent, bytes, threads.
            cpu: Usual::new(30.0, 1.0),
            memory: Usual::new(64.0 * 1024.0 * 1024.0, 0.25),
            thread_count: Usual::new(10.0, 0.5),
            readings: VecDeque::new(),
            grows: false,
        };
        track.remember(one.rss_bytes, at);
        track
    }

    pub(super) fn take(
        &mut self,
        one: &Sampled,
        at: Timestamp,
        passed_ns: Option<u64>,
        is_critical: bool,
    ) -> Vec<What> {
        let used = one.cpu_ns.saturating_sub(self.cpu_ns);
        let passed = passed_ns.unwrap_or(0).max(1);
        self.cpu_percent = (used as f64 / passed as f64 * 1000.0).round() / 10.0;
        self.cpu_ns = one.cpu_ns;
        if self.comm != one.comm {
            // It runs another program by now: nothing is usual.
            *self = Self::new(one, at);
            return Vec::new();
        }
        self.state = one.state;
        self.rss_bytes = one.rss_bytes;
        self.threads = one.threads;
        let measured = [
            (Measure::CpuPercent, self.cpu.take(self.cpu_percent)),
            (Measure::RssBytes, self.memory.take(one.rss_bytes as f64)),
            (
                Measure::Threads,
                self.thread_count.take(f64::from(one.threads)),
            ),
        ];
        let sudden = |(measure, off): (Measure, Option<(f64, f64)>)| {
            let (usual, now) = off?;
            // That a job begins to compute is news only of those that matter.
            (is_critical || measure != Measure::CpuPercent).then(|| What::Sudden {
                process: one.process,
                comm: one.comm.clone(),
                measure,
                usual,
                now,
            })
        };
        let mut found: Vec<What> = measured.into_iter().filter_map(sudden).collect();
        if self.remember(one.rss_bytes, at) {
            found.extend(self.growth(one));
        }
        found
    }

    /// Keeps a reading of memory now and then. Says whether this one was kept.
    fn remember(&mut self, rss_bytes: u64, at: Timestamp) -> bool {
        let is_due = self
            .readings
            .back()
            .is_none_or(|last| at - last.at >= TREND_EVERY);
        if is_due && rss_bytes > 0 {
            if self.readings.len() == TREND {
                self.readings.pop_front();
            }
            self.readings.push_back(Reading {
                at,
                value: rss_bytes as f64,
            });
        }
        is_due
    }

    /// Whether its memory grows steadily; told once, until it does no longer.
    fn growth(&mut self, one: &Sampled) -> Option<What> {
        let (first, last) = (self.readings.front()?, self.readings.back()?);
        if last.value - first.value < LEAST_GROWTH {
            self.grows = false;
            return None;
        }
        let watched = last.at - first.at;
        let trend = trend(self.readings.make_contiguous(), None, LEAST_GROWTH)?;
        let grows = trend.course == Course::Grows;
        let grew = std::mem::replace(&mut self.grows, grows);
        (grows && !grew).then(|| What::Grows {
            process: one.process,
            comm: one.comm.clone(),
            rss_bytes: one.rss_bytes,
            bytes_per_hour: trend.slope_bytes_per_hour.round(),
            watched_s: u64::try_from(watched.num_seconds()).unwrap_or(0),
        })
    }

    pub(super) fn row(&self, process: ProcessId, is_critical: bool) -> Row {
        let change = i128::from(self.rss_bytes) - i128::from(self.first_rss_bytes);
        Row {
            process,
            comm: self.comm.clone(),
            state: self.state,
            cpu_percent: self.cpu_percent,
            rss_bytes: self.rss_bytes,
            threads: self.threads,
            rss_change_bytes: i64::try_from(change).unwrap_or(0),
            is_critical,
        }
    }
}

/// What is usual of one measure: the median of the last readings, and how far they scatter.
#[derive(Debug)]
struct Usual {
    last: VecDeque<f64>,
    /// A change of less is none, and of a smaller share.
    least: f64,
    least_share: f64,
    is_off: bool,
}

impl Usual {
    fn new(least: f64, least_share: f64) -> Self {
        Self {
            last: VecDeque::new(),
            least,
            least_share,
            is_off: false,
        }
    }

    /// What was usual and what is now, if it is far off; told once, until it is usual again.
    fn take(&mut self, now: f64) -> Option<(f64, f64)> {
        let was_off = self.is_off;
        let mut found = None;
        if self.last.len() >= FEWEST {
            let usual = median(self.last.iter().copied());
            let scatter = median(self.last.iter().map(|value| (value - usual).abs()));
            let far = (FAR * SCATTER * scatter)
                .max(self.least)
                .max(usual.abs() * self.least_share);
            self.is_off = (now - usual).abs() > far;
            found = (self.is_off && !was_off).then_some((usual, now));
        }
        // Also what is far off: if it stays, it becomes what is usual.
        if self.last.len() == USUAL {
            self.last.pop_front();
        }
        self.last.push_back(now);
        found
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

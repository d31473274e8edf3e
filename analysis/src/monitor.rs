//! Processes watched as time goes by: who of the critical ones ended, who changed suddenly, who
//! grows and grows.
//!
//! [`Monitor::take`] takes one reading of all processes after the other and gives what happened.

mod critical;
mod track;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Timestamp, event::UnitState, identity::UnitName, process::ProcessId};

pub use self::critical::Critical;
use self::track::Track;

/// Most processes that are tracked; more are only counted.
const MOST_TRACKED: usize = 20_000;

/// One reading of all processes, and of the units that matter.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    pub at: Timestamp,
    pub since_boot_ns: u64,
    pub processes: Vec<Sampled>,
    /// The critical units. Empty: nobody could say.
    pub units: Vec<UnitState>,
}

/// One process in a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    pub process: ProcessId,
    pub comm: String,
    pub state: char,
    pub cpu_ns: u64,
    pub rss_bytes: u64,
    pub threads: u32,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Happening {
    pub at: Timestamp,
    pub is_critical: bool,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "happening", rename_all = "kebab-case")]
pub enum What {
    /// A critical process ended. How, its unit may tell: the kernel tells only its parent.
    Ended {
        process: ProcessId,
        comm: String,
        unit: Option<UnitName>,
        /// The result of its unit, in systemd's words: `exit-code`, `signal`, `oom-kill`.
        result: Option<String>,
    },
    /// What was to be watched is not there at the beginning.
    NotThere { name: String },
    /// A critical unit does not run any more.
    UnitDown {
        unit: UnitName,
        active: String,
        sub: String,
        result: String,
    },
    UnitUp {
        unit: UnitName,
        main_pid: Option<u32>,
    },
    /// It runs with another main process: it ended and was started again.
    UnitRestarted {
        unit: UnitName,
        main_pid: Option<u32>,
        /// Automatic restarts, as systemd counts them.
        restarts: u32,
        result: String,
    },
    /// A critical process does not go on: stopped (T, t), or waiting for a device in two readings
    /// after each other (D).
    Held {
        process: ProcessId,
        comm: String,
        state: char,
    },
    /// Far off what was usual for this process.
    Sudden {
        process: ProcessId,
        comm: String,
        measure: Measure,
        usual: f64,
        now: f64,
    },
    /// Its memory grows steadily, and does not slow down.
    Grows {
        process: ProcessId,
        comm: String,
        rss_bytes: u64,
        bytes_per_hour: f64,
        watched_s: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// 100 is one core.
    CpuPercent,
    RssBytes,
    Threads,
}

impl What {
    /// Whether something critical is gone, even if it came back.
    pub fn is_an_end(&self) -> bool {
        matches!(
            self,
            Self::Ended { .. }
                | Self::NotThere { .. }
                | Self::UnitDown { .. }
                | Self::UnitRestarted { .. }
        )
    }
}

/// A row of the live table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub process: ProcessId,
    pub comm: String,
    pub state: char,
    pub cpu_percent: f64,
    pub rss_bytes: u64,
    pub threads: u32,
    /// Since the first reading.
    pub rss_change_bytes: i64,
    pub is_critical: bool,
}

/// What is known of the processes so far.
#[derive(Debug)]
pub struct Monitor {
    critical: Vec<Critical>,
    tracks: BTreeMap<ProcessId, Track>,
    /// Pids that count as critical now: those that were named, and the main ones of units.
    critical_pids: BTreeSet<u32>,
    last_ns: Option<u64>,
    processes: usize,
}

impl Monitor {
    pub fn new(critical: Vec<Critical>) -> Self {
        Self {
            critical,
            tracks: BTreeMap::new(),
            critical_pids: BTreeSet::new(),
            last_ns: None,
            processes: 0,
        }
    }

    /// How many processes there are.
    pub fn processes(&self) -> usize {
        self.processes
    }

    /// Takes in one reading, and says what happened since the one before.
    pub fn take(&mut self, sample: &Sample) -> Vec<Happening> {
        self.processes = sample.processes.len();
        let mut happened = Vec::new();
        for critical in &mut self.critical {
            happened.extend(critical.take(sample));
        }
        self.critical_pids = self.critical.iter().filter_map(Critical::pid).collect();
        let passed_ns = self
            .last_ns
            .map(|last| sample.since_boot_ns.saturating_sub(last));
        self.last_ns = Some(sample.since_boot_ns);
        let there: BTreeSet<ProcessId> = sample.processes.iter().map(|one| one.process).collect();
        self.tracks.retain(|process, _| there.contains(process));
        for one in &sample.processes {
            let has_room = self.tracks.len() < MOST_TRACKED;
            let is_critical = self.critical_pids.contains(&one.process.pid);
            let found = match self.tracks.get_mut(&one.process) {
                Some(track) => track.take(one, sample.at, passed_ns, is_critical),
                None if has_room || is_critical => {
                    self.tracks.insert(one.process, Track::new(one, sample.at));
                    Vec::new()
                }
                None => Vec::new(),
            };
            happened.extend(found.into_iter().map(|what| Happening {
                at: sample.at,
                is_critical,
                what,
            }));
        }
        happened
    }

    /// The critical processes, then the busiest, then the largest: at most `most`.
    pub fn rows(&self, most: usize) -> Vec<Row> {
        let mut rows: Vec<Row> = self
            .tracks
            .iter()
            .map(|(process, track)| track.row(*process, self.critical_pids.contains(&process.pid)))
            .collect();
        rows.sort_by(|a, b| {
            (b.is_critical.cmp(&a.is_critical))
                .then(b.cpu_percent.total_cmp(&a.cpu_percent))
                .then(b.rss_bytes.cmp(&a.rss_bytes))
        });
        rows.truncate(most);
        rows
    }
}

#[cfg(test)]
mod tests;

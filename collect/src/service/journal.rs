//! What the journal has of a unit: its last runs, and the end of its log.

use std::time::{Duration, Instant};

use analysis::{
    identity::{InvocationId, UnitName},
    journal::JournalEntry,
    log::LogLine,
    service::facts::UnitRecord,
};
use chrono::TimeDelta;

use crate::{
    CollectError,
    gather::within,
    history::{HistoryAsked, history},
    host::ClockReading,
    journal::{JournalOptions, JournaledRun, Match, Matches, Position, open, synchronize},
    systemd::UnitService,
};

/// How far back runs are looked for, in steps: a day tells how often it came back; a week is read
/// only for a unit about which a day says little.
const LOOK_BACK: [TimeDelta; 3] = [TimeDelta::hours(1), TimeDelta::days(1), TimeDelta::days(7)];
/// So many runs tell enough.
const ENOUGH_RUNS: usize = 5;
/// Lines of the log that are kept.
const TAIL_LINES: u32 = 30;
/// How long journald may take to write down what it was given.
const SETTLED_WITHIN: Duration = Duration::from_millis(400);
/// Lines of all runs that are looked through for the newest, where systemd has forgotten it.
const LOOKED_THROUGH: u32 = 200;

/// The runs of `unit`, from as far back as they tell enough, or as there is time for.
pub(super) async fn record(unit: &UnitName, until: Instant) -> Result<UnitRecord, CollectError> {
    let now = ClockReading::now().wall;
    let mut best = UnitRecord::default();
    for back in LOOK_BACK {
        let since = now - back;
        let left = until.saturating_duration_since(Instant::now());
        let asked = HistoryAsked {
            unit: Some(unit.clone()),
            since,
            journal: None,
            within: Some(left),
        };
        let history = match within(left, "the journal", history(asked)).await {
            Ok(history) => history,
            // What was read in a shorter time is better than nothing.
            Err(CollectError::Deadline { .. }) if best.since.is_some() => break,
            Err(error) => return Err(error),
        };
        let begin = history.record.record_begins_at;
        let mut runs = history.runs;
        runs.retain(|run| run.unit == *unit);
        best = UnitRecord {
            runs,
            since: begin.map(|begin| begin.max(since)),
        };
        let is_enough = back >= LOOK_BACK[1] && best.runs.len() >= ENOUGH_RUNS;
        if is_enough || begin.is_none_or(|begin| begin >= since) {
            break;
        }
    }
    Ok(best)
}

/// The end of the log of one run.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) invocation: Option<InvocationId>,
    /// The oldest first.
    pub(super) lines: Vec<LogLine>,
    pub(super) has_more: bool,
}

/// The end of the log of the run that is, or that was last.
pub(super) fn tail(unit: &UnitService) -> Result<Tail, CollectError> {
    if unit.start.is_fresh(ClockReading::now().wall) {
        // Not root, or no such journald: what is there by now has to do.
        let _ = synchronize(SETTLED_WITHIN);
    }
    match unit.start.invocation {
        Some(invocation) => {
            let run = JournaledRun {
                unit: unit.start.facts.name.clone(),
                invocation,
                began_at: unit.start.began_at,
                // It is the last one: what comes behind it is its own.
                ended_at: None,
            };
            let mut entries = last(run.matches(), TAIL_LINES + 1)?;
            // The run of process 1 itself has its lines about all units.
            entries.retain(|entry| run.has(entry) && is_about(unit, entry));
            Ok(cut(entries, Some(invocation)))
        }
        // systemd has forgotten the run: it was in another boot, or the unit was unloaded.
        None => {
            let mut entries = last(of_units(unit), LOOKED_THROUGH)?;
            let invocation = entries.iter().rev().find_map(run_of);
            if invocation.is_some() {
                entries.retain(|entry| run_of(entry) == invocation);
            }
            Ok(cut(entries, invocation))
        }
    }
}

fn is_about(unit: &UnitService, entry: &JournalEntry) -> bool {
    let about = entry.unit().filter(|_| entry.is_of_manager());
    about.is_none_or(|about| about == unit.start.facts.name || unit.start.names.contains(&about))
}

fn cut(entries: Vec<JournalEntry>, invocation: Option<InvocationId>) -> Tail {
    let left_out = entries.len().saturating_sub(TAIL_LINES as usize);
    Tail {
        invocation,
        lines: entries[left_out..].iter().map(LogLine::of).collect(),
        has_more: left_out > 0,
    }
}

/// The lines of the processes of all runs, and those of systemd about them, under any of its names.
fn of_units(unit: &UnitService) -> Matches {
    let names = unit.start.names.iter().chain([&unit.start.facts.name]);
    let named = |field| {
        names
            .clone()
            .map(move |name| Match::new(field, name.as_str()))
    };
    Matches::everything()
        .or(named("_SYSTEMD_UNIT"))
        .or([Match::new("_PID", "1")].into_iter().chain(named("UNIT")))
}

fn run_of(entry: &JournalEntry) -> Option<InvocationId> {
    let of_process = entry.field("_SYSTEMD_INVOCATION_ID");
    match entry.is_of_manager() {
        true => entry.invocation(),
        false => of_process?.parse().ok(),
    }
}

fn last(matches: Matches, entries: u32) -> Result<Vec<JournalEntry>, CollectError> {
    let options = JournalOptions {
        directory: None,
        matches,
        follow: false,
    };
    let mut source = open(&options)?.source;
    source.seek(&Position::Last(entries))?;
    let mut found = Vec::new();
    while let Some(entry) = source.next() {
        found.push(entry?);
        // Some may have been written meanwhile.
        if found.len() > 2 * LOOKED_THROUGH as usize {
            break;
        }
    }
    Ok(found)
}

//! The last lines of runs.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    time::{Duration, Instant},
};

use analysis::{Timestamp, identity::InvocationId, log::LogLine};
use chrono::TimeDelta;

use super::blocking;
use crate::{
    CollectError,
    journal::{JournalOptions, JournalSource, JournaledRun, Position, open},
};

/// Runs whose last lines are read.
pub const MOST_TAILS: usize = 10;
/// Lines of each.
pub const TAIL_LINES: usize = 8;
/// How far before the stop lines are looked for: a busy program has said enough in the first.
const LOOK_BACK: [TimeDelta; 3] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(10),
    TimeDelta::days(1),
];
/// What a child of systemd says before it becomes the program. A longer time may have all that a
/// loud run before said, which uses up what is read.
const EARLY: TimeDelta = TimeDelta::milliseconds(100);
/// journald may read what a program wrote last after systemd saw its end.
const LATE: TimeDelta = TimeDelta::seconds(2);
/// Entries that are read for one run and one look back: the last of more are not found.
const MOST_ENTRIES: usize = 20_000;

/// The last lines of each of `runs`, of which the end is known. What cannot be read in time is left
/// out; the first are read first.
///
/// # Errors
///
/// If the journal cannot be opened.
pub(crate) async fn tails(
    runs: Vec<JournaledRun>,
    journal: Option<&Path>,
    within: Duration,
) -> Result<BTreeMap<InvocationId, Vec<LogLine>>, CollectError> {
    let directory = journal.map(Path::to_owned);
    blocking(move || {
        let until = Instant::now() + within;
        let mut tails = BTreeMap::new();
        for run in runs.into_iter().take(MOST_TAILS) {
            if Instant::now() >= until {
                break;
            }
            let Some(ended_at) = run.ended_at else {
                continue;
            };
            let options = JournalOptions {
                directory: directory.clone(),
                matches: run.matches(),
                follow: false,
            };
            let mut source = open(&options)?.source;
            tails.insert(run.invocation, tail(source.as_mut(), &run, ended_at)?);
        }
        Ok(tails)
    })
    .await
}

fn tail(
    source: &mut dyn JournalSource,
    run: &JournaledRun,
    ended_at: Timestamp,
) -> Result<Vec<LogLine>, CollectError> {
    // Those of other runs would use up what may be read.
    let began_at = run.began_at.map(|began_at| began_at - EARLY);
    let mut last: VecDeque<LogLine> = VecDeque::new();
    for back in LOOK_BACK {
        let since = began_at.map_or(ended_at - back, |began_at| began_at.max(ended_at - back));
        let found = last_since(since, source, run, ended_at)?;
        // One that ended too early has found what was said before.
        if found.len() >= last.len() {
            last = found;
        }
        if last.len() == TAIL_LINES || began_at == Some(since) {
            break;
        }
    }
    Ok(last.into())
}

fn last_since(
    since: Timestamp,
    source: &mut dyn JournalSource,
    run: &JournaledRun,
    ended_at: Timestamp,
) -> Result<VecDeque<LogLine>, CollectError> {
    let mut last = VecDeque::new();
    source.seek(&Position::Since(since))?;
    for _ in 0..MOST_ENTRIES {
        let Some(entry) = source.next().transpose()? else {
            break;
        };
        if entry.at > ended_at + LATE {
            break;
        }
        let line = LogLine::of(&entry);
        // What systemd says of the stop is its cause, and told as such.
        if line.is_of_manager() || !run.has(&entry) {
            continue;
        }
        if last.len() == TAIL_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
    Ok(last)
}

//! What the journal says of crashes.

use std::time::Instant;

use analysis::{
    Timestamp,
    crash::{
        Crash, Sighting,
        sighting::{claims_coredump, sighting_of},
    },
    journal::{JournalEntry, message_id},
    limitation::Limitation,
    log::{Excerpt, LogLine},
    process::Signal,
};
use chrono::TimeDelta;

use crate::{
    CollectError,
    journal::{JournalOptions, JournalSource, Match, Matches, Position, open},
};

/// Traces that are kept; of more the newest.
const MOST_SIGHTINGS: usize = 10_000;
/// Processes that gave up whose last words are looked up.
const MOST_WORDS: usize = 20;
const WORDS_BEFORE: TimeDelta = TimeDelta::seconds(10);
const WORDS_BEHIND: TimeDelta = TimeDelta::seconds(2);
/// What was logged so long before a crash.
const LOG_BEFORE: TimeDelta = TimeDelta::minutes(5);
const LOG_BEHIND: TimeDelta = TimeDelta::seconds(1);

#[derive(Default)]
pub(super) struct Found {
    pub(super) sightings: Vec<Sighting>,
    pub(super) limits: Vec<Limitation>,
}

/// Reads until `until`; what is missing then is a limitation.
pub(super) fn read(since: Timestamp, until: Instant) -> Result<Found, CollectError> {
    let id = |id: uuid::Uuid| Match::new("MESSAGE_ID", id.simple().to_string());
    // Lines about faults have these priorities; those of firewalls mostly have another.
    let kernel = ["0", "1", "5", "6"].map(|priority| Match::new("PRIORITY", priority));
    let of_kernel = [Match::new("_TRANSPORT", "kernel")]
        .into_iter()
        .chain(kernel);
    let matches = Matches::everything()
        .or([id(message_id::COREDUMP)])
        .or(of_kernel)
        .or([Match::new("_TRANSPORT", "audit")])
        .or([
            id(message_id::PROCESS_EXITED),
            id(message_id::UNIT_FAILED),
            Match::new("_PID", "1"),
        ]);
    let mut source = opened(matches)?;
    source.seek(&Position::Since(since))?;
    let mut found = Found::default();
    let mut untrusted = 0;
    while let Some(entry) = source.next() {
        let entry = entry?;
        if let Some(sighting) = sighting_of(&entry) {
            found.sightings.push(sighting);
        } else if claims_coredump(&entry) {
            untrusted += 1;
        }
        if Instant::now() >= until {
            found.limits.push(limit("journal-cut", TOO_MUCH, 1));
            break;
        }
    }
    if untrusted > 0 {
        found.limits.push(limit("untrusted-entries", "", untrusted));
    }
    let more = found.sightings.len().saturating_sub(MOST_SIGHTINGS);
    if more > 0 {
        found.sightings.drain(..more);
        found.limits.push(limit("journal-cut", TOO_MANY, 1));
    }
    Ok(found)
}

const TOO_MUCH: &str = "there is more of it than can be read in the time that there was";
const TOO_MANY: &str = "it tells of more crashes than are kept: the older ones are left out";

fn limit(what: &str, why: &str, count: u32) -> Limitation {
    Limitation {
        what: what.to_owned(),
        why: why.to_owned(),
        count,
    }
}

fn opened(matches: Matches) -> Result<Box<dyn JournalSource>, CollectError> {
    let options = JournalOptions {
        directory: None,
        matches,
        follow: false,
    };
    Ok(open(&options)?.source)
}

/// A process whose last words are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    pid: u32,
    at: Timestamp,
}

/// Those that gave up by themselves: they mostly say why.
pub(super) fn wanted_words(crashes: &[Crash]) -> Vec<Words> {
    let gave_up = crashes
        .iter()
        .filter(|crash| crash.signal == Some(Signal::ABRT));
    let words = gave_up.filter_map(|crash| {
        Some(Words {
            pid: crash.process.pid?,
            at: crash.at,
        })
    });
    words.take(MOST_WORDS).collect()
}

/// The lines of these processes, near their ends.
pub(super) fn last_words(wanted: &[Words], until: Instant) -> Result<Vec<LogLine>, CollectError> {
    let mut lines = Vec::new();
    for words in wanted {
        let matches = Matches::everything().or([Match::new("_PID", words.pid.to_string())]);
        let mut source = opened(matches)?;
        source.seek(&Position::Since(words.at - WORDS_BEFORE))?;
        while Instant::now() < until
            && let Some(entry) = next_before(source.as_mut(), words.at + WORDS_BEHIND)?
        {
            lines.push(LogLine::of(&entry));
        }
    }
    Ok(lines)
}

fn next_before(
    source: &mut dyn JournalSource,
    end: Timestamp,
) -> Result<Option<JournalEntry>, CollectError> {
    let entry = source.next().transpose()?;
    Ok(entry.filter(|entry| entry.at <= end))
}

/// What the process, or the unit that it was of, logged before it crashed.
pub(super) fn log_before(
    crash: &Crash,
    since: Timestamp,
    until: Instant,
) -> Result<(Vec<LogLine>, u32), CollectError> {
    let process = &crash.process;
    let mut matches = Matches::everything();
    if let Some(unit) = &process.unit {
        matches = matches.or([Match::new("_SYSTEMD_UNIT", unit.as_str())]);
    } else if let Some(unit) = &process.user_unit {
        matches = matches.or([Match::new("_SYSTEMD_USER_UNIT", unit.as_str())]);
    } else if let Some(pid) = process.pid {
        matches = matches.or([Match::new("_PID", pid.to_string())]);
    } else {
        return Ok((Vec::new(), 0));
    }
    let mut source = opened(matches)?;
    source.seek(&Position::Since((crash.at - LOG_BEFORE).max(since)))?;
    let mut log = Excerpt::default();
    while Instant::now() < until
        && let Some(entry) = next_before(source.as_mut(), crash.at + LOG_BEHIND)?
    {
        let is_of_boot = crash.boot.is_none_or(|boot| boot == entry.boot);
        if is_of_boot && !claims_coredump(&entry) {
            log.push(LogLine::of(&entry));
        }
    }
    Ok(log.into_lines())
}

//! The journal of a unit's last failed start.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use analysis::{
    Timestamp,
    identity::{InvocationId, UnitName},
    journal::{JournalEntry, message_id},
    limitation::Limitation,
    log::{Excerpt, LogLine},
    start_failure::{
        attempts::{FailedStart, last_failed},
        quick_end,
    },
};
use chrono::TimeDelta;

use crate::{
    CollectError,
    host::ClockReading,
    journal::{
        JournalOptions, JournalSource, JournaledRun, Match, Matches, Position, open, synchronize,
    },
    systemd::UnitStart,
};

/// How far back a failed start is looked for: in steps, since it is mostly a moment ago.
const LOOK_BACK: [TimeDelta; 3] = [
    TimeDelta::minutes(10),
    TimeDelta::days(1),
    TimeDelta::days(7),
];
/// Lines of process 1 about the unit that are kept; of more the newest.
const MOST_MANAGER_LINES: usize = 5000;
/// Lines of process 1 that belong to no run of the unit: its complaints about unit files.
const MOST_LOAD_LINES: usize = 20;
/// Lines of process 1 about one run that are read for its beginning, which comes first.
const MOST_BEGINNING_LINES: usize = 100;
/// A start that took longer is read from so long before its end.
const LONGEST_LOG: TimeDelta = TimeDelta::minutes(10);
/// Lines of one failure come together, its last some moments later.
const NEAR: TimeDelta = TimeDelta::seconds(5);
/// How long a fresh failure is waited for.
const SETTLED_WITHIN: Duration = Duration::from_millis(400);
/// journald has much to do where others start and end meanwhile: it answers in milliseconds mostly.
const SYNCHRONIZED_WITHIN: Duration = Duration::from_secs(1);

/// What the journal says of a unit's starts.
#[derive(Debug, Default)]
pub(super) struct JournalFacts {
    pub(super) failed: Option<FailedStart>,
    pub(super) log: Excerpt,
    pub(super) load_log: Vec<LogLine>,
    pub(super) limit: Option<Limitation>,
    /// How long the last run lasted, if it ended by itself, at once and without an error.
    pub(super) quick_end: Option<Duration>,
    /// Its lines.
    pub(super) quick_log: Excerpt,
}

/// Reads until `until`; what is missing then is a limitation.
pub(super) fn read(unit: &UnitStart, until: Instant) -> Result<JournalFacts, CollectError> {
    let mut reader = Reader {
        until,
        out_of_time: false,
    };
    let options = manager_options(unit);
    let now = ClockReading::now().wall;
    if unit.is_fresh(now) {
        // Not root, or no such journald: what is there by now has to do.
        let _ = synchronize(SYNCHRONIZED_WITHIN);
    }
    let mut source = open(&options)?.source;
    let mut lines = reader.manager_lines(source.as_mut(), now)?;
    if let Some(fresh) = fresh_failure(unit, now) {
        let settled = until.min(Instant::now() + SETTLED_WITHIN);
        while !has_failure_of(&lines, fresh) && Instant::now() < settled {
            source.wait(settled.saturating_duration_since(Instant::now()))?;
            lines = reader.manager_lines(source.as_mut(), now)?;
        }
    }
    let failed = match last_failed(&lines) {
        Some(failed) if failed.began_at.is_none() => Some(reader.with_beginning(failed)?),
        found => found,
    };
    // What a script says of its last start is asked for, not an earlier failure.
    let mut facts = JournalFacts {
        failed: failed.filter(|failed| !(is_idle(unit) && failed.went_well_since)),
        quick_end: quick_end(&lines),
        ..JournalFacts::default()
    };
    // systemd's own record of the run that failed, where its lines are gone.
    let invocation = match &facts.failed {
        Some(failed) => failed.invocation,
        None => unit.invocation.filter(|_| is_failed(unit) || is_idle(unit)),
    };
    let failed_at = facts.failed.as_ref().map(|failed| failed.failed_at);
    facts.log = match invocation {
        Some(invocation) => reader.log_of(invocation, unit, &facts, now)?,
        None => around(&lines, failed_at),
    };
    facts.load_log = load_log(&lines);
    if let Some(ended) = unit.invocation.filter(|_| facts.quick_end.is_some()) {
        let only_it = JournalFacts {
            quick_end: facts.quick_end,
            ..JournalFacts::default()
        };
        facts.quick_log = reader.log_of(ended, unit, &only_it, now)?;
    }
    facts.limit = reader.limit();
    Ok(facts)
}

/// Lines of the kernel that are read for denials, at most.
const MOST_KERNEL_LINES: usize = 2000;
const MOST_DENIALS: usize = 20;

/// What the kernel denied (security modules, system call filters, limits of cgroups) between two moments, by any program.
pub(super) fn denials(
    (from, to): (Timestamp, Timestamp),
    until: Instant,
) -> Result<Vec<LogLine>, CollectError> {
    let options = JournalOptions {
        directory: None,
        matches: Matches::everything()
            .or([Match::new("_TRANSPORT", "kernel")])
            .or([Match::new("_TRANSPORT", "audit")]),
        follow: false,
    };
    let mut reader = Reader {
        until,
        out_of_time: false,
    };
    let mut source = open(&options)?.source;
    source.seek(&Position::Since(from - TimeDelta::seconds(1)))?;
    let mut found = Vec::new();
    for _ in 0..MOST_KERNEL_LINES {
        let Some(entry) = reader.next(source.as_mut())? else {
            break;
        };
        if entry.at > to + NEAR || found.len() == MOST_DENIALS {
            break;
        }
        let message = entry.message();
        // AppArmor, SELinux, seccomp; and who may have no more processes.
        let words = [
            "apparmor=\"DENIED\"",
            "avc:",
            "type=1326",
            "fork rejected by pids controller",
        ];
        if words.iter().any(|words| message.contains(words)) {
            found.push(LogLine::of(&entry));
        }
    }
    Ok(found)
}

/// Lines of process 1 about the unit, under any of its names.
fn manager_options(unit: &UnitStart) -> JournalOptions {
    let names = unit.names.iter().chain([&unit.facts.name]);
    let about = names.map(|name| Match::new("UNIT", name.as_str()));
    JournalOptions {
        directory: None,
        matches: Matches::everything().or([Match::new("_PID", "1")].into_iter().chain(about)),
        follow: false,
    }
}

fn is_failed(unit: &UnitStart) -> bool {
    let status = &unit.facts.status;
    status.active_state == "failed" || status.sub_state.starts_with("auto-restart")
}

fn is_idle(unit: &UnitStart) -> bool {
    unit.facts.status.is_idle_script()
}

/// The run that failed a moment ago, whose lines journald may still be writing.
fn fresh_failure(unit: &UnitStart, now: Timestamp) -> Option<InvocationId> {
    (is_failed(unit) && unit.is_fresh(now)).then_some(unit.invocation)?
}

fn has_failure_of(lines: &VecDeque<JournalEntry>, invocation: InvocationId) -> bool {
    last_failed(lines).is_some_and(|failed| failed.invocation == Some(invocation))
}

struct Reader {
    until: Instant,
    out_of_time: bool,
}

impl Reader {
    /// The newest lines of process 1 about the unit, from as far back as needed for a failure.
    fn manager_lines(
        &mut self,
        source: &mut dyn JournalSource,
        now: Timestamp,
    ) -> Result<VecDeque<JournalEntry>, CollectError> {
        let mut lines = VecDeque::new();
        for back in LOOK_BACK {
            lines.clear();
            source.seek(&Position::Since(now - back))?;
            while let Some(entry) = self.next(source)? {
                if lines.len() == MOST_MANAGER_LINES {
                    lines.pop_front();
                }
                lines.push_back(entry);
            }
            if last_failed(&lines).is_some() || self.out_of_time {
                break;
            }
        }
        Ok(lines)
    }

    /// Adds when the run began, which may be weeks ago: process 1 writes few lines about a run, and
    /// the journal finds them by an index, however old they are.
    fn with_beginning(&mut self, failed: FailedStart) -> Result<FailedStart, CollectError> {
        let Some(invocation) = failed.invocation else {
            return Ok(failed);
        };
        let id = invocation.0.simple().to_string();
        let of_run = [Match::new("_PID", "1"), Match::new("INVOCATION_ID", &*id)];
        let options = JournalOptions {
            directory: None,
            matches: Matches::everything().or(of_run),
            follow: false,
        };
        let mut source = open(&options)?.source;
        source.seek(&Position::Head)?;
        let mut lines = Vec::new();
        while lines.len() < MOST_BEGINNING_LINES
            && let Some(entry) = self.next(source.as_mut())?
        {
            lines.push(entry);
        }
        Ok(failed.with_beginning(&lines))
    }

    /// All lines of one run: those of its processes, and those of systemd about it.
    fn log_of(
        &mut self,
        invocation: InvocationId,
        unit: &UnitStart,
        facts: &JournalFacts,
        now: Timestamp,
    ) -> Result<Excerpt, CollectError> {
        let since = unit.facts.status.since;
        let failed_at = match &facts.failed {
            Some(failed) => failed.failed_at,
            None => since
                .filter(|_| is_failed(unit) || is_idle(unit) || facts.quick_end.is_some())
                .unwrap_or(now),
        };
        let began_at = facts.failed.as_ref().and_then(|failed| failed.began_at);
        let began_at = began_at
            .or(unit.began_at.filter(|began_at| *began_at < failed_at))
            .unwrap_or(failed_at - LONGEST_LOG);
        let from = began_at.max(failed_at - LONGEST_LOG) - TimeDelta::seconds(1);
        let run = JournaledRun {
            unit: unit.facts.name.clone(),
            invocation,
            began_at: Some(began_at),
            ended_at: Some(failed_at),
        };
        let options = JournalOptions {
            directory: None,
            matches: with_nameless(run.matches(), unit),
            follow: false,
        };
        let mut source = open(&options)?.source;
        source.seek(&Position::Since(from))?;
        let mut log = Excerpt::default();
        while let Some(entry) = self.next(source.as_mut())? {
            if entry.at > failed_at + NEAR {
                break;
            }
            if run.has(&entry) && !is_of_another(&entry, &unit.facts.name) {
                log.push(LogLine::of(&entry));
            }
        }
        Ok(log)
    }

    fn next(
        &mut self,
        source: &mut dyn JournalSource,
    ) -> Result<Option<JournalEntry>, CollectError> {
        if Instant::now() >= self.until {
            self.out_of_time = true;
            return Ok(None);
        }
        source.next().transpose()
    }

    fn limit(&self) -> Option<Limitation> {
        self.out_of_time.then(|| Limitation {
            what: "journal".to_owned(),
            why: "there is more of it than can be read in the time that there was".to_owned(),
            count: 1,
        })
    }
}

/// Adds the lines of programs of root's with a name of the unit's.
///
/// A program that says why it ends to syslog is often gone before journald asks the kernel whose it
/// was: on a busy host such a line has no unit.
fn with_nameless(matches: Matches, unit: &UnitStart) -> Matches {
    let programs = unit.facts.commands.iter().filter_map(|command| {
        let name = command.path.rsplit('/').next()?;
        // A shell, or whatever many have.
        (name.len() > 4 && !name.starts_with("python")).then(|| name.to_owned())
    });
    let stem = unit.facts.name.stem();
    let names: BTreeSet<String> = programs
        .chain([stem.to_owned(), format!("{stem}d")])
        .collect();
    names.into_iter().fold(matches, |matches, name| {
        matches.or([
            Match::new("SYSLOG_IDENTIFIER", &*name),
            Match::new("_UID", "0"),
        ])
    })
}

/// Whether journald knows that a process of another unit wrote it.
fn is_of_another(entry: &JournalEntry, unit: &UnitName) -> bool {
    let owner = entry.field("_SYSTEMD_UNIT");
    entry.invocation().is_none()
        && entry.field("_SYSTEMD_INVOCATION_ID").is_none()
        && owner.is_some_and(|owner| owner != unit.as_str())
}

/// The lines of process 1 at the time of a failure that has no run of its own.
fn around(lines: &VecDeque<JournalEntry>, failed_at: Option<Timestamp>) -> Excerpt {
    let mut log = Excerpt::default();
    let Some(failed_at) = failed_at else {
        return log;
    };
    for entry in lines {
        if entry.at >= failed_at - NEAR && entry.at <= failed_at + NEAR {
            log.push(LogLine::of(entry));
        }
    }
    log
}

/// What systemd said of the unit since it started last, and that belongs to no run: of its files,
/// and of circles among units.
fn load_log(lines: &VecDeque<JournalEntry>) -> Vec<LogLine> {
    let is_start = |entry: &JournalEntry| entry.message_id() == Some(message_id::UNIT_STARTED);
    let since = lines.iter().rposition(is_start).map_or(0, |at| at + 1);
    let of_no_run = lines
        .range(since..)
        .filter(|entry| entry.invocation().is_none() && entry.field("JOB_RESULT").is_none());
    let mut found: Vec<LogLine> = of_no_run
        .rev()
        .take(MOST_LOAD_LINES)
        .map(LogLine::of)
        .collect();
    found.reverse();
    found
}

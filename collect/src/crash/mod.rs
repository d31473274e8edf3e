//! Everything that is known of the crashes of this host.
//!
//! The journal and the folders of cores are read once; of the newest crash that was asked for the
//! core is given to a debugger, and what was logged before it is looked up. Nothing is changed, and
//! no memory of the process is kept.

mod build_id;
mod core_notes;
mod cores;
mod debugger;
mod journal;
mod kernel_log;
mod regular;
mod units;
mod unpack;

use std::{
    fs::File,
    time::{Duration, Instant},
};

use analysis::{
    black_box::MinutesBefore,
    crash::{
        CorePlace, CoreState, Crash, CrashAsked, CrashEvidence, CrashFacts, CrashReport, Examined,
        core_pattern::CorePattern,
        crashes,
        sighting::{CoreNotes, Seen, Sighting},
    },
    limitation::Limitation,
    order::{Failure, Progress, Step},
};

use regular::open_file;
use unpack::Unpacked;

use crate::{
    CollectError, NoAnswer, black_box::Folders, deadline::Deadline, host::ClockReading,
    meant::meant,
};

/// The journal of a week of a busy host is read in some seconds.
const JOURNAL_WITHIN: Duration = Duration::from_secs(20);
const UNITS_WITHIN: Duration = Duration::from_secs(3);
const CORES_WITHIN: Duration = Duration::from_secs(5);
const BLACK_BOX_WITHIN: Duration = Duration::from_secs(1);
const LOG_WITHIN: Duration = Duration::from_secs(3);
/// A read that ignores its own limit hangs in the kernel, and is given up after this much more.
const GRACE: Duration = Duration::from_millis(300);
/// The first pid namespace always has this number (`PROC_PID_INIT_INO`).
const FIRST_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// Says which processes of this host crashed, and why.
///
/// # Errors
///
/// [`NoAnswer`] if a process was asked for that did not crash.
pub async fn crash(
    asked: &CrashAsked,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<CrashReport, NoAnswer> {
    let now = ClockReading::now().wall;
    let since = now - asked.since();
    let mut facts = CrashFacts {
        pids_are_foreign: pids_are_foreign(),
        core_pattern: read("/proc/sys/kernel/core_pattern"),
        ..CrashFacts::default()
    };
    progress(step(Step::ReadingJournal, 0));
    let read = blocking(JOURNAL_WITHIN, "the journal", move || {
        journal::read(since, Instant::now() + JOURNAL_WITHIN)
    });
    match read.await {
        Ok(found) => {
            facts.sightings = found.sightings;
            facts.limits.extend(found.limits);
        }
        Err(error) => {
            facts.limits.push(limitation("journal", &error));
            match kernel_log::read(since) {
                Ok(sightings) => facts.sightings = sightings,
                Err(error) => facts.limits.push(limitation("kernel-log-unread", &error)),
            }
        }
    }
    if facts.pids_are_foreign && facts.has_kernel_lines() {
        let why = "this is a container, and they may be of others on the machine".to_owned();
        facts.limits.push(Limitation {
            what: "kernel-log".to_owned(),
            why,
            count: 1,
        });
    }
    progress(step(Step::ReadingUnit, 1));
    let folders = units::complete(&mut facts, UNITS_WITHIN).await;
    let pattern = facts.core_pattern.clone().unwrap_or_default();
    let pattern = CorePattern::read(&pattern, uses_pid());
    let mut sightings = facts.sightings.clone();
    let cores = blocking(CORES_WITHIN, "the cores", move || {
        let until = Instant::now() + CORES_WITHIN;
        cores::look_for(&mut sightings, until);
        let mut found = cores::find(&pattern, &folders, since, until);
        found.sightings.extend(sightings);
        Ok(found)
    });
    match cores.await {
        Ok(found) => {
            facts.sightings = found.sightings;
            facts.limits.extend(found.limits);
        }
        Err(error) => facts.limits.push(limitation("cores", &error)),
    }
    let first = crashes(facts.clone(), asked, now);
    let wanted: Vec<journal::Words> = journal::wanted_words(&first.crashes);
    if !wanted.is_empty() {
        let words = blocking(LOG_WITHIN, "the journal", move || {
            journal::last_words(&wanted, Instant::now() + LOG_WITHIN)
        });
        facts.log = words.await.unwrap_or_default();
    }
    let core = newest_core(&first).await;
    add_notes(&mut facts, &first, &core);
    progress(step(Step::Concluding, 2));
    let mut report = crashes(facts, asked, now);
    if asked.wants_newest()
        && let Some(newest) = report.crashes.first()
    {
        let examined = examine(newest, &report, core).await;
        report.examine(examined);
    }
    if let Some(unit) = asked.unit_name()
        && report.crashes.is_empty()
        && report.not_crashes.is_empty()
    {
        report.similar = meant(&unit).await;
    }
    no_such_process(report, asked)
}

fn no_such_process(report: CrashReport, asked: &CrashAsked) -> Result<CrashReport, NoAnswer> {
    match asked.pid {
        Some(pid) if report.crashes.is_empty() => Err(NoAnswer {
            reason: Failure::NoSuchTarget,
            detail: format!("no crash of process {pid} is on record"),
        }),
        _ => Ok(report),
    }
}

/// The core of the newest crash, as a debugger can read it.
enum NewestCore {
    None,
    Open(Box<OpenCore>),
    Unread(String),
}

struct OpenCore {
    file: File,
    notes: CoreNotes,
    /// It goes on, and was not unpacked further.
    is_cut: bool,
}

/// Only the newest is unpacked: there may be many, and large ones.
async fn newest_core(first: &CrashReport) -> NewestCore {
    let Some(newest) = first.crashes.first().filter(|_| first.wants_newest) else {
        return NewestCore::None;
    };
    let (path, is_compressed) = match CorePlace::of(newest) {
        CorePlace::File(path) => (path, false),
        CorePlace::Compressed(path) => (path, true),
        CorePlace::None => return NewestCore::None,
        CorePlace::Refused(why) => return NewestCore::Unread(why.to_owned()),
    };
    match open_core(path, is_compressed).await {
        Ok(core) => NewestCore::Open(Box::new(core)),
        Err(why) => NewestCore::Unread(why),
    }
}

async fn open_core(path: String, is_compressed: bool) -> Result<OpenCore, String> {
    let why = |error: &CollectError| limitation("core", error).why;
    let name = path.clone();
    let opened = blocking(CORES_WITHIN, "the core", move || Ok(open_file(&name)));
    let opened = opened.await.map_err(|error| why(&error))?;
    let mut file = opened.map_err(|error| error.to_string())?;
    let mut is_cut = false;
    if is_compressed {
        let unpacked = unpack::unpack(file, &path).await;
        Unpacked { file, is_cut } = unpacked.map_err(|error| error.to_string())?;
    }
    let read = blocking(CORES_WITHIN, "the core", move || {
        Ok(core_notes::of(&file, &path).map(|notes| (file, notes)))
    });
    let read = read.await.map_err(|error| why(&error))?;
    let (file, notes) = read.map_err(|error| error.to_string())?;
    Ok(OpenCore {
        file,
        notes,
        is_cut,
    })
}

fn add_notes(facts: &mut CrashFacts, first: &CrashReport, core: &NewestCore) {
    let (Some(newest), NewestCore::Open(core)) = (first.crashes.first(), core) else {
        return;
    };
    let is_known = |fact: &CrashEvidence| matches!(fact, CrashEvidence::CoreNotes { .. });
    if newest.verdict.evidence.iter().any(is_known) {
        return;
    }
    let mut notes = core.notes.clone();
    notes.is_of_record = true;
    if newest.core.is_compressed {
        // Of the file that stays, not of ours.
        notes.size_bytes = newest.core.size_bytes.unwrap_or_default();
        notes.is_truncated = newest.core.state == CoreState::Truncated;
    }
    facts.sightings.push(Sighting {
        at: newest.at,
        boot: newest.boot,
        seen: Seen::Core(Box::new(notes)),
    });
}

async fn examine(newest: &Crash, report: &CrashReport, core: NewestCore) -> Examined {
    let mut examined = Examined::default();
    let mut limit = |what: &str, why| {
        examined.limits.push(Limitation {
            what: what.to_owned(),
            why,
            count: 1,
        });
    };
    match core {
        NewestCore::None => {}
        NewestCore::Unread(why) => limit("core", why),
        NewestCore::Open(core) => {
            if core.is_cut {
                limit("core-cut", String::new());
            }
            debugger::examine(&mut examined, newest, core.notes, &core.file).await;
        }
    }
    let crash = newest.clone();
    let since = report.since;
    let log = blocking(LOG_WITHIN, "the journal", move || {
        journal::log_before(&crash, since, Instant::now() + LOG_WITHIN)
    });
    // That the journal cannot be read is told already.
    if let Ok((lines, omitted)) = log.await {
        (examined.log, examined.log_omitted) = (lines, omitted);
    }
    add_minutes_before(&mut examined, newest).await;
    examined
}

/// What the black box has.
async fn add_minutes_before(examined: &mut Examined, crash: &Crash) {
    let (unit, pid, at) = (crash.process.unit.clone(), crash.process.pid, crash.at);
    let read = blocking(BLACK_BOX_WITHIN, "the black box", move || {
        let folders = Folders::of_this_host();
        let recording = unit.as_ref().map(|unit| folders.recording(unit));
        let before = MinutesBefore::of(
            &recording.unwrap_or_default(),
            &folders.host_recording(),
            at,
            pid,
        );
        let is_missing = before.as_ref().is_none_or(|before| before.unit.is_none());
        // What is no service is not recorded.
        let missing = unit.filter(|_| is_missing).map(|_| folders.why_empty());
        Ok((before, missing))
    });
    match read.await {
        Ok((before, missing)) => {
            examined.before = before;
            examined.limits.extend(missing);
        }
        Err(error) => examined.limits.push(limitation("black-box", &error)),
    }
}

/// Whether the pids of the kernel's log are others than ours.
fn pids_are_foreign() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let namespace = std::fs::metadata("/proc/self/ns/pid");
    namespace.is_ok_and(|namespace| namespace.ino() != FIRST_PID_NAMESPACE)
}

fn uses_pid() -> bool {
    read("/proc/sys/kernel/core_uses_pid").is_some_and(|text| text != "0")
}

fn read(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim_end_matches('\n').to_owned())
}

/// Runs a read that blocks, on a thread that is given up if it hangs.
async fn blocking<T: Send + 'static>(
    limit: Duration,
    what: &'static str,
    read: impl FnOnce() -> Result<T, CollectError> + Send + 'static,
) -> Result<T, CollectError> {
    let run = move || Deadline::of(limit + GRACE).run(what, read).flatten();
    let ended = tokio::task::spawn_blocking(run).await;
    ended.unwrap_or_else(|_| {
        Err(CollectError::Deadline {
            what: what.to_owned(),
            limit,
        })
    })
}

fn limitation(what: &str, error: &CollectError) -> Limitation {
    let mut why = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        why.push_str(&format!(": {error}"));
        cause = error.source();
    }
    Limitation {
        what: what.to_owned(),
        why,
        count: 1,
    }
}

fn step(step: Step, done: u32) -> Progress {
    Progress { step, done, of: 3 }
}

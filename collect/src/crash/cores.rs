//! Core files, where the kernel or a collector puts them.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Instant,
};

use analysis::{
    Timestamp,
    crash::{
        Sighting, apport,
        core_pattern::{CorePattern, NamePattern},
        sighting::Seen,
    },
    limitation::Limitation,
};
use chrono::TimeZone as _;

use super::{core_notes, regular::open_file};

/// Files that are read, the newest first.
const MOST_FILES: usize = 200;
/// Names that are looked at in a folder.
const MOST_NAMES: usize = 20_000;
const APPORT_FOLDER: &str = "/var/crash";
/// The head of a report is some kilobytes; the core stands at its end.
const APPORT_HEAD_BYTES: u64 = 1 << 20;

#[derive(Default)]
pub(super) struct Found {
    pub(super) sightings: Vec<Sighting>,
    pub(super) limits: Vec<Limitation>,
}

/// Reads the cores that are not older than `since`. `folders`: where processes of units run.
pub(super) fn find(
    pattern: &CorePattern,
    folders: &BTreeSet<PathBuf>,
    since: Timestamp,
    until: Instant,
) -> Found {
    let mut found = Found::default();
    match pattern {
        CorePattern::Folder { folder, name } => {
            let files = files_in(Path::new(folder), name, since);
            read_cores(files, until, &mut found);
        }
        CorePattern::WorkingFolder { name } => {
            let mut folders = folders.clone();
            folders.insert("/".into());
            folders.extend(std::env::current_dir());
            let files = folders
                .iter()
                .flat_map(|folder| files_in(folder, name, since));
            read_cores(files.collect(), until, &mut found);
        }
        CorePattern::Program(program) => found.limits.push(Limitation {
            what: "core-pattern".to_owned(),
            why: program.clone(),
            count: 1,
        }),
        CorePattern::SystemdCoredump | CorePattern::Apport | CorePattern::Nowhere => {}
    }
    read_apport(since, until, &mut found);
    found
}

/// Looks whether the cores that systemd-coredump has kept are still there.
pub(super) fn look_for(sightings: &mut [Sighting], until: Instant) {
    for sighting in sightings.iter_mut().rev() {
        let Seen::Coredump(dump) = &mut sighting.seen else {
            continue;
        };
        if let Some(path) = &dump.path
            && Instant::now() < until
        {
            match fs::symlink_metadata(path) {
                Ok(about) => (dump.size_bytes, dump.has_looked) = (Some(about.len()), true),
                Err(error) => dump.has_looked = error.kind() == io::ErrorKind::NotFound,
            }
        }
    }
}

/// A file, and when it was written last.
struct Candidate {
    path: PathBuf,
    at: Timestamp,
}

fn files_in(folder: &Path, name: &NamePattern, since: Timestamp) -> Vec<Candidate> {
    candidates(folder, since, |file| name.fits(file))
}

fn candidates(folder: &Path, since: Timestamp, is_wanted: impl Fn(&str) -> bool) -> Vec<Candidate> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.take(MOST_NAMES).filter_map(Result::ok);
    let wanted = names.filter(|entry| entry.file_name().to_str().is_some_and(&is_wanted));
    // Links, pipes and folders are no cores of the kernel.
    let files = wanted.filter_map(|entry| {
        let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let at = Timestamp::from(about.modified().ok()?);
        Some(Candidate {
            path: entry.path(),
            at,
        })
    });
    files.filter(|file| file.at >= since).collect()
}

fn read_cores(mut files: Vec<Candidate>, until: Instant, found: &mut Found) {
    files.sort_by_key(|file| Reverse(file.at));
    let mut left_out = files.len().saturating_sub(MOST_FILES);
    for file in files.into_iter().take(MOST_FILES) {
        if Instant::now() >= until {
            left_out += 1;
            continue;
        }
        let path = file.path.to_string_lossy();
        match core_notes::read(&path) {
            Ok(notes) => found.sightings.push(Sighting {
                at: file.at,
                boot: None,
                seen: Seen::Core(Box::new(notes)),
            }),
            Err(core_notes::Unreadable::NoCore) => {}
            Err(core_notes::Unreadable::Io(error)) => found.add_unread(error.to_string()),
        }
    }
    for _ in 0..left_out {
        found.add_unread("there are too many".to_owned());
    }
}

impl Found {
    fn add_unread(&mut self, why: String) {
        let known = self.limits.iter_mut();
        let mut same = known.filter(|limit| limit.what == "cores" && limit.why == why);
        match same.next() {
            Some(limit) => limit.count += 1,
            None => self.limits.push(Limitation {
                what: "cores".to_owned(),
                why,
                count: 1,
            }),
        }
    }
}

fn read_apport(since: Timestamp, until: Instant, found: &mut Found) {
    let reports = candidates(Path::new(APPORT_FOLDER), since, |name| {
        name.ends_with(".crash")
    });
    for file in reports.into_iter().take(MOST_FILES) {
        if Instant::now() >= until {
            return;
        }
        let mut head = Vec::new();
        let opened = open_file(&file.path.to_string_lossy());
        let read = opened.and_then(|open| open.take(APPORT_HEAD_BYTES).read_to_end(&mut head));
        if let Err(error) = read {
            found.add_unread(error.to_string());
            continue;
        }
        let Some(mut report) = apport::read(&String::from_utf8_lossy(&head)) else {
            continue;
        };
        report.command = report
            .command
            .map(|line| analysis::scrub::scrub_text(&line));
        // The report's own date is in the host's zone, without saying which.
        let local = report
            .date
            .and_then(|date| chrono::Local.from_local_datetime(&date).single());
        found.sightings.push(Sighting {
            at: local.map_or(file.at, |at| at.to_utc()),
            boot: None,
            seen: Seen::Apport {
                path: file.path.to_string_lossy().into_owned(),
                report,
            },
        });
    }
}

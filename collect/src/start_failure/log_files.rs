//! The log files that a program writes itself, beside the journal.
//!
//! A file of a program that failed cannot be seen among its open files any more: it is where its
//! unit, its command line or its kind puts it, and was written while it failed.

mod candidates;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use analysis::{
    Timestamp,
    limitation::Limitation,
    start_failure::{
        Attempt,
        log_file::{LogFileEnd, LogFileExcerpt, excerpt},
    },
};
use chrono::{Local, Offset as _, TimeDelta};
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::systemd::UnitStart;

const MOST_FILES: usize = 3;
const MOST_BYTES: u64 = 64 * 1024;
/// Entries of one folder that are looked at.
const MOST_ENTRIES: usize = 200;
/// A program may write its last line when systemd has already given it up.
const AFTER: TimeDelta = TimeDelta::seconds(3);
/// A start that took longer is read from so long before its end.
const LONGEST: TimeDelta = TimeDelta::minutes(10);

/// What the files have of the failed start.
#[derive(Default)]
pub(super) struct LogFiles {
    /// Those that the unit names first, of these that with the newest lines.
    pub excerpts: Vec<LogFileExcerpt>,
    /// Those that nothing of the unit names.
    pub guessed: BTreeSet<String>,
    /// Files that were written meanwhile and may not be read.
    pub limits: Vec<Limitation>,
}

pub(super) fn of(attempt: &Attempt, unit: &UnitStart) -> LogFiles {
    let mut found = LogFiles::default();
    let Some((from, to)) = span(attempt) else {
        return found;
    };
    // Another folder for `/` has other files.
    if unit.root.as_deref() != Some("") {
        return found;
    }
    let zone = Local::now().offset().fix();
    for (is_named, modified_at, path) in written_since(from, unit) {
        if found.excerpts.len() == MOST_FILES {
            break;
        }
        let path = path.to_string_lossy();
        match tail(Path::new(&*path)) {
            Ok(text) => {
                let end = LogFileEnd {
                    path: &path,
                    modified_at,
                    text: &text,
                    zone,
                };
                let lines = excerpt(&end, from, to + AFTER);
                if lines.is_some() && !is_named {
                    found.guessed.insert(path.to_string());
                }
                found.excerpts.extend(lines);
            }
            Err(error) => found.limits.push(Limitation {
                what: path.into_owned(),
                why: error.to_string(),
                count: 1,
            }),
        }
    }
    found.limits.truncate(MOST_FILES);
    found
}

/// The files that may be its own and were written since: whether the unit names them, when, and
/// where.
fn written_since(from: Timestamp, unit: &UnitStart) -> Vec<(bool, Timestamp, PathBuf)> {
    let mut found = Vec::new();
    for candidate in candidates::of(unit) {
        for path in matching(&candidate.pattern) {
            if let Some(at) = modified_at(&path).filter(|at| *at >= from - TimeDelta::seconds(1)) {
                found.push((candidate.is_named, at, path));
            }
        }
    }
    let configured = candidates::configured(unit, found.iter().map(|(.., path)| path.as_path()));
    for (is_named, _, path) in &mut found {
        *is_named |= configured.contains(path);
    }
    found.sort_by(|one, other| other.cmp(one));
    let mut seen = BTreeSet::new();
    found.retain(|(.., path)| seen.insert(path.clone()));
    found
}

fn span(attempt: &Attempt) -> Option<(Timestamp, Timestamp)> {
    let to = attempt.failed_at?;
    let from = attempt.began_at.unwrap_or(to - LONGEST);
    Some((from.max(to - LONGEST), to))
}

/// The files that a path with `*` in its last part means.
pub(super) fn matching(pattern: &str) -> Vec<PathBuf> {
    let path = Path::new(pattern);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Vec::new();
    };
    let name = name.to_string_lossy();
    if !name.contains('*') {
        return vec![path.to_owned()];
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .take(MOST_ENTRIES)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let own = path.file_name().unwrap_or_default().to_string_lossy();
            fits(&name, &own) && is_readable_log(&own)
        })
        .collect()
}

/// No accounts of requests, and nothing that was packed away.
fn is_readable_log(name: &str) -> bool {
    let ends = [
        ".gz", ".xz", ".zst", ".bz2", ".journal", ".pid", ".bin", ".1",
    ];
    !name.contains("access") && !ends.iter().any(|end| name.ends_with(end))
}

/// Whether a name fits a pattern with at most one `*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
    }
}

pub(super) fn modified_at(path: &Path) -> Option<Timestamp> {
    let found = fs::symlink_metadata(path).ok()?;
    found
        .is_file()
        .then(|| found.modified().ok().map(Timestamp::from))?
}

/// The end of a file, without its first, cut line.
///
/// Services own the folders of their logs, and we may be root: neither a link nor a second name
/// of another's file is followed, and a pipe is not waited for.
pub(super) fn tail(path: &Path) -> io::Result<String> {
    let mut file = open_without_links(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() != 1 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let from = found.len().saturating_sub(MOST_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match (from, text.split_once('\n')) {
        (1.., Some((_, whole))) => Ok(whole.to_owned()),
        _ => Ok(text),
    }
}

/// Opens a file, folder by folder. `openat2` would do it in one call: kernels before 5.6 do not
/// have it, and systemd takes it from units with `RestrictSUIDSGID=`, as our agent's.
fn open_without_links(path: &Path) -> io::Result<File> {
    let of_folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let of_file = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let (Some(folders), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut folder = openat(CWD, "/", of_folder, Mode::empty())?;
    for part in folders.strip_prefix("/").unwrap_or(folders) {
        folder = openat(&folder, part, of_folder, Mode::empty())?;
    }
    Ok(openat(&folder, name, of_file, Mode::empty())?.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_are_found_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "app.log",
            "app-error.log",
            "app.log.1",
            "app.log.2.gz",
            "access.log",
            "other",
        ] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let names = |pattern: &str| {
            let pattern = folder.path().join(pattern);
            let mut found: Vec<String> = matching(pattern.to_str().unwrap())
                .iter()
                .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
                .collect();
            found.sort();
            found
        };
        assert_eq!(names("app*"), ["app-error.log", "app.log"]);
        assert_eq!(names("*"), ["app-error.log", "app.log", "other"]);
        assert_eq!(names("x.log"), ["x.log"]);
    }

    #[test]
    fn the_end_of_a_file_is_read_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        let path = folder.join("app.log");
        let line = "0123456789abcdef\n";
        fs::write(&path, line.repeat(8000)).unwrap();
        let text = tail(&path).unwrap();
        assert!(text.len() <= 64 * 1024 && text.starts_with(line));
        symlink(&path, folder.join("link.log")).unwrap();
        assert!(tail(&folder.join("link.log")).is_err());
        symlink(&folder, folder.join("twin")).unwrap();
        assert!(tail(&folder.join("twin/app.log")).is_err());
        fs::hard_link(&path, folder.join("twin.log")).unwrap();
        assert!(tail(&path).is_err());
    }
}

//! The log files that a program writes itself, beside the journal.
//!
//! A file of a program that failed cannot be seen among its open files any more: it is where its
//! unit, its command line or its kind puts it, and was written while it failed.

use std::{
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

/// Where programs write that have another name than their folder: the program, and its files. A
/// `*` stands for anything within a name.
const KNOWN: [(&str, &[&str]); 14] = [
    (
        "mariadbd",
        &[
            "/var/log/mysql/*",
            "/var/log/mariadb/*",
            "/var/lib/mysql/*.err",
        ],
    ),
    (
        "mysqld",
        &[
            "/var/log/mysql/*",
            "/var/log/mysqld.log",
            "/var/lib/mysql/*.err",
        ],
    ),
    ("pg_ctlcluster", &["/var/log/postgresql/*"]),
    (
        "postgres",
        &["/var/log/postgresql/*", "/var/lib/pgsql/data/log/*"],
    ),
    (
        "postmaster",
        &["/var/log/postgresql/*", "/var/lib/pgsql/data/log/*"],
    ),
    ("apachectl", &["/var/log/apache2/*"]),
    ("httpd", &["/var/log/httpd/*"]),
    ("php-fpm*", &["/var/log/php*fpm.log", "/var/log/php-fpm/*"]),
    ("redis-server", &["/var/log/redis/*"]),
    ("smbd", &["/var/log/samba/log.smbd"]),
    ("nmbd", &["/var/log/samba/log.nmbd"]),
    ("supervisord", &["/var/log/supervisor/supervisord.log"]),
    ("grafana*", &["/var/log/grafana/*"]),
    ("rabbitmq-server", &["/var/log/rabbitmq/*"]),
];

/// What the files have of the failed start.
#[derive(Default)]
pub(super) struct LogFiles {
    /// That with the newest lines first.
    pub excerpts: Vec<LogFileExcerpt>,
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
    let mut paths: Vec<(Timestamp, PathBuf)> = candidates(unit)
        .into_iter()
        .flat_map(|pattern| matching(&pattern))
        .filter_map(|path| Some((modified_at(&path)?, path)))
        .filter(|(at, _)| *at >= from - TimeDelta::seconds(1))
        .collect();
    paths.sort_by(|one, other| other.cmp(one));
    paths.dedup();
    let zone = Local::now().offset().fix();
    for (modified_at, path) in paths {
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
                found.excerpts.extend(excerpt(&end, from, to + AFTER));
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

fn span(attempt: &Attempt) -> Option<(Timestamp, Timestamp)> {
    let to = attempt.failed_at?;
    let from = attempt.began_at.unwrap_or(to - LONGEST);
    Some((from.max(to - LONGEST), to))
}

/// Where its logs may lie.
fn candidates(unit: &UnitStart) -> Vec<String> {
    let mut found = unit.output_files.clone();
    let name = unit.facts.name.stem();
    let mut names = vec![name.split('@').next().unwrap_or(name).to_owned()];
    for command in &unit.facts.commands {
        let program = command.path.rsplit('/').next().unwrap_or_default();
        names.push(program.to_owned());
        let known = KNOWN.iter().filter(|(name, _)| fits(name, program));
        found.extend(known.flat_map(|(_, paths)| paths.iter().map(|path| (*path).to_owned())));
        found.extend(
            command
                .argv
                .iter()
                .skip(1)
                .filter_map(|word| log_path(word)),
        );
    }
    names.retain(|name| !name.is_empty() && name != "sh" && name != "bash");
    names.dedup();
    for name in names {
        found.push(format!("/var/log/{name}*"));
        found.push(format!("/var/log/{name}/*"));
    }
    found
}

/// The log file that an argument names: `--log-file=/srv/x.log`, `/srv/x.log`.
fn log_path(word: &str) -> Option<String> {
    let path = &word[word.find('/')?..];
    let is_log = word.to_ascii_lowercase().contains("log") && !path.contains('*');
    is_log.then(|| path.to_owned())
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
        assert_eq!(
            log_path("--log-error=/srv/e.err").as_deref(),
            Some("/srv/e.err")
        );
        assert_eq!(log_path("/etc/app.conf"), None);
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

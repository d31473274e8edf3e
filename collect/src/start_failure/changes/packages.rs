//! What package managers logged, and what the unit has of those packages.

mod libraries;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::Instant,
};

use analysis::{
    Timestamp,
    start_failure::changes::{
        FileRole, PackagePart,
        facts::Snapshot,
        package_log::{self, PackageEvent},
    },
};
use chrono::{Local, NaiveDateTime, Utc};
use flate2::read::GzDecoder;
use md5::{Digest, Md5};

use super::Logged;
use crate::{small_file, systemd::UnitStart, unit_snapshot::dpkg};

/// How much of the end of a log is read: some 30,000 lines.
const MOST_LOG_BYTES: u64 = 2 << 20;
/// And of the start of one that was packed, which has no end before it is unpacked.
const MOST_UNPACKED_BYTES: u64 = 8 << 20;
/// Rotated logs that are read.
const MOST_ROTATED: u32 = 3;
/// Packages of which the files are looked at.
const MOST_PACKAGES: usize = 500;
const MOST_STATUS_BYTES: u64 = 32 << 20;
/// Of larger configuration files it is not known whether they are as packed.
const MOST_CONFIG_BYTES: u64 = 1 << 20;

type ReadLine = fn(&str) -> Option<PackageEvent>;

/// Reads until `until` what happened after `since`.
pub(super) fn read(
    root: &Path,
    unit: &UnitStart,
    now: &Snapshot,
    since: Timestamp,
    until: Instant,
) -> Logged {
    let logs: [(&str, ReadLine); 3] = [
        ("var/log/dpkg.log", |line| package_log::dpkg(line, local)),
        ("var/log/pacman.log", package_log::pacman),
        ("var/log/dnf.rpm.log", package_log::dnf),
    ];
    let mut events = Vec::new();
    let mut is_cut = false;
    for (log, read) in logs {
        let (found, lacks_some) = of_log(&root.join(log), since, read);
        events.extend(found);
        is_cut |= lacks_some;
    }
    Logged {
        is_cut,
        brings: brings(root, unit, now, &events, until),
        as_packaged: as_packaged(root, now, since),
        events,
    }
}

fn local(time: NaiveDateTime) -> Option<Timestamp> {
    let local = time.and_local_timezone(Local).earliest()?;
    Some(local.with_timezone(&Utc))
}

/// The events after `since`, the oldest first, from a log and those that it replaced; and whether
/// there is more of that time than was read.
fn of_log(log: &Path, since: Timestamp, read: ReadLine) -> (Vec<PackageEvent>, bool) {
    let mut events = Vec::new();
    let mut is_cut = false;
    for number in 0.. {
        let Some(part) = part(log, number) else {
            break;
        };
        if number > MOST_ROTATED {
            is_cut = true;
            break;
        }
        let mut all = part.text.lines().filter_map(read).peekable();
        let reaches_back = all.peek().is_some_and(|event| event.at <= since);
        let mut found: Vec<_> = all.filter(|event| event.at > since).collect();
        found.append(&mut events);
        events = found;
        is_cut |= part.lacks_end || (part.lacks_start && !reaches_back);
        if reaches_back {
            break;
        }
    }
    (events, is_cut)
}

/// What was read of one log.
struct LogPart {
    text: String,
    lacks_start: bool,
    lacks_end: bool,
}

/// `dpkg.log`, `dpkg.log.1`, `dpkg.log.2.gz`.
fn part(log: &Path, number: u32) -> Option<LogPart> {
    let with = |ending: String| PathBuf::from(format!("{}{ending}", log.display()));
    let plain = match number {
        0 => log.to_owned(),
        number => with(format!(".{number}")),
    };
    let mut bytes = Vec::new();
    let (mut lacks_start, mut lacks_end) = (false, false);
    if let Ok(mut file) = File::open(plain) {
        let length = file.metadata().ok()?.len();
        let start = length.saturating_sub(MOST_LOG_BYTES);
        lacks_start = start > 0;
        file.seek(SeekFrom::Start(start)).ok()?;
        file.take(MOST_LOG_BYTES).read_to_end(&mut bytes).ok()?;
    } else {
        let file = File::open(with(format!(".{number}.gz"))).ok()?;
        let mut unpacked = GzDecoder::new(file).take(MOST_UNPACKED_BYTES);
        unpacked.read_to_end(&mut bytes).ok()?;
        lacks_end = unpacked.limit() == 0;
    }
    Some(LogPart {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        lacks_start,
        lacks_end,
    })
}

/// What the unit has of the packages that changed.
fn brings(
    root: &Path,
    unit: &UnitStart,
    now: &Snapshot,
    events: &[PackageEvent],
    until: Instant,
) -> BTreeMap<String, PackagePart> {
    let names: BTreeSet<&str> = events.iter().map(|event| event.name.as_str()).collect();
    let mut found = BTreeMap::new();
    if names.is_empty() {
        return found;
    }
    let programs = programs(root, unit);
    let files: Vec<&str> = now
        .files
        .iter()
        .filter(|file| !matches!(file.role, FileRole::Program | FileRole::Accounts))
        .map(|file| file.path.as_str())
        .collect();
    let libraries: BTreeSet<String> = programs
        .iter()
        .flat_map(|program| libraries::of(root, program, until))
        .collect();
    for name in names.into_iter().take(MOST_PACKAGES) {
        let Some(list) = dpkg::list(root, name) else {
            continue;
        };
        if Instant::now() >= until {
            break;
        }
        let part = match () {
            () if programs.iter().any(|path| dpkg::has(&list, path)) => PackagePart::Program,
            () if files.iter().any(|path| dpkg::has(&list, path)) => PackagePart::Files,
            () if libraries.iter().any(|path| dpkg::has(&list, path)) => PackagePart::Library,
            () => continue,
        };
        found.insert(name.to_owned(), part);
    }
    found
}

fn programs(root: &Path, unit: &UnitStart) -> Vec<String> {
    let commands = unit.facts.commands.iter();
    let paths = commands.map(|command| command.path.as_str());
    let mut programs: Vec<String> = paths
        .filter(|path| path.starts_with('/'))
        .map(|path| dpkg::real_name(root, path))
        .collect();
    programs.sort();
    programs.dedup();
    programs
}

/// Whether the configuration files that were changed since are as their packages brought them.
fn as_packaged(root: &Path, now: &Snapshot, since: Timestamp) -> BTreeMap<String, bool> {
    let mut found = BTreeMap::new();
    let is_newer = |path: &str| {
        let file = now.file(path).and_then(|file| file.stamp.as_ref());
        file.is_some_and(|stamp| stamp.changed_at > since)
    };
    let status = root.join("var/lib/dpkg/status");
    let is_small = fs::metadata(&status).is_ok_and(|found| found.len() <= MOST_STATUS_BYTES);
    if !is_small || !now.files.iter().any(|file| is_newer(&file.path)) {
        return found;
    }
    let status = fs::read_to_string(status).unwrap_or_default();
    // ` /etc/nginx/nginx.conf 0123456789abcdef0123456789abcdef`, maybe with ` obsolete`.
    for line in status.lines().filter(|line| line.starts_with(" /etc/")) {
        let mut words = line.split_ascii_whitespace();
        let (Some(path), Some(sum)) = (words.next(), words.next()) else {
            continue;
        };
        if sum.len() != 32 || !is_newer(path) {
            continue;
        }
        let file = root.join(path.trim_start_matches('/'));
        if let Some(content) = small_file::read(&file, MOST_CONFIG_BYTES) {
            let own: String = Md5::digest(&content)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            found.insert(path.to_owned(), own == sum);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use analysis::start_failure::changes::facts::{FileSeen, FileStamp};
    use flate2::{Compression, write::GzEncoder};
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn logs_are_read_back_to_the_start_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("pacman.log");
        let line = |day: u32, name: &str| {
            format!("[2026-11-{day:02}T00:00:00+0000] [ALPM] installed {name} (1)\n")
        };
        let packed = |name: &str, text: &str| {
            let file = File::create(folder.path().join(name)).unwrap();
            let mut file = GzEncoder::new(file, Compression::fast());
            file.write_all(text.as_bytes()).unwrap();
            file.finish().unwrap();
        };
        fs::write(&log, line(9, "e")).unwrap();
        fs::write(
            folder.path().join("pacman.log.1"),
            line(6, "c") + &line(7, "d"),
        )
        .unwrap();
        packed("pacman.log.2.gz", &(line(2, "a") + &line(4, "b")));
        packed("pacman.log.3.gz", &line(1, "never read"));
        let since = "2026-11-03T00:00:00Z".parse().unwrap();
        let read = |log: &Path, since| {
            let (events, is_cut) = of_log(log, since, package_log::pacman);
            let names: Vec<_> = events.into_iter().map(|event| event.name).collect();
            (names, is_cut)
        };
        let names = |names: &[&str]| names.iter().copied().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(read(&log, since), (names(&["b", "c", "d", "e"]), false));

        // Of a long log the end is read, which is told if the rest matters.
        let noise = "[2026-11-05T00:00:00+0000] [PACMAN] synchronizing\n".repeat(50_000);
        fs::write(
            &log,
            line(1, "lost") + &line(4, "lost") + &noise + &line(8, "e"),
        )
        .unwrap();
        assert_eq!(read(&log, since), (names(&["b", "c", "d", "e"]), true));
        fs::write(&log, noise + &line(2, "f") + &line(9, "e")).unwrap();
        assert_eq!(read(&log, since), (names(&["e"]), false));

        // There are more logs than are read.
        fs::write(&log, line(10, "e")).unwrap();
        for number in [1, 2, 3, 4] {
            let name = format!("pacman.log.{number}");
            fs::write(folder.path().join(name), line(10 - number, "x")).unwrap();
        }
        let long_ago = "2026-10-01T00:00:00Z".parse().unwrap();
        assert!(read(&log, long_ago).1);
        fs::remove_file(folder.path().join("pacman.log.4")).unwrap();
        assert!(!read(&log, long_ago).1);
    }

    #[test]
    fn a_file_of_a_package_is_compared_with_what_was_packed() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("etc/a", "a");
        write("etc/b", "changed");
        // All holes: it has its size and no content that would be worth its memory.
        let holes = File::create(root.path().join("etc/holes")).unwrap();
        holes.set_len(MOST_CONFIG_BYTES + 1).unwrap();
        let pipe = root.path().join("etc/pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        // The sum of `a`.
        let sum = "0cc175b9c0f1b6a831c399e269772661";
        let status = format!(
            "Package: x\nConffiles:\n /etc/a {sum}\n /etc/b {sum}\n /etc/c {sum}\n /etc/holes {sum}\n /etc/pipe {sum}\n"
        );
        write("var/lib/dpkg/status", &status);
        let stamp = |seconds| FileStamp {
            mode: 0o644,
            uid: 0,
            gid: 0,
            bytes: 1,
            modified_at: Timestamp::default(),
            changed_at: Timestamp::from_timestamp(seconds, 0).unwrap(),
            sha256: None,
            text: None,
        };
        let file = |path: &str, seconds| FileSeen {
            path: path.into(),
            role: FileRole::Configuration,
            stamp: Some(stamp(seconds)),
        };
        let now = Snapshot {
            files: ["/etc/a", "/etc/b", "/etc/holes", "/etc/pipe"]
                .map(|path| file(path, 9))
                .into_iter()
                .chain([file("/etc/c", 1)])
                .collect(),
            ..Snapshot::default()
        };
        let since = Timestamp::from_timestamp(5, 0).unwrap();
        let found = as_packaged(root.path(), &now, since);
        let expected = [("/etc/a".to_owned(), true), ("/etc/b".to_owned(), false)];
        assert_eq!(found, expected.into());
    }
}

//! Journal files with entries that a test wrote.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use collect::journal::{Journal, JournalOptions, JournalSource, Matches};
use tempfile::TempDir;

pub const BOOTS: [&str; 2] = [
    "0b8d7e6f1c7f4e8d9f8a2d6b5c4a3b21",
    "1b8d7e6f1c7f4e8d9f8a2d6b5c4a3b22",
];
/// Time of the first entry.
pub const START_S: i64 = 1_700_000_000;

/// Which of [`BOOTS`], and the fields.
pub type Line = (usize, &'static str);

pub struct MadeJournal {
    directory: TempDir,
}

impl MadeJournal {
    /// `None`, and a word about it, where the maker is not installed; in CI that is a failure.
    pub fn of(lines: &[Line]) -> Option<Self> {
        Self::later(0, lines)
    }

    /// The first line is `second` seconds after [`START_S`].
    pub fn later(second: usize, lines: &[Line]) -> Option<Self> {
        let Some(maker) = maker() else {
            assert!(
                env::var_os("CI").is_none(),
                "install systemd-journal-remote"
            );
            eprintln!("skipped: the package systemd-journal-remote is not installed");
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        write(&maker, directory.path(), second, lines);
        Some(Self { directory })
    }

    pub fn append(&self, second: usize, lines: &[Line]) {
        write(&maker().unwrap(), self.directory.path(), second, lines);
    }

    pub fn options(&self, matches: Matches) -> JournalOptions {
        JournalOptions {
            directory: Some(self.directory.path().to_owned()),
            matches,
            follow: false,
        }
    }

    pub fn cursors(&self) -> Vec<String> {
        let mut source = Journal::open(&self.options(Matches::everything())).unwrap();
        let entries = std::iter::from_fn(|| source.next());
        entries.map(|entry| entry.unwrap().cursor).collect()
    }

    /// Where the file is not empty: most of it is room for later entries.
    pub fn written_bytes(&self) -> Vec<usize> {
        let bytes = fs::read(self.directory.path().join("system.journal")).unwrap();
        (0..bytes.len())
            .filter(|offset| bytes[*offset] != 0)
            .collect()
    }

    pub fn copy_with_flipped_byte(&self, offset: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut bytes = fs::read(self.directory.path().join("system.journal")).unwrap();
        bytes[offset] ^= 0xff;
        fs::write(directory.path().join("system.journal"), bytes).unwrap();
        Self { directory }
    }
}

fn maker() -> Option<PathBuf> {
    let installed = PathBuf::from("/lib/systemd/systemd-journal-remote");
    let told = env::var_os("SYSTEMD_JOURNAL_REMOTE").map(PathBuf::from);
    told.or_else(|| installed.exists().then_some(installed))
}

fn write(maker: &Path, directory: &Path, second: usize, lines: &[Line]) {
    let mut child = Command::new(maker)
        .arg("--output")
        .arg(directory.join("system.journal"))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for (index, (boot, fields)) in lines.iter().enumerate() {
        let us = (second + index) as u64 * 1_000_000;
        let at = START_S as u64 * 1_000_000 + us;
        writeln!(
            input,
            "__REALTIME_TIMESTAMP={at}\n__MONOTONIC_TIMESTAMP={us}\n_BOOT_ID={}\n{fields}\n",
            BOOTS[*boot]
        )
        .unwrap();
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

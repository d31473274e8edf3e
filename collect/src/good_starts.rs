//! What units were made of when they started well last, which the agent keeps.
//!
//! One file for each unit, which only root can read: configuration may hold secrets. A few
//! megabytes at most: of more the oldest are dropped. Nothing is flushed to the disk: what is lost
//! with the power, or half written, is as if it had not been kept.

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::LazyLock,
    time::{Duration, Instant, SystemTime},
};

use analysis::{Timestamp, identity::UnitName, start_failure::changes::facts::Snapshot};

use crate::{
    CollectError,
    deadline::Deadline,
    systemd::UnitStart,
    unit_snapshot::{self, Packages},
};

/// All of it on the disk.
const MOST_BYTES: u64 = 16 << 20;
const MOST_UNITS: usize = 1000;
/// Of one unit. Above it texts are not kept, and hashes are.
const MOST_BYTES_OF_UNIT: usize = 2 << 20;
const READ_WITHIN: Duration = Duration::from_secs(2);
/// Between two files one looks at the time; a file of a server that is gone lets nobody look.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(10);
static READS: LazyLock<Deadline> = LazyLock::new(|| Deadline::of(GIVEN_UP_AFTER));

/// Environment that names the folder of an agent which has it elsewhere.
pub const VARIABLE: &str = "AIOPS_GOOD_STARTS";

/// The folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoodStarts {
    folder: PathBuf,
}

impl GoodStarts {
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// That of this host's agent.
    pub fn of_this_host() -> Self {
        let folder = env::var_os(VARIABLE);
        Self::at(folder.unwrap_or_else(|| "/var/lib/aiops/good-starts".into()))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder, which only its owner can enter.
    ///
    /// # Errors
    ///
    /// [`CollectError::Read`] if there can be no such folder.
    pub fn open(&self) -> Result<(), CollectError> {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder);
        made.map_err(|source| self.failed(source))
    }

    /// What was kept of a unit. `None`: nothing, or nothing that can be understood.
    ///
    /// # Errors
    ///
    /// [`CollectError::Read`] if it belongs to somebody else.
    pub fn read(&self, unit: &UnitName) -> Result<Option<Snapshot>, CollectError> {
        let path = self.folder.join(unit.as_str());
        let text = match fs::metadata(&path) {
            Ok(found) if found.len() <= MOST_BYTES => fs::read(&path),
            Ok(_) => return Ok(None),
            Err(error) => Err(error),
        };
        match text {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(CollectError::Read { path, source }),
        }
    }

    /// When the start was of which something is kept.
    pub fn started_at(&self, unit: &UnitName) -> Option<Timestamp> {
        Some(self.read(unit).ok()??.started_at)
    }

    /// Reads what a unit that runs is made of, and keeps it in the place of what was kept before.
    ///
    /// # Errors
    ///
    /// [`CollectError::Read`] if it cannot be written, [`CollectError::Deadline`] if a file of it
    /// does not answer, and [`CollectError::TooManyStuck`] if those of too many did not.
    pub fn keep(&self, unit: UnitStart) -> Result<(), CollectError> {
        let name = unit.facts.name.clone();
        self.keep_what(&name, &READS, move || {
            let until = Instant::now() + READ_WITHIN;
            unit_snapshot::take(&unit, &[], Packages::OfItsName, until)
        })
    }

    fn keep_what(
        &self,
        unit: &UnitName,
        reads: &Deadline,
        read: impl FnOnce() -> Snapshot + Send + 'static,
    ) -> Result<(), CollectError> {
        let snapshot = reads.run(&format!("what {unit} is made of"), read)?;
        self.write(unit, snapshot)
            .map_err(|source| self.failed(source))
    }

    fn write(&self, unit: &UnitName, mut snapshot: Snapshot) -> io::Result<()> {
        let mut text = serde_json::to_vec(&snapshot)?;
        if text.len() > MOST_BYTES_OF_UNIT {
            let stamps = snapshot.files.iter_mut();
            for stamp in stamps.filter_map(|file| file.stamp.as_mut()) {
                stamp.text = None;
            }
            text = serde_json::to_vec(&snapshot)?;
        }
        // No unit has a name without a dot.
        let draft = self.folder.join("draft");
        let _ = fs::remove_file(&draft);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(&text)?;
        drop(file);
        fs::rename(&draft, self.folder.join(unit.as_str()))?;
        self.forget()
    }

    /// Drops the oldest until what is left is within the bounds.
    fn forget(&self) -> io::Result<()> {
        let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let found = entry.metadata()?;
            let written = found.modified()?;
            // As it is on the disk.
            kept.push((written, found.blocks() * 512, entry.path()));
        }
        kept.sort();
        let mut bytes: u64 = kept.iter().map(|(_, bytes, _)| bytes).sum();
        let mut units = kept.len();
        for (_, size, path) in kept {
            if bytes <= MOST_BYTES && units <= MOST_UNITS {
                break;
            }
            fs::remove_file(path)?;
            bytes = bytes.saturating_sub(size);
            units -= 1;
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> CollectError {
        CollectError::Read {
            path: self.folder.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, sync::mpsc::sync_channel};

    use analysis::start_failure::changes::{
        FileRole,
        facts::{FileSeen, FileStamp},
    };

    use super::*;

    fn snapshot(text: String) -> Snapshot {
        let stamp = FileStamp {
            mode: 0o644,
            uid: 0,
            gid: 0,
            bytes: 1,
            modified_at: Timestamp::default(),
            changed_at: Timestamp::default(),
            sha256: None,
            text: Some(text),
        };
        Snapshot {
            files: vec![FileSeen {
                path: "/etc/a".into(),
                role: FileRole::Configuration,
                stamp: Some(stamp),
            }],
            ..Snapshot::default()
        }
    }

    fn unit(number: usize) -> UnitName {
        format!("u{number}.service").parse().unwrap()
    }

    #[test]
    fn what_is_kept_is_for_its_owner_alone_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let kept = GoodStarts::at(folder.path().join("kept"));
        kept.open().unwrap();
        assert_eq!(kept.read(&unit(0)).unwrap(), None);
        let one = snapshot("x".repeat(1 << 20));
        for number in 0..20 {
            kept.write(&unit(number), one.clone()).unwrap();
        }
        assert_eq!(kept.read(&unit(19)).unwrap(), Some(one));
        let names = || {
            let entries = fs::read_dir(kept.folder()).unwrap().flatten();
            entries.map(|entry| entry.path()).collect::<Vec<_>>()
        };
        let bytes: u64 = names()
            .iter()
            .map(|path| fs::metadata(path).unwrap().len())
            .sum();
        assert!(bytes <= MOST_BYTES && names().len() >= 10, "{bytes}");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(kept.folder()), 0o700);
        assert!(names().iter().all(|path| mode(path) == 0o600));
    }

    #[test]
    fn a_unit_whose_files_do_not_answer_keeps_nobody_else_from_being_kept() {
        let folder = tempfile::tempdir().unwrap();
        let kept = GoodStarts::at(folder.path());
        let reads = Deadline::of(Duration::from_millis(50));
        let (answer, no_answer) = sync_channel::<()>(0);
        let hangs = move || {
            let _ = no_answer.recv();
            Snapshot::default()
        };
        let outcome = kept.keep_what(&unit(1), &reads, hangs);
        let told = outcome.unwrap_err().to_string();
        assert!(told.contains("u1.service"), "{told}");
        assert_eq!(kept.read(&unit(1)).unwrap(), None);
        kept.keep_what(&unit(2), &reads, || snapshot("x".into()))
            .unwrap();
        assert!(kept.read(&unit(2)).unwrap().is_some());
        drop(answer);
    }

    #[test]
    fn what_is_too_large_or_torn_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let kept = GoodStarts::at(folder.path());
        kept.write(&unit(1), snapshot("x".repeat(3 << 20))).unwrap();
        let found = kept.read(&unit(1)).unwrap().unwrap();
        assert_eq!(found.files[0].stamp.as_ref().unwrap().text, None);
        fs::write(folder.path().join("u2.service"), "{\"unit\":").unwrap();
        assert_eq!(kept.read(&unit(2)).unwrap(), None);
        fs::write(folder.path().join("u3.service"), "{\"of_a_newer_agent\":1}").unwrap();
        assert!(kept.read(&unit(3)).unwrap().is_some());
    }
}

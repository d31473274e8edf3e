//! What is known of a unit and its host: when it started well, and now.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FileRole, GoodStart, PackagePart, package_log::PackageEvent};
use crate::{Timestamp, identity::UnitName};

/// What was read to find changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeFacts {
    /// By the journal, or by systemd.
    pub good_start: Option<GoodStart>,
    /// Whether the journal could be read for it.
    pub journal_read: bool,
    /// What the agent kept of the last good start that it saw.
    pub kept: Option<Snapshot>,
    pub now: Snapshot,
    /// Whether files are as their package has brought them, by path.
    pub as_packaged: BTreeMap<String, bool>,
    /// What package managers logged, the oldest first.
    pub packages: Vec<PackageEvent>,
    /// What the unit has of those packages; those that are not here it has nothing of.
    pub brings: BTreeMap<String, PackagePart>,
    pub booted_at: Option<Timestamp>,
    /// The kernel of the last good start, by the journal.
    pub kernel_before: Option<String>,
}

/// What a unit is made of, at one moment. The agent keeps one on the disk: fields are added, and
/// those that a file lacks are empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    pub unit: Option<UnitName>,
    /// When the unit had become active.
    pub started_at: Timestamp,
    /// When all this was read.
    pub taken_at: Timestamp,
    pub kernel: Option<String>,
    pub files: Vec<FileSeen>,
    /// Folders of which all files are among those.
    pub folders: Vec<String>,
    /// Whether there were more files than were looked at.
    pub files_cut: bool,
    /// Settings as systemd had them loaded: `ExecStart`, `User`, `LimitNOFILE`, and
    /// `Environment NAME` for each variable.
    pub settings: BTreeMap<String, String>,
    /// `user www-data`: its numbers, folder and shell.
    pub accounts: BTreeMap<String, String>,
    /// By mount point: what, of which kind, and whether it can be written to.
    pub mounts: BTreeMap<String, String>,
    /// Packages of the program and the unit file.
    pub packages: BTreeMap<String, PackagePart>,
}

/// A file that matters to a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSeen {
    pub path: String,
    pub role: FileRole,
    /// `None`: there is no such file.
    pub stamp: Option<FileStamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStamp {
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub bytes: u64,
    /// When its content was written.
    pub modified_at: Timestamp,
    /// When that, its owner, its permissions or its name was changed.
    pub changed_at: Timestamp,
    /// `None`: it was not read, being too large, or not ours to read.
    pub sha256: Option<String>,
    /// `None`: it is no small text, or it is a secret.
    pub text: Option<String>,
}

impl Snapshot {
    pub fn file(&self, path: &str) -> Option<&FileSeen> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether all files of that folder were looked at.
    pub(super) fn has_looked_into(&self, folder: &str) -> bool {
        !self.files_cut && self.folders.iter().any(|known| known == folder)
    }
}

impl FileStamp {
    /// `0:0 644`.
    pub(super) fn permissions(&self) -> String {
        format!("{}:{} {:o}", self.uid, self.gid, self.mode)
    }
}

pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

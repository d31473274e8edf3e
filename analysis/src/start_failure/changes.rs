//! What changed on the host since the unit started well last.
//!
//! A change is no cause: what is said here is what differs, and how that is known. Copies that the
//! agent kept of the files of a good start show it line by line; without them the times of files
//! show that somebody wrote to them, and not what.
//!
//! | module | what it does |
//! |---|---|
//! | [`facts`] | what is known of then and now |
//! | [`package_log`] | reads the logs of package managers |
//! | `compare` | finds what differs |
//! | `diff` | shows how a text differs |
//! | `rank` | what comes first |

mod compare;
mod diff;
pub mod facts;
pub mod package_log;
mod rank;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) use compare::changes;

use crate::Timestamp;

/// What changed since the last start that went well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Changes {
    /// What is compared with. `None`: `no_good_start` says why.
    pub since: Option<GoodStart>,
    pub no_good_start: Option<NoGoodStart>,
    /// When the agent kept the copies of files that are compared with. `None`: it kept none, and
    /// the times of files are all that tells.
    pub copied_at: Option<Timestamp>,
    /// What concerns the culprit first, then what most often matters.
    pub changes: Vec<Change>,
    /// Changes that were left out at the end.
    pub omitted: u32,
}

/// A start after which the unit ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GoodStart {
    pub at: Timestamp,
    pub known_from: StartRecord,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartRecord {
    /// The agent saw it.
    Agent,
    Journal,
    /// systemd remembers it, until the host restarts.
    Systemd,
}

/// Why there is nothing to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoGoodStart {
    /// It never started well, as far back as the journal goes.
    NoneOnRecord,
    JournalNotRead,
}

impl NoGoodStart {
    pub fn name(self) -> &'static str {
        match self {
            Self::NoneOnRecord => "none-on-record",
            Self::JournalNotRead => "journal-not-read",
        }
    }
}

/// One thing that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    pub what: Changed,
    pub how_known: HowKnown,
    /// When it was changed, if that is known.
    pub at: Option<Timestamp>,
    /// Whether the verdict blames just this. That does not make it the cause.
    pub concerns_culprit: bool,
    /// How the text of a file differs, if a copy of it was kept.
    pub diff: Option<Diff>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HowKnown {
    /// It was compared with what the agent kept.
    Recorded,
    /// A log has it: that of the package manager, or the journal.
    Logged,
    /// Only the file's own times say so.
    Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Changed {
    File {
        path: String,
        role: FileRole,
        how: FileChange,
        /// Whether it is as its package has brought it. `None`: not known, or of no package.
        as_packaged: Option<bool>,
    },
    Package {
        name: String,
        /// `None`: it was not installed.
        before: Option<String>,
        /// `None`: it was removed.
        after: Option<String>,
        brings: PackagePart,
    },
    /// A setting of the unit, as systemd had it loaded; scrubbed.
    Setting {
        name: String,
        before: Option<String>,
        after: Option<String>,
    },
    /// The user that it runs as, or a group: number, groups, folder, shell.
    Account {
        name: String,
        before: Option<String>,
        after: Option<String>,
    },
    /// The host started anew, maybe with another kernel.
    Boot {
        kernel_before: Option<String>,
        kernel: Option<String>,
    },
    Mount {
        point: String,
        /// What was mounted there, and how. `None`: nothing.
        before: Option<String>,
        after: Option<String>,
    },
}

/// What a file is to the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileRole {
    UnitFile,
    DropIn,
    Configuration,
    EnvironmentFile,
    /// The program itself.
    Program,
    /// Who may log in, and which groups there are: a hint only.
    Accounts,
}

impl FileRole {
    pub fn name(self) -> &'static str {
        match self {
            Self::UnitFile => "unit-file",
            Self::DropIn => "drop-in",
            Self::Configuration => "configuration",
            Self::EnvironmentFile => "environment-file",
            Self::Program => "program",
            Self::Accounts => "accounts",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum FileChange {
    /// Its content. By its time alone it may as well be new.
    Modified,
    Created,
    Deleted,
    /// Its owner or its permissions: `root:root 644`, by number.
    Permissions {
        before: String,
        after: String,
    },
    /// It was put there, renamed, or given another owner or other permissions; its content is
    /// older.
    Replaced,
}

impl FileChange {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Modified => "modified",
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::Permissions { .. } => "permissions",
            Self::Replaced => "replaced",
        }
    }
}

/// What the unit has of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PackagePart {
    Program,
    /// Its unit file or its configuration.
    Files,
    Library,
    Other,
}

impl PackagePart {
    pub fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Files => "files",
            Self::Library => "library",
            Self::Other => "other",
        }
    }
}

/// How a text differs, as `diff -u` has it, without its first two lines; scrubbed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Diff {
    /// Each begins with `@`, a space, `-` or `+`.
    pub lines: Vec<String>,
    pub lines_omitted: u32,
}

//! The black box: rings of samples on this host, that the agent fills and everything else reads.
//!
//! A file per unit with slots of one size, so that a sample costs one write and no lock is needed:
//! each slot has a checksum, and one that is being written is passed over. The last minutes live in
//! memory (`/run`), so that a quiet host does not wake its disk; what is kept of runs that ended,
//! and a coarse history of days, is on the disk.

mod charged;
mod host;
mod keep;
mod ring;
mod sampler;
mod slot;

use std::{
    env, io,
    path::{Path, PathBuf},
};

use analysis::{
    black_box::{HostRecording, Recording, Sample},
    identity::UnitName,
    limitation::Limitation,
};

pub use self::keep::Recorder;

/// Samples of the last minutes: ten of them, if one is taken every five seconds.
const RECENT_SLOTS: u64 = 120;
/// A week, with one every five minutes.
const HISTORY_SLOTS: u64 = 2016;
/// A week of the host itself, with one each minute.
const MINUTE_SLOTS: u64 = 10_080;
/// No unit has a name without a dot.
const HOST: &str = "host";

/// Where the rings are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// The last minutes, in memory.
    pub recent: PathBuf,
    /// What is kept, on the disk.
    pub kept: PathBuf,
}

/// Environment that names the folders of an agent which has them elsewhere.
pub const RECENT_VARIABLE: &str = "AIOPS_BLACK_BOX_RECENT";
pub const KEPT_VARIABLE: &str = "AIOPS_BLACK_BOX_KEPT";

impl Folders {
    /// Those of this host's agent.
    pub fn of_this_host() -> Self {
        let folder = |variable: &str, usual: &str| {
            env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from)
        };
        Self {
            recent: folder(RECENT_VARIABLE, "/run/aiops/black-box"),
            kept: folder(KEPT_VARIABLE, "/var/lib/aiops/black-box"),
        }
    }

    fn recent_ring(&self, unit: &UnitName) -> PathBuf {
        self.recent.join(unit.as_str())
    }

    fn history_ring(&self, unit: &UnitName) -> PathBuf {
        self.kept.join("history").join(unit.as_str())
    }

    fn ended(&self, unit: &UnitName) -> PathBuf {
        self.kept.join("ended").join(unit.as_str())
    }

    /// What was recorded of the host itself. Empty as [`Self::recording`] is.
    pub fn host_recording(&self) -> HostRecording {
        HostRecording {
            recent: ring::read(&self.recent.join(HOST)),
            minutes: ring::read(&self.kept.join(HOST)),
        }
    }

    /// Why nothing was recorded of what is asked for.
    pub(crate) fn why_empty(&self) -> Limitation {
        let why = match std::fs::read_dir(&self.recent) {
            Ok(_) => "no-recording",
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "denied",
            Err(_) => "no-agent",
        };
        Limitation {
            what: "black-box".to_owned(),
            why: why.to_owned(),
            count: 1,
        }
    }

    /// What was recorded of a unit. Empty where no agent runs, or where its files are not ours to
    /// read: they belong to root.
    pub fn recording(&self, unit: &UnitName) -> Recording {
        let mut ended: Vec<_> = files(&self.ended(unit))
            .iter()
            .map(|path| ring::read::<Sample>(path))
            .filter(|samples| !samples.is_empty())
            .collect();
        ended.sort_by_key(|samples| samples.last().map(|last| last.at));
        ended.reverse();
        Recording {
            recent: ring::read(&self.recent_ring(unit)),
            history: ring::read(&self.history_ring(unit)),
            ended,
        }
    }
}

/// The files in a folder, which may be missing.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    files.map(|entry| entry.path()).collect()
}

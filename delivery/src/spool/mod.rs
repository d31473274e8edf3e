//! The agent's spool: a numbered, bounded log on disk that survives crashes of any kind.

mod append;
mod config;
mod epoch;
mod read;
mod recovery;
mod retention;
mod room;
mod scan;
mod segments;
mod write;

pub use append::{AppendError, Appended};
pub use config::SpoolConfig;
pub use read::ReadError;
pub use recovery::{OpenError, Recovery};
pub use write::SyncError;

use crate::gap::Gap;
use crate::message::{Cursors, ForceReason};
use crate::record::{Record, SourceId};
use crate::storage::Storage;
use read::ReadPosition;
use segments::Segment;
use std::collections::{BTreeSet, VecDeque};

/// The spool of one agent in one directory. One owner, one thread.
#[derive(Debug)]
pub struct Spool<S> {
    storage: S,
    config: SpoolConfig,
    epoch: u64,
    /// By number; the last one may be open for writing.
    segments: VecDeque<Segment>,
    /// Whether the last segment takes more records.
    active: bool,
    /// Appended, numbered, not durable.
    pending: VecDeque<Record>,
    pending_bytes: usize,
    /// Ranges that recovery or reading found damaged. Nothing after them is ever sent.
    holes: Vec<Gap>,
    next_seq: u64,
    /// Chain value of `next_seq - 1`.
    chain: u64,
    synced_seq: u64,
    /// Last number that opening found, durable or not.
    recovered_seq: u64,
    /// Chain value of `synced_seq`.
    synced_chain: u64,
    acked: u64,
    /// Per source the cursor of its last durable record.
    cursors: Cursors,
    /// `None`: every source may append. Otherwise only these, as far as they use cursors.
    resumed: Option<BTreeSet<SourceId>>,
    reader: Option<ReadPosition>,
    stats: Dropped,
    recovery: Recovery,
}

/// What the spool lost since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Dropped {
    records: u64,
}

/// How full the spool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpoolStats {
    /// On disk and waiting in memory.
    pub bytes: u64,
    /// Waiting in memory for the next sync, or for the disk to take writes again.
    pub pending_bytes: u64,
    /// Numbers that the server has not acknowledged.
    pub unacked: u64,
    /// Records that were declared lost since the spool was opened.
    pub dropped: u64,
}

impl<S: Storage> Spool<S> {
    /// Epoch of the numbering; 0 until a server gave one.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Last number that survives a power cut. Only records up to it may be sent.
    pub fn synced_seq(&self) -> u64 {
        self.synced_seq
    }

    /// The number for Hello. After a start on a disk that takes nothing, records that were found but
    /// cannot be proven durable count: to the server the spool has lost nothing.
    pub(crate) fn known_seq(&self) -> u64 {
        self.synced_seq.max(self.recovered_seq)
    }

    /// Last number given out; what is above [`Self::synced_seq`] waits for [`Self::sync`].
    pub fn last_seq(&self) -> u64 {
        self.next_seq - 1
    }

    /// Where each replayable source goes on: the cursor of its last record here. Ask after opening;
    /// later a source knows better.
    pub fn cursors(&self) -> Cursors {
        let mut cursors = self.cursors.clone();
        for record in &self.pending {
            scan::advance(&mut cursors, record);
        }
        cursors
    }

    /// What opening found on disk.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    pub fn stats(&self) -> SpoolStats {
        SpoolStats {
            bytes: self.used_bytes(),
            pending_bytes: self.pending_bytes as u64,
            unacked: self.last_seq().saturating_sub(self.acked),
            dropped: self.stats.records,
        }
    }

    /// The directory, for a caller that watches its free space.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// Lowers or raises the size limit, such as when others fill the disk. Takes effect at the
    /// next append.
    pub fn set_max_bytes(&mut self, max_bytes: u64) {
        self.config.max_bytes = max_bytes;
    }

    /// Why sending cannot go on after `acked`, or `None` if it can.
    pub(crate) fn obstacle(&self, acked: u64, chain_at_acked: u64) -> Option<ForceReason> {
        use crate::rules::Rule;
        let rules = self.config.rules;
        let damaged = self.holes.iter().any(|hole| hole.to > acked);
        if damaged && rules.hold(Rule::HoleForcesEpoch) {
            return Some(ForceReason::SpoolDamaged);
        }
        if self.oldest_seq() > acked.saturating_add(1) {
            return Some(ForceReason::Forgotten);
        }
        let differs = self.chain_at(acked) != Some(chain_at_acked);
        (differs && rules.hold(Rule::ChainCheck)).then_some(ForceReason::ChainDiffers)
    }

    /// First number that can still be read.
    pub(crate) fn oldest_seq(&self) -> u64 {
        self.segments
            .front()
            .map_or(self.synced_seq + 1, |segment| segment.name.first_seq)
    }
}

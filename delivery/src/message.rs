//! What agent and server say to each other. `proto` turns these into the wire format.

use crate::record::{Record, SourceId};
use crate::spool::SpoolStats;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Per replayable source the position after the last event that is safe.
pub type Cursors = BTreeMap<SourceId, Vec<u8>>;

/// Why an agent asks for a new epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForceReason {
    /// Its history differs from the server's: restored snapshot or cloned disk.
    ChainDiffers,
    /// It no longer has what the server lacks: a database that went back in time.
    Forgotten,
    /// Its spool has a hole above the server's watermark.
    SpoolDamaged,
}

/// The agent's first words on every stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Epoch of the spool; 0 as long as no server has given one.
    pub epoch: u64,
    /// Last number that survives a power cut.
    pub last_durable_seq: u64,
    pub force_new_epoch: Option<ForceReason>,
    pub boot_id: Uuid,
    /// What tells this machine from a copy of its disk, such as a hash of its hardware addresses.
    pub fingerprint: Vec<u8>,
    pub spool: SpoolStats,
}

/// How much the agent may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest sum of payloads, cursors and frames in one batch. One record always fits.
    pub max_batch_bytes: usize,
    pub max_records: usize,
    /// Batches without an ack.
    pub max_inflight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_batch_bytes: 512 * 1024,
            max_records: 1000,
            max_inflight: 4,
        }
    }
}

/// The server's answer to [`Hello`], after its transaction committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Fencing token of this stream.
    pub session: u64,
    pub epoch: u64,
    /// Everything up to this number is stored.
    pub acked: u64,
    /// The chain value that came with the record at `acked`.
    pub chain_at_acked: u64,
    pub cursors: Cursors,
    pub limits: Limits,
}

/// Records in the order of their numbers, without holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub session: u64,
    pub epoch: u64,
    /// First number that the first record occupies.
    pub first_seq: u64,
    /// Never empty.
    pub records: Vec<Record>,
}

impl Batch {
    /// Last number in the batch.
    pub fn last_seq(&self) -> u64 {
        self.records
            .last()
            .map_or(self.first_seq, |record| record.seq)
    }

    /// What the receiver needs to decide about this batch.
    pub fn head(&self) -> BatchHead<'_> {
        BatchHead {
            session: self.session,
            epoch: self.epoch,
            first_seq: self.first_seq,
            records: self.records.iter().map(RecordHead::of).collect(),
        }
    }
}

/// A batch without payloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchHead<'a> {
    pub session: u64,
    pub epoch: u64,
    pub first_seq: u64,
    pub records: Vec<RecordHead<'a>>,
}

/// A record without its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHead<'a> {
    pub seq: u64,
    pub covers: u64,
    pub chain: u64,
    pub source: SourceId,
    pub unique_id: Option<Uuid>,
    pub carried: bool,
    pub cursor: Option<&'a [u8]>,
}

impl<'a> RecordHead<'a> {
    pub fn of(record: &'a Record) -> Self {
        Self {
            seq: record.seq,
            covers: record.covers,
            chain: record.chain,
            source: record.source,
            unique_id: record.unique_id,
            carried: record.carried,
            cursor: record.cursor.as_deref(),
        }
    }
}

/// Why the server opened a new epoch. Stored as an event: it may stand for a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamReset {
    /// The agent came with an empty spool although the server knows it.
    SpoolLost,
    /// The spool is of another epoch: a restored disk, or a database that went back in time.
    OtherEpoch { agent: u64, server: u64 },
    /// The spool ends before what the server has.
    Behind { last_durable_seq: u64, acked: u64 },
    /// The agent asked for it.
    Forced(ForceReason),
}

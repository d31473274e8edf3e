//! What is delivered: one record has one place in the numbering of its agent's spool.

use crate::gap::Gap;
use uuid::Uuid;

/// Largest payload of a record: 64 KiB.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;
/// Largest cursor of a record: 4 KiB. Cursors of journald have about 150 bytes.
pub const MAX_CURSOR_BYTES: usize = 4 * 1024;

/// How much a record matters when the spool is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Command results, refusals, audit, failed units, OOM kills, gaps. A tenth of the spool is theirs.
    P0 = 0,
    /// Lifecycle of processes and units.
    P1 = 1,
    /// Snapshots and bulk: dropped first.
    P2 = 2,
}

impl Class {
    /// The class with this number on the wire and on disk.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::P0),
            1 => Some(Self::P1),
            2 => Some(Self::P2),
            _ => None,
        }
    }
}

/// Which collector of the agent a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

impl SourceId {
    /// The spool itself: gap records that belong to no single source.
    pub const SPOOL: Self = Self(0);
}

/// Whether the payload is the caller's or a [`Gap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Opaque bytes of the caller.
    Event,
    /// The declaration that records are missing; the payload decodes with [`Gap::decode`].
    Gap,
}

/// What a caller hands to the spool; the spool adds the number and the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub class: Class,
    pub source: SourceId,
    /// Monotonic clock of the host at the event, in nanoseconds since its boot.
    pub mono_ns: u64,
    /// Wall clock of the host at the event, in nanoseconds since 1970. May be wrong.
    pub wall_ns: i64,
    /// Identity of the event over all epochs, such as the id of the order that it answers.
    /// `None`: the spool derives one where it is needed.
    pub unique_id: Option<Uuid>,
    /// Where the source goes on after this event. `None`: the event cannot be read again.
    pub cursor: Option<Vec<u8>>,
    pub payload: Vec<u8>,
}

impl Draft {
    /// Checks what the format can hold.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if payload or cursor is too long. The event can then only be declared lost:
    /// [`crate::Spool::append`] does so by itself.
    pub fn check(&self) -> Result<(), RecordError> {
        if self.payload.len() > MAX_PAYLOAD_BYTES {
            return Err(RecordError::PayloadTooLong {
                bytes: self.payload.len(),
            });
        }
        match &self.cursor {
            Some(cursor) if cursor.len() > MAX_CURSOR_BYTES => Err(RecordError::CursorTooLong {
                bytes: cursor.len(),
            }),
            _ => Ok(()),
        }
    }
}

/// Why a record cannot exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("payload of {bytes} bytes is over {MAX_PAYLOAD_BYTES}")]
    PayloadTooLong { bytes: usize },
    #[error("cursor of {bytes} bytes is over {MAX_CURSOR_BYTES}")]
    CursorTooLong { bytes: usize },
}

/// A record as it is spooled, sent and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number within the epoch; for a gap the last number that the gap occupies.
    pub seq: u64,
    /// How many numbers it occupies, ending at `seq`. 1, but for gaps of their own epoch.
    pub covers: u64,
    /// Running keyed hash of the spool's history up to `seq`.
    pub chain: u64,
    pub kind: Kind,
    pub class: Class,
    pub source: SourceId,
    /// See [`Draft::mono_ns`].
    pub mono_ns: u64,
    /// See [`Draft::wall_ns`].
    pub wall_ns: i64,
    /// Identity over all epochs. Every record without a cursor has one.
    pub unique_id: Option<Uuid>,
    /// True if it had a number in an earlier epoch: the server may know its `unique_id` already.
    pub carried: bool,
    /// See [`Draft::cursor`].
    pub cursor: Option<Vec<u8>>,
    pub payload: Vec<u8>,
}

impl Record {
    /// The first number that this record occupies.
    pub fn first_seq(&self) -> u64 {
        self.seq.saturating_sub(self.covers.saturating_sub(1))
    }

    /// The gap that this record declares, or `None` if it is an event or does not decode.
    pub fn gap(&self) -> Option<Gap> {
        (self.kind == Kind::Gap)
            .then(|| Gap::decode(&self.payload))
            .flatten()
    }
}

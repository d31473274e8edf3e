//! A declared loss: which numbers are missing, how many events they were, and why.

use crate::record::Class;

/// Why records are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapReason {
    /// The spool was at its size limit.
    SpoolFull = 1,
    /// The disk took nothing and the memory that stands in for it was full.
    DiskUnwritable = 2,
    /// The event was larger than a record may be.
    Oversize = 3,
    /// A segment was damaged in its middle.
    Corrupt = 4,
    /// The end of the spool was damaged: what followed, if anything, is unknown.
    TornTail = 5,
    /// Segments of a newer format were found and left alone.
    NewerFormat = 6,
}

impl GapReason {
    fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::SpoolFull),
            2 => Some(Self::DiskUnwritable),
            3 => Some(Self::Oversize),
            4 => Some(Self::Corrupt),
            5 => Some(Self::TornTail),
            6 => Some(Self::NewerFormat),
            _ => None,
        }
    }
}

/// The payload of a gap record.
///
/// Encoding, little endian: `epoch:u64 from:u64 to:u64 count:u64 class:u8 reason:u8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The epoch in which the numbers are missing; older than the record's own if it was carried.
    pub epoch: u64,
    /// First missing number.
    pub from: u64,
    /// Last missing number.
    pub to: u64,
    /// Events lost; 0 means that their number is unknown.
    pub count: u64,
    /// The most important class among the lost.
    pub class: Class,
    pub reason: GapReason,
}

impl Gap {
    const BYTES: usize = 34;

    /// See the type for the layout.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        for number in [self.epoch, self.from, self.to, self.count] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&[self.class as u8, self.reason as u8]);
        bytes
    }

    /// The gap in `bytes`, or `None` if they are not one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != Self::BYTES {
            return None;
        }
        let number = |at: usize| {
            bytes[at..at + 8]
                .try_into()
                .map(u64::from_le_bytes)
                .expect("eight bytes were cut out")
        };
        Some(Self {
            epoch: number(0),
            from: number(8),
            to: number(16),
            count: number(24),
            class: Class::from_number(bytes[32])?,
            reason: GapReason::from_number(bytes[33])?,
        })
    }

    /// What is left of the gap for a server that has stored everything up to `acked`.
    ///
    /// The agent may have dropped records that were stored while their ack was on its way.
    /// `None`: nothing of it is missing.
    pub fn after(self, acked: u64) -> Option<Self> {
        if acked < self.from {
            return Some(self);
        }
        let from = acked.checked_add(1).filter(|from| *from <= self.to)?;
        Some(Self {
            from,
            count: self.count.min(self.to - from + 1),
            ..self
        })
    }

    /// This gap and the one right after it as one.
    pub(crate) fn join(self, next: Self) -> Self {
        // An unknown number stays unknown.
        let known = self.count > 0 && next.count > 0;
        Self {
            to: next.to,
            count: if known {
                self.count.saturating_add(next.count)
            } else {
                0
            },
            class: self.class.min(next.class),
            ..self
        }
    }
}

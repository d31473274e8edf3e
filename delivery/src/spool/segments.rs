//! What the spool keeps in memory about a segment file.

use crate::record::{Class, Kind, Record};
use crate::segment::{self, SegmentName};

pub(super) const SEGMENT: &str = ".seg";
/// Being written; means nothing after a crash.
pub(super) const UNFINISHED: &str = ".tmp";
/// Of an epoch that is being begun.
pub(super) const NEXT_EPOCH: &str = ".new";
/// Damaged beyond use, kept for a look.
pub(super) const SET_ASIDE: &str = ".bad";

#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub name: SegmentName,
    /// Length of the header.
    pub start: u64,
    /// Where the next record goes.
    pub end: u64,
    /// `first_seq - 1` as long as it has no record.
    pub last_seq: u64,
    /// Chain value before its first record.
    pub base_chain: u64,
    /// Bytes of events per class: what dropping can win.
    pub class_bytes: [u64; 3],
    /// Bytes of gaps that directly follow a gap: what joining them can win.
    pub joinable_bytes: u64,
    ends_with_gap: bool,
    /// Caller's clock when it was first seen acknowledged.
    pub acked_at_ms: Option<u64>,
}

impl Segment {
    pub fn empty(name: SegmentName, header_bytes: usize, base_chain: u64) -> Self {
        Self {
            name,
            start: header_bytes as u64,
            end: header_bytes as u64,
            last_seq: name.first_seq - 1,
            base_chain,
            class_bytes: [0; 3],
            joinable_bytes: 0,
            ends_with_gap: false,
            acked_at_ms: None,
        }
    }

    pub fn file(&self) -> String {
        self.name.file(SEGMENT)
    }

    /// Counts a record that stands in the file.
    pub fn add(&mut self, record: &Record) {
        let bytes = segment::encoded_len(record) as u64;
        self.end += bytes;
        self.last_seq = record.seq;
        let gap = record.kind == Kind::Gap;
        if gap && self.ends_with_gap {
            self.joinable_bytes += bytes;
        }
        self.ends_with_gap = gap;
        if !gap {
            self.class_bytes[record.class as usize] += bytes;
        }
    }

    pub fn holds(&self, class: Class) -> bool {
        self.class_bytes[class as usize] > 0
    }
}

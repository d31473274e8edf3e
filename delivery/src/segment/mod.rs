//! The file format of the spool, version 1. All numbers are little endian.
//!
//! ```text
//! segment = header record* zero*
//! header  = magic "AIOS", version:u16, header_len:u32, agent_id:[16], epoch:u64, first_seq:u64,
//!           boot_id:[16], base_chain:u64, sources:u16, (source:u16 len:u16 cursor)*, crc32c:u32
//! record  = len:u32, crc32c:u32, body                    -- len and crc32c are those of the body
//! body    = seq:u64, chain:u64, flags:u8, source:u16, mono_ns:u64, wall_ns:i64,
//!           [covers:u64], [unique_id:[16]], [cursor_len:u16, cursor], payload
//! flags   = bits 0-1 class, 2 gap (then covers), 3 carried, 4 unique_id, 5 cursor, 6-7 zero
//! file    = <epoch>-<first_seq, 20 digits>.seg
//! ```
//!
//! `header_len` counts the whole header and its last four bytes are the checksum of the others, in
//! this and every later version: a flipped version byte is told from a newer format. `base_chain`
//! and the cursors are those before `first_seq`, so that they outlive the deletion of all older
//! segments. A file is as long as preallocated; the first zero `len` ends the records.
//!
//! Decoding is a total function: any bytes give a record, an end, or a reason.

mod header;
mod name;
mod record;

pub use header::{Header, HeaderError};
pub use name::SegmentName;
pub(crate) use record::decode_checked;
pub use record::{Decoded, MAX_ENCODED_BYTES, decode, encode, encoded_len};

/// Reads numbers off the front of a slice; `None` where it is too short.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(front)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }
}

/// `bytes` with their length in front.
fn put_short(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = u16::try_from(bytes.len()).expect("cursors are checked to be under 4 KiB");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(bytes);
}

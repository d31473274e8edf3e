//! One record within a segment.

use super::{Fields, put_short};
use crate::record::{Class, Kind, MAX_CURSOR_BYTES, MAX_PAYLOAD_BYTES, Record, SourceId};
use uuid::Uuid;

const GAP: u8 = 1 << 2;
const CARRIED: u8 = 1 << 3;
const UNIQUE_ID: u8 = 1 << 4;
const CURSOR: u8 = 1 << 5;
/// Length and checksum.
const FRAME_BYTES: usize = 8;
const FIXED_BYTES: usize = 35;
const MAX_BODY_BYTES: usize = FIXED_BYTES + 8 + 16 + 2 + MAX_CURSOR_BYTES + MAX_PAYLOAD_BYTES;
/// No record takes more.
pub const MAX_ENCODED_BYTES: usize = FRAME_BYTES + MAX_BODY_BYTES;

/// What stands at the front of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A record and how many bytes it took.
    Record(Box<Record>, usize),
    /// Nothing more: no bytes, or the zeros of preallocation.
    End,
    /// The bytes end inside of a record.
    Short,
    /// Not a record.
    Damaged,
}

/// How many bytes [`encode`] makes of it.
pub fn encoded_len(record: &Record) -> usize {
    FRAME_BYTES
        + FIXED_BYTES
        + if record.kind == Kind::Gap { 8 } else { 0 }
        + if record.unique_id.is_some() { 16 } else { 0 }
        + record.cursor.as_ref().map_or(0, |cursor| 2 + cursor.len())
        + record.payload.len()
}

/// Appends the record to `out`.
pub fn encode(record: &Record, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; FRAME_BYTES]);
    out.extend_from_slice(&record.seq.to_le_bytes());
    out.extend_from_slice(&record.chain.to_le_bytes());
    out.push(flags(record));
    out.extend_from_slice(&record.source.0.to_le_bytes());
    out.extend_from_slice(&record.mono_ns.to_le_bytes());
    out.extend_from_slice(&record.wall_ns.to_le_bytes());
    if record.kind == Kind::Gap {
        out.extend_from_slice(&record.covers.to_le_bytes());
    }
    if let Some(id) = record.unique_id {
        out.extend_from_slice(id.as_bytes());
    }
    if let Some(cursor) = &record.cursor {
        put_short(out, cursor);
    }
    out.extend_from_slice(&record.payload);
    let body = start + FRAME_BYTES;
    let len = u32::try_from(out.len() - body).expect("a record has under 70 KiB");
    let crc = crc32c::crc32c(&out[body..]);
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
    out[start + 4..body].copy_from_slice(&crc.to_le_bytes());
}

fn flags(record: &Record) -> u8 {
    let bit = |set: bool, flag: u8| if set { flag } else { 0 };
    record.class as u8
        | bit(record.kind == Kind::Gap, GAP)
        | bit(record.carried, CARRIED)
        | bit(record.unique_id.is_some(), UNIQUE_ID)
        | bit(record.cursor.is_some(), CURSOR)
}

/// Reads the record at the front of `bytes`.
pub fn decode(bytes: &[u8]) -> Decoded {
    decode_checked(bytes, true)
}

/// Like [`decode`]; without `checksum` a damaged body passes. Only mutation tests ask for that.
pub(crate) fn decode_checked(bytes: &[u8], checksum: bool) -> Decoded {
    if bytes.is_empty() {
        return Decoded::End;
    }
    let mut frame = Fields(bytes);
    let (Some(len), Some(crc)) = (frame.u32(), frame.u32()) else {
        return if bytes.iter().all(|byte| *byte == 0) {
            Decoded::End
        } else {
            Decoded::Short
        };
    };
    let len = len as usize;
    if len == 0 {
        return if crc == 0 {
            Decoded::End
        } else {
            Decoded::Damaged
        };
    }
    if !(FIXED_BYTES..=MAX_BODY_BYTES).contains(&len) {
        return Decoded::Damaged;
    }
    let Some(body) = frame.take(len) else {
        return Decoded::Short;
    };
    if checksum && crc32c::crc32c(body) != crc {
        return Decoded::Damaged;
    }
    match fields(Fields(body)) {
        Some(record) => Decoded::Record(Box::new(record), FRAME_BYTES + len),
        None => Decoded::Damaged,
    }
}

fn fields(mut body: Fields<'_>) -> Option<Record> {
    let (seq, chain, flags) = (body.u64()?, body.u64()?, body.u8()?);
    let (source, mono_ns, wall_ns) = (SourceId(body.u16()?), body.u64()?, body.i64()?);
    let has = |flag: u8| flags & flag != 0;
    let covers = if has(GAP) { body.u64()? } else { 1 };
    let unique_id = if has(UNIQUE_ID) {
        Some(Uuid::from_bytes(body.array()?))
    } else {
        None
    };
    let cursor = if has(CURSOR) {
        let len = usize::from(body.u16()?);
        Some(body.take(len)?.to_vec())
    } else {
        None
    };
    let record = Record {
        seq,
        covers,
        chain,
        kind: if has(GAP) { Kind::Gap } else { Kind::Event },
        class: Class::from_number(flags & 3)?,
        source,
        mono_ns,
        wall_ns,
        unique_id,
        carried: has(CARRIED),
        cursor,
        payload: body.0.to_vec(),
    };
    valid(&record, flags).then_some(record)
}

fn valid(record: &Record, flags: u8) -> bool {
    flags >> 6 == 0
        && (1..=record.seq).contains(&record.covers)
        && record.payload.len() <= MAX_PAYLOAD_BYTES
        && record
            .cursor
            .as_ref()
            .is_none_or(|cursor| cursor.len() <= MAX_CURSOR_BYTES)
}

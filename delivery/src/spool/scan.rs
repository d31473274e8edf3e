//! Walking over the records of one segment, whatever its bytes are.

use crate::message::Cursors;
use crate::record::Record;
use crate::segment::{self, Decoded};

/// Calls `each` for the good records at the front of `bytes` that continue the numbering.
///
/// Stops before a record above `limit`: from there on the next segment has them. Returns whether
/// the walk ended at an end rather than at damage.
pub(super) fn walk(
    bytes: &[u8],
    first_seq: u64,
    limit: u64,
    checksum: bool,
    mut each: impl FnMut(Record),
) -> bool {
    let mut rest = bytes;
    let mut next = first_seq;
    loop {
        match segment::decode_checked(rest, checksum) {
            Decoded::Record(record, _) if record.seq > limit => return true,
            Decoded::Record(record, len) if record.first_seq() == next => {
                next = record.seq.saturating_add(1);
                each(*record);
                rest = &rest[len..];
            }
            // The zeros of preallocation; anything else there was written and is torn.
            Decoded::End => return rest.iter().all(|byte| *byte == 0),
            Decoded::Record(..) | Decoded::Short | Decoded::Damaged => return false,
        }
    }
}

/// Moves `cursors` to behind `record`.
pub(super) fn advance(cursors: &mut Cursors, record: &Record) {
    if let Some(cursor) = &record.cursor {
        cursors.insert(record.source, cursor.clone());
    }
}

//! One sample as bytes: little-endian, with a checksum before them.

use analysis::{Timestamp, black_box::Sample};

pub(super) const SLOT_BYTES: usize = 96;
/// Also says which fields follow.
const MAGIC: u32 = 0x4b42_0001;
/// An absent number.
const NONE: u64 = u64::MAX;

/// The slot of a sample. `number` counts the samples of a ring and is never used twice.
pub(super) fn encode(number: u64, sample: &Sample) -> [u8; SLOT_BYTES] {
    let mut fields = Vec::with_capacity(SLOT_BYTES);
    fields.extend(MAGIC.to_le_bytes());
    fields.extend(number.to_le_bytes());
    fields.extend(sample.at.timestamp_millis().to_le_bytes());
    for value in [
        sample.since_boot_ms,
        sample.run,
        sample.rss_bytes,
        sample.memory_bytes.unwrap_or(NONE),
        sample.memory_limit_bytes.unwrap_or(NONE),
    ] {
        fields.extend(value.to_le_bytes());
    }
    for value in [
        sample.processes,
        sample.threads,
        sample.cpu_percent_hundredths,
    ] {
        fields.extend(value.to_le_bytes());
    }
    let mut slot = [0; SLOT_BYTES];
    slot[4..4 + fields.len()].copy_from_slice(&fields);
    let sum = crc32c::crc32c(&slot[4..]);
    slot[..4].copy_from_slice(&sum.to_le_bytes());
    slot
}

/// The sample of a slot, with its number. `None`: nothing was written there, or it is torn.
pub(super) fn decode(slot: &[u8]) -> Option<(u64, Sample)> {
    let (sum, fields) = slot.split_first_chunk::<4>()?;
    if slot.len() != SLOT_BYTES || u32::from_le_bytes(*sum) != crc32c::crc32c(fields) {
        return None;
    }
    let mut fields = Fields(fields);
    if fields.u32()? != MAGIC {
        return None;
    }
    let number = fields.u64()?;
    let at = Timestamp::from_timestamp_millis(fields.u64()?.cast_signed())?;
    let sample = Sample {
        at,
        since_boot_ms: fields.u64()?,
        run: fields.u64()?,
        rss_bytes: fields.u64()?,
        memory_bytes: fields.u64().filter(|value| *value != NONE),
        memory_limit_bytes: fields.u64().filter(|value| *value != NONE),
        processes: fields.u32()?,
        threads: fields.u32()?,
        cpu_percent_hundredths: fields.u32()?,
    };
    Some((number, sample))
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Sample {
        Sample {
            at: Timestamp::from_timestamp_millis(1_790_000_000_123).unwrap(),
            since_boot_ms: 7,
            run: u64::MAX - 1,
            processes: 3,
            threads: 4,
            rss_bytes: 5,
            memory_bytes: None,
            memory_limit_bytes: Some(6),
            cpu_percent_hundredths: 8,
        }
    }

    #[test]
    fn a_slot_says_what_was_written() {
        assert_eq!(decode(&encode(9, &sample())), Some((9, sample())));
        assert_eq!(decode(&[0; SLOT_BYTES]), None, "an empty slot");
    }

    proptest! {
        #[test]
        fn a_changed_slot_is_none(at in 0..SLOT_BYTES, bit in 0..8_u8) {
            let mut slot = encode(9, &sample());
            slot[at] ^= 1 << bit;
            prop_assert_eq!(decode(&slot), None);
        }

        #[test]
        fn hostile_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            decode(&bytes);
        }
    }
}

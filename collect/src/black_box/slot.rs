//! One sample as bytes: little-endian, with a checksum before them.

use analysis::{
    Timestamp,
    black_box::{HostSample, Sample},
};

pub(super) const SLOT_BYTES: usize = 96;
/// Absent numbers.
const NONE: u64 = u64::MAX;
const NONE_32: u32 = u32::MAX;

/// What a ring keeps. A number counts the samples of a ring and is never used twice.
pub(super) trait Slotted: Sized {
    /// Says which fields follow.
    const MAGIC: u32;

    fn write(&self, fields: &mut Vec<u8>);
    fn read(fields: &mut Fields<'_>) -> Option<Self>;

    fn encode(&self, number: u64) -> [u8; SLOT_BYTES] {
        let mut fields = Vec::with_capacity(SLOT_BYTES);
        fields.extend(Self::MAGIC.to_le_bytes());
        fields.extend(number.to_le_bytes());
        self.write(&mut fields);
        let mut slot = [0; SLOT_BYTES];
        slot[4..4 + fields.len()].copy_from_slice(&fields);
        let sum = crc32c::crc32c(&slot[4..]);
        slot[..4].copy_from_slice(&sum.to_le_bytes());
        slot
    }

    /// The sample of a slot, with its number. `None`: nothing was written there, or it is torn.
    fn decode(slot: &[u8]) -> Option<(u64, Self)> {
        let (sum, fields) = slot.split_first_chunk::<4>()?;
        if slot.len() != SLOT_BYTES || u32::from_le_bytes(*sum) != crc32c::crc32c(fields) {
            return None;
        }
        let mut fields = Fields(fields);
        if fields.u32()? != Self::MAGIC {
            return None;
        }
        Some((fields.u64()?, Self::read(&mut fields)?))
    }
}

impl Slotted for Sample {
    const MAGIC: u32 = 0x4b42_0001;

    fn write(&self, fields: &mut Vec<u8>) {
        fields.extend(self.at.timestamp_millis().to_le_bytes());
        for value in [
            self.since_boot_ms,
            self.run,
            self.rss_bytes,
            self.memory_bytes.unwrap_or(NONE),
            self.memory_limit_bytes.unwrap_or(NONE),
        ] {
            fields.extend(value.to_le_bytes());
        }
        for value in [
            self.processes,
            self.threads,
            self.cpu_percent_hundredths,
            // Slots were once written without these two: nothing is zero there.
            self.main_pid.unwrap_or(0),
            self.open_files.map_or(0, |files| files.saturating_add(1)),
        ] {
            fields.extend(value.to_le_bytes());
        }
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            at: fields.time()?,
            since_boot_ms: fields.u64()?,
            run: fields.u64()?,
            rss_bytes: fields.u64()?,
            memory_bytes: fields.u64().filter(|value| *value != NONE),
            memory_limit_bytes: fields.u64().filter(|value| *value != NONE),
            processes: fields.u32()?,
            threads: fields.u32()?,
            cpu_percent_hundredths: fields.u32()?,
            main_pid: fields.u32().filter(|pid| *pid > 0),
            open_files: fields.u32()?.checked_sub(1),
        })
    }
}

impl Slotted for HostSample {
    const MAGIC: u32 = 0x4b42_1001;

    fn write(&self, fields: &mut Vec<u8>) {
        fields.extend(self.at.timestamp_millis().to_le_bytes());
        for value in [
            self.memory_bytes,
            self.memory_available_bytes,
            self.swap_used_bytes,
        ] {
            fields.extend(value.to_le_bytes());
        }
        for value in [
            self.over_ms,
            self.cores,
            self.load_hundredths,
            self.cpu_wait_hundredths.unwrap_or(NONE_32),
            self.memory_wait_hundredths.unwrap_or(NONE_32),
            self.io_wait_hundredths.unwrap_or(NONE_32),
        ] {
            fields.extend(value.to_le_bytes());
        }
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            at: fields.time()?,
            memory_bytes: fields.u64()?,
            memory_available_bytes: fields.u64()?,
            swap_used_bytes: fields.u64()?,
            over_ms: fields.u32()?,
            cores: fields.u32()?,
            load_hundredths: fields.u32()?,
            cpu_wait_hundredths: fields.u32().filter(|value| *value != NONE_32),
            memory_wait_hundredths: fields.u32().filter(|value| *value != NONE_32),
            io_wait_hundredths: fields.u32().filter(|value| *value != NONE_32),
        })
    }
}

pub(super) struct Fields<'a>(&'a [u8]);

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

    fn time(&mut self) -> Option<Timestamp> {
        Timestamp::from_timestamp_millis(self.u64()?.cast_signed())
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
            main_pid: Some(9),
            open_files: Some(0),
        }
    }

    fn host() -> HostSample {
        HostSample {
            at: Timestamp::from_timestamp_millis(1_790_000_000_123).unwrap(),
            over_ms: 5000,
            cores: 2,
            load_hundredths: 150,
            cpu_wait_hundredths: Some(0),
            memory_wait_hundredths: None,
            io_wait_hundredths: Some(10_000),
            memory_bytes: 7,
            memory_available_bytes: 6,
            swap_used_bytes: 0,
        }
    }

    #[test]
    fn a_slot_says_what_was_written() {
        let slot = sample().encode(9);
        assert_eq!(Sample::decode(&slot), Some((9, sample())));
        assert_eq!(Sample::decode(&[0; SLOT_BYTES]), None, "an empty slot");
        assert_eq!(HostSample::decode(&slot), None, "another kind");
        assert_eq!(HostSample::decode(&host().encode(3)), Some((3, host())));
    }

    proptest! {
        #[test]
        fn a_changed_slot_is_none(at in 0..SLOT_BYTES, bit in 0..8_u8) {
            let mut slot = sample().encode(9);
            slot[at] ^= 1 << bit;
            prop_assert_eq!(Sample::decode(&slot), None);
        }

        #[test]
        fn hostile_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            Sample::decode(&bytes);
            HostSample::decode(&bytes);
        }
    }
}

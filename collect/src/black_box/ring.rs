//! A file of slots that is written round and round.

use std::{
    fs::{self, File, OpenOptions},
    io,
    marker::PhantomData,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
};

use super::slot::{SLOT_BYTES, Slotted};

/// Larger files are none of ours.
const MOST_BYTES: u64 = 4 << 20;

/// A ring that is written.
pub(super) struct Ring<T> {
    file: File,
    slots: u64,
    next: u64,
    samples: PhantomData<T>,
}

impl<T: Slotted> Ring<T> {
    /// Opens a ring, and goes on behind its last sample. What is no ring is overwritten.
    pub(super) fn open(path: &Path, slots: u64) -> io::Result<Self> {
        let next = numbered::<T>(path)
            .last()
            .map_or(0, |(number, _)| number + 1);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        Ok(Self {
            file,
            slots,
            next,
            samples: PhantomData,
        })
    }

    pub(super) fn push(&mut self, sample: &T) -> io::Result<()> {
        let place = (self.next % self.slots) * SLOT_BYTES as u64;
        self.file.write_all_at(&sample.encode(self.next), place)?;
        self.next += 1;
        Ok(())
    }
}

/// The samples of a ring, the oldest first. Empty if it is missing or not readable; slots that are
/// torn are left out.
pub(super) fn read<T: Slotted>(path: &Path) -> Vec<T> {
    let numbered = numbered(path).into_iter();
    numbered.map(|(_, sample)| sample).collect()
}

fn numbered<T: Slotted>(path: &Path) -> Vec<(u64, T)> {
    let is_ring = |meta: &fs::Metadata| meta.is_file() && meta.len() <= MOST_BYTES;
    if !fs::symlink_metadata(path).is_ok_and(|meta| is_ring(&meta)) {
        return Vec::new();
    }
    let bytes = fs::read(path).unwrap_or_default();
    let mut samples: Vec<_> = bytes.chunks(SLOT_BYTES).filter_map(T::decode).collect();
    samples.sort_by_key(|(number, _)| *number);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use analysis::{Timestamp, black_box::Sample};

    fn sample(second: i64) -> Sample {
        Sample {
            at: Timestamp::from_timestamp(second, 0).unwrap(),
            since_boot_ms: 0,
            run: 1,
            processes: 1,
            threads: 1,
            rss_bytes: 0,
            memory_bytes: None,
            memory_limit_bytes: None,
            cpu_percent_hundredths: 0,
            main_pid: None,
            open_files: None,
        }
    }

    fn seconds(path: &Path) -> Vec<i64> {
        read::<Sample>(path)
            .iter()
            .map(|sample| sample.at.timestamp())
            .collect()
    }

    #[test]
    fn the_last_samples_are_kept_over_a_restart_of_the_agent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        assert_eq!(seconds(&path), Vec::<i64>::new());
        for second in 0..5 {
            let mut ring = Ring::open(&path, 3).unwrap();
            ring.push(&sample(second)).unwrap();
        }
        assert_eq!(seconds(&path), [2, 3, 4]);
    }

    #[test]
    fn a_torn_slot_is_left_out_and_what_is_no_ring_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        let mut ring = Ring::open(&path, 3).unwrap();
        for second in 0..3 {
            ring.push(&sample(second)).unwrap();
        }
        ring.file
            .write_all_at(b"torn", SLOT_BYTES as u64 + 40)
            .unwrap();
        assert_eq!(seconds(&path), [0, 2]);
        fs::write(&path, "a file of somebody else, and longer than a slot of ours is: much longer, in fact, so that there is one")
            .unwrap();
        assert_eq!(seconds(&path), Vec::<i64>::new());
        let mut ring = Ring::open(&path, 3).unwrap();
        ring.push(&sample(7)).unwrap();
        assert_eq!(seconds(&path), [7]);
    }
}

//! The host itself: five small files of procfs at each pass.

use std::{fs, mem, path::Path};

use analysis::black_box::HostSample;

use super::{Folders, HOST, MINUTE_SLOTS, RECENT_SLOTS, ring::Ring};
use crate::{CollectError, host::ClockReading, machine::cores};

const MINUTE_NS: u64 = 60_000_000_000;
/// The disk is written to once for so many minutes; until then the short steps have them.
const WRITTEN_TOGETHER: usize = 5;

/// Records the host.
pub(super) struct HostRecorder {
    recent: Ring<HostSample>,
    minutes: Ring<HostSample>,
    cores: u32,
    last: Option<Counters>,
    minute_began: Option<Counters>,
    unwritten: Vec<HostSample>,
}

/// What only grows, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    since_boot_ns: u64,
    /// Time in which at least one task waited for a CPU, memory, a disk.
    waited_us: [Option<u64>; 3],
}

impl HostRecorder {
    pub(super) fn open(folders: &Folders) -> Result<Self, CollectError> {
        let ring = |path: std::path::PathBuf, slots| {
            Ring::open(&path, slots).map_err(|source| CollectError::Read { path, source })
        };
        Ok(Self {
            recent: ring(folders.recent.join(HOST), RECENT_SLOTS)?,
            minutes: ring(folders.kept.join(HOST), MINUTE_SLOTS)?,
            cores: cores(&fs::read_to_string("/proc/stat").unwrap_or_default()),
            last: None,
            minute_began: None,
            unwritten: Vec::new(),
        })
    }

    /// Takes a sample. A disk that is full keeps nothing.
    pub(super) fn pass(&mut self) {
        let now = ClockReading::now();
        let counters = Counters {
            since_boot_ns: now.since_boot_ns,
            waited_us: ["cpu", "memory", "io"].map(waited_us),
        };
        let state = State::read(Path::new("/proc"));
        let sample = |before: Counters| state.sample(now, self.cores, before, counters);
        if let Some(before) = self.last.replace(counters) {
            let _ = self.recent.push(&sample(before));
        }
        let began = *self.minute_began.get_or_insert(counters);
        if counters.since_boot_ns - began.since_boot_ns >= MINUTE_NS {
            self.unwritten.push(sample(began));
            self.minute_began = Some(counters);
        }
        if self.unwritten.len() >= WRITTEN_TOGETHER {
            self.write();
        }
    }

    fn write(&mut self) {
        for minute in mem::take(&mut self.unwritten) {
            let _ = self.minutes.push(&minute);
        }
    }
}

/// What was not written yet is not lost when the agent stops.
impl Drop for HostRecorder {
    fn drop(&mut self) {
        self.write();
    }
}

/// What goes up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    load_hundredths: u32,
    memory_bytes: u64,
    memory_available_bytes: u64,
    swap_used_bytes: u64,
}

impl State {
    fn read(procfs: &Path) -> Self {
        let text = |file: &str| fs::read_to_string(procfs.join(file)).unwrap_or_default();
        let load = text("loadavg");
        let load = load.split(' ').next().and_then(hundredths);
        let memory = text("meminfo");
        let bytes = |name: &str| -> u64 {
            let line = memory.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
            let kib: Option<u64> = number.and_then(|number| number.parse().ok());
            kib.unwrap_or(0).saturating_mul(1024)
        };
        Self {
            load_hundredths: load.unwrap_or(0),
            memory_bytes: bytes("MemTotal:"),
            memory_available_bytes: bytes("MemAvailable:"),
            swap_used_bytes: bytes("SwapTotal:").saturating_sub(bytes("SwapFree:")),
        }
    }

    fn sample(
        self,
        now: ClockReading,
        cores: u32,
        before: Counters,
        counters: Counters,
    ) -> HostSample {
        let over_us = (counters.since_boot_ns - before.since_boot_ns) / 1000;
        let share = |of: usize| -> Option<u32> {
            let waited = counters.waited_us[of]?.checked_sub(before.waited_us[of]?)?;
            u32::try_from(waited.min(over_us) * 10_000 / over_us.max(1)).ok()
        };
        HostSample {
            at: now.wall,
            over_ms: u32::try_from(over_us / 1000).unwrap_or(u32::MAX),
            cores,
            load_hundredths: self.load_hundredths,
            cpu_wait_hundredths: share(0),
            memory_wait_hundredths: share(1),
            io_wait_hundredths: share(2),
            memory_bytes: self.memory_bytes,
            memory_available_bytes: self.memory_available_bytes,
            swap_used_bytes: self.swap_used_bytes,
        }
    }
}

/// `0.52` as 52.
fn hundredths(load: &str) -> Option<u32> {
    let (whole, rest) = load.split_once('.')?;
    let (whole, rest): (u32, u32) = (whole.parse().ok()?, rest.parse().ok()?);
    whole.checked_mul(100)?.checked_add(rest)
}

/// `None`: the kernel does not watch it.
fn waited_us(resource: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/pressure/{resource}")).ok()?;
    let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let total = some.split(' ').find_map(|word| word.strip_prefix("total="));
    total?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_waited_is_the_mean_since_the_sample_before() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("loadavg"), "12.07 0.5 0.5 1/99 7\n").unwrap();
        let memory = "MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable: 50 kB\n\
                      SwapTotal: 30 kB\nSwapFree: 10 kB\n";
        fs::write(root.path().join("meminfo"), memory).unwrap();
        let state = State::read(root.path());
        let counters = |seconds: u64, waited_us| Counters {
            since_boot_ns: seconds * 1_000_000_000,
            waited_us: [Some(waited_us), None, Some(7)],
        };
        let now = ClockReading::now();
        let sample = state.sample(now, 2, counters(10, 500), counters(15, 1_250_500));
        assert_eq!(sample.load_hundredths, 1207);
        assert_eq!((sample.over_ms, sample.swap_used_bytes), (5000, 20 << 10));
        let waits = [
            sample.cpu_wait_hundredths,
            sample.memory_wait_hundredths,
            sample.io_wait_hundredths,
        ];
        assert_eq!(waits, [Some(2500), None, Some(0)]);
    }

    #[test]
    fn minutes_that_were_not_written_are_when_it_ends() {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders {
            recent: root.path().to_owned(),
            kept: root.path().join("kept"),
        };
        fs::create_dir(&folders.kept).unwrap();
        let mut recorder = HostRecorder::open(&folders).unwrap();
        recorder.pass();
        recorder.pass();
        assert_eq!(folders.host_recording().recent.len(), 1);
        // A minute ago.
        recorder.minute_began = Some(Counters::default());
        recorder.pass();
        assert_eq!(folders.host_recording().minutes, []);
        drop(recorder);
        assert_eq!(folders.host_recording().minutes.len(), 1);
    }
}

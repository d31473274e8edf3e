//! What processes have used, from procfs and getrusage.

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::{Context, Result};

/// Resident memory of a process. Unit: KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resident {
    /// Heap, stacks, and what was changed of the files.
    pub anonymous_kib: u64,
    /// Program and libraries, shared with whoever maps them too.
    pub file_kib: u64,
    /// Buffers that are shared with the kernel.
    pub shared_kib: u64,
}

impl Resident {
    /// Reads the `Rss*` lines of a `status` file of procfs.
    pub fn from_status(status: &str) -> Result<Self> {
        let kib = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            let line = line.with_context(|| format!("no {field} in a status file"))?;
            let number = line.trim().trim_end_matches(" kB");
            number.parse::<u64>().with_context(|| field.to_owned())
        };
        Ok(Self {
            anonymous_kib: kib("RssAnon:")?,
            file_kib: kib("RssFile:")?,
            shared_kib: kib("RssShmem:")?,
        })
    }

    pub fn of(pid: u32) -> Result<Self> {
        Self::from_status(&fs::read_to_string(format!("/proc/{pid}/status"))?)
    }

    pub fn total_kib(self) -> u64 {
        self.anonymous_kib + self.file_kib + self.shared_kib
    }
}

/// What a page of a process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Heap, stacks, and what a program changes of itself.
    Own,
    /// Program and libraries, as they are in their files.
    Code,
    /// Journal files that are being read: the kernel takes these pages back when it likes.
    Journal,
    /// The buffer in which the kernel's BPF programs leave events; mapped twice, it counts twice.
    RingBuffer,
}

/// Resident memory by purpose, from a `smaps` file of procfs. Unit: KiB.
pub fn resident_by_purpose(smaps: &str) -> BTreeMap<Purpose, u64> {
    let mut purpose = Purpose::Own;
    let mut resident = BTreeMap::new();
    for line in smaps.lines() {
        if let Some(kib) = line.strip_prefix("Rss:") {
            let kib: u64 = kib.trim().trim_end_matches(" kB").parse().unwrap_or(0);
            *resident.entry(purpose).or_default() += kib;
        } else if is_mapping(line) {
            purpose = purpose_of(line);
        }
    }
    resident
}

/// `7f0-7f1 r-xp 0 08:01 5 /usr/bin/x`, and not `Size: 4 kB`.
fn is_mapping(line: &str) -> bool {
    let range = line
        .split(' ')
        .next()
        .and_then(|first| first.split_once('-'));
    range.is_some_and(|(start, _)| u64::from_str_radix(start, 16).is_ok())
}

fn purpose_of(mapping: &str) -> Purpose {
    let mut columns = mapping.split_whitespace();
    let writable = columns.nth(1).is_some_and(|rights| rights.contains('w'));
    let name = columns.nth(3).unwrap_or_default();
    if name.contains("bpf") {
        Purpose::RingBuffer
    } else if name.ends_with(".journal") {
        Purpose::Journal
    } else if name.starts_with('/') && !writable {
        Purpose::Code
    } else {
        Purpose::Own
    }
}

/// CPU time in `schedstat` files of procfs, one line for each thread.
///
/// `stat` counts in ticks of 10 ms, of which a quiet daemon uses a handful a minute.
pub fn cpu_of_threads(schedstat: &str) -> Duration {
    let nanoseconds = schedstat.lines().filter_map(|line| {
        let first = line.split(' ').next()?;
        first.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// CPU time of all threads of a process that are alive.
pub fn cpu_of_process(pid: u32) -> Result<Duration> {
    let mut lines = String::new();
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread that ended while we looked is none.
        lines += &fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
    }
    Ok(cpu_of_threads(&lines))
}

/// CPU time of the calling thread and of all children that were waited for: what it costs to
/// start them, to be them, and to bury them.
pub fn cpu_of_caller_and_children() -> Duration {
    rusage(libc::RUSAGE_THREAD) + rusage(libc::RUSAGE_CHILDREN)
}

#[expect(unsafe_code, reason = "getrusage has no safe wrapper in our libraries")]
fn rusage(who: i32) -> Duration {
    // SAFETY: all zeros are a valid `rusage`, which lives while it is written.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(who, &raw mut usage);
        usage
    };
    let time = |time: libc::timeval| {
        let micros = time.tv_sec * 1_000_000 + time.tv_usec;
        Duration::from_micros(micros.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let status = "VmRSS:\t 30 kB\nRssAnon:\t  10 kB\nRssFile:\t15 kB\nRssShmem:\t 5 kB\n";
        let resident = Resident::from_status(status).unwrap();
        assert_eq!(resident.anonymous_kib, 10);
        assert_eq!(resident.total_kib(), 30);
        assert!(Resident::from_status("Name: x").is_err());
    }

    #[test]
    fn pages_are_told_apart_by_what_is_mapped() {
        let smaps = "55d0-55e0 r-xp 0 08:01 5   /usr/bin/x\nSize: 9 kB\nRss:  4 kB\n\
            55e0-55f0 rw-p 0 08:01 5   /usr/bin/x\nRss:  1 kB\n\
            7f00-7f10 rw-p 0 00:00 0\nRss:  2 kB\n\
            7f10-7f20 r--s 0 00:1 7  /var/log/journal/1/system.journal\nRss:  8 kB\n\
            7f20-7f30 rw-s 0 00:1 7  anon_inode:bpf-map\nRss:  16 kB\n";
        let resident = resident_by_purpose(smaps);
        let expected = [
            (Purpose::Own, 3),
            (Purpose::Code, 4),
            (Purpose::Journal, 8),
            (Purpose::RingBuffer, 16),
        ];
        assert_eq!(resident, BTreeMap::from(expected));
    }

    #[test]
    fn threads_add_up() {
        let cpu = cpu_of_threads("1500306 24271369 2\n500000 0 1\n");
        assert_eq!(cpu, Duration::from_nanos(2_000_306));
    }
}

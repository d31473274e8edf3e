//! What processes have used, from procfs and getrusage.

use std::{fs, time::Duration};

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
    fn threads_add_up() {
        let cpu = cpu_of_threads("1500306 24271369 2\n500000 0 1\n");
        assert_eq!(cpu, Duration::from_nanos(2_000_306));
    }
}

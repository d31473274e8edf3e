//! Keeps the agent small and last in line, and measures what it costs.

use std::{fs, time::Instant};

use serde::{Deserialize, Serialize};

/// How far behind everybody else we stand for the processor (`nice`).
const NICENESS: i32 = 10;

/// What the agent itself uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Of one core, since the measurement before.
    pub cpu_percent: f64,
    /// All processor time since the start, in milliseconds.
    pub cpu_ms: u64,
    pub rss_bytes: u64,
    pub threads: u32,
}

/// Lowers our priority for processor and disk. What the system refuses stays as it is: none of it
/// is needed to work.
pub fn step_back() {
    let _ = rustix::process::nice(NICENESS);
    arenas::limit();
    arenas::idle_disk_priority();
}

/// Returns freed memory to the system, after work that needed much for a moment: reading the
/// kernel's types to load BPF programs takes 40 MiB.
pub fn give_back_memory() {
    arenas::trim();
}

mod arenas {
    #![expect(
        unsafe_code,
        reason = "mallopt, malloc_trim and ioprio_set have no safe wrapper"
    )]

    pub(super) fn trim() {
        // SAFETY: gives back what nobody uses; it may be called at any time.
        #[cfg(target_env = "gnu")]
        unsafe {
            libc::malloc_trim(0);
        }
    }

    /// What the allocator may keep of what was freed. It would learn to keep twice the largest
    /// block that it ever saw freed (18 MiB, after the kernel's types), in an arena for each thread.
    pub(super) fn limit() {
        const KEPT_BYTES: libc::c_int = 128 << 10;
        // SAFETY: sets numbers in the allocator; it may be called at any time.
        #[cfg(target_env = "gnu")]
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BYTES);
            libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_BYTES);
        }
    }

    /// Best effort, lowest level: served after the others, but served.
    pub(super) fn idle_disk_priority() {
        const WHO_PROCESS: libc::c_int = 1;
        const CLASS_BEST_EFFORT: libc::c_int = 2;
        const LOWEST: libc::c_int = 7;
        // SAFETY: takes three numbers and touches no memory of ours.
        unsafe {
            libc::syscall(
                libc::SYS_ioprio_set,
                WHO_PROCESS,
                0,
                CLASS_BEST_EFFORT << 13 | LOWEST,
            );
        }
    }
}

/// Measures the agent from one call to the next.
#[derive(Debug)]
pub struct Meter {
    at: Instant,
    cpu_ms: u64,
}

impl Meter {
    pub fn start() -> Self {
        Self {
            at: Instant::now(),
            cpu_ms: cpu_ms(),
        }
    }

    /// What was used since the call before.
    pub fn measure(&mut self) -> Cost {
        let (now, cpu_ms) = (Instant::now(), cpu_ms());
        let wall_ms = now.duration_since(self.at).as_secs_f64() * 1000.0;
        let used = cpu_ms.saturating_sub(self.cpu_ms) as f64;
        *self = Self { at: now, cpu_ms };
        let (rss_bytes, threads) = memory();
        let cpu_percent = if wall_ms > 0.0 {
            100.0 * used / wall_ms
        } else {
            0.0
        };
        Cost {
            cpu_percent: (cpu_percent * 100.0).round() / 100.0,
            cpu_ms,
            rss_bytes,
            threads,
        }
    }
}

fn cpu_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec.cast_unsigned() * 1000 + time.tv_nsec.cast_unsigned() / 1_000_000
}

fn memory() -> (u64, u32) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let number = |key: &str| -> u64 {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .unwrap_or_default();
        line.split_whitespace()
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0)
    };
    (
        number("VmRSS:") * 1024,
        u32::try_from(number("Threads:")).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_cost_is_measured() {
        let mut meter = Meter::start();
        let before = meter.cpu_ms;
        while cpu_ms() < before + 20 {}
        let cost = meter.measure();
        assert!(
            cost.cpu_percent > 1.0 && cost.rss_bytes > 1 << 20 && cost.threads > 0,
            "{cost:?}"
        );
    }
}

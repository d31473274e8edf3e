//! Turns times since boot into times of the wall clock.

use std::time::SystemTime;

use analysis::Timestamp;
use chrono::TimeDelta;
use rustix::time::{ClockId, clock_gettime};

/// Both clocks, read at one moment. Read it anew now and then: the wall clock may be set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) wall: Timestamp,
    pub(super) since_boot_ns: u64,
}

impl Clock {
    pub(super) fn read() -> Self {
        Self {
            wall: SystemTime::now().into(),
            since_boot_ns: since_boot_ns(),
        }
    }

    /// The wall clock's time at a moment since boot, by its setting when `self` was read.
    pub(super) fn wall_at(&self, since_boot_ns: u64) -> Timestamp {
        let ago = self.since_boot_ns.cast_signed() - since_boot_ns.cast_signed();
        self.wall - TimeDelta::nanoseconds(ago)
    }
}

/// The time since boot, in nanoseconds.
pub(super) fn since_boot_ns() -> u64 {
    nanoseconds(ClockId::Boottime)
}

/// How far `CLOCK_BOOTTIME` is ahead of `CLOCK_MONOTONIC`: the time that the machine slept.
pub(super) fn slept_ns() -> u64 {
    nanoseconds(ClockId::Boottime).saturating_sub(nanoseconds(ClockId::Monotonic))
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

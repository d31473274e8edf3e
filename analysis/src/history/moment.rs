//! When an entry was written, on both clocks.

use crate::{Timestamp, event::Event, event::Fact, identity::BootId, journal::JournalEntry};

/// How far apart two facts may be and still belong together: 2 s.
pub(super) const JOIN_WINDOW_US: u64 = 2_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub at: Timestamp,
    /// Since the boot. Facts of one boot are joined by this one: nobody sets it.
    pub monotonic_us: u64,
    pub boot: BootId,
}

impl Moment {
    pub fn of(entry: &JournalEntry) -> Self {
        Self {
            at: entry.at,
            monotonic_us: entry.monotonic_us,
            boot: entry.boot,
        }
    }

    pub fn is_near(self, other: Self) -> bool {
        self.monotonic_us.abs_diff(other.monotonic_us) <= JOIN_WINDOW_US
    }

    /// Whether it is near a time that only the wall clock told.
    pub fn is_near_wall(self, at: Timestamp) -> bool {
        (self.at - at).abs() <= chrono::TimeDelta::microseconds(JOIN_WINDOW_US as i64)
    }

    pub fn event(self, fact: Fact) -> Event {
        Event {
            at: self.at,
            // The journal's clock stands still while the host is suspended; the clock of events
            // does not. A reader that sees the entry soon knows the difference, the fold does not.
            since_boot_ns: None,
            boot: self.boot,
            fact,
        }
    }
}

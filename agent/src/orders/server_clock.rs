//! What time it is on the server.

use analysis::Timestamp;
use chrono::{DateTime, TimeDelta};

/// The server's clock, as it was told and has run on since. The host's own wall clock may be years
/// off, and anybody with root may set it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ServerClock {
    told: Option<Told>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    at: Timestamp,
    /// Time since boot, sleep included, when it was told.
    since_boot_ns: u64,
}

impl ServerClock {
    /// The server says what time it is. Nonsense is not taken.
    pub(super) fn set(&mut self, server_time_ns: i64, since_boot_ns: u64) {
        if server_time_ns > 0 {
            self.told = Some(Told {
                at: DateTime::from_timestamp_nanos(server_time_ns),
                since_boot_ns,
            });
        }
    }

    /// `None`: the server never told.
    pub(super) fn at(&self, since_boot_ns: u64) -> Option<Timestamp> {
        let told = self.told?;
        let passed = since_boot_ns.saturating_sub(told.since_boot_ns);
        let passed = TimeDelta::nanoseconds(i64::try_from(passed).ok()?);
        told.at.checked_add_signed(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_on_by_the_time_since_boot() {
        let mut clock = ServerClock::default();
        assert_eq!(clock.at(9), None);
        clock.set(0, 9);
        assert_eq!(clock.at(9), None);
        clock.set(1_000_000_000, 5_000_000_000);
        assert_eq!(clock.at(7_500_000_000).unwrap().timestamp_millis(), 3_500);
        assert_eq!(clock.at(0).unwrap().timestamp_millis(), 1_000);
        assert_eq!(clock.at(u64::MAX), None);
    }
}

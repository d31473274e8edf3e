//! How often the sources look, and how often they repair what they know.

use std::time::{Duration, Instant};

/// How long the reader lets events gather after the first. Waking it costs the watched process
/// 10 to 30 times an event, and the kernel wakes only a reader that has caught up.
pub(super) const NAP: Duration = Duration::from_millis(20);
/// /proc is compared at most this often, however long a loss goes on.
const REPAIR_INTERVAL: Duration = Duration::from_secs(2);

/// When the table is to be compared with /proc.
#[derive(Debug, Default)]
pub(super) struct Repair {
    due: Option<Instant>,
    last: Option<Instant>,
}

impl Repair {
    pub(super) fn ask(&mut self) {
        let earliest = self.last.map(|last| last + REPAIR_INTERVAL);
        let due = earliest.unwrap_or_else(Instant::now);
        self.due.get_or_insert(due);
    }

    pub(super) fn due_in(&self) -> Option<Duration> {
        self.due
            .map(|due| due.saturating_duration_since(Instant::now()))
    }

    pub(super) fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= Instant::now())
    }

    pub(super) fn done(&mut self) {
        self.due = None;
        self.last = Some(Instant::now());
    }
}

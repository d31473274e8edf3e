//! Waiting for Postgres: longer each time, and not all streams at once.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// The waits between tries of one batch.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub fn new() -> Self {
        Self { next: FIRST }
    }

    /// How long to wait now: between half of the bound and the bound, which doubles each time.
    /// `random` is between 0 and 1.
    pub fn wait(&mut self, random: f64) -> Duration {
        let bound = self.next;
        self.next = (bound * 2).min(LONGEST);
        bound.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }
}

/// A number between 0 and 1. Good enough to spread waits; nothing secret depends on it.
pub(super) fn random() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}

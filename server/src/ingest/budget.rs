//! How much one agent may send: a token bucket, so that a flooding one cannot drown the others.

use std::time::{Duration, Instant};

/// Bytes of payload a second that an agent may send in the long run: 64 MiB.
const RATE: f64 = 64.0 * 1024.0 * 1024.0;
/// How much it may send at once, such as after an hour offline: 256 MiB, a full spool.
const BURST: f64 = 4.0 * RATE;

/// What is left for one stream.
#[derive(Debug)]
pub(super) struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    pub fn full(now: Instant) -> Self {
        Self {
            left: BURST,
            at: now,
        }
    }

    /// Takes `bytes`. Answers for how long the agent has to wait, if it took too much.
    pub fn take(&mut self, bytes: usize, now: Instant) -> Option<Duration> {
        let refill = now.saturating_duration_since(self.at).as_secs_f64() * RATE;
        self.at = now;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a batch is far below 2^52 bytes"
        )]
        let bytes = bytes as f64;
        self.left = (self.left + refill).min(BURST) - bytes;
        (self.left < 0.0).then(|| Duration::from_secs_f64(-self.left / RATE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_has_to_wait_for_what_it_took_too_much() {
        let start = Instant::now();
        let mut budget = Budget::full(start);
        let second = 64 * 1024 * 1024;
        assert_eq!(budget.take(4 * second, start), None, "a full spool at once");
        let wait = budget.take(second, start).unwrap();
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!(budget.take(0, start + wait), None, "it waited");
    }
}

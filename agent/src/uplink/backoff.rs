//! How long to wait before the next attempt: full jitter, so that ten thousand agents that lost
//! one server do not come back in one moment.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);
/// A stream that lived this long was a good one; one that breaks sooner counts as a failure.
pub(super) const STABLE_AFTER: Duration = Duration::from_secs(60);

/// The waits of one agent, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait before the next attempt: anything from nothing to the present limit.
    pub fn next_wait(&mut self) -> Duration {
        let limit = LONGEST.min(FIRST.saturating_mul(1 << self.failures.min(10)));
        self.failures = self.failures.saturating_add(1);
        limit.mul_f64(unit_interval())
    }

    /// After a stream that lived.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A random number from 0 to 1.
pub(crate) fn unit_interval() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness all agents wait alike, which is worse than nothing, but works.
    let _ = SystemRandom::new().fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_its_limit_and_starts_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..200).map(|_| backoff.next_wait()).collect();
        assert!(waits[0] <= FIRST && waits[1] <= FIRST * 2);
        assert!(waits.iter().all(|wait| *wait <= LONGEST));
        // 190 waits of up to a minute: that none is over 30 s would be one in 2^190.
        assert!(waits.iter().any(|wait| *wait > LONGEST / 2));
        backoff.reset();
        assert!(backoff.next_wait() <= FIRST);
    }
}

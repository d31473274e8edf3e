//! How often one may fail before one is not even listened to.
//!
//! A token cannot be guessed in any number of tries; for those this keeps who tries from costing
//! database queries. Who does not fail is never slowed down: hosts that join, however many of them
//! stand behind one address.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many who failed are remembered at most. When there are more, all are forgiven.
const MAX_KEYS: usize = 10_000;

/// Who failed lately; `K` says what counts as one: an address, an account.
#[derive(Debug)]
pub struct FailureLimit<K> {
    burst: u32,
    refill: Duration,
    failed: Mutex<HashMap<K, Failures>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    /// As of `at`; one is forgiven each `refill`.
    count: u32,
    at: Instant,
}

impl<K: Hash + Eq> FailureLimit<K> {
    /// Allows `burst` failures in a row, and after them one each `refill`.
    pub fn new(burst: u32, refill: Duration) -> Self {
        Self {
            burst,
            refill,
            failed: Mutex::default(),
        }
    }

    /// May `key` try once more at `now`?
    pub fn allows(&self, key: &K, now: Instant) -> bool {
        self.wait(key, now).is_none()
    }

    /// How long `key` has to wait at `now` before it may try once more. `None`: not at all.
    pub fn wait(&self, key: &K, now: Instant) -> Option<Duration> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = failed.get(key)?;
        let over = self.left(*failures, now).checked_sub(self.burst)?;
        let since = now.saturating_duration_since(failures.at).as_millis();
        let towards_next = since % self.refill.as_millis().max(1);
        let towards_next = Duration::from_millis(u64::try_from(towards_next).unwrap_or_default());
        Some(self.refill * (over + 1) - towards_next)
    }

    /// Notes that `key` failed at `now`.
    pub fn note(&self, key: K, now: Instant) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= MAX_KEYS {
            failed.retain(|_, failures| self.left(*failures, now) > 0);
        }
        if failed.len() >= MAX_KEYS {
            failed.clear();
        }
        let entry = failed.entry(key);
        let failures = entry.or_insert(Failures { count: 0, at: now });
        let count = self.left(*failures, now).saturating_add(1).min(self.burst);
        *failures = Failures { count, at: now };
    }

    /// Forgives `key` everything.
    pub fn forget(&self, key: &K) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.remove(key);
    }

    /// What is not yet forgiven at `now`.
    fn left(&self, failures: Failures, now: Instant) -> u32 {
        let since = now.saturating_duration_since(failures.at).as_millis();
        let forgiven = since / self.refill.as_millis().max(1);
        let forgiven = u32::try_from(forgiven).unwrap_or(u32::MAX);
        failures.count.saturating_sub(forgiven)
    }
}

/// One IPv6 customer has at least 2^64 addresses: they count as one.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: u32 = 20;
    const REFILL: Duration = Duration::from_secs(3);

    #[test]
    fn an_address_that_is_refused_too_often_waits_and_others_do_not() {
        let limit = FailureLimit::new(BURST, REFILL);
        let start = Instant::now();
        let address = |text: &str| network(text.parse().unwrap());
        let guesser = address("2001:db8::1");
        for _ in 0..BURST {
            assert!(limit.allows(&guesser, start));
            limit.note(guesser, start);
        }
        let later = start + Duration::from_secs(1);
        assert_eq!(limit.wait(&guesser, later), Some(Duration::from_secs(2)));
        assert!(!limit.allows(&address("2001:db8::2"), start), "one network");
        assert!(limit.allows(&address("2001:db8:0:1::1"), start), "another");
        assert!(limit.allows(&guesser, start + REFILL), "forgiven");
        limit.forget(&guesser);
        assert!(limit.allows(&guesser, start));
    }

    #[test]
    fn the_memory_of_failures_is_bounded() {
        let limit = FailureLimit::new(BURST, REFILL);
        let now = Instant::now();
        for number in 0..2 * MAX_KEYS {
            limit.note(number, now);
        }
        assert!(limit.failed.lock().unwrap().len() <= MAX_KEYS);
    }
}

//! How often one address may be refused before it is not even listened to.
//!
//! A token cannot be guessed in any number of tries; this keeps those who try from costing
//! database queries. Hosts that join successfully are never slowed down, however many of them
//! stand behind one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many refusals in a row are mistakes of people.
const BURST: u32 = 20;

/// After the burst, one more try each this long.
const REFILL: Duration = Duration::from_secs(3);

/// So many addresses are remembered at most. When there are more, all are forgiven.
const MAX_ADDRESSES: usize = 10_000;

/// The addresses that were refused lately.
#[derive(Debug, Default)]
pub struct FailureLimit {
    refused: Mutex<HashMap<IpAddr, Refusals>>,
}

#[derive(Clone, Copy, Debug)]
struct Refusals {
    /// As of `at`; one is forgiven each [`REFILL`].
    count: u32,
    at: Instant,
}

impl FailureLimit {
    /// May `address` try once more at `now`?
    pub fn allows(&self, address: IpAddr, now: Instant) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let found = refused.get(&network(address));
        found.is_none_or(|refusals| refusals.left(now) < BURST)
    }

    /// Notes that `address` was refused at `now`.
    pub fn note(&self, address: IpAddr, now: Instant) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MAX_ADDRESSES {
            refused.retain(|_, refusals| refusals.left(now) > 0);
        }
        if refused.len() >= MAX_ADDRESSES {
            refused.clear();
        }
        let entry = refused.entry(network(address));
        let refusals = entry.or_insert(Refusals { count: 0, at: now });
        let count = refusals.left(now).saturating_add(1).min(BURST);
        *refusals = Refusals { count, at: now };
    }
}

impl Refusals {
    /// What is not yet forgiven at `now`.
    fn left(self, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.at).as_secs();
        let forgiven = u32::try_from(since / REFILL.as_secs()).unwrap_or(u32::MAX);
        self.count.saturating_sub(forgiven)
    }
}

/// One IPv6 customer has at least 2^64 addresses: they count as one.
fn network(address: IpAddr) -> IpAddr {
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

    #[test]
    fn an_address_that_is_refused_too_often_waits_and_others_do_not() {
        let limit = FailureLimit::default();
        let start = Instant::now();
        let guesser: IpAddr = "2001:db8::1".parse().unwrap();
        for _ in 0..BURST {
            assert!(limit.allows(guesser, start));
            limit.note(guesser, start);
        }
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        let other: IpAddr = "2001:db8:0:1::1".parse().unwrap();
        assert!(!limit.allows(guesser, start));
        assert!(!limit.allows(neighbour, start), "one network");
        assert!(limit.allows(other, start), "another network");
        assert!(limit.allows(guesser, start + REFILL), "forgiven");
    }

    #[test]
    fn the_memory_of_addresses_is_bounded() {
        let limit = FailureLimit::default();
        let now = Instant::now();
        for number in 0..2 * MAX_ADDRESSES {
            let address = std::net::Ipv4Addr::from_bits(u32::try_from(number).unwrap());
            limit.note(address.into(), now);
        }
        assert!(limit.refused.lock().unwrap().len() <= MAX_ADDRESSES);
    }
}

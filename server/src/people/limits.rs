//! How often somebody may fail to log in. Kept by each replica for itself.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::identity::failure_limit::{FailureLimit, network};

const QUARTER: u32 = 15 * 60;
/// Failures for one account from one address in a quarter of an hour; the right person elsewhere
/// is not kept out by them.
const PER_ACCOUNT_AND_ADDRESS: u32 = 5;
/// From one address, for all accounts: a whole office may stand behind it.
const PER_ADDRESS: u32 = 20;
/// For one account, from anywhere. After these every attempt waits, and none is refused.
const PER_ACCOUNT: u32 = 5;
const DELAY: Duration = Duration::from_secs(1);
/// Failures that the audit is told of in a quarter of an hour: a flood shall not fill it.
const TOLD: u32 = 100;

/// Failed logins of late.
#[derive(Debug)]
pub struct LoginLimits {
    here: FailureLimit<(String, IpAddr)>,
    addresses: FailureLimit<IpAddr>,
    accounts: FailureLimit<String>,
    told: FailureLimit<()>,
}

impl Default for LoginLimits {
    fn default() -> Self {
        let per_quarter = |burst: u32| Duration::from_secs((QUARTER / burst).into());
        Self {
            here: FailureLimit::new(
                PER_ACCOUNT_AND_ADDRESS,
                per_quarter(PER_ACCOUNT_AND_ADDRESS),
            ),
            addresses: FailureLimit::new(PER_ADDRESS, per_quarter(PER_ADDRESS)),
            accounts: FailureLimit::new(PER_ACCOUNT, per_quarter(PER_ACCOUNT)),
            told: FailureLimit::new(TOLD, per_quarter(TOLD)),
        }
    }
}

impl LoginLimits {
    /// How long `address` has to wait before it may try `name` again. `None`: not at all.
    pub fn wait(&self, name: &str, address: IpAddr, now: Instant) -> Option<Duration> {
        let address = network(address);
        let here = self.here.wait(&(name.to_owned(), address), now);
        here.max(self.addresses.wait(&address, now))
    }

    /// How long an attempt for `name` is held up, whoever makes it.
    pub fn delay(&self, name: &str, now: Instant) -> Duration {
        match self.accounts.allows(&name.to_owned(), now) {
            true => Duration::ZERO,
            false => DELAY,
        }
    }

    /// Notes a failure. Answers whether the audit shall be told of it.
    pub fn note(&self, name: &str, address: IpAddr, now: Instant) -> bool {
        let address = network(address);
        self.here.note((name.to_owned(), address), now);
        self.addresses.note(address, now);
        self.accounts.note(name.to_owned(), now);
        let tell = self.told.allows(&(), now);
        self.told.note((), now);
        tell
    }

    /// The right person came: what was mistyped before is forgiven.
    pub fn forgive(&self, name: &str, address: IpAddr) {
        self.here.forget(&(name.to_owned(), network(address)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_waits_and_the_owner_elsewhere_does_not() {
        let limits = LoginLimits::default();
        let now = Instant::now();
        let [guesser, owner] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..PER_ACCOUNT_AND_ADDRESS {
            assert_eq!(limits.wait("ann", guesser, now), None);
            limits.note("ann", guesser, now);
        }
        let wait = limits.wait("ann", guesser, now).unwrap();
        assert_eq!(wait, Duration::from_secs(180));
        assert_eq!(limits.wait("ann", guesser, now + wait), None, "one more");
        assert_eq!(limits.wait("ann", owner, now), None);
        assert_eq!(limits.delay("ann", now), DELAY, "but it takes longer");
        assert_eq!(limits.wait("bob", guesser, now), None);
        for number in 0..PER_ADDRESS {
            limits.note(&format!("name{number}"), guesser, now);
        }
        assert!(limits.wait("bob", guesser, now).is_some(), "one address");
    }

    #[test]
    fn a_flood_does_not_fill_the_audit() {
        let limits = LoginLimits::default();
        let address = "192.0.2.1".parse().unwrap();
        let told = (0..10 * TOLD).filter(|_| limits.note("ann", address, Instant::now()));
        assert!(u32::try_from(told.count()).unwrap() <= TOLD + 1);
    }
}

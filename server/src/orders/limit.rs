//! How many hosts one account may ask.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use analysis::inquiry::MOST_HOSTS;

/// Hosts that may be asked at once, after a while of asking none: one inquiry of the largest size.
const BURST: f64 = MOST_HOSTS as f64;
/// Hosts a second in the long run: 120 a minute.
const RATE: f64 = 2.0;
/// So many accounts are remembered. Those that may ask everything again are forgotten first, then
/// all of them.
const MAX_ACCOUNTS: usize = 10_000;

/// What each account has left, on this replica.
#[derive(Debug, Default)]
pub(crate) struct AccountLimit(Mutex<HashMap<String, Left>>);

#[derive(Clone, Copy, Debug)]
struct Left {
    hosts: f64,
    at: Instant,
}

impl Left {
    fn now(self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        (self.hosts + passed * RATE).min(BURST)
    }
}

impl AccountLimit {
    /// Takes `hosts`.
    ///
    /// # Errors
    ///
    /// How long to wait, if the account has too few left; nothing is taken then.
    pub fn take(&self, account: &str, hosts: usize, now: Instant) -> Result<(), Duration> {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = accounts.get(account).map_or(BURST, |left| left.now(now));
        #[expect(clippy::cast_precision_loss, reason = "at most MOST_HOSTS")]
        let left = left - hosts as f64;
        if left < 0.0 {
            return Err(Duration::from_secs_f64((-left / RATE).min(BURST / RATE)));
        }
        if accounts.len() >= MAX_ACCOUNTS {
            accounts.retain(|_, left| left.now(now) < BURST);
        }
        if accounts.len() >= MAX_ACCOUNTS {
            accounts.clear();
        }
        let left = Left {
            hosts: left,
            at: now,
        };
        accounts.insert(account.to_owned(), left);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_too_much_waits_and_nobody_else_does() {
        let limit = AccountLimit::default();
        let start = Instant::now();
        assert_eq!(limit.take("ann", MOST_HOSTS, start), Ok(()));
        assert_eq!(limit.take("ann", 10, start), Err(Duration::from_secs(5)));
        assert_eq!(limit.take("bob", 10, start), Ok(()));
        let later = start + Duration::from_secs(5);
        assert_eq!(limit.take("ann", 10, later), Ok(()));
        assert!(limit.take("ann", 1, later).is_err());
    }
}

//! Suspicion that two machines use one identity.

use uuid::Uuid;

/// A stream was fenced by a newer one, or a chain did not match: who was it?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Server's clock, in milliseconds.
    pub at_ms: u64,
    /// Boot of the agent that came last.
    pub boot_id: Uuid,
    /// Its [`crate::Hello::fingerprint`].
    pub fingerprint: Vec<u8>,
}

/// How far back clashes count.
const WINDOW_MS: u64 = 60_000;
/// One machine with a bad network also clashes with its own old streams, but never as another.
const TOLERATED: usize = 3;

/// Whether more than three clashes of the last 60 s came from different boots or machines.
///
/// Order does not matter; clashes after `now_ms` count, since server clocks differ a little.
pub fn clone_suspected(clashes: &[Clash], now_ms: u64) -> bool {
    let recent: Vec<&Clash> = clashes
        .iter()
        .filter(|clash| now_ms.saturating_sub(clash.at_ms) < WINDOW_MS)
        .collect();
    let who = |clash: &Clash| (clash.boot_id, clash.fingerprint.clone());
    recent.len() > TOLERATED && recent.iter().any(|clash| who(clash) != who(recent[0]))
}

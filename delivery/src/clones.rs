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

/// How far back clashes count. Of two agents that fence each other each comes back after a minute
/// or two, so that three turns take some five minutes.
const WINDOW_MS: u64 = 600_000;
/// One machine with a bad network also clashes with its own old streams, but never as another.
const TOLERATED: usize = 3;

/// Whether of the last ten minutes' clashes, more than three, one came from somebody who had been
/// replaced by another before.
///
/// A host that reboots clashes with its own past, but the boot that it was never comes back.
/// `clashes`: in the order in which they happened; those after `now_ms` count, since server clocks
/// differ a little.
pub fn clone_suspected(clashes: &[Clash], now_ms: u64) -> bool {
    let recent: Vec<&Clash> = clashes
        .iter()
        .filter(|clash| now_ms.saturating_sub(clash.at_ms) < WINDOW_MS)
        .collect();
    let same = |one: &Clash, other: &Clash| {
        (one.boot_id, &one.fingerprint) == (other.boot_id, &other.fingerprint)
    };
    let returned = |at: usize| {
        !same(recent[at], recent[at - 1])
            && recent[..at - 1].iter().any(|older| same(older, recent[at]))
    };
    recent.len() > TOLERATED && (2..recent.len()).any(returned)
}

//! The running hash over a spool's history, which tells two histories with equal numbers apart.
//!
//! Numbers alone do not: a virtual machine that was restored from a snapshot and went on offline
//! reaches the server's watermark again with other records behind the same numbers.

use crate::record::{Kind, Record};
use siphasher::{sip::SipHasher24, sip128};
use std::hash::Hasher;
use uuid::Uuid;

/// The chain value before the first record of every epoch.
pub const CHAIN_START: u64 = 0;

/// The agent's secret for its chain. The server never has it: it stores values and gives them back.
#[derive(Clone)]
pub struct ChainKey([u8; 16]);

impl ChainKey {
    pub fn new(secret: [u8; 16]) -> Self {
        Self(secret)
    }

    /// The chain value at `record`, which follows the value `previous`.
    ///
    /// The clocks are part of it: two events with equal payloads are still two events.
    pub fn next(&self, previous: u64, epoch: u64, record: &Record) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        absorb(&mut hasher, previous, epoch, record);
        hasher.finish()
    }

    /// An identity that the same event has whenever it is derived, on this agent only.
    pub(crate) fn unique_id(&self, previous: u64, epoch: u64, record: &Record) -> Uuid {
        use siphasher::sip128::Hasher128;
        let mut hasher = sip128::SipHasher24::new_with_key(&self.0);
        absorb(&mut hasher, previous, epoch, record);
        // Version 8: an id by our own rules, so that it is never mistaken for a random one.
        uuid::Builder::from_custom_bytes(hasher.finish128().as_bytes()).into_uuid()
    }
}

impl std::fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChainKey(secret)")
    }
}

fn absorb(hasher: &mut impl Hasher, previous: u64, epoch: u64, record: &Record) {
    for number in [previous, epoch, record.seq, record.mono_ns] {
        hasher.write(&number.to_le_bytes());
    }
    hasher.write(&record.wall_ns.to_le_bytes());
    hasher.write(&record.source.0.to_le_bytes());
    hasher.write(&[u8::from(record.kind == Kind::Gap)]);
    hasher.write(&record.payload);
}

//! What a spool has to be told.

use crate::chain::ChainKey;
use crate::rules::Rules;
use uuid::Uuid;

const MIB: u64 = 1024 * 1024;

/// Identity and limits of a spool.
#[derive(Clone, Debug)]
pub struct SpoolConfig {
    /// Segments of another agent are set aside: they may not be sent under this identity.
    pub agent_id: Uuid,
    pub boot_id: Uuid,
    pub key: ChainKey,
    /// Limit of everything on disk and in memory; a tenth of it is for P0 alone. At least four
    /// segments, or dropping has nothing to work on.
    pub max_bytes: u64,
    /// A segment is closed when it has reached this size.
    pub segment_bytes: u64,
    /// Limit of what waits in memory while the disk takes no writes.
    pub pending_bytes: usize,
    /// Acknowledged segments are kept up to this size together, against a server that forgets.
    pub retain_bytes: u64,
    /// ... and up to this age since the ack, in milliseconds.
    pub retain_ms: u64,
    pub rules: Rules,
}

impl SpoolConfig {
    /// The limits of the product: 256 MiB in segments of 4 MiB, 8 MiB in memory, and acknowledged
    /// segments for 10 minutes or 16 MiB.
    pub fn new(agent_id: Uuid, boot_id: Uuid, secret: [u8; 16]) -> Self {
        Self {
            agent_id,
            boot_id,
            key: ChainKey::new(secret),
            max_bytes: 256 * MIB,
            segment_bytes: 4 * MIB,
            pending_bytes: 8 * MIB as usize,
            retain_bytes: 16 * MIB,
            retain_ms: 600_000,
            rules: Rules::default(),
        }
    }
}

//! When the spool is made durable: so late that many events share one fdatasync, so early that
//! nobody waits for it.

use std::time::Duration;

use delivery::SyncError;
use tokio::time::Instant;
use tracing::{error, info};

/// The oldest event waits at most this long for its fdatasync.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// More than this is not left in memory.
const GROUP_BYTES: usize = 256 * 1024;
/// After a disk that took nothing.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What waits for the next fdatasync.
pub(super) struct Commit {
    started: Instant,
    /// When it is due. `None`: nothing waits.
    due: Option<Instant>,
    bytes: usize,
    stuck: bool,
}

impl Commit {
    /// `pending`: whether something waits from the start, as after recovery.
    pub(super) fn new(pending: bool) -> Self {
        let now = Instant::now();
        Self {
            started: now,
            due: pending.then_some(now),
            bytes: 0,
            stuck: false,
        }
    }

    pub(super) fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.due
            .get_or_insert_with(|| Instant::now() + LONGEST_WAIT);
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn is_pending(&self) -> bool {
        self.due.is_some()
    }

    /// Whether so much waits that it goes at once. Never while the disk takes nothing: the spool
    /// bounds its memory by itself.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= GROUP_BYTES && !self.stuck
    }

    pub(super) fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// For [`delivery::Spool::expire`].
    pub(super) fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Says once that the disk stopped to take events, and once that it does again.
    pub(super) fn done(&mut self, outcome: Result<u64, SyncError>) {
        match outcome {
            Ok(_) => {
                if std::mem::take(&mut self.stuck) {
                    info!("the spool takes events again");
                }
                self.due = None;
                self.bytes = 0;
            }
            Err(reason) => {
                if !std::mem::replace(&mut self.stuck, true) {
                    error!(
                        reason = &reason as &dyn std::error::Error,
                        disk_full = reason.is_disk_full(),
                        "the spool takes no events; they wait in memory, bounded"
                    );
                }
                self.due = Some(Instant::now() + RETRY_AFTER);
            }
        }
    }
}

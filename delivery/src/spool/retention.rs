//! Deleting what the server has.

use super::Spool;
use crate::rules::Rule;
use crate::storage::Storage;

impl<S: Storage> Spool<S> {
    /// Remembers that the server has stored everything up to `acked`. Frees nothing yet.
    pub fn ack(&mut self, acked: u64) {
        self.acked = self.acked.max(acked.min(self.synced_seq));
    }

    /// Deletes acknowledged segments that are older or more than is kept against a server that
    /// forgets (a failover to an asynchronous replica). Call it about once a minute.
    ///
    /// `now_ms` is any clock that goes forward, in milliseconds. The newest segment always stays:
    /// it carries epoch, numbering and cursors.
    pub fn expire(&mut self, now_ms: u64) {
        let deletable = self.deletable_segments();
        let mut kept: u64 = 0;
        for segment in self.segments.iter_mut().take(deletable) {
            segment.acked_at_ms.get_or_insert(now_ms);
            kept += segment.end;
        }
        while let Some(oldest) = self.segments.front() {
            let since = oldest.acked_at_ms.unwrap_or(now_ms);
            let old = now_ms.saturating_sub(since) >= self.config.retain_ms;
            if !old && kept <= self.config.retain_bytes {
                return;
            }
            let bytes = oldest.end;
            if !self.delete_oldest_acked() {
                return;
            }
            kept = kept.saturating_sub(bytes);
        }
    }

    /// False: the oldest segment is needed, or the disk refused.
    pub(super) fn delete_oldest_acked(&mut self) -> bool {
        if self.deletable_segments() == 0 {
            return false;
        }
        let Some(oldest) = self.segments.front() else {
            return false;
        };
        if self.storage.remove(&oldest.file()).is_err() {
            return false;
        }
        self.segments.pop_front();
        // As long as its neighbours are kept against a server that forgets, so is a hole.
        let oldest_seq = self.oldest_seq();
        self.holes.retain(|hole| hole.to >= oldest_seq);
        true
    }

    /// How many segments at the front the server has whole, damaged ones with what they lost.
    fn deletable_segments(&self) -> usize {
        let only_acked = self.config.rules.hold(Rule::DeleteOnlyAcked);
        let acked = if only_acked {
            self.acked
        } else {
            self.synced_seq
        };
        // The next segment tells where one ends; the last is none of them.
        let nexts = self.segments.iter().skip(1);
        nexts
            .take_while(|next| next.name.first_seq <= acked.saturating_add(1))
            .count()
    }
}

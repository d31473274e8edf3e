//! Which boot the entries are of, and how the one before ended.

use std::collections::VecDeque;

use super::moment::Moment;
use crate::{
    event::{Fact, Gap, GapReason, HostBooted},
    identity::BootId,
    journal::{JournalEntry, message_id},
};

/// Older boots that are remembered, to know their late entries. An entry of one that is forgotten
/// looks like the beginning of a boot.
const KNOWN_BOOTS: usize = 16;

#[derive(Clone, Debug, Default)]
pub(super) struct BootTrack {
    current: Option<Moment>,
    older: VecDeque<OlderBoot>,
    /// The beginning of this boot was seen, and not yet that all was started.
    pub booting: bool,
    /// The host is shutting down.
    pub shutting_down: bool,
    journal_stopped: bool,
}

#[derive(Clone, Debug)]
struct OlderBoot {
    boot: BootId,
    /// That entries of it are passed over: once is enough, there may be thousands.
    told: bool,
}

/// What an entry means for the boot.
pub(super) enum BootStep {
    Same,
    New(Fact),
    /// An entry of a boot that is over came late, and is passed over: journals of two boots can be
    /// interleaved. With the first one comes the gap that they leave.
    Older(Option<Fact>),
}

impl BootTrack {
    pub fn step(&mut self, now: Moment) -> BootStep {
        let Some(last) = self.current else {
            self.current = Some(now);
            return BootStep::Same;
        };
        if last.boot == now.boot {
            self.current = Some(now);
            return BootStep::Same;
        }
        let mut older = self.older.iter_mut();
        if let Some(older) = older.find(|older| older.boot == now.boot) {
            let told = std::mem::replace(&mut older.told, true);
            return BootStep::Older((!told).then(|| passed_over(now.boot)));
        }
        let fact = Fact::HostBooted(HostBooted {
            previous_boot: Some(last.boot),
            previous_orderly: Some(self.shutting_down || self.journal_stopped),
            previous_ended_at: Some(last.at),
        });
        if self.older.len() == KNOWN_BOOTS {
            self.older.pop_front();
        }
        self.older.push_back(OlderBoot {
            boot: last.boot,
            told: false,
        });
        *self = Self {
            current: Some(now),
            older: std::mem::take(&mut self.older),
            booting: true,
            shutting_down: false,
            journal_stopped: false,
        };
        BootStep::New(fact)
    }

    /// Takes what logind, journald and systemd say about the boot as a whole.
    pub fn listen(&mut self, entry: &JournalEntry) {
        if entry.field("_UID") != Some("0") && !entry.is_of_manager() {
            return;
        }
        match entry.message_id() {
            Some(message_id::SHUTDOWN) => self.shutting_down = true,
            Some(message_id::JOURNAL_STOPPED) => self.journal_stopped = true,
            // journald can be restarted at any time, and then the boot goes on.
            Some(message_id::JOURNAL_STARTED) => self.journal_stopped = false,
            Some(message_id::STARTUP_FINISHED | message_id::USERSPACE_STARTED)
                if entry.is_of_manager() =>
            {
                self.booting = false;
                // A soft reboot restarts all of user space, and the kernel and its boot go on.
                self.shutting_down = false;
            }
            _ => {}
        }
    }
}

fn passed_over(boot: BootId) -> Fact {
    Fact::Gap(Gap {
        source: "journal".into(),
        reason: GapReason::OutOfOrder,
        // Known at the end of the journal only, which never comes.
        lost: None,
        detail: format!("entries of boot {boot} stand after those of a later boot"),
    })
}

//! The lines of one run of a unit.

use analysis::{
    Timestamp,
    identity::{InvocationId, UnitName},
    journal::JournalEntry,
};
use chrono::TimeDelta;

use super::{Match, Matches};

/// systemd says that it started a program after it did, and the program may be the faster one. Less
/// than the shortest usual pause between two runs.
const FIRST_WORDS: TimeDelta = TimeDelta::milliseconds(50);
/// What a program said last is stored so long after its end, where journald was busy.
const LAST_WORDS: TimeDelta = TimeDelta::milliseconds(500);

/// One run of a unit.
#[derive(Clone, Debug)]
pub(crate) struct JournaledRun {
    pub(crate) unit: UnitName,
    pub(crate) invocation: InvocationId,
    /// `None`: not known.
    pub(crate) began_at: Option<Timestamp>,
    /// `None`: it has not.
    pub(crate) ended_at: Option<Timestamp>,
}

impl JournaledRun {
    /// The lines of its processes, and those of systemd about it; and some of other runs, which
    /// [`Self::has`] tells.
    pub(crate) fn matches(&self) -> Matches {
        let id = self.id();
        Matches::everything()
            .or([Match::new("_SYSTEMD_INVOCATION_ID", &*id)])
            // Of a program that has ended already journald knows the unit, and not the run.
            .or([Match::new("_SYSTEMD_UNIT", self.unit.as_str())])
            // Also what a child of systemd says before it becomes the program. Only root may:
            // anybody can write this field.
            .or([Match::new("INVOCATION_ID", &*id), Match::new("_UID", "0")])
    }

    pub(crate) fn has(&self, entry: &JournalEntry) -> bool {
        let run = entry
            .field("_SYSTEMD_INVOCATION_ID")
            .or(entry.field("INVOCATION_ID"));
        if let Some(run) = run {
            return run == self.id();
        }
        let is_behind = |ended_at| entry.at > ended_at + LAST_WORDS;
        let is_before = |began_at| entry.at < began_at - FIRST_WORDS;
        !self.began_at.is_none_or(is_before) && !self.ended_at.is_some_and(is_behind)
    }

    /// As the journal writes it.
    fn id(&self) -> String {
        self.invocation.0.simple().to_string()
    }
}

//! Which entries to read: an "or" of groups, each an "and" of fields.

use analysis::{history::SHUTDOWN_TARGETS, identity::UnitName, journal::message_id};
use uuid::Uuid;

/// One field with the value that it has to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    field: &'static str,
    value: String,
}

impl Match {
    pub fn new(field: &'static str, value: impl Into<String>) -> Self {
        Self {
            field,
            value: value.into(),
        }
    }

    /// As libsystemd and `journalctl` both take it: `_PID=1`.
    pub fn expression(&self) -> String {
        format!("{}={}", self.field, self.value)
    }
}

/// An entry matches if it matches any group. In a group, values of one field are alternatives,
/// and every field has to match. No group at all: every entry matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    groups: Vec<Vec<Match>>,
}

impl Matches {
    pub fn everything() -> Self {
        Self::default()
    }

    /// Adds a group. An empty one is ignored: it would say nothing.
    #[must_use]
    pub fn or(mut self, group: impl IntoIterator<Item = Match>) -> Self {
        let group: Vec<_> = group.into_iter().collect();
        if !group.is_empty() {
            self.groups.push(group);
        }
        self
    }

    pub(super) fn groups(&self) -> &[Vec<Match>] {
        &self.groups
    }
}

/// The entries that the history of units is made from, for `units`, or for all if there are none.
///
/// - all lines of process 1 (about `units`, and about the end of the boot): those with an id, and those that only their text
///   tells ("Watchdog timeout", "Start request repeated too quickly", "on client request");
/// - kernel lines: OOM kills and faults. The journal has no index of texts, so all of them;
/// - who asked: lines of sudo, and our own notes;
/// - core dumps (of `units`), shutdown, and start and stop of journald.
pub fn lifecycle_matches(units: &[UnitName]) -> Matches {
    let about = |field| {
        units
            .iter()
            .map(move |unit| Match::new(field, unit.as_str()))
    };
    let mut manager: Vec<_> = [Match::new("_PID", "1")]
        .into_iter()
        .chain(about("UNIT"))
        .collect();
    if !units.is_empty() {
        manager.extend(SHUTDOWN_TARGETS.map(|target| Match::new("UNIT", target)));
    }
    let dumps = [id(message_id::COREDUMP)]
        .into_iter()
        .chain(about("COREDUMP_UNIT"));
    Matches::everything()
        .or(manager)
        .or(dumps)
        .or([Match::new("_TRANSPORT", "kernel")])
        .or([Match::new("_COMM", "sudo")])
        .or([
            id(message_id::STARTUP_FINISHED),
            id(message_id::USERSPACE_STARTED),
            id(message_id::SHUTDOWN),
            id(message_id::JOURNAL_STARTED),
            id(message_id::JOURNAL_STOPPED),
            id(message_id::AIOPS_REQUEST),
        ])
}

fn id(id: Uuid) -> Match {
    // journald indexes the text, and systemd writes ids without hyphens.
    Match::new("MESSAGE_ID", id.simple().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_narrows_what_process_1_and_core_dumps_say_and_nothing_else() {
        let unit: UnitName = "db.service".parse().unwrap();
        let all = lifecycle_matches(&[]);
        let one = lifecycle_matches(&[unit]);
        let text = |matches: &Matches| -> Vec<String> {
            let line = |group: &Vec<Match>| {
                let fields: Vec<_> = group.iter().map(Match::expression).collect();
                fields.join(" ")
            };
            matches.groups().iter().map(line).collect()
        };
        assert_eq!(text(&all)[0], "_PID=1");
        assert_eq!(
            text(&one)[0],
            "_PID=1 UNIT=db.service UNIT=umount.target UNIT=shutdown.target"
        );
        assert!(text(&one)[1].ends_with(" COREDUMP_UNIT=db.service"));
        assert_eq!(text(&all)[2..], text(&one)[2..]);
    }
}

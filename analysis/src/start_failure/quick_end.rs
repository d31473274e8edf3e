//! Finds a run that ended by itself at once, without an error, in what process 1 journaled.

use std::time::Duration;

use chrono::TimeDelta;

use crate::{
    identity::InvocationId,
    journal::{JournalEntry, message_id},
};

/// What ends within this has not started, as people see it.
const AT_ONCE: TimeDelta = TimeDelta::seconds(5);

/// How long the last run lasted, if nobody stopped it and it was over at once and without an error.
/// `entries` are lines about one unit, the oldest first.
pub fn quick_end<'a>(entries: impl IntoIterator<Item = &'a JournalEntry>) -> Option<Duration> {
    let mut run = None;
    let mut lasted = None;
    for entry in entries.into_iter().filter(|entry| entry.is_of_manager()) {
        match entry.message_id() {
            Some(message_id::UNIT_STARTED) => (run, lasted) = (begin(entry), None),
            Some(message_id::UNIT_STOPPING | message_id::UNIT_FAILED) => {
                (run, lasted) = (None, None)
            }
            Some(message_id::UNIT_SUCCEEDED) => {
                lasted = run.and_then(|(invocation, began_at)| {
                    let is_its = entry.invocation() == Some(invocation);
                    is_its.then(|| entry.at - began_at)
                });
            }
            _ => {}
        }
    }
    lasted
        .filter(|lasted: &TimeDelta| *lasted < AT_ONCE)
        .and_then(|lasted| lasted.to_std().ok())
}

fn begin(entry: &JournalEntry) -> Option<(InvocationId, crate::Timestamp)> {
    Some((entry.invocation()?, entry.at))
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{at, entry},
        *,
    };

    fn line(id: uuid::Uuid, seconds: i64) -> JournalEntry {
        let id = id.simple().to_string();
        let mut line = entry(&[
            ("_PID", "1"),
            ("MESSAGE_ID", &id),
            ("INVOCATION_ID", "11111111111111111111111111111111"),
        ]);
        line.at = at(seconds);
        line
    }

    #[test]
    fn only_what_nobody_stopped_ended_by_itself() {
        use message_id::{UNIT_FAILED, UNIT_STARTED, UNIT_STOPPING, UNIT_SUCCEEDED};
        // (what process 1 journaled and when, how long it lasted)
        let cases = [
            (vec![(UNIT_STARTED, 0), (UNIT_SUCCEEDED, 1)], Some(1)),
            (vec![(UNIT_STARTED, 0), (UNIT_SUCCEEDED, 60)], None),
            (
                vec![(UNIT_STARTED, 0), (UNIT_STOPPING, 1), (UNIT_SUCCEEDED, 1)],
                None,
            ),
            (
                vec![(UNIT_STARTED, 0), (UNIT_SUCCEEDED, 1), (UNIT_STARTED, 9)],
                None,
            ),
            (vec![(UNIT_STARTED, 0), (UNIT_FAILED, 1)], None),
        ];
        for (journaled, expected) in cases {
            let lines: Vec<_> = journaled
                .iter()
                .map(|(id, seconds)| line(*id, *seconds))
                .collect();
            assert_eq!(
                quick_end(&lines),
                expected.map(Duration::from_secs),
                "{journaled:?}"
            );
        }
    }
}

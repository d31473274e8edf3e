//! Finds the last start that went well in what process 1 journaled of a unit.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::attempts::{SETTLED_AFTER, is_skip};
use crate::{
    Timestamp,
    identity::{BootId, InvocationId},
    journal::{JournalEntry, message_id},
};

/// What ends by itself within this has not started, as people see it.
const AT_ONCE: TimeDelta = TimeDelta::seconds(5);

/// A start after which the unit ran, or did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WentWell {
    /// When systemd held it for started.
    pub at: Timestamp,
    pub boot: BootId,
}

/// The last start that went well among lines about one unit, the oldest first.
///
/// That systemd held it for started is not enough, since with `Type=simple` it does so of every
/// program that it could execute: a run that failed within [`SETTLED_AFTER`], or that was over at
/// once, did not start well.
pub fn last_good_start<'a>(
    entries: impl IntoIterator<Item = &'a JournalEntry>,
) -> Option<WentWell> {
    let mut good: BTreeMap<InvocationId, WentWell> = BTreeMap::new();
    let mut stopping = None;
    for entry in entries.into_iter().filter(|entry| entry.is_of_manager()) {
        let (Some(id), Some(invocation)) = (entry.message_id(), entry.invocation()) else {
            continue;
        };
        let ran = good.get(&invocation).map(|start| entry.at - start.at);
        match id {
            message_id::UNIT_STARTED if !is_skip(entry.message()) => {
                let (at, boot) = (entry.at, entry.boot);
                good.entry(invocation).or_insert(WentWell { at, boot });
            }
            message_id::UNIT_STOPPING => stopping = Some(invocation),
            message_id::UNIT_FAILED if ran.is_some_and(|ran| ran < SETTLED_AFTER) => {
                good.remove(&invocation);
            }
            message_id::UNIT_SUCCEEDED
                if stopping != Some(invocation) && ran.is_some_and(|ran| ran < AT_ONCE) =>
            {
                good.remove(&invocation);
            }
            _ => {}
        }
    }
    good.into_values().max_by_key(|start| start.at)
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{at, entry},
        *,
    };

    const FIRST: &str = "11111111111111111111111111111111";
    const SECOND: &str = "22222222222222222222222222222222";

    fn line(seconds: i64, id: uuid::Uuid, invocation: &str) -> JournalEntry {
        let id = id.simple().to_string();
        let fields = [
            ("_PID", "1"),
            ("MESSAGE_ID", &*id),
            ("INVOCATION_ID", invocation),
        ];
        JournalEntry {
            at: at(seconds),
            ..entry(&fields)
        }
    }

    #[test]
    fn a_start_that_failed_at_once_is_none_that_went_well() {
        use message_id::{UNIT_FAILED, UNIT_STARTED, UNIT_STOPPING, UNIT_SUCCEEDED};
        // (lines, seconds at which the last good start was)
        let cases: &[(&[JournalEntry], Option<i64>)] = &[
            (&[line(0, UNIT_STARTED, FIRST)], Some(0)),
            // With `Type=simple`.
            (
                &[
                    line(0, UNIT_STARTED, FIRST),
                    line(100, UNIT_STARTED, SECOND),
                    line(101, UNIT_FAILED, SECOND),
                ],
                Some(0),
            ),
            (
                &[line(0, UNIT_STARTED, FIRST), line(500, UNIT_FAILED, FIRST)],
                Some(0),
            ),
            // It ended by itself at once.
            (
                &[line(0, UNIT_STARTED, FIRST), line(1, UNIT_SUCCEEDED, FIRST)],
                None,
            ),
            // Somebody stopped it.
            (
                &[
                    line(0, UNIT_STARTED, FIRST),
                    line(1, UNIT_STOPPING, FIRST),
                    line(1, UNIT_SUCCEEDED, FIRST),
                ],
                Some(0),
            ),
            // With `Type=oneshot`.
            (
                &[line(1, UNIT_SUCCEEDED, FIRST), line(1, UNIT_STARTED, FIRST)],
                Some(1),
            ),
            (&[line(0, UNIT_FAILED, FIRST)], None),
        ];
        for (lines, found) in cases {
            let start = last_good_start(*lines).map(|start| start.at);
            assert_eq!(start, found.map(at), "{lines:?}");
        }
    }
}

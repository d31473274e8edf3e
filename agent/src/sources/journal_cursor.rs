//! A place in the events of a journal: an entry, and how many of its events are behind us.
//!
//! One entry may tell several facts, and two records never share a cursor. So the last event of an
//! entry has the entry's own cursor, and one before it the cursor with a count.

use analysis::Timestamp;

/// Between the journal's own cursor and the count; no cursor of journald has it.
const COUNT: char = '#';

/// Behind which event to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventCursor {
    /// The journal's own.
    pub(super) entry: String,
    /// How many of the entry's events are done. `None`: all of them.
    pub(super) done: Option<usize>,
}

impl EventCursor {
    pub(super) fn parse(text: &str) -> Self {
        let counted = text.rsplit_once(COUNT).and_then(|(entry, done)| {
            Some(Self {
                entry: entry.to_owned(),
                done: Some(done.parse().ok()?),
            })
        });
        counted.unwrap_or_else(|| Self {
            entry: text.to_owned(),
            done: None,
        })
    }

    /// The cursor behind event number `index` of `count` of an entry.
    pub(super) fn behind(entry: &str, index: usize, count: usize) -> String {
        if index + 1 == count {
            entry.to_owned()
        } else {
            format!("{entry}{COUNT}{}", index + 1)
        }
    }

    /// When journald received the entry, which its cursor says (`t=`, hexadecimal microseconds).
    pub(super) fn at(&self) -> Option<Timestamp> {
        let us = self
            .entry
            .split(';')
            .find_map(|part| part.strip_prefix("t="))?;
        Timestamp::from_timestamp_micros(i64::from_str_radix(us, 16).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "s=0a;i=1f;b=0b;m=12;t=60a1b2c3d4e5f;x=9";

    #[test]
    fn every_event_of_an_entry_has_a_cursor_of_its_own() {
        let cursors: Vec<String> = (0..3).map(|n| EventCursor::behind(ENTRY, n, 3)).collect();
        let done: Vec<Option<usize>> = cursors
            .iter()
            .map(|cursor| EventCursor::parse(cursor).done)
            .collect();
        assert_eq!(done, [Some(1), Some(2), None]);
        assert!(
            cursors
                .iter()
                .all(|cursor| EventCursor::parse(cursor).entry == ENTRY)
        );
    }

    #[test]
    fn a_cursor_says_its_time() {
        let at = EventCursor::parse(ENTRY).at().unwrap();
        assert_eq!(at.timestamp_micros(), 0x60a1b2c3d4e5f);
        assert_eq!(EventCursor::parse("garbage").at(), None);
    }
}

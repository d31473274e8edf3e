//! The counters of what found no room in the ring buffer.

use aya::maps::{Array, MapData};

use super::record::KINDS;
use crate::process::SourceError;

/// Reads the kernel's totals and says what came since the last look.
pub(super) struct Losses {
    counters: Array<MapData, [u64; KINDS]>,
    before: [u64; KINDS],
}

/// What was lost between two looks, by kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost([u64; KINDS]);

/// Names of the kinds of records, by their number in the program.
const NAMES: [&str; KINDS] = [
    "",
    "forks",
    "execs",
    "exits",
    "signals",
    "new cgroups",
    "removed cgroups",
    "",
];

impl Losses {
    pub(super) fn new(counters: Array<MapData, [u64; KINDS]>) -> Self {
        Self {
            counters,
            before: [0; KINDS],
        }
    }

    /// What was lost since the last call. `None`: nothing.
    pub(super) fn since_last(&mut self) -> Result<Option<Lost>, SourceError> {
        let read = self.counters.get(&0, 0);
        let now = read.map_err(|error| SourceError::Losses(error.to_string()))?;
        let mut lost = now;
        for (count, before) in lost.iter_mut().zip(self.before) {
            *count -= before;
        }
        self.before = now;
        Ok((lost != [0; KINDS]).then_some(Lost(lost)))
    }
}

impl Lost {
    pub(super) fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// For people: "ring buffer full: 3 forks, 5 exits".
    pub(super) fn detail(&self) -> String {
        let kinds = NAMES.iter().zip(self.0).filter(|(_, count)| *count > 0);
        let parts: Vec<String> = kinds
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        format!("ring buffer full: {}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_says_what_was_lost() {
        let lost = Lost([0, 3, 0, 5, 0, 0, 0, 0]);
        assert_eq!(lost.total(), 8);
        assert_eq!(lost.detail(), "ring buffer full: 3 forks, 5 exits");
    }
}

//! What was logged: bounded, and without secrets.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Timestamp, journal::JournalEntry, scrub::scrub_text};

/// Lines that are kept of the beginning: the first error is the cause, what follows its echo.
pub const FIRST_LINES: usize = 100;
/// Lines that are kept of the end. What lies between is counted.
pub const LAST_LINES: usize = 100;
/// Characters of a line; the rest is cut off, which an ellipsis shows.
pub const LINE_CHARS: usize = 1000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    pub at: Timestamp,
    /// Syslog identifier, or the program's name.
    pub source: String,
    pub pid: Option<u32>,
    /// 0 (emergency) to 7 (debug).
    pub priority: Option<u8>,
    pub message: String,
}

impl LogLine {
    /// Whether process 1 wrote it; journald vouches for the pid.
    pub fn is_of_manager(&self) -> bool {
        self.pid == Some(1)
    }

    /// What an entry says, without secrets.
    pub fn of(entry: &JournalEntry) -> Self {
        let source = entry
            .field("SYSLOG_IDENTIFIER")
            .or_else(|| entry.field("_COMM"))
            .unwrap_or_default();
        Self {
            at: entry.at,
            source: source.to_owned(),
            pid: entry.number("_PID"),
            priority: entry.number("PRIORITY"),
            message: shortened(scrub_text(entry.message().trim_end())),
        }
    }
}

pub(crate) fn shortened(text: String) -> String {
    match text.char_indices().nth(LINE_CHARS) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Collects lines, and drops the middle of many.
#[derive(Clone, Debug, Default)]
pub struct Excerpt {
    first: Vec<LogLine>,
    last: VecDeque<LogLine>,
    omitted: u32,
}

impl Excerpt {
    pub fn push(&mut self, line: LogLine) {
        if self.first.len() < FIRST_LINES {
            self.first.push(line);
            return;
        }
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
            self.omitted = self.omitted.saturating_add(1);
        }
        self.last.push_back(line);
    }

    /// The lines, the oldest first, and how many were left out of the middle.
    pub fn into_lines(mut self) -> (Vec<LogLine>, u32) {
        self.first.extend(self.last);
        (self.first, self.omitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start_failure::testing::{entry, line};

    #[test]
    fn the_middle_of_many_lines_is_left_out_and_counted() {
        let mut excerpt = Excerpt::default();
        let all = FIRST_LINES + LAST_LINES + 7;
        for number in 0..all {
            excerpt.push(line("app", &number.to_string()));
        }
        let (lines, omitted) = excerpt.into_lines();
        assert_eq!((lines.len(), omitted), (FIRST_LINES + LAST_LINES, 7));
        assert_eq!(lines[FIRST_LINES - 1].message, "99");
        assert_eq!(lines[FIRST_LINES].message, "107");
        assert_eq!(lines.last().unwrap().message, (all - 1).to_string());
    }

    #[test]
    fn a_line_is_short_and_has_no_secrets() {
        let message = format!("cannot log in with --password hunter2 {}", "é".repeat(2000));
        let fields = [
            ("MESSAGE", message.as_str()),
            ("_COMM", "app"),
            ("_PID", "7"),
        ];
        let entry = entry(&fields);
        let line = LogLine::of(&entry);
        assert!(
            line.message
                .starts_with("cannot log in with --password [scrubbed]")
        );
        assert_eq!(line.message.chars().count(), LINE_CHARS + 1);
        assert_eq!((line.source.as_str(), line.pid), ("app", Some(7)));
    }
}

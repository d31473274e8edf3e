//! What a program wrote into files of its own while it failed.

mod line_time;

use std::sync::LazyLock;

use chrono::{FixedOffset, TimeDelta};
use regex::Regex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::line_time::line_time;
use crate::{
    Timestamp,
    log::{Excerpt, LogLine, shortened},
    scrub::scrub_text,
};

/// What a log file has of the failed start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogFileExcerpt {
    pub path: String,
    pub modified_at: Timestamp,
    /// The oldest first, scrubbed. The source of each is the path.
    pub lines: Vec<LogLine>,
    /// Lines that were left out of the middle.
    pub lines_omitted: u32,
}

/// The end of a log file, as it was read.
#[derive(Clone, Debug)]
pub struct LogFileEnd<'a> {
    pub path: &'a str,
    pub modified_at: Timestamp,
    pub text: &'a str,
    /// The host's zone, in which most programs write their times.
    pub zone: FixedOffset,
}

/// Times in logs have whole seconds, which are rounded down.
const ROUNDED: TimeDelta = TimeDelta::seconds(1);
/// Without times, and without a word of a start, the last lines are those of the last start.
const LAST_LINES: usize = 20;

/// How programs say that they begin.
static START: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)\b(starting|started|initiali[sz]ing|launching|booting|version \d)";
    Regex::new(words).expect("it is a regular expression")
});

/// The lines of a log file that were written between two moments. `None`: there are none.
pub fn excerpt(end: &LogFileEnd<'_>, from: Timestamp, to: Timestamp) -> Option<LogFileExcerpt> {
    let mut known = None;
    let lines: Vec<(Option<Timestamp>, &str)> = end
        .text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            // A line without a time goes on from the one before it.
            known = line_time(line, end.zone, end.modified_at).or(known);
            (known, line)
        })
        .collect();
    let has_times = lines.iter().any(|(at, _)| at.is_some());
    let first = if has_times { 0 } else { last_start(&lines) };
    let of_start = |at: &Option<Timestamp>| match at {
        Some(at) => *at >= from - ROUNDED && *at <= to,
        None => !has_times,
    };
    let mut kept = Excerpt::default();
    for (at, line) in lines[first..].iter().filter(|(at, _)| of_start(at)) {
        kept.push(LogLine {
            at: at.unwrap_or(end.modified_at),
            source: end.path.to_owned(),
            pid: None,
            priority: None,
            message: shortened(scrub_text(line.trim_end())),
        });
    }
    let (lines, lines_omitted) = kept.into_lines();
    (!lines.is_empty()).then(|| LogFileExcerpt {
        path: end.path.to_owned(),
        modified_at: end.modified_at,
        lines,
        lines_omitted,
    })
}

/// Where the last start begins in lines that have no times.
fn last_start(lines: &[(Option<Timestamp>, &str)]) -> usize {
    let says_start = |(_, line): &(Option<Timestamp>, &str)| START.is_match(line);
    let start = lines.iter().rposition(says_start);
    start.unwrap_or(lines.len().saturating_sub(LAST_LINES))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn kept(text: &str) -> Vec<String> {
        let end = LogFileEnd {
            path: "/var/log/x.log",
            modified_at: at("2026-11-21T23:13:10Z"),
            text,
            zone: FixedOffset::east_opt(0).unwrap(),
        };
        let (from, to) = (at("2026-11-21T23:13:06.500Z"), at("2026-11-21T23:13:09Z"));
        let found = excerpt(&end, from, to);
        let lines = found.map_or_else(Vec::new, |found| found.lines);
        lines.into_iter().map(|line| line.message).collect()
    }

    #[test]
    fn lines_of_the_failed_start_are_kept() {
        let text = "2026-11-21 23:12:00 0 [Note] bye\n\
                    2026-11-21 23:13:06 0 [Note] begins\n\
                    \n\
                    2026-11-21 23:13:07 0 [ERROR] no\n  and more of it\n\
                    2026-11-21 23:14:00 0 [Note] later\n";
        let expected = [
            "2026-11-21 23:13:06 0 [Note] begins",
            "2026-11-21 23:13:07 0 [ERROR] no",
            "  and more of it",
        ];
        assert_eq!(kept(text), expected);
    }

    #[test]
    fn without_times_the_lines_of_the_last_start_are_kept() {
        let old: String = (0..30).map(|number| format!("line {number}\n")).collect();
        assert_eq!(kept(&old).len(), LAST_LINES);
        let text = format!("{old}Starting up\nERROR --password hunter2 is wrong\n");
        assert_eq!(
            kept(&text),
            ["Starting up", "ERROR --password [scrubbed] is wrong"]
        );
    }

    #[test]
    fn a_log_of_other_times_has_none() {
        assert!(kept("2026-11-20 23:13:07 old\n").is_empty());
        assert!(kept("\n\n").is_empty());
    }

    proptest! {
        #[test]
        fn hostile_lines_do_not_panic(text in "(2026|-11-21|[T ]23:13:07|\\[|Nov 21 |[0-9/:. \\n]|\\PC){0,60}") {
            kept(&text);
        }
    }
}

//! What a process wrote before it gave up, where that names the reason.

use chrono::TimeDelta;

use super::{Crash, CrashCause};
use crate::log::LogLine;

/// What is written and why, by libraries that many programs use.
const WORDS: [(&str, CrashCause); 20] = [
    ("Assertion `", CrashCause::Assertion),
    ("Assertion failed", CrashCause::Assertion),
    ("assertion failed", CrashCause::Assertion),
    ("Assertion failure", CrashCause::Assertion),
    ("terminate called ", CrashCause::UncaughtException),
    ("' panicked at ", CrashCause::UncaughtException),
    ("libc++abi: terminating", CrashCause::UncaughtException),
    ("fatal error: ", CrashCause::UncaughtException),
    ("free(): ", CrashCause::HeapCorruption),
    ("malloc(): ", CrashCause::HeapCorruption),
    ("realloc(): ", CrashCause::HeapCorruption),
    ("malloc_consolidate(): ", CrashCause::HeapCorruption),
    ("munmap_chunk(): ", CrashCause::HeapCorruption),
    ("double free", CrashCause::HeapCorruption),
    ("corrupted size vs. prev_size", CrashCause::HeapCorruption),
    ("corrupted double-linked list", CrashCause::HeapCorruption),
    ("*** stack smashing detected ***", CrashCause::StackSmashing),
    (
        "*** buffer overflow detected ***",
        CrashCause::StackSmashing,
    ),
    ("panic: ", CrashCause::UncaughtException),
    ("std::bad_alloc", CrashCause::UncaughtException),
];

/// Words that were written longer before are of something else.
const BEFORE: TimeDelta = TimeDelta::seconds(10);
/// journald receives what was written a little later.
const BEHIND: TimeDelta = TimeDelta::seconds(2);

/// The last line of the process that names a reason for giving up.
pub(super) fn of<'a>(crash: &Crash, log: &'a [LogLine]) -> Option<(&'a LogLine, CrashCause)> {
    let is_near = |line: &&LogLine| {
        let behind = line.at - crash.at;
        behind >= -BEFORE && behind <= BEHIND
    };
    let pid = crash.process.pid;
    let is_its = |line: &&LogLine| line.pid.is_some() && line.pid == pid;
    let telling = log.iter().rev().filter(is_near).filter(is_its);
    let mut telling = telling.filter_map(|line| {
        let found = WORDS.iter().find(|(words, _)| line.message.contains(words));
        found.map(|(_, cause)| (line, *cause))
    });
    telling.next()
}

/// The line without what differs from time to time: numbers and addresses.
pub(super) fn template(message: &str) -> String {
    let mut template = String::new();
    for word in message.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        match word.contains(|c: char| c.is_ascii_digit()) {
            true => {
                template.push('#');
                template.extend(word.chars().last().filter(|c| !c.is_ascii_alphanumeric()));
            }
            false => template.push_str(word),
        }
    }
    template
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn what_differs_from_time_to_time_is_left_out() {
        let one = template("a: a.c:25: main: Assertion `n==77' failed at 0x7f12ab.");
        let other = template("a: a.c:26: main: Assertion `n==77' failed at 0x7f34cd.");
        assert_eq!(one, other);
        assert_ne!(
            one,
            template("a: b.c:25: main: Assertion `x' failed at 0x7f12ab.")
        );
    }
}

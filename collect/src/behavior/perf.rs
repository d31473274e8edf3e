//! `perf trace --summary`: calls, errors and time, counted in the kernel, while the process runs on.

use std::{collections::BTreeMap, time::Duration};

use analysis::behavior::{CallUse, Calls};

use super::timed;
use crate::tool::{Tool, ToolError};

pub(super) fn command(pid: u32, duration: Duration) -> Result<Tool, ToolError> {
    let pid = pid.to_string();
    Ok(timed("perf", duration)?.args(["trace", "--summary", "--pid", &pid]))
}

/// Sums over the threads. Older versions have no column of errors.
pub(super) fn calls(text: &str) -> Calls {
    let mut calls: BTreeMap<String, CallUse> = BTreeMap::new();
    let mut has_errors = false;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.first() == Some(&"syscall") {
            has_errors = words.contains(&"errors");
        } else if let Some((name, used)) = call(&words, has_errors) {
            let sum = calls.entry(name.to_owned()).or_default();
            sum.calls = sum.calls.saturating_add(used.calls);
            sum.errors = sum.errors.saturating_add(used.errors);
            sum.time_us = sum.time_us.saturating_add(used.time_us);
        }
    }
    Calls {
        calls,
        ..Calls::default()
    }
}

/// `openat 2583 2460 43.270 0.013 0.017 0.105 0.66%`.
fn call<'a>(words: &[&'a str], has_errors: bool) -> Option<(&'a str, CallUse)> {
    let (name, numbers) = words.split_first()?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name || !numbers.last()?.ends_with('%') {
        return None;
    }
    let mut numbers = numbers.iter();
    let calls = numbers.next()?.parse().ok()?;
    let errors = match has_errors {
        true => numbers.next()?.parse().ok()?,
        false => 0,
    };
    let time_ms: f64 = numbers.next()?.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is none below 0"
    )]
    let time_us = (time_ms.max(0.0) * 1000.0) as u64;
    let used = CallUse {
        calls,
        errors,
        time_us,
    };
    Some((name, used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_summed_and_older_versions_are_read() {
        let text = " Summary of events:\n\n python3 (7), 7874 events, 98.5%\n\n\
            \x20  syscall            calls  errors  total       min       avg       max       stddev\n\
            \x20                                    (msec)    (msec)    (msec)    (msec)        (%)\n\
            \x20  --------------- --------  ------ -------- --------- --------- ---------     ------\n\
            \x20  openat              2583   2460    43.270     0.013     0.017     0.105      0.66%\n\
            \n python3 (8), 4 events, 0.5%\n\n\
            \x20  openat                 2      1     0.030     0.013     0.017     0.105      0.66%\n";
        let openat = calls(text).calls["openat"];
        assert_eq!(
            (openat.calls, openat.errors, openat.time_us),
            (2585, 2461, 43_300)
        );
        let old = "   syscall            calls    total       min       avg       max      stddev\n\
            \x20  read                   7     1.500     0.013     0.017     0.105      0.66%\n";
        let read = calls(old).calls["read"];
        assert_eq!((read.calls, read.errors, read.time_us), (7, 0, 1500));
        assert!(calls("Error: No permissions to read").calls.is_empty());
    }
}

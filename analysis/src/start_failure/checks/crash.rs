//! A signal ended the program: when it started, or while it ran.

use super::*;
use crate::start_failure::Attempt;

/// Signals that the kernel sends for what a program did itself.
const OF_CRASHES: [Signal; 8] = [
    Signal(4),
    Signal(5),
    Signal::ABRT,
    Signal(7),
    Signal(8),
    Signal::SEGV,
    Signal(24),
    Signal(31),
];

/// What the kernel sends for a system call that a filter forbids.
const SYS: Signal = Signal(31);

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    // A timeout or the watchdog ends it with a signal as well, and so does the OOM killer.
    let is_of_signal = matches!(facts.result(), "signal" | "core-dump");
    let status = facts.status()?;
    let ExitStatus::Signaled {
        signal,
        core_dumped,
    } = status
    else {
        return None;
    };
    if !facts.fails() || !is_of_signal || facts.asked_to_end().is_some() {
        return None;
    }
    let mut evidence = vec![Evidence::Status { status }];
    evidence.extend(facts.manager_line("code=").map(said));
    let mut fixes = Vec::new();
    if core_dumped {
        let pid = facts.failed_command().and_then(|command| command.pid);
        fixes.push(Fix {
            what: FixKind::ReadCoreDump { pid },
            commands: vec![read_core_dump(pid, facts)],
            risky: false,
        });
    }
    fixes.push(commands::read_log(facts));
    if !OF_CRASHES.contains(&signal) {
        fixes.push(Fix {
            what: FixKind::FindSender {
                signal: signal.to_string(),
            },
            commands: vec![],
            risky: false,
        });
    }
    let attempt = facts.attempt.as_ref();
    let filter = facts.setting("SystemCallFilter").filter(|_| signal == SYS);
    evidence.extend(filter.map(|filter| property("SystemCallFilter", filter)));
    let cause = match attempt.is_some_and(Attempt::failed_while_running) {
        _ if filter.is_some() => StartCause::SeccompDenied,
        true => StartCause::CrashWhileRunning,
        false => StartCause::CrashAtStart,
    };
    // Without its beginning nobody can tell whether it had run for weeks.
    let is_dated = attempt.is_some_and(|attempt| attempt.began_at.is_some());
    Some(Finding {
        cause,
        // Anybody may send SIGTERM or SIGKILL: then it was no crash.
        certainty: match OF_CRASHES.contains(&signal) && is_dated {
            true => Certainty::Measured,
            false => Certainty::Inferred,
        },
        culprit: None,
        evidence,
        fixes,
    })
}

/// `coredumpctl` where it is; we read core dumps too.
fn read_core_dump(pid: Option<u32>, facts: &StartFacts) -> String {
    match (facts.has_coredumpctl, pid) {
        (true, Some(pid)) => format!("coredumpctl info {pid}"),
        (true, None) => "coredumpctl info".to_owned(),
        (false, Some(pid)) => format!("aiops analyze crash --pid {pid}"),
        (false, None) => format!("aiops analyze crash {}", commands::name(facts.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn signals_of_crashes_are_crashes() {
        // (result, status, certainty)
        let cases = [
            ("signal", killed(Signal::SEGV), Some(Certainty::Measured)),
            ("core-dump", killed(Signal::ABRT), Some(Certainty::Measured)),
            (
                "start-limit-hit",
                killed(Signal::SEGV),
                Some(Certainty::Measured),
            ),
            ("signal", killed(Signal::KILL), Some(Certainty::Inferred)),
            ("timeout", killed(Signal::TERM), None),
            ("watchdog", killed(Signal::ABRT), None),
            ("oom-kill", killed(Signal::KILL), None),
            ("exit-code", exited(139), None),
        ];
        for (result, status, certainty) in cases {
            let finding = check(&failed(result, status, vec![]));
            assert_eq!(
                finding.map(|finding| finding.certainty),
                certainty,
                "{result}"
            );
        }
    }

    #[test]
    fn a_crash_after_weeks_is_none_of_the_start() {
        use Certainty::{Inferred, Measured};
        use StartCause::{CrashAtStart, CrashWhileRunning};
        const WEEKS: i64 = 21 * 86_400;
        // (seconds before the failure at which it began, and was started; cause, certainty)
        let cases = [
            (Some(WEEKS), Some(WEEKS), CrashWhileRunning, Measured),
            (Some(40), Some(30), CrashWhileRunning, Measured),
            // `Type=simple` is started at once.
            (Some(29), Some(29), CrashAtStart, Measured),
            // It took long, and never was ready.
            (Some(WEEKS), None, CrashAtStart, Measured),
            (None, None, CrashAtStart, Inferred),
        ];
        for (began, started, cause, certainty) in cases {
            let mut facts = failed("signal", killed(Signal::SEGV), vec![]);
            let attempt = facts.attempt.as_mut().unwrap();
            attempt.began_at = began.map(|seconds| at(1 - seconds));
            attempt.started_at = started.map(|seconds| at(1 - seconds));
            let finding = check(&facts).unwrap();
            assert_eq!(
                (finding.cause, finding.certainty),
                (cause, certainty),
                "{began:?} {started:?}"
            );
        }
    }

    #[test]
    fn nobody_knows_who_sent_a_signal_that_anybody_may_send() {
        for (signal, expected) in [(Signal::KILL, true), (Signal::SEGV, false)] {
            let finding = check(&failed("signal", killed(signal), vec![])).unwrap();
            let asks = |fix: &Fix| matches!(fix.what, FixKind::FindSender { .. });
            assert_eq!(finding.fixes.iter().any(asks), expected, "{signal}");
        }
    }

    #[test]
    fn a_core_dump_is_offered() {
        let status = Some(ExitStatus::Signaled {
            signal: Signal::SEGV,
            core_dumped: true,
        });
        let mut facts = failed("core-dump", status, vec![]);
        facts.unit.as_mut().unwrap().commands[0].pid = Some(42);
        assert_eq!(
            check(&facts).unwrap().fixes[0].commands,
            ["coredumpctl info 42"]
        );
        facts.has_coredumpctl = false;
        assert_eq!(
            check(&facts).unwrap().fixes[0].commands,
            ["aiops analyze crash --pid 42"]
        );
    }
}

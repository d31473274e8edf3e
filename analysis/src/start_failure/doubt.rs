//! When the word of a program does not tell why it failed, though the host bears it out, by how and
//! when it ended. What it said afterwards is for `last_word`.

use chrono::TimeDelta;

use super::{LogLine, facts::StartFacts};
use crate::process::{ExitStatus, Signal};

/// Who goes on for longer has survived what it complains about.
const SURVIVED: TimeDelta = TimeDelta::seconds(60);

/// Whether a line need not be about what ended the program.
pub(super) fn is_doubtful(line: &LogLine, facts: &StartFacts) -> bool {
    is_guessed(line, facts) || was_survived(line, facts) || ended_otherwise(facts)
}

/// Whether it is of a file which nothing of the unit names: it may be another's.
fn is_guessed(line: &LogLine, facts: &StartFacts) -> bool {
    facts.guessed_log_files.contains(&line.source)
}

/// Whether the program went on, and did not say it again.
fn was_survived(line: &LogLine, facts: &StartFacts) -> bool {
    let failed_at = facts.attempt.as_ref().and_then(|attempt| attempt.failed_at);
    let said = facts.said();
    let same = said.iter().filter(|other| other.message == line.message);
    let last = same.map(|other| other.at).max().unwrap_or(line.at);
    failed_at.is_some_and(|failed_at| failed_at - last > SURVIVED)
}

/// Whether a signal ended it that is not its own: who gives up exits, or aborts.
fn ended_otherwise(facts: &StartFacts) -> bool {
    let by_signal = match facts.status() {
        Some(ExitStatus::Signaled { signal, .. }) => signal != Signal::ABRT,
        _ => false,
    };
    match facts.result() {
        "oom-kill" | "watchdog" => true,
        "signal" | "core-dump" => by_signal,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{StartCause, diagnose, testing::*},
        *,
    };
    use crate::cause::Certainty;

    const IN_USE: &str = "bind() to 0.0.0.0:80 failed (98: Address already in use)";

    fn facts(result: &str, status: Option<ExitStatus>, log: Vec<LogLine>) -> StartFacts {
        let mut facts = failed(result, status, log);
        facts.sockets = vec![apache("0.0.0.0:80", 80)];
        facts
    }

    fn verdict(facts: StartFacts) -> (StartCause, Certainty) {
        let verdict = diagnose(facts).verdict;
        (verdict.cause, verdict.certainty)
    }

    #[test]
    fn only_what_ended_the_program_is_the_certain_reason() {
        use Certainty::{Inferred, Measured};
        use StartCause::{
            ApplicationError, CrashAtStart, OutOfMemory, PermissionDenied, PortInUse,
        };
        let says = |messages: &[&str]| messages.iter().map(|text| line("app", text)).collect();
        let warns = format!("[warn] metrics: {IN_USE}, going on without");
        let fatal = "FATAL: open /srv/x: Permission denied";
        let unknown = "FATAL: the licence has expired";
        let aborts = "# Failed listening on port 80 (TCP), aborting.";
        // (result, status, log, verdict)
        let cases = [
            (
                "exit-code",
                exited(1),
                says(&[IN_USE]),
                (PortInUse, Measured),
            ),
            (
                "signal",
                killed(Signal::ABRT),
                says(&[IN_USE]),
                (PortInUse, Measured),
            ),
            (
                "signal",
                killed(Signal::SEGV),
                says(&[IN_USE]),
                (CrashAtStart, Measured),
            ),
            (
                "oom-kill",
                killed(Signal::KILL),
                says(&[IN_USE]),
                (OutOfMemory, Measured),
            ),
            (
                "exit-code",
                exited(1),
                says(&[&warns]),
                (PortInUse, Inferred),
            ),
            (
                "exit-code",
                exited(1),
                says(&[&warns, aborts]),
                (PortInUse, Inferred),
            ),
            (
                "exit-code",
                exited(1),
                says(&[&warns, unknown]),
                (ApplicationError, Inferred),
            ),
            (
                "exit-code",
                exited(1),
                says(&[&warns, fatal]),
                (PermissionDenied, Inferred),
            ),
        ];
        for (result, status, log, expected) in cases {
            let facts = facts(result, status, log);
            assert_eq!(
                verdict(facts.clone()),
                expected,
                "{result} {:?}",
                facts.log()
            );
        }
    }

    #[test]
    fn what_a_program_has_survived_is_not_the_certain_reason() {
        // (seconds from each such line to the failure, certainty)
        let cases = [
            (vec![2], Certainty::Measured),
            (vec![3600], Certainty::Inferred),
            (vec![3600, 2], Certainty::Measured),
        ];
        for (before, certainty) in cases {
            let said = |seconds: &i64| LogLine {
                at: at(1 - seconds),
                ..line("app", IN_USE)
            };
            let log = before.iter().map(said).collect();
            let found = verdict(facts("exit-code", exited(1), log));
            assert_eq!(found, (StartCause::PortInUse, certainty), "{before:?}");
        }
    }

    #[test]
    fn a_file_that_only_has_the_units_name_is_not_certain_to_be_its_own() {
        let mut facts = facts(
            "exit-code",
            exited(1),
            vec![line("/var/log/app.log", IN_USE)],
        );
        assert_eq!(verdict(facts.clone()).1, Certainty::Measured);
        facts.guessed_log_files = ["/var/log/app.log".to_owned()].into();
        assert_eq!(verdict(facts).1, Certainty::Inferred);
    }
}

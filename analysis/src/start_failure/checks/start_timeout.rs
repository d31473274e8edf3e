//! It did not say in time that it is ready.

use super::*;

/// Without a limit of its own a unit has this one (`DefaultTimeoutStartSec=`).
const DEFAULT_SECONDS: u64 = 90;

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if !facts.fails() || facts.result() != "timeout" {
        return None;
    }
    if let Some(line) = facts.manager_line(TOO_LONG) {
        return Some(ran_too_long(line, facts));
    }
    // "start operation timed out", "start-pre operation timed out", "start-post ...". The same
    // result stands for a stop that took too long.
    let line = facts.log().iter().find(|line| {
        let text = &line.message;
        let words = [
            " start operation timed out",
            " start-pre operation timed out",
            " start-post operation timed out",
            " Mounting timed out",
        ];
        line.is_of_manager() && words.iter().any(|words| text.contains(words))
    });
    let stop = facts
        .manager_line(" stop-")
        .or(facts.manager_line("State 'stop"));
    if line.is_none() && stop.is_some_and(|line| line.message.contains("timed out")) {
        return None;
    }
    let limit = facts.unit.as_ref()?.start_timeout;
    let mut evidence = vec![property("Result", "timeout")];
    evidence
        .extend(limit.map(|limit| property("TimeoutStartSec", format!("{} s", limit.as_secs()))));
    evidence.extend(line.map(said));
    let seconds = limit.map_or(DEFAULT_SECONDS, |limit| limit.as_secs());
    let name = commands::name(facts.name());
    let (cause, set_type) = cause(line, facts);
    evidence.extend(
        set_type
            .as_ref()
            .and(facts.setting("Type"))
            .map(|kind| property("Type", kind)),
    );
    let mut fixes = vec![
        commands::read_log(facts),
        Fix {
            what: FixKind::RaiseStartTimeout {
                seconds: seconds.saturating_mul(2).max(1),
            },
            commands: commands::then_start(format!("systemctl edit {name}"), facts),
            risky: false,
        },
    ];
    // A daemon that takes that long to fork is rare; a server that takes long to be ready is not.
    let at = match cause {
        StartCause::WrongServiceType => 0,
        _ => fixes.len(),
    };
    fixes.splice(at..at, set_type);
    Some(Finding {
        cause,
        certainty: match line {
            Some(_) if cause == StartCause::StartTimeout => Certainty::Measured,
            _ => Certainty::Inferred,
        },
        culprit: pid_file(cause, facts),
        evidence,
        fixes,
    })
}

/// systemd's words for a program that ran for longer than its unit allows.
const TOO_LONG: &str = "reached runtime time limit";

fn ran_too_long(line: &LogLine, facts: &StartFacts) -> Finding {
    let name = "RuntimeMaxSec".to_owned();
    Finding {
        cause: StartCause::LimitTooLow,
        certainty: Certainty::Measured,
        culprit: Some(Culprit::Limit { name: name.clone() }),
        evidence: vec![property("Result", "timeout"), said(line)],
        fixes: vec![Fix {
            what: FixKind::RaiseLimit { name },
            commands: commands::set(&["RuntimeMaxSec=infinity".to_owned()], facts),
            risky: false,
        }],
    }
}

/// Why it was not ready, as far as its `Type=` tells: a program that never forks or never notifies
/// is not slow, it is of another type. Whether it would have in the end, nobody knows.
fn cause(line: Option<&LogLine>, facts: &StartFacts) -> (StartCause, Option<Fix>) {
    let in_main_step = line.is_some_and(|line| line.message.contains(" start operation timed out"));
    // A child of the program is there, and systemd waits for its pid file.
    let has_forked = facts.manager_line("PID file").is_some();
    match facts.setting("Type") {
        _ if !in_main_step => (StartCause::StartTimeout, None),
        Some("forking") if has_forked => (StartCause::PidFileMissing, None),
        Some("forking") => (
            StartCause::WrongServiceType,
            Some(commands::set_type("simple", facts)),
        ),
        Some("notify" | "notify-reload") => (
            StartCause::ReadinessNotSignalled,
            Some(commands::set_type("simple", facts)),
        ),
        _ => (StartCause::StartTimeout, None),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn only_a_start_that_took_too_long_counts() {
        let start = "nginx.service: start operation timed out. Terminating.";
        let stop = "nginx.service: State 'stop-sigterm' timed out. Killing.";
        // (line, certainty)
        let cases = [
            (start, Some(Certainty::Measured)),
            (
                "nginx.service: start-pre operation timed out. Terminating.",
                Some(Certainty::Measured),
            ),
            (stop, None),
            ("nothing", Some(Certainty::Inferred)),
        ];
        for (message, certainty) in cases {
            let facts = failed("timeout", None, vec![line("systemd", message)]);
            let finding = check(&facts);
            assert_eq!(
                finding.map(|finding| finding.certainty),
                certainty,
                "{message}"
            );
        }
        assert_eq!(
            check(&failed("exit-code", exited(1), vec![line("app", start)])),
            None
        );
    }

    #[test]
    fn a_program_that_ran_for_too_long_was_not_slow_to_start() {
        let limit = "nginx.service: Service reached runtime time limit. Stopping.";
        let finding = check(&failed("timeout", None, vec![line("systemd", limit)])).unwrap();
        assert_eq!(finding.cause, StartCause::LimitTooLow);
        let name = "RuntimeMaxSec".to_owned();
        assert_eq!(finding.culprit, Some(Culprit::Limit { name }));
    }

    #[test]
    fn a_program_of_another_type_is_not_slow() {
        let start = "nginx.service: start operation timed out. Terminating.";
        // (type, cause)
        let cases = [
            ("oneshot", StartCause::StartTimeout),
            ("forking", StartCause::WrongServiceType),
            ("notify", StartCause::ReadinessNotSignalled),
        ];
        for (kind, cause) in cases {
            let mut facts = failed("timeout", None, vec![line("systemd", start)]);
            facts.unit.as_mut().unwrap().settings = vec![crate::start_failure::facts::Setting {
                name: "Type".into(),
                value: kind.into(),
            }];
            assert_eq!(check(&facts).unwrap().cause, cause, "{kind}");
        }
    }

    #[test]
    fn the_program_cannot_claim_a_timeout_of_systemd() {
        let said = line("app", "app: start operation timed out. Terminating.");
        let finding = check(&failed("timeout", None, vec![said])).unwrap();
        assert_eq!(finding.certainty, Certainty::Inferred);
    }
}

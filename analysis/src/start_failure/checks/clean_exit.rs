//! It ended by itself at once, without an error, and nobody had asked it to.

use super::*;
use crate::start_failure::telling::{last_words, telling_lines};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if let Some(line) = restarted_after_success(facts) {
        return Some(until_the_limit(line, facts));
    }
    let lasted = facts.ended_at_once?;
    if !matches!(facts.standing(), Standing::Rests) {
        return None;
    }
    let mut evidence = vec![Evidence::Status {
        status: ExitStatus::Exited { code: 0 },
    }];
    evidence.extend(facts.setting("Type").map(|kind| property("Type", kind)));
    evidence.push(property("lasted", format!("{} ms", lasted.as_millis())));
    // What the program left behind was killed with it: it forks, and systemd did not know.
    let left = facts.manager_line(LEFT_BEHIND);
    evidence.extend(left.map(said));
    let mut lines = telling_lines(facts.log());
    if lines.is_empty() {
        lines = last_words(facts.log());
    }
    evidence.extend(lines.into_iter().map(said));
    let (cause, to) = match left {
        Some(_) => (StartCause::WrongServiceType, "forking"),
        None => (StartCause::CleanExitAtStart, "oneshot"),
    };
    Some(Finding {
        cause,
        certainty: Certainty::Inferred,
        culprit: None,
        evidence,
        fixes: vec![commands::read_log(facts), commands::set_type(to, facts)],
    })
}

/// systemd's line that it starts the unit once more though the run before ended without an error,
/// where it does so no more: the limit only ended what was wrong before.
pub(super) fn restarted_after_success(facts: &StartFacts) -> Option<&LogLine> {
    let has_failed = facts.status().is_some_and(|status| !status.is_success());
    if !facts.fails() || !facts.start_limit_was_hit() || has_failed {
        return None;
    }
    facts.manager_line("Scheduled restart job")
}

fn until_the_limit(restarted: &LogLine, facts: &StartFacts) -> Finding {
    let mut evidence = vec![Evidence::Status {
        status: ExitStatus::Exited { code: 0 },
    }];
    let mut lines = telling_lines(facts.log());
    if lines.is_empty() {
        lines = last_words(facts.log());
    }
    evidence.extend(lines.into_iter().map(said));
    evidence.push(said(restarted));
    Finding {
        cause: StartCause::CleanExitAtStart,
        certainty: Certainty::Inferred,
        culprit: None,
        evidence,
        fixes: vec![
            commands::read_log(facts),
            Fix {
                what: FixKind::ResetAndStart,
                commands: commands::start(facts),
                risky: false,
            },
        ],
    }
}

/// systemd's words for processes that are left when the main one has ended.
const LEFT_BEHIND: &str = "Killing process ";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::super::testing::*, *};

    #[test]
    fn the_start_limit_ends_only_what_was_wrong_before() {
        let log = vec![
            line("sh", "License expired on 2026-11-01, exiting"),
            line(
                "systemd",
                "nginx.service: Scheduled restart job, restart counter is at 3.",
            ),
            line(
                "systemd",
                "nginx.service: Start request repeated too quickly.",
            ),
        ];
        let report = crate::start_failure::diagnose(failed("start-limit-hit", None, log.clone()));
        let verdict = &report.verdict;
        assert_eq!(verdict.cause, StartCause::CleanExitAtStart);
        assert!(verdict.evidence.contains(&said(&log[0])));
        assert_eq!(verdict.fixes[0].what, FixKind::ReadLog);
        assert_eq!(report.findings[1].cause, StartCause::StartLimitHit);
        // What it says is understood as that of one which ends with an error.
        let mut missing = log;
        missing[0].message = "cannot open /etc/x.conf: No such file or directory".into();
        let verdict =
            crate::start_failure::diagnose(failed("start-limit-hit", None, missing)).verdict;
        assert_eq!(verdict.cause, StartCause::ConfigMissing);
    }

    #[test]
    fn what_ended_at_once_did_not_start() {
        let mut facts = resting();
        assert_eq!(check(&facts), None);
        facts.ended_at_once = Some(Duration::from_millis(20));
        assert_eq!(check(&facts).unwrap().cause, StartCause::CleanExitAtStart);
        facts.attempt = failed("success", exited(0), vec![]).attempt;
        facts.went_well_since = true;
        let left = "nginx.service: Killing process 812 (nginx) with signal SIGKILL.";
        facts.attempt.as_mut().unwrap().log = vec![line("systemd", left)];
        assert_eq!(check(&facts).unwrap().cause, StartCause::WrongServiceType);
    }
}

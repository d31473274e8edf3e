//! It ended by itself at once, without an error, and nobody had asked it to.

use super::*;
use crate::start_failure::telling::{last_words, telling_lines};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
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

/// systemd's words for processes that are left when the main one has ended.
const LEFT_BEHIND: &str = "Killing process ";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::super::testing::*, *};

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

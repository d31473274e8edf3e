//! It ended, and had never said in the way of its `Type=` that it is ready.

use super::*;
use crate::start_failure::telling::{last_words, telling_lines};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if !facts.fails() || facts.result() != "protocol" {
        return None;
    }
    let mut evidence = vec![property("Result", "protocol")];
    evidence.extend(facts.setting("Type").map(|kind| property("Type", kind)));
    evidence.extend(facts.manager_line("PID file").map(said));
    let log = facts.said();
    let mut lines = telling_lines(&log);
    if lines.is_empty() {
        lines = last_words(&log);
    }
    evidence.extend(lines.into_iter().map(said));
    let (cause, set_type) = cause(facts);
    let mut fixes: Vec<Fix> = set_type.into_iter().collect();
    fixes.push(commands::read_log(facts));
    fixes.extend(repair_unit(facts));
    Some(Finding {
        cause,
        certainty: Certainty::Measured,
        culprit: pid_file(cause, facts),
        evidence,
        fixes,
    })
}

/// What it did not do, and the type that fits what it did.
fn cause(facts: &StartFacts) -> (StartCause, Option<Fix>) {
    let is_forking = facts.setting("Type") == Some("forking");
    let named_a_pid_file = facts.manager_line("PID file").is_some();
    match (named_a_pid_file, is_forking) {
        (true, _) => (StartCause::PidFileMissing, None),
        // It ended with success, and no child of it is left that could be the service.
        (false, true) => (StartCause::CleanExitAtStart, None),
        (false, false) => (
            StartCause::ReadinessNotSignalled,
            Some(commands::set_type("exec", facts)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn systemds_result_says_so_and_its_line_why() {
        let pid_file = "nginx.service: Can't open PID file /run/x.pid (yet?) after start";
        let log = vec![line("systemd", pid_file), line("app", "bye")];
        let finding = check(&failed("protocol", None, log.clone())).unwrap();
        assert_eq!(
            (finding.cause, finding.certainty),
            (StartCause::PidFileMissing, Certainty::Measured)
        );
        let expected = [property("Result", "protocol"), said(&log[0]), said(&log[1])];
        assert_eq!(finding.evidence, expected);
        assert_eq!(check(&failed("exit-code", exited(1), log)), None);
    }
}

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
    let mut lines = telling_lines(facts.log());
    if lines.is_empty() {
        lines = last_words(facts.log());
    }
    evidence.extend(lines.into_iter().map(said));
    let mut fixes = vec![commands::read_log(facts)];
    fixes.extend(repair_unit(facts));
    Some(Finding {
        cause: StartCause::NeverReady,
        certainty: Certainty::Measured,
        culprit: None,
        evidence,
        fixes,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn systemds_result_says_so_and_its_line_why() {
        let pid_file = "nginx.service: Can't open PID file /run/x.pid (yet?) after start";
        let log = vec![line("systemd", pid_file), line("app", "bye")];
        let finding = check(&failed("protocol", None, log.clone())).unwrap();
        assert_eq!(finding.certainty, Certainty::Measured);
        let expected = [property("Result", "protocol"), said(&log[0]), said(&log[1])];
        assert_eq!(finding.evidence, expected);
        assert_eq!(check(&failed("exit-code", exited(1), log)), None);
    }
}

//! systemd has stopped trying.

use super::*;
use crate::start_failure::facts::START_LIMIT_LINE;

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if !facts.fails() || !facts.start_limit_was_hit() {
        return None;
    }
    let restarts = facts.unit.as_ref().map_or(0, |unit| unit.status.restarts);
    let result = &facts.unit.as_ref()?.status.result;
    let mut evidence = vec![property("Result", &**result)];
    if restarts > 0 {
        evidence.push(property("NRestarts", restarts.to_string()));
    }
    evidence.extend(facts.manager_line(START_LIMIT_LINE).map(said));
    Some(Finding {
        cause: StartCause::StartLimitHit,
        certainty: Certainty::Measured,
        culprit: None,
        evidence,
        fixes: vec![Fix {
            what: FixKind::ResetAndStart,
            commands: commands::start(facts),
            risky: false,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn the_limit_is_lifted_with_the_start() {
        let too_quick = "nginx.service: Start request repeated too quickly.";
        let facts = failed("start-limit-hit", None, vec![line("systemd", too_quick)]);
        let finding = check(&facts).unwrap();
        let expected = ["systemctl reset-failed nginx", "systemctl start nginx"];
        assert_eq!(finding.fixes[0].commands, expected);
        assert_eq!(finding.evidence.len(), 2);
        assert_eq!(check(&failed("exit-code", exited(1), vec![])), None);
        // At the end of a loop of restarts the result stays that of the last one.
        let facts = failed("exit-code", exited(1), vec![line("systemd", too_quick)]);
        assert_eq!(check(&facts).unwrap().fixes[0].commands, expected);
        // Started again and again by somebody: how it ended each time explains nothing.
        let mut stopped = failed(
            "start-limit-hit",
            killed(Signal::TERM),
            vec![line("systemd", too_quick)],
        );
        stopped.attempt.as_mut().unwrap().status = None;
        assert_eq!((stopped.status(), stopped.result()), (None, ""));
        let forged = failed("exit-code", exited(1), vec![line("app", too_quick)]);
        assert_eq!(check(&forged), None);
    }
}

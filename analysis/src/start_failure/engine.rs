//! From facts to the verdict: all checks look, the best evidence wins.

use super::{
    Finding, StartCause, StartFailure, Verdict,
    beside::is_beside,
    changes, checks, commands,
    facts::{NEED_DAEMON_RELOAD, Standing, StartFacts},
};
use crate::cause::Certainty;

/// Says why the unit did not start.
pub fn diagnose(facts: StartFacts) -> StartFailure {
    let mut findings: Vec<Finding> = checks::ALL.iter().flat_map(|check| check(&facts)).collect();
    if findings.is_empty() {
        findings.push(checks::healthy(&facts).unwrap_or_else(|| checks::unknown(&facts)));
    }
    // Of two that agree, the one that knows whom to blame says more.
    findings.sort_by_key(|finding| {
        let rank = (evidence(finding), finding.cause, finding.culprit.is_none());
        (is_beside(finding, &facts), rank)
    });
    let mut best = findings[0].clone();
    // What is in the way of the next start comes before it.
    let blocks =
        |finding: &&Finding| is_beside(finding, &facts) && finding.certainty == Certainty::Measured;
    if let Some(other) = findings[1..].iter().find(blocks)
        && best.cause == StartCause::EndedOnRequest
    {
        best.fixes = other.fixes.clone();
    }
    if facts.setting(NEED_DAEMON_RELOAD).is_some() && facts.fails() {
        best.fixes.insert(0, commands::reload_unit_files(&facts));
    }
    let verdict = Verdict {
        cause: best.cause,
        certainty: best.certainty,
        culprit: best.culprit,
        evidence: best.evidence,
        fixes: best.fixes,
    };
    let changes = facts.changes.as_ref();
    let changes = changes.map(|changed| changes::changes(changed, verdict.culprit.as_ref()));
    let name = facts.name().clone();
    let asked_as = Some(facts.asked.clone()).filter(|asked| *asked != name);
    StartFailure {
        at: facts.at,
        unit: name,
        asked_as,
        state: facts.unit.map(|unit| unit.status),
        attempt: facts.attempt,
        verdict,
        findings,
        dependencies: facts.dependencies,
        limits: facts.limits,
        config_tests: facts.config_tests,
        log_files: facts.log_files,
        changes,
        beneath: None,
    }
}

/// How good the evidence is as an answer to "why". How a failure looks from outside may be certain,
/// and is only the consequence of what went wrong: whatever is known of that comes first.
fn evidence(finding: &Finding) -> Certainty {
    match finding.cause.is_symptom() {
        true => finding.certainty.max(Certainty::Inferred),
        false => finding.certainty,
    }
}

impl StartFacts {
    /// Whether checks have something to explain.
    pub(super) fn fails(&self) -> bool {
        self.standing() == Standing::Fails
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::*, *};

    fn check(facts: StartFacts, cause: StartCause, certainty: Certainty) -> StartFailure {
        let report = diagnose(facts);
        let verdict = &report.verdict;
        assert_eq!(
            (verdict.cause, verdict.certainty),
            (cause, certainty),
            "{report:#?}"
        );
        assert!(
            report
                .findings
                .iter()
                .any(|finding| finding.cause == verdict.cause)
        );
        report
    }

    #[test]
    fn a_port_in_use_says_more_than_the_exit_code() {
        let bind = "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)";
        let mut facts = failed("exit-code", exited(1), vec![line("nginx", bind)]);
        // Nobody holds it now: both are inferred.
        let report = check(facts.clone(), StartCause::PortInUse, Certainty::Inferred);
        assert!(report.verdict.culprit.is_none());
        facts.sockets = vec![apache("0.0.0.0:80", 80)];
        let report = check(facts, StartCause::PortInUse, Certainty::Measured);
        let causes: Vec<_> = report
            .findings
            .iter()
            .map(|finding| finding.cause)
            .collect();
        assert_eq!(
            causes,
            [StartCause::PortInUse, StartCause::ApplicationError]
        );
    }

    #[test]
    fn the_cause_below_the_start_limit_is_the_verdict() {
        let facts = failed("start-limit-hit", exited(1), vec![]);
        let report = check(facts, StartCause::ApplicationError, Certainty::Inferred);
        assert_eq!(report.findings[1].cause, StartCause::StartLimitHit);
        let started_too_often = failed("start-limit-hit", None, vec![]);
        check(
            started_too_often,
            StartCause::StartLimitHit,
            Certainty::Measured,
        );
    }

    #[test]
    fn files_that_systemd_has_not_read_yet_are_read_first() {
        let mut facts = failed("exit-code", exited(1), vec![]);
        facts
            .unit
            .as_mut()
            .unwrap()
            .settings
            .push(super::super::facts::Setting {
                name: NEED_DAEMON_RELOAD.into(),
                value: "yes".into(),
            });
        let fixes = diagnose(facts).verdict.fixes;
        let expected = ["systemctl daemon-reload", "systemctl start nginx"];
        assert_eq!(fixes[0].commands, expected);
    }

    #[test]
    fn nothing_found_is_unknown_and_never_healthy() {
        check(
            failed("resources", None, vec![]),
            StartCause::Unknown,
            Certainty::Unknown,
        );
        let mut unreadable = resting();
        unreadable.unit = None;
        check(unreadable, StartCause::Unknown, Certainty::Unknown);
    }

    #[test]
    fn what_runs_is_healthy_whatever_failed_before() {
        let bind = "bind() to 0.0.0.0:80 failed (98: Address already in use)";
        let mut facts = failed("exit-code", exited(1), vec![line("nginx", bind)]);
        facts.sockets = vec![apache("0.0.0.0:80", 80)];
        facts.unit.as_mut().unwrap().status.active_state = "active".into();
        let report = check(facts, StartCause::Healthy, Certainty::Measured);
        assert_eq!(report.findings.len(), 1);
        assert!(report.attempt.is_some());
    }
}

//! There is nothing to explain.

use super::*;
use crate::start_failure::facts::StartWait;

pub(in crate::start_failure) fn healthy(facts: &StartFacts) -> Option<Finding> {
    let cause = match facts.standing() {
        Standing::Runs | Standing::Rests => StartCause::Healthy,
        Standing::Starts => StartCause::Starting,
        Standing::Fails | Standing::NotLoaded | Standing::NotKnown => return None,
    };
    let status = &facts.unit.as_ref()?.status;
    let waits = facts.unit.as_ref()?.waits.as_ref();
    let fixes = match facts.standing() {
        Standing::Starts if waits.is_some() => waits.and_then(ask_about).into_iter().collect(),
        Standing::Rests if can_start(facts) => vec![Fix {
            what: FixKind::ResetAndStart,
            commands: commands::start(facts),
            risky: false,
        }],
        _ => vec![],
    };
    Some(Finding {
        cause,
        certainty: match status.is_idle_script() {
            true => Certainty::Inferred,
            false => Certainty::Measured,
        },
        culprit: waits.and_then(|waits| {
            let unit = waits.unit.clone()?;
            Some(Culprit::Unit { unit })
        }),
        evidence: match waits {
            Some(waits) => evidence(waits),
            None => vec![
                property("ActiveState", &*status.active_state),
                property("SubState", &*status.sub_state),
            ],
        },
        fixes,
    })
}

/// A start that is queued, and what it waits for.
fn evidence(waits: &StartWait) -> Vec<Evidence> {
    let mut evidence = vec![property("Job", "start waiting")];
    evidence.extend(waits.unit.as_ref().map(|unit| Evidence::Dependency {
        unit: unit.clone(),
        active_state: waits.active_state.clone(),
    }));
    evidence
}

fn ask_about(waits: &StartWait) -> Option<Fix> {
    let unit = waits.unit.clone()?;
    Some(Fix {
        commands: vec![commands::ask_about(&unit)],
        what: FixKind::StartDependency { unit },
        risky: false,
    })
}

/// Whether anybody starts such units by hand.
fn can_start(facts: &StartFacts) -> bool {
    !facts.name().as_str().ends_with(".device")
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn what_runs_or_rests_or_starts_is_not_explained() {
        // (active state, sub-state, cause, whether a start is offered)
        let cases = [
            ("active", "running", StartCause::Healthy, false),
            ("active", "exited", StartCause::Healthy, false),
            ("inactive", "dead", StartCause::Healthy, true),
            ("activating", "start", StartCause::Starting, false),
        ];
        for (active, sub, cause, start) in cases {
            let mut facts = resting();
            let status = &mut facts.unit.as_mut().unwrap().status;
            (status.active_state, status.sub_state) = (active.into(), sub.into());
            let finding = healthy(&facts).unwrap();
            assert_eq!((finding.cause, !finding.fixes.is_empty()), (cause, start));
        }
        assert_eq!(healthy(&failed("exit-code", exited(1), vec![])), None);
    }

    #[test]
    fn a_start_that_is_queued_waits_for_another_unit() {
        let mut facts = resting();
        facts.unit.as_mut().unwrap().waits = Some(StartWait {
            unit: Some(unit("db")),
            active_state: "activating".into(),
            since: Some(at(3)),
        });
        let finding = healthy(&facts).unwrap();
        assert_eq!(finding.cause, StartCause::Starting);
        assert_eq!(finding.culprit, Some(Culprit::Unit { unit: unit("db") }));
        assert_eq!(
            finding.fixes[0].commands,
            ["aiops diagnose start-failure db"]
        );
    }
}

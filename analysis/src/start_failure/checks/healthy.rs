//! There is nothing to explain.

use super::*;

pub(in crate::start_failure) fn healthy(facts: &StartFacts) -> Option<Finding> {
    let cause = match facts.standing() {
        Standing::Runs | Standing::Rests => StartCause::Healthy,
        Standing::Starts => StartCause::Starting,
        Standing::Fails | Standing::NotLoaded | Standing::NotKnown => return None,
    };
    let status = &facts.unit.as_ref()?.status;
    let fixes = match facts.standing() {
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
        culprit: None,
        evidence: vec![
            property("ActiveState", &*status.active_state),
            property("SubState", &*status.sub_state),
        ],
        fixes,
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
}

//! Somebody asked systemd to end it, and how it ended counts as a failure.

use super::*;

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let asked = facts.asked_to_end().filter(|_| facts.fails())?;
    let mut evidence = vec![said(asked)];
    evidence.extend(facts.status().map(|status| Evidence::Status { status }));
    Some(Finding {
        cause: StartCause::EndedOnRequest,
        certainty: Certainty::Measured,
        culprit: None,
        evidence,
        fixes: vec![
            Fix {
                what: FixKind::ResetAndStart,
                commands: commands::start(facts),
                risky: false,
            },
            commands::read_log(facts),
        ],
    })
}

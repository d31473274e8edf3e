//! It failed right after the boot for want of a network that it does not wait for.

use chrono::TimeDelta;

use super::*;
use crate::start_failure::says::why;

/// Networks are up so long after the boot, mostly.
const AT_BOOT: TimeDelta = TimeDelta::minutes(2);
const NETWORK: &str = "network-online.target";

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let (line, says) = why(facts.log()).filter(|_| facts.fails())?;
    let is_of_network = matches!(
        says.cause,
        StartCause::AddressNotAvailable
            | StartCause::NameNotResolved
            | StartCause::RemoteUnreachable
    );
    let failed_at = facts.attempt.as_ref()?.failed_at?;
    let at_boot = facts
        .booted_at
        .is_some_and(|booted_at| failed_at - booted_at < AT_BOOT);
    let waits = facts
        .unit
        .as_ref()?
        .after
        .iter()
        .any(|unit| unit.as_str() == NETWORK);
    if !is_of_network || !at_boot || waits {
        return None;
    }
    let name = commands::name(facts.name());
    Some(Finding {
        cause: StartCause::BootOrder,
        certainty: Certainty::Inferred,
        culprit: NETWORK.parse().ok().map(|unit| Culprit::Unit { unit }),
        evidence: vec![said(line), property("After", "")],
        fixes: vec![Fix {
            what: FixKind::RepairUnitFile {
                path: facts.unit.as_ref()?.status.files.first()?.clone(),
            },
            commands: commands::then_start(format!("systemctl edit {name}"), facts),
            risky: false,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn only_a_start_at_boot_that_does_not_wait_was_too_early() {
        let unreachable = "connect to 10.0.0.5:5432 failed: Network is unreachable";
        // (seconds from the boot to the failure, what it waits for, whether it was too early)
        let cases = [
            (10, vec![], true),
            (10, vec![NETWORK.parse().unwrap()], false),
            (3600, vec![], false),
        ];
        for (seconds, after, expected) in cases {
            let mut facts = failed("exit-code", exited(1), vec![line("app", unreachable)]);
            facts.booted_at = Some(at(1 - seconds));
            facts.unit.as_mut().unwrap().after = after;
            assert_eq!(check(&facts).is_some(), expected, "{seconds}");
        }
    }
}

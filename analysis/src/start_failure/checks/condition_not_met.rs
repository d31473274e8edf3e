//! systemd skipped the start because a condition did not hold.

use super::*;
use crate::start_failure::facts::Condition;

/// Conditions whose parameter is a path.
const OF_PATHS: [&str; 10] = [
    "PathExists",
    "PathExistsGlob",
    "PathIsDirectory",
    "PathIsSymbolicLink",
    "PathIsMountPoint",
    "PathIsReadWrite",
    "PathIsEncrypted",
    "DirectoryNotEmpty",
    "FileNotEmpty",
    "FileIsExecutable",
];

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let unit = facts.unit.as_ref()?;
    if !facts.fails() {
        return None;
    }
    let was_skipped = facts.result() == "exec-condition";
    if unit.conditions_met != Some(false) && !was_skipped {
        return None;
    }
    // Of those with `|` one has to hold: all that did not are to blame together.
    let unmet: Vec<&Condition> = unit
        .conditions
        .iter()
        .filter(|condition| condition.met == Some(false))
        .collect();
    let is_other_failure = unmet.is_empty() && !was_skipped;
    if is_other_failure {
        return None;
    }
    let mut evidence: Vec<Evidence> = unmet
        .iter()
        .map(|condition| property(&condition.kind, text(condition)))
        .collect();
    if was_skipped {
        evidence.push(property("Result", "exec-condition"));
    }
    let fixes = unmet.iter().map(|condition| Fix {
        what: FixKind::MeetCondition {
            condition: format!("{}={}", condition.kind, text(condition)),
        },
        commands: vec![format!("systemctl cat {}", commands::name(&unit.name))],
        risky: false,
    });
    Some(Finding {
        cause: StartCause::ConditionNotMet,
        certainty: Certainty::Measured,
        culprit: unmet.iter().find_map(|condition| path(condition)),
        evidence,
        fixes: fixes.collect(),
    })
}

/// As the unit file has it: `|!/etc/x`.
fn text(condition: &Condition) -> String {
    let trigger = if condition.trigger { "|" } else { "" };
    let negated = if condition.negated { "!" } else { "" };
    format!("{trigger}{negated}{}", condition.parameter)
}

fn path(condition: &Condition) -> Option<Culprit> {
    let kind = condition.kind.trim_start_matches("Condition");
    let is_path = OF_PATHS.contains(&kind.trim_start_matches("Assert"));
    is_path.then(|| Culprit::Path {
        path: condition.parameter.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    fn condition(kind: &str, parameter: &str, negated: bool, met: Option<bool>) -> Condition {
        Condition {
            kind: kind.into(),
            trigger: false,
            negated,
            parameter: parameter.into(),
            met,
        }
    }

    #[test]
    fn the_condition_that_did_not_hold_is_named() {
        let mut facts = resting();
        assert_eq!(check(&facts), None);
        let of_unit = facts.unit.as_mut().unwrap();
        of_unit.conditions_met = Some(false);
        of_unit.conditions = vec![
            condition("ConditionVirtualization", "container", true, Some(true)),
            condition("ConditionPathExists", "/etc/nginx/on", false, Some(false)),
            condition("AssertHost", "x", false, None),
        ];
        let finding = check(&facts).unwrap();
        let path = "/etc/nginx/on".to_owned();
        assert_eq!(finding.culprit, Some(Culprit::Path { path: path.clone() }));
        assert_eq!(finding.evidence, [property("ConditionPathExists", path)]);
        // Conditions that were never tested say nothing.
        facts.unit.as_mut().unwrap().conditions_met = None;
        assert_eq!(check(&facts), None);
    }

    #[test]
    fn a_negated_condition_reads_as_in_the_file() {
        let unmet = condition("ConditionPathExists", "/etc/off", true, Some(false));
        assert_eq!(text(&unmet), "!/etc/off");
    }
}

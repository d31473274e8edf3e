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

/// Results of a start that systemd skipped.
const SKIPPED: [&str; 3] = ["condition", "assert", "exec-condition"];

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let unit = facts.unit.as_ref()?;
    let result = facts.result();
    let was_skipped = SKIPPED.contains(&result);
    if !facts.fails() || !(was_skipped || unit.conditions_met == Some(false)) {
        return None;
    }
    let line = skip_line(facts);
    let unmet = unmet(&unit.conditions, result, line);
    if unmet.is_empty() && !was_skipped {
        return None;
    }
    let mut evidence: Vec<Evidence> = unmet
        .iter()
        .map(|condition| property(&condition.kind, text(condition)))
        .collect();
    evidence.extend(line.map(said));
    if evidence.is_empty() {
        evidence.push(property("Result", result));
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

/// systemd's line about it; newer versions name the condition.
fn skip_line(facts: &StartFacts) -> Option<&LogLine> {
    const WORDS: [&str; 4] = [
        " was skipped because ",
        "Condition check resulted in ",
        "Assertion failed for ",
        ": Skipped due to 'exec-condition'",
    ];
    WORDS.iter().find_map(|words| facts.manager_line(words))
}

/// The conditions that did not hold. systemd forgets what it found with the unit, which it drops
/// when nobody needs it: then its line, or that there is only one, tells.
fn unmet<'a>(
    conditions: &'a [Condition],
    result: &str,
    line: Option<&LogLine>,
) -> Vec<&'a Condition> {
    // Of those with `|` one has to hold: all that did not are to blame together.
    let found: Vec<&Condition> = conditions
        .iter()
        .filter(|condition| condition.met == Some(false))
        .collect();
    if !found.is_empty() {
        return found;
    }
    let kind = if result == "assert" {
        "Assert"
    } else {
        "Condition"
    };
    let of_kind =
        |condition: &&Condition| result != "exec-condition" && condition.kind.starts_with(kind);
    let message = line.map_or("", |line| &line.message);
    let named = |condition: &&Condition| {
        message.contains(&format!("({}={})", condition.kind, text(condition)))
    };
    let candidates: Vec<&Condition> = conditions.iter().filter(of_kind).collect();
    if let Some(named) = candidates.iter().find(|condition| named(condition)) {
        return vec![*named];
    }
    if message.contains("no trigger condition") {
        let triggers = candidates.iter().filter(|condition| condition.trigger);
        return triggers.copied().collect();
    }
    if candidates.len() == 1 {
        candidates
    } else {
        Vec::new()
    }
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
    is_path.then(|| Culprit::path(&*condition.parameter))
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
        assert_eq!(finding.culprit, Some(Culprit::path(path.clone())));
        assert_eq!(finding.evidence, [property("ConditionPathExists", path)]);
        // Conditions that were never tested say nothing.
        facts.unit.as_mut().unwrap().conditions_met = None;
        assert_eq!(check(&facts), None);
    }

    #[test]
    fn what_systemd_forgot_its_line_tells() {
        let skipped = |words: &str| format!("nginx.service was skipped because {words}.");
        let unmet = skipped("of an unmet condition check (ConditionPathExists=!/etc/off)");
        let trigger = skipped("no trigger condition checks were met");
        let assert = "Assertion failed for nginx.service.";
        // (result, line, parameters of the conditions that are named)
        let cases: &[(&str, &str, &[&str])] = &[
            ("condition", &unmet, &["/etc/off"]),
            ("condition", &trigger, &["/a"]),
            (
                "condition",
                "Condition check resulted in nginx.service being skipped.",
                &[],
            ),
            ("assert", assert, &["/var/need"]),
            (
                "exec-condition",
                "nginx.service: Skipped due to 'exec-condition'.",
                &[],
            ),
        ];
        for (result, message, named) in cases {
            let mut facts = resting();
            facts.attempt = failed(result, None, vec![line("systemd", message)]).attempt;
            let mut trigger = condition("ConditionPathExists", "/a", false, None);
            trigger.trigger = true;
            facts.unit.as_mut().unwrap().conditions = vec![
                trigger,
                condition("ConditionPathExists", "/etc/off", true, None),
                condition("AssertPathExists", "/var/need", false, None),
            ];
            let finding = check(&facts).unwrap();
            let conditions = &facts.unit.as_ref().unwrap().conditions;
            let found = super::unmet(conditions, result, Some(&line("systemd", message)));
            let found: Vec<_> = found.iter().map(|one| one.parameter.as_str()).collect();
            assert_eq!(found, *named, "{message}");
            assert!(finding.evidence.contains(&said(&line("systemd", message))));
        }
    }

    #[test]
    fn a_negated_condition_reads_as_in_the_file() {
        let unmet = condition("ConditionPathExists", "/etc/off", true, Some(false));
        assert_eq!(text(&unmet), "!/etc/off");
    }
}

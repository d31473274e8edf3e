//! A unit that this one needs is not there.

use super::*;
use crate::start_failure::{DependencyState, facts::UnitFacts};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let unit = facts.unit.as_ref()?;
    let refused =
        needed(facts).find(|one| matches!(one.load_state.as_str(), "not-found" | "masked"));
    let job_failed = facts.fails() && facts.result() == "dependency";
    // systemd refuses the start at once, and writes nothing about it.
    let is_refused = refused.is_some() && is_idle(facts);
    if !job_failed && !is_refused && !may_be(facts) {
        return None;
    }
    let culprit = root(facts).or(refused);
    if culprit.is_none() && !job_failed {
        return None;
    }
    let mut evidence = Vec::new();
    evidence.extend(facts.manager_line("Dependency failed for ").map(said));
    if job_failed && evidence.is_empty() {
        evidence.push(property("JobResult", "dependency"));
    }
    evidence.extend(culprit.map(|one| Evidence::Dependency {
        unit: one.unit.clone(),
        active_state: state(one).to_owned(),
    }));
    let is_measured = culprit.is_some() && (job_failed || is_refused);
    Some(Finding {
        cause: StartCause::DependencyFailed,
        certainty: if is_measured {
            Certainty::Measured
        } else {
            Certainty::Inferred
        },
        culprit: culprit.map(|one| Culprit::Unit {
            unit: one.unit.clone(),
        }),
        evidence,
        fixes: vec![fix(culprit, unit, facts)],
    })
}

/// Whether a failed dependency explains a start of which nothing is on record.
fn may_be(facts: &StartFacts) -> bool {
    facts.fails() && facts.attempt.is_none() && facts.result().is_empty()
}

/// Whether nothing else explains why the unit does not run.
fn is_idle(facts: &StartFacts) -> bool {
    match facts.standing() {
        Standing::Rests => true,
        Standing::Fails => matches!(facts.result(), "" | "dependency"),
        _ => false,
    }
}

/// Those without which the unit cannot start, its own first.
fn needed(facts: &StartFacts) -> impl Iterator<Item = &DependencyState> {
    let is_strict = |one: &&DependencyState| {
        matches!(one.relation.as_str(), "Requires" | "Requisite" | "BindsTo")
    };
    facts.dependencies.iter().filter(is_strict)
}

/// The unit at the bottom: one that failed, or is missing, and not because of yet another.
fn root(facts: &StartFacts) -> Option<&DependencyState> {
    let failed = |one: &&DependencyState| {
        one.active_state == "failed"
            || matches!(
                one.load_state.as_str(),
                "not-found" | "masked" | "bad-setting" | "error"
            )
    };
    // `Requisite=` starts nothing: what is down stays down.
    let is_down = |one: &&DependencyState| {
        one.relation == "Requisite" && one.active_state != "active" && one.needed_by.is_none()
    };
    needed(facts)
        .find(failed)
        .or_else(|| needed(facts).find(is_down))
}

fn state(one: &DependencyState) -> &str {
    match one.load_state.as_str() {
        "loaded" | "merged" => &one.active_state,
        other => other,
    }
}

fn fix(culprit: Option<&DependencyState>, unit: &UnitFacts, facts: &StartFacts) -> Fix {
    let Some(culprit) = culprit else {
        let list = format!("systemctl list-dependencies {}", commands::name(&unit.name));
        return Fix {
            what: FixKind::ReadLog,
            commands: vec![list],
            risky: false,
        };
    };
    let name = commands::name(&culprit.unit);
    let what = FixKind::StartDependency {
        unit: culprit.unit.clone(),
    };
    let commands = match culprit.load_state.as_str() {
        "masked" => commands::then_start(format!("systemctl unmask {name}"), facts),
        "not-found" => vec![format!("systemctl cat {}", commands::name(&unit.name))],
        _ => vec![
            commands::ask_about(&culprit.unit),
            format!("systemctl restart {name}"),
            format!("systemctl start {}", commands::name(&unit.name)),
        ],
    };
    Fix {
        what,
        commands,
        risky: false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    fn needs(name: &str, relation: &str, load: &str, active: &str) -> DependencyState {
        DependencyState {
            unit: unit(name),
            relation: relation.into(),
            load_state: load.into(),
            active_state: active.into(),
            result: None,
            needed_by: None,
        }
    }

    fn job_failed(dependencies: Vec<DependencyState>) -> StartFacts {
        let mut facts = resting();
        let log = vec![line(
            "systemd",
            "Dependency failed for nginx.service - A web server.",
        )];
        facts.attempt = failed("dependency", None, log).attempt;
        facts.dependencies = dependencies;
        facts
    }

    #[test]
    fn the_unit_at_the_bottom_is_the_culprit() {
        let inactive = needs("app", "Requires", "loaded", "inactive");
        let mut below = needs("db", "Requires", "loaded", "failed");
        below.needed_by = Some(unit("app"));
        let wanted = needs("cache", "Wants", "loaded", "failed");
        // (dependencies, culprit, certainty)
        let cases = [
            (
                vec![needs("db", "Requires", "loaded", "failed")],
                Some("db"),
                Certainty::Measured,
            ),
            (
                vec![wanted.clone(), inactive, below],
                Some("db"),
                Certainty::Measured,
            ),
            (
                vec![needs("db", "Requisite", "loaded", "inactive")],
                Some("db"),
                Certainty::Measured,
            ),
            // It runs by now, so nobody can say which it was.
            (
                vec![needs("db", "Requires", "loaded", "active"), wanted],
                None,
                Certainty::Inferred,
            ),
        ];
        for (dependencies, culprit, certainty) in cases {
            let finding = check(&job_failed(dependencies)).unwrap();
            let expected = culprit.map(|name| Culprit::Unit { unit: unit(name) });
            assert_eq!((finding.culprit, finding.certainty), (expected, certainty));
        }
    }

    #[test]
    fn a_missing_dependency_refuses_the_start_without_a_line() {
        for load in ["not-found", "masked"] {
            let mut facts = resting();
            facts.dependencies = vec![needs("db", "Requires", load, "inactive")];
            let finding = check(&facts).unwrap();
            assert_eq!(finding.culprit, Some(Culprit::Unit { unit: unit("db") }));
            facts.dependencies[0].relation = "Wants".into();
            assert_eq!(check(&facts), None);
        }
    }

    #[test]
    fn a_unit_that_failed_by_itself_does_not_blame_others() {
        let mut facts = failed("exit-code", exited(1), vec![]);
        facts.dependencies = vec![needs("db", "Requires", "loaded", "failed")];
        assert_eq!(check(&facts), None);
        assert_eq!(check(&resting()), None);
    }
}

//! A unit that this one needs is not there.

use chrono::TimeDelta;

use super::*;
use crate::start_failure::{DependencyState, facts::UnitFacts};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let unit = facts.unit.as_ref()?;
    let refused =
        needed(facts).find(|one| matches!(one.load_state.as_str(), "not-found" | "masked"));
    let job_failed = facts.fails() && facts.result() == "dependency";
    // systemd refuses the start at once, and writes nothing about it.
    let is_refused = refused.is_some() && is_idle(facts);
    let socket = failed_socket(facts);
    if !job_failed && !is_refused && !may_be(facts) && socket.is_none() {
        return None;
    }
    let at_that_time = bottom(facts, |one| is_bad(one) && failed_then(one, facts))
        .or_else(|| down(facts).filter(|one| was_down_then(one, facts)));
    // A start of which nothing failed then may still be refused now.
    let certain = at_that_time.or(refused.filter(|_| is_refused));
    let culprit = certain
        .or_else(|| bottom(facts, is_bad))
        .or(down(facts))
        .or(socket);
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
    let cause = match culprit {
        Some(one) if matches!(one.load_state.as_str(), "not-found" | "masked") => {
            StartCause::DependencyMissing
        }
        _ => StartCause::DependencyFailed,
    };
    let is_measured = certain.is_some() && (job_failed || is_refused);
    Some(Finding {
        cause,
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

/// The socket that would start the unit, and does not listen. It may rest for another reason.
fn failed_socket(facts: &StartFacts) -> Option<&DependencyState> {
    let mut sockets = facts
        .dependencies
        .iter()
        .filter(|one| one.relation == "TriggeredBy");
    let found = sockets.find(|one| one.active_state == "failed");
    found.filter(|_| facts.standing() == Standing::Rests)
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

/// One of the units that a check asks for: that at the bottom, which needs no other of them.
fn bottom(
    facts: &StartFacts,
    is_asked_for: impl Fn(&DependencyState) -> bool,
) -> Option<&DependencyState> {
    let asked_for: Vec<_> = needed(facts).filter(|one| is_asked_for(one)).collect();
    let needs_another = |one: &DependencyState| {
        let mut others = asked_for.iter();
        others.any(|other| other.needed_by.as_ref() == Some(&one.unit))
    };
    // Those that need each other in a circle are equally good.
    let found = asked_for.iter().find(|one| !needs_another(one));
    found.or(asked_for.first()).copied()
}

fn is_bad(one: &DependencyState) -> bool {
    one.active_state == "failed"
        || matches!(
            one.load_state.as_str(),
            "not-found" | "masked" | "bad-setting" | "error"
        )
}

/// `Requisite=` starts nothing: what is down stays down.
fn down(facts: &StartFacts) -> Option<&DependencyState> {
    let is_down = |one: &&DependencyState| {
        one.relation == "Requisite" && one.active_state != "active" && one.needed_by.is_none()
    };
    needed(facts).find(is_down)
}

/// A job fails at once with what it waits for; systemd needs so long at most.
const AT_ONCE: TimeDelta = TimeDelta::seconds(5);

/// Whether it failed when the start did, and not at another time: it may have failed since, and
/// the one that failed then may be up again.
fn failed_then(one: &DependencyState, facts: &StartFacts) -> bool {
    let failed_at = facts.attempt.as_ref().and_then(|attempt| attempt.failed_at);
    let times = one.since.zip(failed_at);
    one.active_state == "failed"
        && times.is_some_and(|(since, failed_at)| (since - failed_at).abs() <= AT_ONCE)
}

/// Whether it was down before the start failed, and has been since.
fn was_down_then(one: &DependencyState, facts: &StartFacts) -> bool {
    let failed_at = facts.attempt.as_ref().and_then(|attempt| attempt.failed_at);
    let times = one.since.zip(failed_at);
    times.is_some_and(|(since, failed_at)| since <= failed_at)
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
            since: Some(at(0)),
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
    fn only_what_failed_when_the_start_did_is_certainly_to_blame() {
        use Certainty::{Inferred, Measured};
        let failed_at = |name, seconds: Option<i64>| DependencyState {
            since: seconds.map(at),
            ..needs(name, "Requires", "loaded", "failed")
        };
        let below = |one: DependencyState, name| DependencyState {
            needed_by: Some(unit(name)),
            ..one
        };
        let down_since = |seconds: Option<i64>| DependencyState {
            since: seconds.map(at),
            ..needs("db", "Requisite", "loaded", "inactive")
        };
        // The start failed at 1. (dependencies, culprit, certainty)
        let cases = [
            (vec![failed_at("db", Some(0))], "db", Measured),
            // It failed an hour later, or before and not since.
            (vec![failed_at("db", Some(3600))], "db", Inferred),
            (vec![failed_at("db", Some(-3600))], "db", Inferred),
            (vec![failed_at("db", None)], "db", Inferred),
            (
                vec![failed_at("log", Some(3600)), failed_at("db", Some(1))],
                "db",
                Measured,
            ),
            // It was stopped because of the one below it.
            (
                vec![
                    failed_at("app", Some(1)),
                    below(failed_at("db", Some(0)), "app"),
                ],
                "db",
                Measured,
            ),
            (
                vec![
                    failed_at("app", Some(1)),
                    below(failed_at("db", Some(3600)), "app"),
                ],
                "app",
                Measured,
            ),
            (vec![down_since(Some(-3600))], "db", Measured),
            (vec![down_since(Some(30))], "db", Inferred),
            (vec![down_since(None)], "db", Inferred),
        ];
        for (dependencies, culprit, certainty) in cases {
            let facts = job_failed(dependencies);
            let finding = check(&facts).unwrap();
            let expected = Some(Culprit::Unit {
                unit: unit(culprit),
            });
            assert_eq!(
                (finding.culprit, finding.certainty),
                (expected, certainty),
                "{:?}",
                facts.dependencies
            );
        }
    }

    #[test]
    fn a_service_rests_whose_socket_failed() {
        let mut facts = resting();
        facts.dependencies = vec![needs("nginx.socket", "TriggeredBy", "loaded", "failed")];
        let finding = check(&facts).unwrap();
        assert_eq!(finding.certainty, Certainty::Inferred);
        let socket = unit("nginx.socket");
        assert_eq!(finding.culprit, Some(Culprit::Unit { unit: socket }));
        facts.unit.as_mut().unwrap().status.active_state = "active".into();
        assert_eq!(check(&facts), None);
        let mut own = failed("exit-code", exited(1), vec![]);
        own.dependencies = facts.dependencies;
        assert_eq!(check(&own), None);
    }

    #[test]
    fn a_missing_dependency_refuses_the_start_without_a_line() {
        for load in ["not-found", "masked"] {
            let mut facts = resting();
            facts.dependencies = vec![needs("db", "Requires", load, "inactive")];
            let finding = check(&facts).unwrap();
            assert_eq!(finding.cause, StartCause::DependencyMissing);
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

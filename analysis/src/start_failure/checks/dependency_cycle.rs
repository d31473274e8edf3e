//! Units wait for each other in a circle, and systemd took one of them out of it.

use super::*;
use crate::identity::UnitName;

/// systemd's words: it found a circle, and took a job out of it or gave up.
const FOUND: &str = ": Found ordering cycle on ";
const BROKEN: &str = " deleted to break ordering cycle";
const STUCK: &str = ": Unable to break cycle ";

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if matches!(facts.standing(), Standing::Runs | Standing::Starts) {
        return None;
    }
    let load_log = facts.unit.as_ref().map_or(&[][..], |unit| &unit.load_log);
    let name = facts.name().as_str();
    let of_manager = facts
        .log()
        .iter()
        .chain(load_log)
        .filter(|line| line.is_of_manager());
    let lines: Vec<&LogLine> = of_manager.collect();
    let is_out = |line: &&&LogLine| {
        let of_own_job = line.message.contains(&format!("Job {name}/start{BROKEN}"));
        of_own_job || line.message.contains(STUCK)
    };
    let line = lines.iter().rev().find(is_out)?;
    let found = lines.iter().rev().find(|line| line.message.contains(FOUND));
    let others = [Some(line), found]
        .into_iter()
        .flatten()
        .flat_map(|line| units(&line.message));
    let other = others.into_iter().find(|unit| unit != facts.name());
    let name = commands::name(facts.name());
    Some(Finding {
        cause: StartCause::DependencyCycle,
        certainty: Certainty::Measured,
        culprit: other.map(|unit| Culprit::Unit { unit }),
        evidence: found
            .into_iter()
            .chain([line])
            .map(|line| said(line))
            .collect(),
        fixes: vec![Fix {
            what: FixKind::ReadLog,
            commands: vec![format!("systemd-analyze verify {name}")],
            risky: false,
        }],
    })
}

/// The units of a line, such as "a.service: Found ordering cycle on b.service/start".
fn units(message: &str) -> Vec<UnitName> {
    let words = message.split([' ', ':']);
    let names = words.map(|word| word.strip_suffix("/start").unwrap_or(word));
    names
        .filter(|name| name.contains('.'))
        .filter_map(|name| name.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn who_is_taken_out_of_the_circle_is_told_with_whom() {
        let broken = "db.service: Job nginx.service/start deleted to break ordering cycle starting with db.service/start";
        let mut facts = resting();
        facts.unit.as_mut().unwrap().load_log = vec![line("systemd", broken)];
        let finding = check(&facts).unwrap();
        assert_eq!(finding.culprit, Some(Culprit::Unit { unit: unit("db") }));
        let found = "nginx.service: Found ordering cycle on app.service/start";
        let stuck = "nginx.service: Unable to break cycle starting with nginx.service/start";
        facts.unit.as_mut().unwrap().load_log = [found, stuck]
            .map(|message| line("systemd", message))
            .into();
        let finding = check(&facts).unwrap();
        assert_eq!(finding.culprit, Some(Culprit::Unit { unit: unit("app") }));
        facts.unit.as_mut().unwrap().load_log = vec![line("app", broken)];
        assert_eq!(check(&facts), None);
    }
}

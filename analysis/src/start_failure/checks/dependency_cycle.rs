//! Units wait for each other in a circle, and systemd took one of them out of it.

use super::*;

/// systemd's words where it breaks a circle; the job that it deletes is that of the unit.
const BROKEN: &str = " to break ordering cycle";

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if matches!(facts.standing(), Standing::Runs | Standing::Starts) {
        return None;
    }
    let load_log = facts.unit.as_ref().map_or(&[][..], |unit| &unit.load_log);
    let lines = facts.log().iter().chain(load_log);
    let name = facts.name().as_str();
    let is_own = |line: &&LogLine| {
        line.is_of_manager()
            && line.message.contains(BROKEN)
            && line.message.contains(&format!("{name}/start"))
    };
    let line = lines.rev().find(is_own)?;
    let (whole, _) = line.message.split_once(':')?;
    let other = whole.parse().ok().filter(|unit| unit != facts.name());
    Some(Finding {
        cause: StartCause::DependencyCycle,
        certainty: Certainty::Measured,
        culprit: other.map(|unit| Culprit::Unit { unit }),
        evidence: vec![said(line)],
        fixes: vec![Fix {
            what: FixKind::ReadLog,
            commands: vec![format!("systemd-analyze verify {name}")],
            risky: false,
        }],
    })
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
        facts.unit.as_mut().unwrap().load_log = vec![line("app", broken)];
        assert_eq!(check(&facts), None);
    }
}

//! systemd knows no such unit.

use super::*;

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let unit = facts.unit.as_ref()?;
    if facts.standing() != Standing::NotLoaded || unit.status.load_state != "not-found" {
        return None;
    }
    let ask = |similar: &crate::identity::UnitName| Fix {
        what: FixKind::AskAbout {
            unit: similar.clone(),
        },
        commands: vec![commands::ask_about(similar)],
        risky: false,
    };
    Some(Finding {
        cause: StartCause::UnitNotFound,
        certainty: Certainty::Measured,
        culprit: None,
        evidence: vec![property("LoadState", "not-found")],
        fixes: facts.similar.iter().map(ask).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn the_nearest_names_are_offered() {
        let mut facts = resting();
        assert_eq!(check(&facts), None);
        facts.unit.as_mut().unwrap().status.load_state = "not-found".into();
        facts.similar = vec![unit("nginx"), unit("ngircd")];
        let finding = check(&facts).unwrap();
        assert_eq!(finding.certainty, Certainty::Measured);
        assert_eq!(
            finding.fixes[0].commands,
            ["aiops diagnose start-failure nginx"]
        );
        // Gone from the disk, and still running: there is nothing wrong with the start.
        facts.unit.as_mut().unwrap().status.active_state = "active".into();
        assert_eq!(check(&facts), None);
    }
}

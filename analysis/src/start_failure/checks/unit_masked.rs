//! Somebody forbade the unit to start.

use super::*;

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let unit = facts.unit.as_ref()?;
    if facts.standing() != Standing::NotLoaded || unit.status.load_state != "masked" {
        return None;
    }
    let path = unit.status.files.first().cloned();
    let name = commands::name(&unit.name);
    // A mask below /run is gone with the next boot, and `unmask` without the option leaves it.
    let is_of_runtime = path.as_ref().is_some_and(|path| path.starts_with("/run/"));
    let option = if is_of_runtime { " --runtime" } else { "" };
    let mut evidence = vec![property("LoadState", "masked")];
    evidence.extend(path.clone().map(|path| Evidence::File {
        path,
        state: "-> /dev/null".to_owned(),
    }));
    Some(Finding {
        cause: StartCause::UnitMasked,
        certainty: Certainty::Measured,
        culprit: path.map(Culprit::path),
        evidence,
        fixes: vec![Fix {
            what: FixKind::Unmask,
            commands: commands::then_start(format!("systemctl unmask{option} {name}"), facts),
            // Somebody masked it for a reason.
            risky: true,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn the_mask_is_named_and_lifted() {
        // (where it is, command)
        let cases = [
            (
                "/etc/systemd/system/nginx.service",
                "systemctl unmask nginx",
            ),
            (
                "/run/systemd/system/nginx.service",
                "systemctl unmask --runtime nginx",
            ),
        ];
        for (path, command) in cases {
            let mut facts = resting();
            assert_eq!(check(&facts), None);
            let status = &mut facts.unit.as_mut().unwrap().status;
            (status.load_state, status.files) = ("masked".into(), vec![path.into()]);
            let finding = check(&facts).unwrap();
            assert_eq!(finding.culprit, Some(Culprit::path(path)));
            assert_eq!(
                finding.fixes[0].commands,
                [command, "systemctl start nginx"]
            );
        }
    }
}

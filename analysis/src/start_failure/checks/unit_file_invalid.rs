//! systemd refuses the unit's file.

use super::*;

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let unit = facts.unit.as_ref()?;
    let is_refused = matches!(unit.status.load_state.as_str(), "bad-setting" | "error");
    if facts.standing() != Standing::NotLoaded || !is_refused {
        return None;
    }
    let mut evidence = vec![property("LoadState", &*unit.status.load_state)];
    evidence.extend(
        unit.load_error
            .as_ref()
            .map(|error| property("LoadError", &**error)),
    );
    evidence.extend(complaints(&unit.load_log).map(said));
    let (path, line) = match file_named(&unit.load_log, &unit.status.files) {
        Some((path, line)) => (Some(path), line),
        None => (unit.status.files.first().cloned(), None),
    };
    let fix = path.as_ref().map(|path| Fix {
        what: FixKind::RepairUnitFile { path: path.clone() },
        commands: commands::edit_and_start(path, facts),
        risky: false,
    });
    Some(Finding {
        cause: StartCause::UnitFileInvalid,
        certainty: Certainty::Measured,
        culprit: path.map(|path| Culprit::Path { path, line }),
        evidence,
        fixes: fix.into_iter().collect(),
    })
}

/// Newest first, as the same file is read again and again.
fn complaints(log: &[LogLine]) -> impl Iterator<Item = &LogLine> {
    const MOST: usize = 3;
    let is_complaint = |line: &&LogLine| {
        line.message.starts_with('/') || line.message.contains("Refusing") || is_error(line)
    };
    let mut kept: Vec<&LogLine> = Vec::new();
    for line in log.iter().rev().filter(is_complaint) {
        if kept.iter().all(|known| known.message != line.message) && kept.len() < MOST {
            kept.push(line);
        }
    }
    kept.into_iter()
}

fn is_error(line: &LogLine) -> bool {
    line.priority.is_some_and(|priority| priority <= 3)
}

/// The unit's file or drop-in that a complaint begins with, and its line: `/etc/.../x.service:7: ...`.
fn file_named(log: &[LogLine], files: &[String]) -> Option<(String, Option<u32>)> {
    let named = |line: &LogLine| {
        let (path, rest) = line.message.split_once(':')?;
        let number = rest.split(':').next().and_then(|text| text.parse().ok());
        Some((path.to_owned(), number))
    };
    complaints(log)
        .filter_map(named)
        .find(|(path, _)| files.contains(path))
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn systemds_own_words_are_the_evidence() {
        let mut facts = resting();
        assert_eq!(check(&facts), None);
        let of_unit = facts.unit.as_mut().unwrap();
        of_unit.status.load_state = "bad-setting".into();
        let drop_in = "/etc/systemd/system/nginx.service.d/x.conf";
        of_unit.status.files.push(drop_in.into());
        of_unit.load_error = Some("Unit nginx.service has a bad unit file setting.".into());
        let refusing =
            "nginx.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.";
        let syntax = format!("{drop_in}:3: Invalid section header '[Servic'");
        of_unit.load_log = vec![
            line("systemd", "Started nginx.service."),
            line("systemd", refusing),
            line("systemd", refusing),
            line("systemd", &syntax),
        ];
        let finding = check(&facts).unwrap();
        let culprit = Culprit::Path {
            path: drop_in.into(),
            line: Some(3),
        };
        assert_eq!(finding.culprit, Some(culprit));
        assert_eq!(
            finding.evidence.len(),
            4,
            "each line once: {:?}",
            finding.evidence
        );
        assert_eq!(finding.certainty, Certainty::Measured);
        let edit = format!("${{EDITOR:-vi}} {drop_in}");
        let expected = [&edit, "systemctl daemon-reload", "systemctl start nginx"];
        assert_eq!(finding.fixes[0].commands, expected);
    }
}

//! systemd could not prepare what the program needs, so that the program never ran.

use super::*;
use crate::{shell, start_failure::facts::FileState};

/// The steps of a child of systemd, and the settings that they carry out.
const SETTINGS: [(&str, &str); 5] = [
    ("USER", "User"),
    ("GROUP", "Group"),
    ("CHDIR", "WorkingDirectory"),
    ("CHROOT", "RootDirectory"),
    ("EXEC", ""),
];

/// systemd's own words, where it fails before it has a child.
const NO_ENVIRONMENT: &str = "Failed to load environment files: ";

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if !facts.fails() {
        return None;
    }
    match facts.manager_line(NO_ENVIRONMENT) {
        Some(line) => Some(environment(line, facts)),
        None => step(facts),
    }
}

fn environment(line: &LogLine, facts: &StartFacts) -> Finding {
    let files = &facts.unit.as_ref().map_or(&[][..], |unit| &unit.settings);
    let wanted = files
        .iter()
        .filter(|setting| setting.name == "EnvironmentFile");
    let wanted: Vec<&str> = wanted.map(|setting| setting.value.as_str()).collect();
    let missing = wanted.iter().find(|path| is_missing(path, facts));
    // If it is there by now, and the unit has no other, it must have been that one.
    let blamed = missing.or(wanted.first().filter(|_| wanted.len() == 1));
    finding("EnvironmentFile", blamed.copied(), line, facts)
}

/// A step of a child of systemd: "Failed at step USER spawning /usr/sbin/nginx: No such process".
fn step(facts: &StartFacts) -> Option<Finding> {
    let line = failed_step(facts)?;
    let (_, words) = line.message.split_once(": Failed at step ")?;
    let step = words.split(' ').next()?;
    let setting = SETTINGS.iter().find(|(known, _)| *known == step);
    let name = setting.map_or(step, |(_, name)| name);
    // What cannot be executed has checks of its own.
    if name.is_empty() {
        return None;
    }
    Some(finding(name, facts.setting(name), line, facts))
}

fn finding(name: &str, value: Option<&str>, line: &LogLine, facts: &StartFacts) -> Finding {
    let path = value.filter(|value| value.starts_with('/'));
    let mut evidence: Vec<Evidence> = value
        .map(|value| property(name, value))
        .into_iter()
        .collect();
    if evidence.is_empty() {
        // The child says before what exactly went wrong.
        let details = facts.log().iter().filter(|other| is_of_child(other));
        evidence.extend(details.take(1).filter(|other| *other != line).map(said));
    }
    evidence.push(said(line));
    let is_missing = path.is_some_and(|path| is_missing(path, facts));
    evidence.extend(path.filter(|_| is_missing).map(|path| Evidence::File {
        path: path.to_owned(),
        state: "missing".to_owned(),
    }));
    let mut fixes = Vec::new();
    fixes.extend(
        path.filter(|_| is_missing)
            .map(|path| provide(name, path, facts)),
    );
    if let Some(path) = path.filter(|_| !is_missing) {
        fixes.push(commands::allow_access(path));
    }
    fixes.extend(repair_unit(facts));
    if let (Some(user), true) = (
        value,
        name == "User" && line.message.contains("No such process"),
    ) {
        let create = format!("useradd --system {}", shell::word(user));
        fixes.push(Fix {
            what: FixKind::CreateUser {
                user: user.to_owned(),
            },
            commands: commands::then_start(create, facts),
            risky: false,
        });
    }
    if fixes.is_empty() {
        fixes.push(commands::read_log(facts));
    }
    Finding {
        cause: StartCause::SetupFailed,
        certainty: Certainty::Measured,
        culprit: path.map(|path| Culprit::Path {
            path: path.to_owned(),
        }),
        evidence,
        fixes,
    }
}

fn provide(name: &str, path: &str, facts: &StartFacts) -> Fix {
    let command = match name {
        "EnvironmentFile" => commands::edit(path, None),
        _ => format!("mkdir -p {}", shell::word(path)),
    };
    Fix {
        what: FixKind::ProvidePath {
            path: path.to_owned(),
        },
        commands: commands::then_start(command, facts),
        risky: false,
    }
}

fn is_missing(path: &str, facts: &StartFacts) -> bool {
    facts
        .file(path)
        .is_some_and(|file| file.state == FileState::Missing)
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};
    use crate::start_failure::facts::{FileFact, Setting};

    fn facts(
        status: Option<ExitStatus>,
        log: Vec<LogLine>,
        settings: &[(&str, &str)],
    ) -> StartFacts {
        let result = if status.is_some() {
            "exit-code"
        } else {
            "resources"
        };
        let mut facts = failed(result, status, log);
        let setting = |(name, value): &(&str, &str)| Setting {
            name: (*name).into(),
            value: (*value).into(),
        };
        facts.unit.as_mut().unwrap().settings = settings.iter().map(setting).collect();
        facts
    }

    fn missing(path: &str) -> FileFact {
        FileFact {
            path: path.into(),
            state: FileState::Missing,
            interpreter: None,
        }
    }

    #[test]
    fn a_user_that_is_not_there_is_named() {
        let step = "nginx.service: Failed at step USER spawning /usr/sbin/nginx: No such process";
        let log = vec![line("(nginx)", step)];
        let finding = check(&facts(exited(217), log, &[("User", "www")])).unwrap();
        assert_eq!(finding.certainty, Certainty::Measured);
        assert_eq!(finding.evidence[0], property("User", "www"));
        let create = ["useradd --system www", "systemctl start nginx"];
        assert_eq!(finding.fixes.last().unwrap().commands, create);
    }

    #[test]
    fn folders_and_environment_files_are_culprits() {
        let step = "nginx.service: Failed at step CHDIR spawning /usr/sbin/nginx: No such file or directory";
        let folder = [("WorkingDirectory", "/srv/none")];
        let mut at_step = facts(exited(200), vec![line("(nginx)", step)], &folder);
        at_step.files.push(missing("/srv/none"));
        let environment =
            "nginx.service: Failed to load environment files: No such file or directory";
        let files = [
            ("EnvironmentFile", "/etc/there"),
            ("EnvironmentFile", "/etc/none"),
        ];
        let mut before = facts(None, vec![line("systemd", environment)], &files);
        before.files.push(missing("/etc/none"));
        // (facts, culprit, first command)
        let cases = [
            (at_step, "/srv/none", "mkdir -p /srv/none"),
            (before, "/etc/none", "${EDITOR:-vi} /etc/none"),
        ];
        for (facts, path, command) in cases {
            let finding = check(&facts).unwrap();
            assert_eq!(finding.culprit, Some(Culprit::Path { path: path.into() }));
            assert_eq!(finding.fixes[0].commands[0], command);
        }
    }

    #[test]
    fn of_other_steps_the_child_says_what_went_wrong() {
        let detail = "nginx.service: Failed to set up mount namespacing: /srv/x: No such file";
        let step = "nginx.service: Failed at step NAMESPACE spawning /x: No such file or directory";
        let log = vec![line("(nginx)", detail), line("(nginx)", step)];
        let finding = check(&facts(exited(226), log.clone(), &[])).unwrap();
        assert_eq!(finding.evidence, [said(&log[0]), said(&log[1])]);
    }

    #[test]
    fn a_program_cannot_claim_it_and_exec_is_not_meant() {
        let forged = "app: Failed at step USER spawning /x: No such process";
        assert_eq!(
            check(&facts(exited(1), vec![line("app", forged)], &[])),
            None
        );
        let exec = "nginx.service: Failed at step EXEC spawning /x: No such file or directory";
        assert_eq!(
            check(&facts(exited(203), vec![line("(x)", exec)], &[])),
            None
        );
    }
}

//! The program is not there, or what its first line names.

use super::*;
use crate::{shell, start_failure::facts::FileState};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let command = command_not_executed(facts)?;
    let line = failed_step(facts);
    let missing = missing(facts, &command.path);
    let says_missing = line.is_some_and(|line| line.message.contains("No such file or directory"));
    // systemd gives another reason: what is missing now was there then.
    if line.is_some() && !says_missing {
        return None;
    }
    // A bare name systemd itself looks for, and says that it found none.
    let not_located = line.is_some_and(|line| line.message.contains("Failed to locate executable"))
        && !command.path.starts_with('/');
    let (path, certainty) = match missing {
        Some(path) if says_missing => (path, Certainty::Measured),
        // Without systemd's line nobody can tell whether it was missing then.
        Some(path) => (path, Certainty::Inferred),
        None if says_missing && not_located => (command.path.clone(), Certainty::Measured),
        // It is there by now, or cannot be looked at: systemd's line alone says that it was not.
        None if says_missing => (command.path.clone(), Certainty::Inferred),
        None => return None,
    };
    let is_missing_now = is_missing(&path, facts);
    let mut evidence = vec![Evidence::Status {
        status: ExitStatus::Exited { code: EXIT_EXEC },
    }];
    evidence.extend(line.map(said));
    if is_missing_now {
        evidence.push(Evidence::File {
            path: path.clone(),
            state: "missing".to_owned(),
        });
    }
    let name = commands::name(facts.name());
    let cause = match path == command.path {
        true => StartCause::ExecNotFound,
        false => StartCause::InterpreterMissing,
    };
    Some(Finding {
        cause,
        certainty,
        culprit: Some(Culprit::path(path.clone())),
        evidence,
        fixes: vec![
            provide(&path, facts),
            Fix {
                what: FixKind::RepairUnitFile {
                    path: commands::unit_file(facts).unwrap_or(path),
                },
                commands: commands::then_start(format!("systemctl edit --full {name}"), facts),
                risky: false,
            },
        ],
    })
}

/// Folders of what packages bring.
const OF_PACKAGES: [&str; 4] = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"];

/// A way to what is missing: no package brings what lies below `/opt` or `/srv`.
fn provide(path: &str, facts: &StartFacts) -> Fix {
    if has_carriage_return(path) {
        return end_lines(facts);
    }
    let of_package = OF_PACKAGES
        .iter()
        .find_map(|folder| path.strip_prefix(folder));
    let name = of_package.or(Some(path).filter(|path| !path.contains('/')));
    let path = path.to_owned();
    match name {
        Some(name) => Fix {
            what: FixKind::InstallPackage { path },
            commands: vec![format!(
                "apt-file search bin/{0} || dnf provides '*bin/{0}'",
                shell::word(name)
            )],
            risky: false,
        },
        None => Fix {
            commands: vec![format!("namei -l {}", shell::word(&path))],
            what: FixKind::ProvidePath { path },
            risky: false,
        },
    }
}

/// The program, or its interpreter, if it is missing now.
fn missing(facts: &StartFacts, path: &str) -> Option<String> {
    if is_missing(path, facts) {
        return Some(path.to_owned());
    }
    let interpreter = facts.file(path)?.interpreter.as_ref()?;
    is_missing(interpreter, facts).then(|| interpreter.clone())
}

fn is_missing(path: &str, facts: &StartFacts) -> bool {
    facts
        .file(path)
        .is_some_and(|file| file.state == FileState::Missing)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_command_is_known_though_systemd_has_read_its_files_again() {
        let said = "nginx.service: Failed at step EXEC spawning /usr/sbin/nginx: No such file or directory";
        let mut facts = failed("exit-code", exited(203), vec![line("(nginx)", said)]);
        facts.unit.as_mut().unwrap().commands[0].status = None;
        facts.files[0].state = FileState::Missing;
        let found = check(&facts).unwrap();
        assert_eq!(found.certainty, Certainty::Measured);
        assert_eq!(found.culprit, Some(Culprit::path("/usr/sbin/nginx")));
    }

    use super::{super::super::testing::*, *};
    use crate::start_failure::facts::FileFact;

    const LINE: &str =
        "nginx.service: Failed at step EXEC spawning /usr/sbin/nginx: No such file or directory";

    fn facts(state: FileState, interpreter: Option<&str>) -> StartFacts {
        let mut facts = failed("exit-code", exited(203), vec![line("systemd", LINE)]);
        facts.files[0].state = state;
        facts.files[0].interpreter = interpreter.map(Into::into);
        facts.files.extend(interpreter.map(|path| FileFact {
            path: path.into(),
            state: FileState::Missing,
            interpreter: None,
        }));
        facts
    }

    #[test]
    fn what_is_missing_is_named() {
        let there = FileState::File { mode: 0o755 };
        // (the program, its interpreter, culprit, certainty)
        let cases = [
            (
                FileState::Missing,
                None,
                "/usr/sbin/nginx",
                Certainty::Measured,
            ),
            (
                there.clone(),
                Some("/opt/py"),
                "/opt/py",
                Certainty::Measured,
            ),
            (there, None, "/usr/sbin/nginx", Certainty::Inferred),
        ];
        for (state, interpreter, path, certainty) in cases {
            let finding = check(&facts(state, interpreter)).unwrap();
            assert_eq!(finding.culprit, Some(Culprit::path(path)));
            assert_eq!(finding.certainty, certainty);
        }
    }

    #[test]
    fn the_way_to_what_is_missing_is_one_that_can_be_gone() {
        // (path, first command)
        let cases = [
            (
                "/usr/sbin/nginx",
                "apt-file search bin/nginx || dnf provides '*bin/nginx'",
            ),
            (
                "nodee",
                "apt-file search bin/nodee || dnf provides '*bin/nodee'",
            ),
            ("/opt/f05-old", "namei -l /opt/f05-old"),
            ("/usr/bin/python3\r", r"sed -i 's/\r$//' /usr/sbin/nginx"),
        ];
        for (path, command) in cases {
            assert_eq!(
                provide(path, &facts(FileState::Missing, None)).commands[0],
                command
            );
        }
    }

    #[test]
    fn what_is_missing_now_need_not_have_been_missing_then() {
        // (systemd's reason, certainty)
        let cases = [
            (Some("No such file or directory"), Some(Certainty::Measured)),
            (Some("Permission denied"), None),
            (Some("Exec format error"), None),
            (None, Some(Certainty::Inferred)),
        ];
        for (reason, certainty) in cases {
            let mut facts = facts(FileState::Missing, None);
            let message = |reason| LINE.replace("No such file or directory", reason);
            let log = reason.map(|reason| line("systemd", &message(reason)));
            facts.attempt.as_mut().unwrap().log = log.into_iter().collect();
            let found = check(&facts).map(|finding| finding.certainty);
            assert_eq!(found, certainty, "{reason:?}");
        }
    }

    #[test]
    fn a_bare_name_is_looked_for_by_systemd() {
        let message = "nginx.service: Failed to locate executable ngnix: No such file or directory";
        let mut facts = failed("exit-code", exited(203), vec![line("(ngnix)", message)]);
        facts.unit.as_mut().unwrap().commands[0].path = "ngnix".into();
        let finding = check(&facts).unwrap();
        assert_eq!(finding.culprit, Some(Culprit::path("ngnix")));
        assert_eq!(finding.certainty, Certainty::Measured);
    }

    #[test]
    fn other_failures_of_a_missing_file_are_not_its_fault() {
        let mut facts = facts(FileState::Missing, None);
        facts.attempt.as_mut().unwrap().status = exited(1);
        assert_eq!(check(&facts), None);
    }
}

//! systemd could not prepare what the program needs, so that the program never ran.

use super::*;
use crate::start_failure::{facts::FileState, says::first_path};

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
        None => step(facts).or_else(|| by_status(facts)),
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
    let details = facts.log().iter().filter(|other| is_of_child(other));
    // The child says before what exactly went wrong.
    let detail = details.take(1).find(|other| *other != line);
    let of_setting = value
        .filter(|value| value.starts_with('/'))
        .map(str::to_owned);
    let path = of_setting.or_else(|| first_path(&detail?.message).map(of_unit));
    let cause = cause(name, line, path.as_deref());
    let mut evidence: Vec<Evidence> = value
        .map(|value| property(name, value))
        .into_iter()
        .collect();
    if evidence.is_empty() {
        evidence.extend(detail.map(said));
    }
    evidence.push(said(line));
    let is_missing = path.as_deref().is_some_and(|path| is_missing(path, facts));
    evidence.extend(
        path.clone()
            .filter(|_| is_missing)
            .map(|path| Evidence::File {
                path,
                state: "missing".to_owned(),
            }),
    );
    let culprit = match (cause, value, path) {
        (StartCause::UserMissing, Some(user), _) => Some(Culprit::User {
            user: user.to_owned(),
        }),
        (StartCause::GroupMissing, Some(group), _) => Some(Culprit::Group {
            group: group.to_owned(),
        }),
        (_, _, path) => path.map(Culprit::path),
    };
    Finding {
        fixes: match (may_miss(name, culprit.as_ref(), facts), repair_unit(facts)) {
            (Some(fix), repair) => std::iter::once(fix).chain(repair).collect(),
            (None, _) => fixes(cause, culprit.as_ref(), facts),
        },
        cause,
        certainty: Certainty::Measured,
        culprit,
        evidence,
    }
}

/// What a child of systemd says by its status, where its line is missing: older versions write none.
fn by_status(facts: &StartFacts) -> Option<Finding> {
    const STEPS: [(u8, &str); 4] = [
        (200, "WorkingDirectory"),
        (210, "RootDirectory"),
        (216, "Group"),
        (217, "User"),
    ];
    let status = facts.status()?;
    let ExitStatus::Exited { code } = status else {
        return None;
    };
    let (_, name) = STEPS.iter().find(|(known, _)| *known == code)?;
    let value = facts.setting(name)?;
    // A program may end with such a status too, but none that has said a word has not run.
    let has_run = facts
        .log()
        .iter()
        .any(|line| !line.is_of_manager() && !is_of_child(line));
    if has_run || facts.result() != "exit-code" {
        return None;
    }
    let is_folder = value.starts_with('/');
    let cause = match *name {
        "User" => StartCause::UserMissing,
        "Group" => StartCause::GroupMissing,
        _ if is_missing(value, facts) => StartCause::DirectoryMissing,
        _ if is_folder && facts.setting("User").is_some() => StartCause::PermissionDenied,
        _ => StartCause::SetupFailed,
    };
    let culprit = match cause {
        StartCause::UserMissing => Culprit::User {
            user: value.to_owned(),
        },
        StartCause::GroupMissing => Culprit::Group {
            group: value.to_owned(),
        },
        _ => Culprit::path(value),
    };
    let mut evidence = vec![property(name, value), Evidence::Status { status }];
    evidence.extend(
        facts
            .setting("User")
            .filter(|_| is_folder)
            .map(|user| property("User", user)),
    );
    Some(Finding {
        fixes: fixes(cause, Some(&culprit), facts),
        cause,
        certainty: Certainty::Inferred,
        culprit: Some(culprit),
        evidence,
    })
}

/// Lets the unit start without a path of its sandbox, which need not be a folder.
fn may_miss(name: &str, culprit: Option<&Culprit>, facts: &StartFacts) -> Option<Fix> {
    let Some(Culprit::Path { path, .. }) = culprit.filter(|_| name == "NAMESPACE") else {
        return None;
    };
    let has = |word: &str| word == path;
    let mut settings = facts.unit.as_ref()?.settings.iter();
    let setting = settings.find(|setting| setting.value.split_whitespace().any(has))?;
    let words = setting.value.split_whitespace();
    let words: Vec<_> = words
        .map(|word| {
            if has(word) {
                format!("-{word}")
            } else {
                word.to_owned()
            }
        })
        .collect();
    let name = &setting.name;
    // An empty one takes back all that were given before.
    let lines = [format!("{name}="), format!("{name}={}", words.join(" "))];
    Some(Fix {
        what: FixKind::AllowMissing { path: path.clone() },
        commands: commands::set(&lines, facts),
        risky: false,
    })
}

/// A path as the unit has it: systemd builds the unit's files below a folder of its own.
fn of_unit(path: String) -> String {
    match path.strip_prefix("/run/systemd/unit-root") {
        Some(below) if below.starts_with('/') => below.to_owned(),
        _ => path,
    }
}

/// What the step and the kernel's reason behind it mean.
fn cause(name: &str, line: &LogLine, path: Option<&str>) -> StartCause {
    let says = |words: &str| line.message.contains(words);
    match name {
        "User" if says("No such process") => StartCause::UserMissing,
        "Group" if says("No such process") => StartCause::GroupMissing,
        "EnvironmentFile" if says("No such file") => StartCause::EnvironmentFileMissing,
        "CAPABILITIES" => StartCause::CapabilityMissing,
        "LIMITS" => StartCause::LimitTooLow,
        _ if says("No space left on device") => StartCause::DiskFull,
        _ if says("Read-only file system") => StartCause::ReadOnlyFilesystem,
        _ if says("No such file") && path.is_some() => StartCause::DirectoryMissing,
        _ if says("Permission denied") && path.is_some() => StartCause::PermissionDenied,
        _ => StartCause::SetupFailed,
    }
}

fn fixes(cause: StartCause, culprit: Option<&Culprit>, facts: &StartFacts) -> Vec<Fix> {
    let mut fixes = Vec::new();
    match culprit {
        Some(Culprit::User { user }) => fixes.push(commands::create_user(user, facts)),
        Some(Culprit::Group { group }) => fixes.push(commands::create_group(group, facts)),
        Some(Culprit::Path { path, .. }) => fixes.push(match cause {
            StartCause::EnvironmentFileMissing => Fix {
                what: FixKind::ProvidePath { path: path.clone() },
                commands: commands::then_start(commands::edit(path, None), facts),
                risky: false,
            },
            StartCause::DirectoryMissing => commands::make_directory(path, facts),
            _ => commands::allow_access(path),
        }),
        _ => {}
    }
    fixes.extend(repair_unit(facts));
    if fixes.is_empty() {
        fixes.push(commands::read_log(facts));
    }
    fixes
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
        assert_eq!(finding.cause, StartCause::UserMissing);
        assert_eq!(finding.culprit, Some(Culprit::User { user: "www".into() }));
        let create = ["useradd --system www", "systemctl start nginx"];
        assert_eq!(finding.fixes[0].commands, create);
    }

    #[test]
    fn without_its_line_the_status_tells_the_step() {
        let folder = [("WorkingDirectory", "/var/lib/c28"), ("User", "nobody")];
        let finding = check(&facts(exited(200), vec![], &folder)).unwrap();
        assert_eq!(
            (finding.cause, finding.certainty),
            (StartCause::PermissionDenied, Certainty::Inferred)
        );
        assert_eq!(finding.culprit, Some(Culprit::path("/var/lib/c28")));
        let said = vec![line("app", "bye")];
        assert_eq!(check(&facts(exited(200), said, &folder)), None);
    }

    #[test]
    fn a_path_of_the_sandbox_that_is_missing_may_be_missing() {
        let child = "nginx.service: Failed to set up mount namespacing: /run/systemd/unit-root/var/lib/b40.db: No such file or directory";
        let step = "nginx.service: Failed at step NAMESPACE spawning /usr/sbin/nginx: No such file or directory";
        let log = vec![line("(nginx)", child), line("(nginx)", step)];
        let facts = facts(
            exited(226),
            log,
            &[("ReadWritePaths", "/var/lib/b40.db /srv")],
        );
        let finding = check(&facts).unwrap();
        assert_eq!(finding.culprit, Some(Culprit::path("/var/lib/b40.db")));
        let write = &finding.fixes[0].commands[1];
        assert!(
            write.contains("ReadWritePaths=-/var/lib/b40.db /srv"),
            "{write}"
        );
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
            (at_step, "/srv/none", "install -d /srv/none"),
            (before, "/etc/none", "${EDITOR:-vi} /etc/none"),
        ];
        for (facts, path, command) in cases {
            let finding = check(&facts).unwrap();
            assert_eq!(finding.culprit, Some(Culprit::path(path)));
            assert_eq!(finding.fixes[0].commands[0], command);
        }
    }

    #[test]
    fn of_other_steps_the_child_says_what_went_wrong() {
        let detail = "nginx.service: Failed to set up mount namespacing: /run/systemd/unit-root/srv/x: No such file";
        let step = "nginx.service: Failed at step NAMESPACE spawning /x: No such file or directory";
        let log = vec![line("(nginx)", detail), line("(nginx)", step)];
        let finding = check(&facts(exited(226), log.clone(), &[])).unwrap();
        assert_eq!(finding.evidence, [said(&log[0]), said(&log[1])]);
        assert_eq!(finding.cause, StartCause::DirectoryMissing);
        assert_eq!(finding.culprit, Some(Culprit::path("/srv/x")));
    }

    #[test]
    fn a_program_cannot_claim_it_and_exec_is_not_meant() {
        let forged = "app: Failed at step USER spawning /x: No such process";
        assert_eq!(
            check(&facts(exited(1), vec![line("app", forged)], &[])),
            None
        );
        // A command that may fail had that; the program then ran, and ended by itself.
        let ignored = "nginx.service: Failed at step USER spawning /x: No such process";
        assert_eq!(
            check(&facts(exited(1), vec![line("(x)", ignored)], &[])),
            None
        );
        let exec = "nginx.service: Failed at step EXEC spawning /x: No such file or directory";
        assert_eq!(
            check(&facts(exited(203), vec![line("(x)", exec)], &[])),
            None
        );
    }
}

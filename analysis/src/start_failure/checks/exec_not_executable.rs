//! The program is there, and cannot be executed.

use super::*;
use crate::{
    shell,
    start_failure::{
        facts::FileState,
        ways::{ClosedPlace, NoexecMount},
    },
};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let command = command_not_executed(facts)?;
    let state = &facts.file(&command.path)?.state;
    let line = failed_step(facts);
    let says = |words: &str| line.is_some_and(|line| line.message.contains(words));
    // Another reason than this one: the file has been replaced since.
    let certainty = match line.is_none() || says("Permission denied") {
        true => Certainty::Measured,
        false => Certainty::Inferred,
    };
    if says("Permission denied")
        && state.is_executable()
        && let Some(found) = on_the_way(command, line, facts)
    {
        return Some(found);
    }
    let (state_text, certainty, can_chmod) = match state {
        FileState::Directory => ("directory".to_owned(), certainty, false),
        FileState::File { mode } if !state.is_executable() => {
            (format!("mode {mode:o}"), certainty, true)
        }
        // SELinux may forbid it too; or it is no program at all.
        FileState::File { mode } if says("Permission denied") || says("Exec format error") => {
            (format!("mode {mode:o}"), Certainty::Inferred, false)
        }
        _ => return None,
    };
    let path = command.path.clone();
    let word = shell::word(&path);
    let mut evidence = vec![Evidence::Status {
        status: ExitStatus::Exited { code: EXIT_EXEC },
    }];
    evidence.extend(line.map(said));
    evidence.push(Evidence::File {
        path: path.clone(),
        state: state_text,
    });
    let fix = match can_chmod {
        true => Fix {
            what: FixKind::MakeExecutable { path: path.clone() },
            commands: commands::then_start(format!("chmod +x {word}"), facts),
            risky: false,
        },
        false if says("Permission denied") && *state != FileState::Directory => {
            commands::allow_access(&path)
        }
        false if *state == FileState::Directory => Fix {
            what: FixKind::RepairUnitFile {
                path: commands::unit_file(facts).unwrap_or_else(|| path.clone()),
            },
            commands: vec![
                format!("ls -l {word}"),
                format!("systemctl edit --full {}", commands::name(facts.name())),
            ],
            risky: false,
        },
        false => Fix {
            what: FixKind::InstallPackage { path: path.clone() },
            commands: vec![format!("head -c 64 {word}")],
            risky: false,
        },
    };
    let cause = match says("Exec format error") {
        true => StartCause::ExecFormat,
        false => StartCause::ExecNotExecutable,
    };
    Some(Finding {
        cause,
        certainty,
        culprit: Some(Culprit::path(path)),
        evidence,
        fixes: vec![fix],
    })
}

/// What keeps the kernel from a program that anybody may execute, or from its interpreter: its mount,
/// or a folder that the unit's user may not pass.
fn on_the_way(
    command: &ExecCommand,
    line: Option<&LogLine>,
    facts: &StartFacts,
) -> Option<Finding> {
    let interpreter = facts.file(&command.path)?.interpreter.as_deref();
    let paths = [Some(command.path.as_str()), interpreter];
    let mut ways = paths
        .into_iter()
        .flatten()
        .filter_map(|path| facts.way(path));
    let (culprit, seen, fixes) = ways.find_map(|way| match (&way.noexec, &way.closed) {
        (Some(mount), _) => Some(noexec(&way.path, mount, facts)),
        (None, Some(place)) => Some(closed(place, facts)),
        (None, None) => None,
    })?;
    let mut evidence: Vec<Evidence> = line.map(said).into_iter().collect();
    evidence.extend(seen);
    Some(Finding {
        cause: StartCause::ExecNotExecutable,
        certainty: Certainty::Measured,
        culprit: Some(Culprit::path(culprit)),
        evidence,
        fixes,
    })
}

type Obstacle = (String, Vec<Evidence>, Vec<Fix>);

fn noexec(path: &str, mount: &NoexecMount, facts: &StartFacts) -> Obstacle {
    let seen = Evidence::File {
        path: mount.point.clone(),
        state: format!("mounted {}", mount.options),
    };
    let remount = format!("mount -o remount,exec {}", shell::word(&mount.point));
    let fixes = vec![
        Fix {
            what: FixKind::RemountExec {
                path: mount.point.clone(),
            },
            commands: commands::then_start(remount, facts),
            // Somebody did not want programs there.
            risky: true,
        },
        Fix {
            what: FixKind::MoveProgram {
                path: path.to_owned(),
            },
            commands: vec![],
            risky: false,
        },
    ];
    (path.to_owned(), vec![seen], fixes)
}

fn closed(place: &ClosedPlace, facts: &StartFacts) -> Obstacle {
    let user = facts.setting("User").map(|user| property("User", user));
    let state = Evidence::File {
        path: place.path.clone(),
        state: place.state(),
    };
    let seen = [state].into_iter().chain(user).collect();
    let path = place.path.clone();
    let word = shell::word(&path);
    let (what, command) = match place.is_folder {
        true => (
            FixKind::OpenFolder { path: path.clone() },
            format!("chmod o+x {word}"),
        ),
        false => (
            FixKind::MakeExecutable { path: path.clone() },
            format!("chmod o+rx {word}"),
        ),
    };
    let open = Fix {
        what,
        commands: commands::then_start(command, facts),
        // Everybody may use it then.
        risky: true,
    };
    let look = commands::allow_access(&path);
    (path, seen, vec![open, look])
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};
    use crate::start_failure::ways::WayFact;

    #[test]
    fn the_mode_of_the_file_is_the_evidence() {
        let denied =
            "nginx.service: Failed at step EXEC spawning /usr/sbin/nginx: Permission denied";
        // (the program, certainty, first command)
        let cases = [
            (
                FileState::File { mode: 0o644 },
                Some((Certainty::Measured, "chmod +x /usr/sbin/nginx")),
            ),
            (
                FileState::Directory,
                Some((Certainty::Measured, "ls -l /usr/sbin/nginx")),
            ),
            (
                FileState::File { mode: 0o755 },
                Some((Certainty::Inferred, "namei -l /usr/sbin/nginx")),
            ),
            (FileState::Missing, None),
        ];
        for (state, expected) in cases {
            let mut facts = failed("exit-code", exited(203), vec![line("systemd", denied)]);
            facts.files[0].state = state;
            let found = check(&facts);
            let found = found
                .as_ref()
                .map(|one| (one.certainty, one.fixes[0].commands[0].as_str()));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_in_the_way_of_a_program_is_named() {
        let denied =
            "nginx.service: Failed at step EXEC spawning /usr/sbin/nginx: Permission denied";
        let way = |path: &str, noexec: Option<&str>, closed: Option<(&str, bool)>| WayFact {
            path: path.into(),
            noexec: noexec.map(|point| NoexecMount {
                point: point.into(),
                options: "rw,noexec".into(),
            }),
            closed: closed.map(|(path, is_folder)| ClosedPlace {
                path: path.into(),
                is_folder,
                mode: 0o700,
                owners: "root:root".into(),
            }),
        };
        let program = "/usr/sbin/nginx";
        // (the way, culprit, evidence, first command)
        let cases = [
            (
                way(program, Some("/usr"), None),
                program,
                "/usr mounted rw,noexec",
                "mount -o remount,exec /usr",
            ),
            (
                way("/bin/sh", Some("/bin"), None),
                "/bin/sh",
                "/bin mounted rw,noexec",
                "mount -o remount,exec /bin",
            ),
            (
                way(program, None, Some(("/usr/sbin", true))),
                "/usr/sbin",
                "/usr/sbin mode 700, root:root",
                "chmod o+x /usr/sbin",
            ),
            (
                way(program, None, Some((program, false))),
                program,
                "/usr/sbin/nginx mode 700, root:root",
                "chmod o+rx /usr/sbin/nginx",
            ),
        ];
        for (way, culprit, seen, command) in cases {
            let mut facts = failed("exit-code", exited(203), vec![line("systemd", denied)]);
            facts.files[0].interpreter = Some("/bin/sh".into());
            facts.ways = vec![way];
            let found = check(&facts).unwrap();
            assert_eq!(found.certainty, Certainty::Measured);
            assert_eq!(found.culprit, Some(Culprit::path(culprit)));
            let Evidence::File { path, state } = &found.evidence[1] else {
                panic!("{:?}", found.evidence);
            };
            assert_eq!(format!("{path} {state}"), seen);
            assert_eq!(found.fixes[0].commands[0], command);
            assert!(found.fixes[0].risky);
            // The kernel refused it for something else.
            let log = &mut facts.attempt.as_mut().unwrap().log;
            log[0].message = log[0]
                .message
                .replace("Permission denied", "Text file busy");
            assert!(check(&facts).is_none_or(|found| found.certainty != Certainty::Measured));
        }
    }
}

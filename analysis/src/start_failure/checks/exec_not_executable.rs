//! The program is there, and cannot be executed.

use super::*;
use crate::{shell, start_failure::facts::FileState};

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
    let (state_text, certainty, can_chmod) = match state {
        FileState::Directory => ("directory".to_owned(), certainty, false),
        FileState::File { mode } if !state.is_executable() => {
            (format!("mode {mode:o}"), certainty, true)
        }
        // Its folders, a `noexec` mount or SELinux may forbid it too; or it is no program at all.
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

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

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
}

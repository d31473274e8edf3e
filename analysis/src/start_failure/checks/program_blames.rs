//! The program itself says which file keeps it from starting.

use super::*;
use crate::{
    shell,
    start_failure::blamed_file::{Blame, blamed_file},
};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let ended_by_itself = matches!(facts.result(), "exit-code" | "protocol");
    if !facts.fails() || !ended_by_itself || failed_step(facts).is_some() {
        return None;
    }
    let (line, blame) = blamed_file(facts.log())?;
    let (cause, path, fix) = match blame {
        Blame::Denied { path } => {
            let fix = path.as_deref().map(commands::allow_access);
            (StartCause::PermissionDenied, path, fix)
        }
        Blame::Missing { path } => {
            let provide = FixKind::ProvidePath { path: path.clone() };
            let look = format!("namei -l {}", shell::word(&path));
            (
                StartCause::FileMissing,
                Some(path),
                Some(fix(provide, vec![look])),
            )
        }
        Blame::Config { path, line } => {
            let edit = commands::then_start(commands::edit(&path, line), facts);
            let correct = FixKind::CorrectFile { path: path.clone() };
            (
                StartCause::ConfigInvalid,
                Some(path),
                Some(fix(correct, edit)),
            )
        }
    };
    let mut evidence = vec![said(line)];
    evidence.extend(facts.status().map(|status| Evidence::Status { status }));
    evidence.extend(user(facts).filter(|_| cause == StartCause::PermissionDenied));
    let mut fixes: Vec<Fix> = fix.into_iter().collect();
    fixes.push(commands::read_log(facts));
    Some(Finding {
        cause,
        // It is what the program says: nobody looked at the file with its eyes.
        certainty: Certainty::Inferred,
        culprit: path.map(|path| Culprit::Path { path }),
        evidence,
        fixes,
    })
}

fn fix(what: FixKind, commands: Vec<String>) -> Fix {
    Fix {
        what,
        commands,
        risky: false,
    }
}

/// Who is not allowed: root, unless the unit says otherwise.
fn user(facts: &StartFacts) -> Option<Evidence> {
    facts.setting("User").map(|user| property("User", user))
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn what_the_program_blames_is_the_culprit_and_never_measured() {
        // (line, cause, path, first command)
        let cases = [
            (
                "nginx: [emerg] unknown directive \"lisen\" in /etc/nginx/nginx.conf:7",
                StartCause::ConfigInvalid,
                "/etc/nginx/nginx.conf",
                "${EDITOR:-vi} +7 /etc/nginx/nginx.conf",
            ),
            (
                "nginx: [emerg] open() \"/var/log/x.log\" failed (13: Permission denied)",
                StartCause::PermissionDenied,
                "/var/log/x.log",
                "namei -l /var/log/x.log",
            ),
            (
                "cannot load certificate \"/etc/ssl/x.pem\": No such file or directory",
                StartCause::FileMissing,
                "/etc/ssl/x.pem",
                "namei -l /etc/ssl/x.pem",
            ),
        ];
        for (message, cause, path, command) in cases {
            let facts = failed("exit-code", exited(1), vec![line("nginx", message)]);
            let finding = check(&facts).unwrap();
            assert_eq!(
                (finding.cause, finding.certainty),
                (cause, Certainty::Inferred)
            );
            assert_eq!(finding.culprit, Some(Culprit::Path { path: path.into() }));
            assert_eq!(finding.fixes[0].commands[0], command);
        }
    }

    #[test]
    fn a_program_that_did_not_end_by_itself_blames_nobody() {
        let log = vec![line("app", "/etc/app.conf:1: syntax error")];
        for result in ["timeout", "signal", "oom-kill"] {
            assert_eq!(
                check(&failed(result, exited(1), log.clone())),
                None,
                "{result}"
            );
        }
    }
}

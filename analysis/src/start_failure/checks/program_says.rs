//! The program itself says why it did not start.

mod configuration;
mod confirm;
mod fixes;
mod limits;
mod other_self;
mod rights;

use super::*;
use crate::start_failure::{
    doubt,
    facts::FileState,
    last_word::{Afterwards, afterwards},
    says::{Says, says_missing, why},
};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let ended_by_itself = matches!(facts.result(), "exit-code" | "protocol" | "timeout")
        || facts.is_idle_script()
        || clean_exit::restarted_after_success(facts).is_some();
    if !facts.fails() || !ended_by_itself || failed_step(facts).is_some() {
        return None;
    }
    let log = facts.said();
    let (of_journal, of_files) = log.split_at(facts.log().len());
    let (line, said_so) = why(of_journal).or_else(|| why(of_files))?;
    let is_named = said_so.cause == StartCause::PrivilegedPort;
    let says = with_port(configuration::named(said_so, line, facts), facts);
    if is_doubtful(&says, line, facts) {
        return None;
    }
    let is_last = afterwards(line, &says, facts.said_where(line, &log)) == Afterwards::Ended;
    let is_guessed = says.cause == StartCause::PrivilegedPort && !is_named;
    let (says, certainty, seen) = rights::by_facts(&says, line, facts)
        .or_else(|| limits::by_facts(&says, facts))
        .or_else(|| other_self::by_facts(&says, facts))
        .unwrap_or_else(|| confirm::by_facts(says, facts));
    // The host may well agree with what the program has survived.
    let certainty = match is_last && !is_guessed && !doubt::is_doubtful(line, facts) {
        true => certainty,
        false => certainty.max(Certainty::Inferred),
    };
    let mut evidence = vec![said(line)];
    evidence.extend(seen);
    evidence.extend(facts.status().map(|status| Evidence::Status { status }));
    evidence.extend(user(facts).filter(|_| says.cause == StartCause::PermissionDenied));
    let fixes = fixes::of(&says, facts);
    Some(Finding {
        cause: says.cause,
        certainty,
        culprit: says.culprit,
        evidence,
        fixes,
    })
}

/// What to do about what a program, or its test, says.
pub(super) fn fixes(says: &Says, facts: &StartFacts) -> Vec<Fix> {
    fixes::of(says, facts)
}

/// Whether a file that only "cannot be opened" is there: then something else keeps it from that.
fn is_doubtful(says: &Says, line: &LogLine, facts: &StartFacts) -> bool {
    let is_missing = || match &says.culprit {
        Some(Culprit::Path { path, .. }) => facts
            .place(path)
            .is_none_or(|place| place.state == FileState::Missing),
        _ => true,
    };
    says.cause == StartCause::FileMissing && !says_missing(&line.message) && !is_missing()
}

/// Knows a program that may not listen and does not name its port, as from Python: by the function
/// that failed, and a port of root's in its arguments.
fn with_port(says: Says, facts: &StartFacts) -> Says {
    let is_nameless = says.cause == StartCause::PermissionDenied && says.culprit.is_none();
    let binds = || {
        facts
            .log()
            .iter()
            .any(|line| line.message.contains("bind("))
    };
    let low = |port: &u16| *port < 1024;
    match facts.argument_ports().into_iter().find(low) {
        Some(port) if is_nameless && binds() => Says {
            cause: StartCause::PrivilegedPort,
            culprit: Some(Culprit::Address {
                address: format!(":{port}"),
            }),
        },
        _ => says,
    }
}

/// Who is not allowed: root, unless the unit says otherwise.
fn user(facts: &StartFacts) -> Option<Evidence> {
    facts.setting("User").map(|user| property("User", user))
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    fn path(path: &str, line: Option<u32>) -> Option<Culprit> {
        Some(Culprit::Path {
            path: path.into(),
            line,
        })
    }

    #[test]
    fn what_the_program_blames_is_the_culprit_and_never_measured() {
        // (line, cause, culprit, first command)
        let cases = [
            (
                "nginx: [emerg] unknown directive \"lisen\" in /etc/nginx/nginx.conf:7",
                StartCause::ConfigSyntax,
                path("/etc/nginx/nginx.conf", Some(7)),
                "${EDITOR:-vi} +7 /etc/nginx/nginx.conf",
            ),
            (
                "nginx: [emerg] open() \"/var/log/x.log\" failed (13: Permission denied)",
                StartCause::PermissionDenied,
                path("/var/log/x.log", None),
                "namei -l /var/log/x.log",
            ),
            (
                "cannot load certificate \"/etc/ssl/x.pem\": No such file or directory",
                StartCause::FileMissing,
                path("/etc/ssl/x.pem", None),
                "namei -l /etc/ssl/x.pem",
            ),
        ];
        for (message, cause, culprit, command) in cases {
            let facts = failed("exit-code", exited(1), vec![line("nginx", message)]);
            let finding = check(&facts).unwrap();
            assert_eq!(
                (finding.cause, finding.certainty),
                (cause, Certainty::Inferred)
            );
            assert_eq!(finding.culprit, culprit);
            assert_eq!(finding.fixes[0].commands[0], command);
        }
    }

    #[test]
    fn a_traceback_from_bind_is_about_the_port_of_the_arguments() {
        let log = vec![
            line("python3", "Traceback (most recent call last):"),
            line("python3", "    self.socket.bind(self.server_address)"),
            line("python3", "PermissionError: [Errno 13] Permission denied"),
        ];
        let mut facts = failed("exit-code", exited(1), log);
        facts.unit.as_mut().unwrap().commands[0].argv = ["python3", "-m", "http.server", "80"]
            .map(Into::into)
            .into();
        facts.unprivileged_ports_from = Some(1024);
        // Root may.
        assert_eq!(check(&facts).unwrap().cause, StartCause::PermissionDenied);
        let settings = &mut facts.unit.as_mut().unwrap().settings;
        settings.push(crate::start_failure::facts::Setting {
            name: "User".into(),
            value: "nobody".into(),
        });
        let finding = check(&facts).unwrap();
        assert_eq!(finding.cause, StartCause::PrivilegedPort);
        // The log does not name the port.
        assert_eq!(finding.certainty, Certainty::Inferred);
        facts.attempt.as_mut().unwrap().log.remove(1);
        assert_eq!(check(&facts).unwrap().cause, StartCause::PermissionDenied);
    }

    #[test]
    fn a_program_that_did_not_end_by_itself_blames_nobody() {
        let log = vec![line("app", "/etc/app.conf:1: syntax error")];
        for result in ["signal", "oom-kill"] {
            assert_eq!(
                check(&failed(result, exited(1), log.clone())),
                None,
                "{result}"
            );
        }
    }
}

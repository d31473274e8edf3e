//! The program itself says why it did not start.

mod confirm;
mod fixes;

use super::*;
use crate::start_failure::says::{Says, line_number, why};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let ended_by_itself = matches!(facts.result(), "exit-code" | "protocol" | "timeout");
    if !facts.fails() || !ended_by_itself || failed_step(facts).is_some() {
        return None;
    }
    let log = facts.said();
    let (of_journal, of_files) = log.split_at(facts.log().len());
    let (line, said_so) = why(of_journal).or_else(|| why(of_files))?;
    let says = with_port(with_configuration(said_so, line, facts), facts);
    let (says, certainty, seen) = confirm::by_facts(says, facts);
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

/// Adds the file that a program means that complains of its configuration and does not name it: the
/// one that its command line names.
fn with_configuration(says: Says, line: &LogLine, facts: &StartFacts) -> Says {
    let is_of_config = matches!(
        says.cause,
        StartCause::ConfigSyntax | StartCause::ConfigInvalidValue
    );
    if !is_of_config || says.culprit.is_some() {
        return says;
    }
    let command = facts.failed_command().or_else(|| {
        let unit = facts.unit.as_ref()?;
        unit.commands
            .iter()
            .find(|command| command.step == "ExecStart")
    });
    let arguments = command.map_or(&[][..], |command| &command.argv);
    let path = arguments
        .iter()
        .skip(1)
        .find_map(|word| configuration(word));
    let culprit = path.map(|path| Culprit::Path {
        path: path.to_owned(),
        line: number_near(line, &facts.said()),
    });
    Says { culprit, ..says }
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

/// The configuration file that an argument names: `/etc/x.conf`, `--config=/etc/x.conf`.
fn configuration(word: &str) -> Option<&str> {
    let path = &word[word.find('/')?..];
    let is_option = word.starts_with('-') || word.starts_with('/');
    (is_option && crate::start_failure::says::is_config(path)).then_some(path)
}

/// Lines around one in which the number may stand.
const NEAR: usize = 3;

/// "at line 12", in the message or in those of the same program around it.
fn number_near(line: &LogLine, log: &[LogLine]) -> Option<u32> {
    let at = log.iter().position(|other| other == line)?;
    let around = &log[at.saturating_sub(NEAR)..log.len().min(at + NEAR + 1)];
    let own = around.iter().filter(|other| other.source == line.source);
    line_number(&line.message)
        .or_else(|| own.filter_map(|other| line_number(&other.message)).next())
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
    fn a_configuration_that_is_not_named_is_that_of_the_command_line() {
        let log = vec![
            line("redis", "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***"),
            line("redis", "Reading the configuration file, at line 2"),
            line("redis", ">>> 'foo bar'"),
            line("redis", "Bad directive or wrong number of arguments"),
        ];
        let mut facts = failed("exit-code", exited(1), log);
        facts.unit.as_mut().unwrap().commands[0].argv = ["redis-server", "/etc/redis/redis.conf"]
            .map(Into::into)
            .into();
        let finding = check(&facts).unwrap();
        assert_eq!(finding.cause, StartCause::ConfigSyntax);
        assert_eq!(finding.culprit, path("/etc/redis/redis.conf", Some(2)));
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
        let finding = check(&facts).unwrap();
        assert_eq!(finding.cause, StartCause::PrivilegedPort);
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

//! The program ended with an error of its own.

use super::*;
use crate::start_failure::{
    last_word::{is_survived, last_word},
    telling::{last_words, telling_lines},
};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let status = facts.status()?;
    let ended_badly = matches!(status, ExitStatus::Exited { code } if code != 0);
    // A step that systemd itself could not take is no error of the program.
    if !facts.fails()
        || facts.result() != "exit-code"
        || !ended_badly
        || failed_step(facts).is_some()
    {
        return None;
    }
    if status == (ExitStatus::Exited { code: EXIT_EXEC }) {
        return None;
    }
    let mut evidence = vec![Evidence::Status { status }];
    let log = facts.said();
    let mut lines = telling_lines(&log);
    if lines.is_empty() {
        lines = last_words(&log);
    }
    let survived = || {
        lines
            .iter()
            .any(|line| is_survived(line, facts.said_where(line, &log)))
    };
    let last = last_word(facts.log()).filter(|_| survived());
    let others = lines.iter().filter(|line| Some(**line) != last);
    evidence.extend(last.iter().chain(others).map(|line| said(line)));
    let source = wrong_source(&log);
    let correct = source
        .as_ref()
        .map(|(path, line)| commands::correct_file(path, Some(*line), None, facts));
    let mut fixes: Vec<Fix> = correct.into_iter().collect();
    fixes.push(commands::read_log(facts));
    fixes.push(Fix {
        what: FixKind::ResetAndStart,
        commands: commands::start(facts),
        risky: false,
    });
    Some(Finding {
        cause: StartCause::ApplicationError,
        // The status is certain; what lies behind it only the program's lines can tell.
        certainty: Certainty::Inferred,
        culprit: source.map(|(path, line)| Culprit::Path {
            path,
            line: Some(line),
        }),
        evidence,
        fixes,
    })
}

/// The line of a Python file that is no Python: `File "/opt/app.py", line 2` stands above the error.
fn wrong_source(log: &[LogLine]) -> Option<(String, u32)> {
    const ERRORS: [&str; 3] = ["SyntaxError:", "IndentationError:", "TabError:"];
    let is_error = |line: &LogLine| ERRORS.iter().any(|error| line.message.starts_with(error));
    let at = log.iter().rposition(is_error)?;
    log[..at].iter().rev().find_map(|line| {
        let (path, rest) = line
            .message
            .trim_start()
            .strip_prefix("File \"")?
            .split_once('"')?;
        let number = rest.strip_prefix(", line ")?.split(',').next()?;
        Some((path.to_owned(), number.trim().parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn the_status_and_the_telling_lines_are_the_evidence() {
        let log = vec![
            line("systemd", "Starting nginx.service..."),
            line(
                "nginx",
                "unknown directive \"lisen\" in /etc/nginx/nginx.conf:3",
            ),
        ];
        let finding = check(&failed("exit-code", exited(1), log.clone())).unwrap();
        let expected = [
            Evidence::Status {
                status: ExitStatus::Exited { code: 1 },
            },
            said(&log[1]),
        ];
        assert_eq!(finding.evidence, expected);
    }

    #[test]
    fn the_line_that_is_no_python_is_named() {
        let log = vec![
            line("python3", "  File \"/opt/b04.py\", line 2"),
            line("python3", "    def main(:"),
            line("python3", "             ^"),
            line("python3", "SyntaxError: invalid syntax"),
        ];
        let finding = check(&failed("exit-code", exited(1), log)).unwrap();
        let path = "/opt/b04.py".to_owned();
        assert_eq!(
            finding.culprit,
            Some(Culprit::Path {
                path,
                line: Some(2)
            })
        );
        assert_eq!(finding.fixes[0].commands[0], "${EDITOR:-vi} +2 /opt/b04.py");
    }

    #[test]
    fn without_a_word_of_an_error_the_last_words_are_shown() {
        let log = vec![line("app", "hello"), line("app", "no database")];
        let finding = check(&failed("exit-code", exited(4), log.clone())).unwrap();
        assert!(finding.evidence.contains(&said(&log[1])));
    }

    #[test]
    fn steps_of_systemd_and_signals_are_none_of_it() {
        let step = "nginx.service: Failed at step USER spawning /usr/sbin/nginx: No such process";
        for (result, status, message) in [
            ("exit-code", exited(217), step),
            ("exit-code", exited(203), ""),
            ("signal", killed(Signal::SEGV), ""),
            ("timeout", exited(1), ""),
            ("exit-code", exited(0), ""),
        ] {
            let facts = failed(result, status, vec![line("systemd", message)]);
            assert_eq!(check(&facts), None, "{result} {message}");
        }
    }
}

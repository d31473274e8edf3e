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
    let mut fixes = vec![commands::read_log(facts)];
    fixes.push(Fix {
        what: FixKind::ResetAndStart,
        commands: commands::start(facts),
        risky: false,
    });
    Some(Finding {
        cause: StartCause::ApplicationError,
        // The status is certain; what lies behind it only the program's lines can tell.
        certainty: Certainty::Inferred,
        culprit: None,
        evidence,
        fixes,
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

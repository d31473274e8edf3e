//! It ended by itself at once, without an error, and nobody had asked it to.

use std::sync::LazyLock;

use regex::Regex;

use super::*;
use crate::start_failure::telling::{last_words, telling_lines};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if let Some(line) = restarted_after_success(facts) {
        return Some(until_the_limit(line, facts));
    }
    let lasted = facts.ended_at_once?;
    if !matches!(facts.standing(), Standing::Rests) {
        return None;
    }
    let mut evidence = vec![Evidence::Status {
        status: ExitStatus::Exited { code: 0 },
    }];
    evidence.extend(facts.setting("Type").map(|kind| property("Type", kind)));
    evidence.push(property("lasted", format!("{} ms", lasted.as_millis())));
    // What it left behind was killed with it: it forks, and systemd did not know.
    let forks = forks(facts);
    evidence.extend(forks.clone());
    let mut lines = telling_lines(&facts.ended_log);
    if lines.is_empty() {
        lines = last_words(&facts.ended_log);
    }
    let lines = lines.into_iter().map(said);
    evidence.extend(lines.filter(|line| forks.as_ref() != Some(line)));
    let (cause, to) = match forks {
        Some(_) => (StartCause::WrongServiceType, "forking"),
        None => (StartCause::CleanExitAtStart, "oneshot"),
    };
    Some(Finding {
        cause,
        certainty: Certainty::Inferred,
        culprit: None,
        evidence,
        fixes: vec![commands::read_log(facts), commands::set_type(to, facts)],
    })
}

/// What tells that the program goes on in the background.
fn forks(facts: &StartFacts) -> Option<Evidence> {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"(?i)\b(daemoni[sz](ed|ing)|(fork(ed|ing)?|going|moving|running|detach(ed|ing)?) (in|into|to|from) (the )?(background|terminal))\b";
        Regex::new(words).expect("it is a regular expression")
    });
    let tells = |line: &&LogLine| match line.is_of_manager() {
        true => line.message.contains(LEFT_BEHIND),
        false => WORDS.is_match(&line.message),
    };
    let line = facts.ended_log.iter().find(tells).map(said);
    let commands = facts.unit.as_ref().map_or(&[][..], |unit| &unit.commands);
    let mut main = commands.iter().filter(|one| one.step == "ExecStart");
    line.or_else(|| {
        let command = main.find(|one| is_told_to_fork(&one.argv))?;
        Some(property("ExecStart", command.argv.join(" ")))
    })
}

/// Options with which programs go into the background; or a shell that puts one there.
fn is_told_to_fork(argv: &[String]) -> bool {
    const OPTIONS: [&str; 7] = [
        "--daemon",
        "--daemonize",
        "--daemonise",
        "--background",
        "--fork",
        "--detach",
        "daemonize=yes",
    ];
    let options = argv.get(1..).unwrap_or_default();
    let is_option = |word: &String| OPTIONS.contains(&word.as_str());
    let is_shell = argv.first().is_some_and(|program| program.ends_with("sh"));
    let script = options.iter().skip_while(|word| *word != "-c").nth(1);
    let puts = |script: &String| {
        let script = script.replace("&&", "").replace(">&", "").replace("&>", "");
        script.contains('&') && !script.contains("wait")
    };
    options.iter().any(is_option) || is_shell && script.is_some_and(puts)
}

/// systemd's line that it starts the unit once more though the run before ended without an error,
/// where it does so no more: the limit only ended what was wrong before.
pub(super) fn restarted_after_success(facts: &StartFacts) -> Option<&LogLine> {
    let has_failed = facts.status().is_some_and(|status| !status.is_success());
    if !facts.fails() || !facts.start_limit_was_hit() || has_failed {
        return None;
    }
    facts.manager_line("Scheduled restart job")
}

fn until_the_limit(restarted: &LogLine, facts: &StartFacts) -> Finding {
    let mut evidence = vec![Evidence::Status {
        status: ExitStatus::Exited { code: 0 },
    }];
    let mut lines = telling_lines(facts.log());
    if lines.is_empty() {
        lines = last_words(facts.log());
    }
    evidence.extend(lines.into_iter().map(said));
    evidence.push(said(restarted));
    Finding {
        cause: StartCause::CleanExitAtStart,
        certainty: Certainty::Inferred,
        culprit: None,
        evidence,
        fixes: vec![
            commands::read_log(facts),
            Fix {
                what: FixKind::ResetAndStart,
                commands: commands::start(facts),
                risky: false,
            },
        ],
    }
}

/// systemd's words for processes that are left when the main one has ended.
const LEFT_BEHIND: &str = "Killing process ";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::super::testing::*, *};

    #[test]
    fn the_start_limit_ends_only_what_was_wrong_before() {
        let log = vec![
            line("sh", "License expired on 2026-11-01, exiting"),
            line(
                "systemd",
                "nginx.service: Scheduled restart job, restart counter is at 3.",
            ),
            line(
                "systemd",
                "nginx.service: Start request repeated too quickly.",
            ),
        ];
        let report = crate::start_failure::diagnose(failed("start-limit-hit", None, log.clone()));
        let verdict = &report.verdict;
        assert_eq!(verdict.cause, StartCause::CleanExitAtStart);
        assert!(verdict.evidence.contains(&said(&log[0])));
        assert_eq!(verdict.fixes[0].what, FixKind::ReadLog);
        assert_eq!(report.findings[1].cause, StartCause::StartLimitHit);
        // What it says is understood as that of one which ends with an error.
        let mut missing = log;
        missing[0].message = "cannot open /etc/x.conf: No such file or directory".into();
        let verdict =
            crate::start_failure::diagnose(failed("start-limit-hit", None, missing)).verdict;
        assert_eq!(verdict.cause, StartCause::ConfigMissing);
    }

    #[test]
    fn what_ended_at_once_did_not_start() {
        let mut facts = resting();
        assert_eq!(check(&facts), None);
        facts.ended_at_once = Some(Duration::from_millis(20));
        assert_eq!(check(&facts).unwrap().cause, StartCause::CleanExitAtStart);
        let left = "nginx.service: Killing process 812 (nginx) with signal SIGKILL.";
        facts.ended_log = vec![line("systemd", left)];
        assert_eq!(check(&facts).unwrap().cause, StartCause::WrongServiceType);
        facts.ended_log = vec![line("app", "forked into background, pid 812")];
        assert_eq!(check(&facts).unwrap().cause, StartCause::WrongServiceType);
        facts.ended_log = vec![line("app", "usage: app [--daemon]")];
        assert_eq!(check(&facts).unwrap().cause, StartCause::CleanExitAtStart);
    }

    #[test]
    fn a_command_may_tell_that_it_forks() {
        let cases: [(&[&str], bool); 7] = [
            (&["/usr/sbin/app", "--daemonize"], true),
            (&["/bin/sh", "-c", "setsid sleep 9 & exit 0"], true),
            (&["/bin/sh", "-c", "a && b >&2"], false),
            (&["/bin/sh", "-c", "a & b & wait"], false),
            (&["/bin/sh", "a & b"], false),
            (&["/usr/bin/curl", "http://x/?a&b"], false),
            (&["/bin/echo", "usage: [--daemon]"], false),
        ];
        for (argv, expected) in cases {
            let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(is_told_to_fork(&argv), expected, "{argv:?}");
        }
    }
}

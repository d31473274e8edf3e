//! The kernel gave the unit no more processes or threads, whether or not its program says so.

use super::*;
use crate::start_failure::{last_word::last_word, says::says};

pub(super) const LIMIT: &str = "TasksMax";

const REJECTED: &str = "cgroup: fork rejected by pids controller in ";

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let ended_by_itself = matches!(facts.result(), "exit-code" | "protocol" | "timeout");
    let line = rejected(facts).filter(|_| facts.fails() && ended_by_itself)?;
    let limit = facts.setting(LIMIT)?;
    let mut evidence = vec![said(line), property(LIMIT, limit)];
    evidence.extend(facts.status().map(|status| Evidence::Status { status }));
    Some(Finding {
        cause: StartCause::LimitTooLow,
        // That it got no more is certain. Whether it gave up for that, only it knows.
        certainty: match gave_up_for_that(facts) {
            true => Certainty::Measured,
            false => Certainty::Inferred,
        },
        culprit: Some(Culprit::Limit {
            name: LIMIT.to_owned(),
        }),
        evidence,
        fixes: vec![raise(facts), commands::read_log(facts)],
    })
}

/// Whether that is the last that the program said.
fn gave_up_for_that(facts: &StartFacts) -> bool {
    let said = last_word(facts.log()).and_then(|line| says(&line.message));
    let is_it = |culprit: Culprit| matches!(culprit, Culprit::Limit { name } if name == LIMIT);
    said.and_then(|says| says.culprit).is_some_and(is_it)
}

/// The kernel's line that the unit may have no more of them. It is written once for each run.
pub(super) fn rejected(facts: &StartFacts) -> Option<&LogLine> {
    let cgroup = facts.setting("ControlGroup")?;
    let is_ours = |line: &&LogLine| line.message.trim_end().strip_prefix(REJECTED) == Some(cgroup);
    facts.kernel.iter().find(is_ours)
}

/// More than most programs need, and twice what they have.
pub(super) fn raise(facts: &StartFacts) -> Fix {
    let now: u64 = facts
        .setting(LIMIT)
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(0);
    let more = now.saturating_mul(2).max(4096);
    Fix {
        what: FixKind::RaiseLimit {
            name: LIMIT.to_owned(),
        },
        commands: commands::set(&[format!("{LIMIT}={more}")], facts),
        risky: false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};
    use crate::start_failure::facts::Setting;

    #[test]
    fn what_the_kernel_says_is_known_though_the_program_is_silent() {
        let mut facts = failed("exit-code", exited(1), vec![]);
        let cgroup = "/pool/h1/system.slice/nginx.service";
        let setting = |(name, value): (&str, &str)| Setting {
            name: name.into(),
            value: value.into(),
        };
        let settings = [("ControlGroup", cgroup), ("TasksMax", "5000")].map(setting);
        facts.unit.as_mut().unwrap().settings = settings.into();
        assert_eq!(check(&facts), None);
        facts.kernel = vec![line("kernel", &format!("{REJECTED}{cgroup}"))];
        let found = check(&facts).unwrap();
        assert_eq!(found.certainty, Certainty::Inferred);
        assert!(found.fixes[0].commands[1].contains("TasksMax=10000"));
        let log = &mut facts.attempt.as_mut().unwrap().log;
        log.push(line(
            "bash",
            "/bin/bash: fork: retry: Resource temporarily unavailable",
        ));
        log.push(line(
            "bash",
            "/bin/bash: fork: Resource temporarily unavailable",
        ));
        assert_eq!(check(&facts).unwrap().certainty, Certainty::Measured);
        facts
            .attempt
            .as_mut()
            .unwrap()
            .log
            .push(line("bash", "no leader elected"));
        assert_eq!(check(&facts).unwrap().certainty, Certainty::Inferred);
        facts.attempt.as_mut().unwrap().result = "signal".into();
        facts.unit.as_mut().unwrap().status.result = "signal".into();
        assert_eq!(check(&facts), None);
    }
}

//! It did not say in time that it is ready.

use super::*;

/// Without a limit of its own a unit has this one (`DefaultTimeoutStartSec=`).
const DEFAULT_SECONDS: u64 = 90;

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if !facts.fails() || facts.result() != "timeout" {
        return None;
    }
    // "start operation timed out", "start-pre operation timed out", "start-post ...". The same
    // result stands for a stop that took too long.
    let line = facts.log().iter().find(|line| {
        let text = &line.message;
        let words = [
            " start operation timed out",
            " start-pre operation timed out",
            " start-post operation timed out",
            " Mounting timed out",
        ];
        line.is_of_manager() && words.iter().any(|words| text.contains(words))
    });
    let stop = facts
        .manager_line(" stop-")
        .or(facts.manager_line("State 'stop"));
    if line.is_none() && stop.is_some_and(|line| line.message.contains("timed out")) {
        return None;
    }
    let limit = facts.unit.as_ref()?.start_timeout;
    let mut evidence = vec![property("Result", "timeout")];
    evidence
        .extend(limit.map(|limit| property("TimeoutStartSec", format!("{} s", limit.as_secs()))));
    evidence.extend(line.map(said));
    let seconds = limit.map_or(DEFAULT_SECONDS, |limit| limit.as_secs());
    let name = commands::name(facts.name());
    Some(Finding {
        cause: StartCause::StartTimeout,
        certainty: match line {
            Some(_) => Certainty::Measured,
            None => Certainty::Inferred,
        },
        culprit: None,
        evidence,
        fixes: vec![
            commands::read_log(facts),
            Fix {
                what: FixKind::RaiseStartTimeout {
                    seconds: seconds.saturating_mul(2).max(1),
                },
                commands: commands::then_start(format!("systemctl edit {name}"), facts),
                risky: false,
            },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn only_a_start_that_took_too_long_counts() {
        let start = "nginx.service: start operation timed out. Terminating.";
        let stop = "nginx.service: State 'stop-sigterm' timed out. Killing.";
        // (line, certainty)
        let cases = [
            (start, Some(Certainty::Measured)),
            (
                "nginx.service: start-pre operation timed out. Terminating.",
                Some(Certainty::Measured),
            ),
            (stop, None),
            ("nothing", Some(Certainty::Inferred)),
        ];
        for (message, certainty) in cases {
            let facts = failed("timeout", None, vec![line("systemd", message)]);
            let finding = check(&facts);
            assert_eq!(
                finding.map(|finding| finding.certainty),
                certainty,
                "{message}"
            );
        }
        assert_eq!(
            check(&failed("exit-code", exited(1), vec![line("app", start)])),
            None
        );
    }

    #[test]
    fn the_program_cannot_claim_a_timeout_of_systemd() {
        let said = line("app", "app: start operation timed out. Terminating.");
        let finding = check(&failed("timeout", None, vec![said])).unwrap();
        assert_eq!(finding.certainty, Certainty::Inferred);
    }
}

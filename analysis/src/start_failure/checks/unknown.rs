//! No check found anything: what there is to read, at least.

use super::*;
use crate::start_failure::telling::{MOST_TELLING, telling_lines};

pub(in crate::start_failure) fn unknown(facts: &StartFacts) -> Finding {
    let mut evidence = Vec::new();
    if let Some(unit) = &facts.unit {
        evidence.push(property("ActiveState", &*unit.status.active_state));
        evidence.push(property("Result", &*unit.status.result));
    }
    evidence.extend(facts.status().map(|status| Evidence::Status { status }));
    evidence.extend(failed_step(facts).map(said));
    let log = facts.said();
    let telling = telling_lines(&log);
    if telling.is_empty() {
        let last = log.len().saturating_sub(MOST_TELLING);
        evidence.extend(log[last..].iter().map(said));
    }
    evidence.extend(telling.into_iter().map(said));
    Finding {
        cause: StartCause::Unknown,
        certainty: Certainty::Unknown,
        culprit: None,
        evidence,
        fixes: vec![commands::read_log(facts)],
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn what_there_is_to_read_is_shown() {
        let step = line(
            "systemd",
            "nginx.service: Failed at step USER spawning /x: No such process",
        );
        let log = vec![line("nginx", "one"), step.clone()];
        let finding = unknown(&failed("exit-code", exited(217), log));
        assert!(finding.evidence.contains(&said(&step)));
        assert!(
            finding.evidence.contains(&said(&line("nginx", "one"))),
            "the last lines"
        );
        assert_eq!(
            finding.fixes[0].commands,
            ["journalctl -u nginx -n 100 --no-pager"]
        );
    }
}

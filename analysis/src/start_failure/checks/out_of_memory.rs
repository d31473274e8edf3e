//! The kernel's out-of-memory killer ended it.

use super::*;

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    if !facts.fails() || facts.result() != "oom-kill" {
        return None;
    }
    let name = commands::name(facts.name());
    let mut evidence = vec![property("Result", "oom-kill")];
    evidence.extend(facts.manager_line("OOM killer").map(said));
    Some(Finding {
        cause: StartCause::OutOfMemory,
        certainty: Certainty::Measured,
        culprit: None,
        evidence,
        fixes: vec![Fix {
            what: FixKind::RaiseMemoryLimit,
            commands: vec![format!("systemctl show -p MemoryMax -p MemoryHigh {name}")],
            risky: false,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn systemds_result_says_so() {
        let facts = failed("oom-kill", killed(Signal::KILL), vec![]);
        assert_eq!(check(&facts).unwrap().certainty, Certainty::Measured);
        assert_eq!(check(&failed("signal", killed(Signal::KILL), vec![])), None);
    }
}

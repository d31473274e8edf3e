//! A command before the program failed, so that the program never ran.

use super::*;
use crate::start_failure::telling::{last_words, telling_lines};

pub(super) fn check(facts: &StartFacts) -> Option<Finding> {
    let status = facts.status().filter(|status| !status.is_success())?;
    let of_attempt = facts
        .attempt
        .as_ref()
        .and_then(|attempt| attempt.step.clone());
    let step = of_attempt.or_else(|| Some(facts.failed_command()?.step.clone()))?;
    let is_before = matches!(step.as_str(), "ExecStartPre" | "ExecCondition");
    if !facts.fails() || !is_before || failed_step(facts).is_some() {
        return None;
    }
    let command = facts
        .failed_command()
        .filter(|command| command.step == step);
    let mut evidence: Vec<Evidence> = command
        .map(|command| property(&step, command.argv.join(" ")))
        .into_iter()
        .collect();
    evidence.push(Evidence::Status { status });
    let mut lines = telling_lines(facts.log());
    if lines.is_empty() {
        lines = last_words(facts.log());
    }
    evidence.extend(lines.into_iter().map(said));
    Some(Finding {
        cause: StartCause::PreStartFailed,
        // That it failed is certain, and why is not.
        certainty: Certainty::Inferred,
        culprit: command.map(|command| Culprit::path(&*command.path)),
        evidence,
        fixes: vec![commands::read_log(facts)],
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::testing::*, *};

    #[test]
    fn the_command_that_failed_is_named() {
        let mut facts = failed("exit-code", exited(1), vec![line("sh", "no data")]);
        let command = &mut facts.unit.as_mut().unwrap().commands[0];
        (command.step, command.path) = ("ExecStartPre".into(), "/opt/check".into());
        facts.attempt.as_mut().unwrap().step = Some("ExecStartPre".into());
        let finding = check(&facts).unwrap();
        assert_eq!(finding.culprit, Some(Culprit::path("/opt/check")));
        assert_eq!(check(&failed("exit-code", exited(1), vec![])), None);
    }
}

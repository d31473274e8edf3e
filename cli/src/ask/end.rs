//! How a question ended, as exit codes and errors.

use analysis::{
    inquiry::{HostOrder, Inquiry, Part},
    order::{Failure as NoReport, OrderState, Outcome},
    text,
};

use crate::{
    ask,
    context::Context,
    exit::{Exit, Failure},
    message::say,
};

/// The exit code of a question to several hosts.
///
/// Hosts that the question waits for (`--when-online`) do not count: that is what was asked for.
/// All answered: the worst of the answers. Nobody answered, all for the same reason: the code of
/// that reason. Else [`Exit::PartlyFailed`].
pub fn exit(inquiry: &Inquiry) -> Exit {
    let (mut answers, mut failures) = (Vec::new(), Vec::new());
    for part in inquiry.orders.iter().filter_map(|order| part(&order.state)) {
        match part {
            Part::Answered(health) => answers.push(ask::exit(health)),
            Part::NotAllowed => failures.push(Exit::NotAllowed),
            Part::Unreachable => failures.push(Exit::Unreachable),
            Part::Failed => failures.push(Exit::Broken),
        }
    }
    of_several(&answers, &failures)
}

/// One code for several hosts: those that answered, and those that could not.
pub fn of_several(answers: &[Exit], failures: &[Exit]) -> Exit {
    // A problem somewhere is what was looked for; a unit that some hosts do not have is not.
    let worst = [Exit::ProblemFound, Exit::NoSuchTarget]
        .into_iter()
        .find(|exit| answers.contains(exit));
    match (answers, failures) {
        (_, []) => worst.unwrap_or(Exit::Fine),
        ([], [first, rest @ ..]) if rest.iter().all(|exit| exit == first) => *first,
        _ => Exit::PartlyFailed,
    }
}

fn part(state: &OrderState) -> Option<Part> {
    match state {
        OrderState::Ended { outcome, .. } => Some(outcome.part()),
        OrderState::Queued { .. } => None,
        // Has not been heard of in time.
        OrderState::Sent | OrderState::Running { .. } => Some(Part::Unreachable),
    }
}

/// The one host's answer, printed as this machine would print its own.
///
/// # Errors
///
/// [`Failure`] if there is no report, with the reason.
pub fn of_one(context: &Context, order: &HostOrder) -> Result<Exit, Failure> {
    let OrderState::Ended { outcome, .. } = &order.state else {
        return Ok(Exit::Fine);
    };
    if let Outcome::Answered { report, .. } = outcome {
        ask::print(context, report)?;
        return Ok(ask::exit(report.health()));
    }
    Err(without_report(context, &order.host_name, outcome))
}

/// Why the host gave no report.
pub fn without_report(context: &Context, host: &str, outcome: &Outcome) -> Failure {
    let (exit, hint) = match outcome {
        Outcome::Offline { .. } => (Exit::Unreachable, Some("cli-host-offline-hint")),
        Outcome::Refused { .. } => (Exit::NotAllowed, Some("cli-host-refused-hint")),
        Outcome::Expired => (Exit::Unreachable, None),
        Outcome::Failed { reason, .. } => (no_report(*reason), way_out(*reason)),
        Outcome::Lost => (Exit::Broken, Some("cli-host-lost-hint")),
        Outcome::Cancelled | Outcome::Answered { .. } => (Exit::Broken, None),
    };
    let message = say("cli-host-says").with("host", host).with(
        "what",
        text::inquiry::outcome(outcome, &context.printer.page()),
    );
    let failure = Failure::new(exit, message);
    match hint {
        Some(hint) => failure.hint(say(hint)),
        None => failure,
    }
}

/// What to try where an analysis gives no report: a message of the catalogue.
pub fn way_out(reason: NoReport) -> Option<&'static str> {
    match reason {
        NoReport::NoSuchTarget => Some("cli-no-target-hint"),
        NoReport::NotPossible => Some("cli-not-possible-hint"),
        _ => None,
    }
}

/// The exit code where an analysis gives no report, here or from afar.
pub fn no_report(reason: NoReport) -> Exit {
    match reason {
        NoReport::NoSuchTarget => Exit::NoSuchTarget,
        _ => Exit::Broken,
    }
}

#[cfg(test)]
mod tests {
    use analysis::{
        Timestamp,
        identity::{AgentId, InquiryId, OrderId},
        order::{Refusal, Refuser},
        process_tree::{ProcessTree, ProcessTreeAsked, TreeTotals},
        question::Question,
    };

    use super::*;

    fn answered(zombies: u32) -> Outcome {
        let tree = ProcessTree {
            at: Timestamp::UNIX_EPOCH,
            processes: Vec::new(),
            omitted: 0,
            totals: TreeTotals {
                zombies,
                ..TreeTotals::default()
            },
            ipc: None,
            limits: Vec::new(),
        };
        Outcome::answered(tree.into())
    }

    fn failed(reason: NoReport) -> Outcome {
        Outcome::Failed {
            reason,
            detail: String::new(),
        }
    }

    fn inquiry(outcomes: &[Outcome], queued: usize) -> Inquiry {
        let at = Timestamp::UNIX_EPOCH;
        let ended = outcomes.iter().map(|outcome| OrderState::Ended {
            at,
            outcome: outcome.clone(),
        });
        let queued = std::iter::repeat_n(OrderState::Queued { until: at }, queued);
        let order = |state| HostOrder {
            order_id: OrderId(uuid::Uuid::nil()),
            agent_id: AgentId(uuid::Uuid::nil()),
            host_name: "h".into(),
            state,
        };
        Inquiry {
            inquiry_id: InquiryId(uuid::Uuid::nil()),
            question: Question::AnalyzePtree(ProcessTreeAsked::default()),
            command: "analyze ptree".into(),
            requested_by: "ann".into(),
            requested_at: at,
            orders: ended.chain(queued).map(order).collect(),
        }
    }

    #[test]
    fn several_hosts_end_with_one_code() {
        let off = Outcome::Offline {
            since: None,
            why: None,
        };
        let refused = Outcome::Refused {
            by: Refuser::Host,
            reason: Refusal::Policy,
            detail: String::new(),
        };
        let (fine, ill) = (answered(0), answered(1));
        let nobody = failed(NoReport::NoSuchTarget);
        let broken = failed(NoReport::Crashed);
        // (what the hosts said, the code)
        let cases: &[(&[&Outcome], Exit)] = &[
            (&[&fine, &fine], Exit::Fine),
            (&[&fine, &ill], Exit::ProblemFound),
            (&[&nobody, &ill], Exit::ProblemFound),
            (&[&nobody, &fine], Exit::NoSuchTarget),
            (&[&fine, &off, &fine], Exit::PartlyFailed),
            (&[&off, &Outcome::Expired], Exit::Unreachable),
            (&[&refused, &refused], Exit::NotAllowed),
            (&[&refused, &off], Exit::PartlyFailed),
            (&[&broken, &Outcome::Lost], Exit::Broken),
            (&[], Exit::Fine),
        ];
        for (outcomes, expected) in cases {
            let outcomes: Vec<Outcome> = outcomes.iter().map(|one| (*one).clone()).collect();
            for queued in [0, 1] {
                let found = exit(&inquiry(&outcomes, queued));
                assert_eq!(found, *expected, "{outcomes:?}, {queued} queued");
            }
        }
    }
}

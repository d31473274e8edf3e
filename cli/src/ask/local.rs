//! The answer of this machine itself: no server, no agent.

use analysis::{order::Progress, question::Question, report::Report, text};
use collect::NoAnswer;

use super::{end, watch::ProgressLine};
use crate::{context::Context, exit::Failure, message::say};

/// Reads and concludes, with a line on the terminal that tells how far it is.
pub async fn answer(context: &Context, question: &Question) -> Result<Report, Failure> {
    let line = ProgressLine::new();
    let catalogue = context.printer.catalogue();
    let show = |progress: Progress| line.show(&text::report::progress(progress, catalogue));
    let outcome = collect::answer(question, &show).await;
    drop(line);
    outcome.map_err(failure)
}

fn failure(none: NoAnswer) -> Failure {
    let message = say("cli-no-local-answer").with("reason", none.detail);
    Failure::new(end::no_report(none.reason), message)
}

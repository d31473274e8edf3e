//! The answer of this machine itself: no server, no agent.

use analysis::{
    order::{Outcome, Progress},
    question::Question,
    report::Report,
    text,
};
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
    outcome.map_err(|none| failure(context, none))
}

fn failure(context: &Context, none: NoAnswer) -> Failure {
    let NoAnswer { reason, detail } = none;
    let outcome =
        text::inquiry::outcome(&Outcome::Failed { reason, detail }, &context.printer.page());
    let message = say("cli-no-local-answer").with("reason", outcome);
    let failure = Failure::new(end::no_report(reason), message);
    match end::way_out(reason) {
        Some(hint) => failure.hint(say(hint)),
        None => failure,
    }
}

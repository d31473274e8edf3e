//! The answer of this machine itself: no server, no agent.

use std::io::{self, IsTerminal as _, Write as _};

use analysis::{
    order::{self, Progress},
    question::Question,
    report::Report,
    text,
};
use collect::NoAnswer;

use crate::{
    context::Context,
    exit::{Exit, Failure},
};

/// Reads and concludes, with a line on the terminal that tells how far it is.
pub async fn answer(context: &Context, question: &Question) -> Result<Report, Failure> {
    let terminal = io::stderr().is_terminal();
    let catalogue = context.printer.catalogue();
    let show = |progress: Progress| {
        if terminal {
            line(&text::report::progress(progress, catalogue));
        }
    };
    let outcome = collect::answer(question, &show).await;
    if terminal {
        line("");
    }
    outcome.map_err(failure)
}

/// Replaces the line that the cursor is in. A terminal that is gone is no failure of the answer.
fn line(text: &str) {
    let mut terminal = io::stderr().lock();
    let _ = write!(terminal, "\r\u{1b}[K{text}").and_then(|()| terminal.flush());
}

fn failure(none: NoAnswer) -> Failure {
    let exit = match none.reason {
        order::Failure::NoSuchTarget => Exit::NoSuchTarget,
        _ => Exit::Broken,
    };
    Failure::new(exit, none.detail)
}

//! `aiops explain`: what an exit code, a signal or a unit's result means.

use analysis::{dictionary::asked, text};

use crate::{
    context::Context,
    exit::{Exit, Failure},
    message::say,
};

/// `words` are one thing to explain: a shell takes `exit 1` for two.
pub fn explain(context: &Context, words: &[String]) -> Result<Exit, Failure> {
    let code = words.join(" ");
    let asked = asked(&code).ok_or_else(|| {
        let message = say("explain-nothing").with("code", code.as_str());
        Failure::new(Exit::Usage, message).hint(say("explain-nothing-hint"))
    })?;
    let catalogue = context.printer.catalogue();
    let explanations = text::dictionary::explain(asked, catalogue);
    context.printer.report(&explanations, |page| {
        text::dictionary::render(&explanations, page)
    })?;
    Ok(Exit::Fine)
}

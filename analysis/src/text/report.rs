//! Any report, as text.

use super::{Catalogue, fleet::Page};
use crate::order::{Progress, Step};

/// A report that a person can read.
pub trait AsText {
    /// The whole of it, in lines that end.
    fn render(&self, page: &Page<'_>) -> String;

    /// What it comes to if there is a problem, in a few words that are the same for hosts with the
    /// same problem: `port-in-use by apache2`.
    fn headline(&self, catalogue: &Catalogue) -> String;
}

/// What is being done, in a line: `reading processes, 3 of 7`.
pub fn progress(progress: Progress, catalogue: &Catalogue) -> String {
    let step = catalogue.say(match progress.step {
        Step::ReadingProcesses => "report-reading-processes",
        Step::ReadingUnit => "report-reading-unit",
        Step::ReadingJournal => "report-reading-journal",
        Step::ReadingSockets => "report-reading-sockets",
        Step::ReadingStacks => "report-reading-stacks",
        Step::Watching => "report-watching",
        Step::Concluding => "report-concluding",
    });
    if progress.of == 0 {
        return step;
    }
    let parameters = [
        ("step", step.into()),
        ("done", progress.done.into()),
        ("of", progress.of.into()),
    ];
    catalogue.say_with("report-progress", &parameters)
}

//! Any report, as text.

use super::{Catalogue, fleet::Page, process_tree, start_failure};
use crate::{
    order::{Progress, Step},
    report::Report,
};

/// The report for a person.
pub fn render(report: &Report, page: &Page<'_>) -> String {
    match report {
        Report::AnalyzePtree(report) => process_tree::render(report, page),
        Report::DiagnoseStartFailure(report) => start_failure::render(report, page),
    }
}

/// What is being done, in a line: `reading processes, 3 of 7`.
pub fn progress(progress: Progress, catalogue: &Catalogue) -> String {
    let step = catalogue.say(match progress.step {
        Step::ReadingProcesses => "report-reading-processes",
        Step::ReadingUnit => "report-reading-unit",
        Step::ReadingJournal => "report-reading-journal",
        Step::ReadingSockets => "report-reading-sockets",
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

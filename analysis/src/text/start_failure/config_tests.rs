//! What the program itself says of its configuration.

use super::{INDENT, indented};
use crate::{
    dictionary,
    start_failure::config_test::{ConfigTest, TestOutcome},
    text::{
        escape::one_line,
        fleet::Page,
        table::{Cell, Table},
    },
};

pub(super) fn render(tests: &[ConfigTest], page: &Page<'_>) -> String {
    tests.iter().map(|test| one(test, page)).collect()
}

fn one(test: &ConfigTest, page: &Page<'_>) -> String {
    let id = match test.outcome {
        TestOutcome::Passed => "start-config-test-passed",
        TestOutcome::Failed => "start-config-test-failed",
        TestOutcome::Inconclusive => "start-config-test-inconclusive",
    };
    let how = match (test.outcome, test.status) {
        (TestOutcome::Passed, _) => None,
        (_, Some(status)) => Some(dictionary::short(status)),
        (_, None) => Some(page.catalogue.say("start-config-test-cut-off")),
    };
    let mut title = page.catalogue.say(id);
    if let Some(how) = how {
        let how = [("how", how.into())];
        title.push_str(&page.catalogue.say_with("start-attempt-how", &how));
    }
    let mut text = format!("{}\n", page.style.strong(&one_line(&title)));
    let command = page.style.faint(&one_line(&test.command));
    text.push_str(&indented(&command));
    let mut table = Table::default();
    for line in &test.output {
        table.row([Cell::from(line.as_str())]);
    }
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    text.push_str(&indented(&table.render(room, page.style)));
    text
}

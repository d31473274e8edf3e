//! Crashes, as text: the kinds of them in a table, and the newest in full.

mod full;

use super::{
    Catalogue, Style, before,
    escape::one_line,
    fleet::Page,
    limitations,
    report::AsText,
    similar::similar,
    stop,
    table::{Cell, Table, wrapped},
    time::{brief_moment, length, precise_moment},
};
use crate::{
    cause::Certainty,
    crash::{CrashCause, CrashGroup, CrashReport, NotACrash},
    dictionary,
    limitation::Limitation,
};

/// Groups that are shown.
const MOST_GROUPS: usize = 30;
/// Hex digits of a signature that are shown.
const SIGNATURE_CHARS: usize = 8;
/// Where these are missing, crashes may be that nobody sees.
const HIDES: [&str; 5] = [
    "journal",
    "journal-cut",
    "kernel-log-unread",
    "cores",
    "core-pattern",
];

impl AsText for CrashReport {
    fn render(&self, page: &Page<'_>) -> String {
        render(self, page)
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        let Some(newest) = self.crashes.first() else {
            return catalogue.say("crash-headline-none");
        };
        let program = newest.process.name();
        let unit = newest.process.unit.as_ref().map(|unit| unit.as_str());
        let parameters = [
            ("cause", newest.verdict.cause.name().into()),
            ("culprit", program.or(unit).unwrap_or("?").into()),
        ];
        one_line(&catalogue.say_with("inquiry-by", &parameters)).into_owned()
    }
}

/// The report for a person.
pub fn render(report: &CrashReport, page: &Page<'_>) -> String {
    let mut text = summary(report, page);
    let is_alone = report.crashes.len() == 1 && report.wants_newest;
    if !report.groups.is_empty() && report.wants_kinds && !is_alone {
        text.push('\n');
        text.push_str(&table(report, page));
    }
    if report.wants_newest && !report.crashes.is_empty() {
        text.push('\n');
        text.push_str(&full::newest(report, page));
    }
    text.push_str(&not_crashes(&report.not_crashes, page));
    text.push_str(&limits(&report.limits, page));
    if !report.wants_newest && !report.crashes.is_empty() {
        text.push('\n');
        text.push_str(&paragraph(&page.catalogue.say("crash-more"), page));
    }
    text
}

fn summary(report: &CrashReport, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let crashes: u32 = report.groups.iter().map(|group| group.count).sum();
    let period = length(report.at - report.since, catalogue);
    let parameters = [
        ("crashes", crashes.into()),
        ("kinds", report.groups.len().into()),
        ("period", period.into()),
    ];
    if crashes == 0 {
        let is_blind = report
            .limits
            .iter()
            .any(|limit| HIDES.contains(&&*limit.what));
        let said = if is_blind {
            "crash-none-seen"
        } else {
            "crash-none"
        };
        return catalogue.say_with(said, &parameters) + "\n" + &meant(report, page);
    }
    let line = catalogue.say_with("crash-count", &parameters);
    page.style.strong(&line) + "\n"
}

/// The name that was asked for may be misspelled.
fn meant(report: &CrashReport, page: &Page<'_>) -> String {
    if report.similar.is_empty() {
        return String::new();
    }
    let line = similar(&report.similar, page.catalogue);
    page.style.doubtful(&line) + "\n"
}

fn table(report: &CrashReport, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let columns = ["last", "count", "program", "signal", "what"];
    let headings = columns.map(|column| catalogue.say(&format!("crash-heading-{column}")));
    let mut table = Table::with_headings(headings);
    for group in report.groups.iter().take(MOST_GROUPS) {
        let signal = group.signal.map(|signal| signal.to_string());
        table.row([
            Cell::from(brief_moment(group.last_at, page.now, page.zone)),
            Cell::from(group.count.to_string()).right(),
            Cell::from(&*group.program),
            Cell::from(signal.unwrap_or_default()),
            Cell::from(what(group, catalogue)).painted(Style::bad),
        ]);
    }
    let mut text = table.render(page.width, page.style);
    let more = report.groups.len().saturating_sub(MOST_GROUPS);
    if more > 0 {
        text.push_str(&catalogue.say_with("crash-more-kinds", &[("count", more.into())]));
        text.push('\n');
    }
    text
}

/// `null pointer (inferred); parse; app.service; 9f3c2a7e`.
fn what(group: &CrashGroup, catalogue: &Catalogue) -> String {
    let mut parts = vec![caused(group.cause, group.certainty, catalogue)];
    parts.extend(group.place.clone());
    parts.extend(
        group
            .units
            .iter()
            .map(|unit| unit.as_str().to_owned())
            .filter(|unit| *unit != group.program),
    );
    parts.push(group.signature.id.chars().take(SIGNATURE_CHARS).collect());
    parts.join(&catalogue.say("mark-semicolon"))
}

fn caused(cause: CrashCause, certainty: Certainty, catalogue: &Catalogue) -> String {
    let parameters = [
        ("cause", cause_text(cause, catalogue).into()),
        ("certainty", stop::certainty(certainty, catalogue).into()),
    ];
    catalogue.say_with("crash-caused", &parameters)
}

fn cause_text(cause: CrashCause, catalogue: &Catalogue) -> String {
    catalogue.say(&format!("crash-cause-{}", cause.name()))
}

/// Stops by signals that somebody sent.
fn not_crashes(stops: &[NotACrash], page: &Page<'_>) -> String {
    let Some(newest) = stops.first() else {
        return String::new();
    };
    let parameters = [
        ("unit", newest.unit.as_str().into()),
        ("count", stops.len().into()),
        ("status", dictionary::short(newest.status).into()),
        ("at", precise_moment(newest.at, page.zone).into()),
    ];
    let said = page.catalogue.say_with("crash-not", &parameters);
    format!("\n{}", paragraph(&one_line(&said), page))
}

/// Lines that fit.
fn paragraph(text: &str, page: &Page<'_>) -> String {
    let lines = wrapped(text, page.width).into_iter();
    lines.map(|line| line + "\n").collect()
}

/// What could not be seen, and the way out.
fn limits(limits: &[Limitation], page: &Page<'_>) -> String {
    let is_denied = |limit: &Limitation| limit.why.to_ascii_lowercase().contains("permission");
    let as_root = limits.iter().any(is_denied);
    let as_root = as_root.then_some("crash-limit-hint-root");
    let text = limitations::lines(limits, "crash", as_root, page);
    match text.is_empty() {
        true => text,
        false => format!("\n{text}"),
    }
}

#[cfg(test)]
mod tests;

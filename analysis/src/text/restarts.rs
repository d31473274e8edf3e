//! The restart report, as text.

mod advice;
mod patterns;
mod policy;
mod ranking;
mod record;
mod stops;

use chrono::Duration;

use super::{
    Catalogue, Style,
    fleet::Page,
    report::AsText,
    similar::similar,
    stop,
    table::{Cell, Table},
    time::{length, moment},
};
use crate::{
    cause::StopCause,
    restarts::{CurrentState, RecordSource, RestartReport, StopRow, UnitRestarts},
};

/// Columns of the longest bar.
const BAR: f64 = 20.0;
const INDENT: usize = 3;

impl AsText for RestartReport {
    fn render(&self, page: &Page<'_>) -> String {
        match self.unit {
            Some(_) => unit(self, page),
            None => ranking::render(self, page),
        }
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        let worst = self.units.iter().find(|unit| unit.failures > 0);
        let cause = worst.and_then(|unit| {
            let shares = unit.causes.iter();
            shares
                .map(|share| share.cause)
                .find(|cause| cause.is_failure())
        });
        let (Some(worst), Some(cause)) = (worst, cause) else {
            return String::new();
        };
        let parameters = [
            ("unit", worst.unit.as_str().into()),
            ("cause", stop::cause(cause, catalogue).into()),
        ];
        catalogue.say_with("restarts-headline", &parameters)
    }
}

/// One unit in full.
fn unit(report: &RestartReport, page: &Page<'_>) -> String {
    let mut text = String::new();
    for unit in &report.units {
        if report.is_of_unknown_unit() {
            let parameters = [("unit", unit.unit.as_str().into())];
            text.push_str(
                &page
                    .catalogue
                    .say_with("restarts-unknown-unit", &parameters),
            );
            text.push('\n');
            if !report.similar.is_empty() {
                text.push_str(&similar(&report.similar, page.catalogue));
                text.push('\n');
            }
            continue;
        }
        text.push_str(&headline(unit, report, page));
        if unit.stops.is_empty() {
            text.push_str(&no_stops(unit, report, page));
            continue;
        }
        text.push_str(&figures(unit, page));
        text.push('\n');
        text.push_str(&causes(unit, page));
        text.push_str(&stops::render(unit, page));
        text.push_str(&patterns::render(unit, report.source, page));
        text.push_str(&policy::render(unit, page));
        text.push_str(&advice::render(unit, page));
    }
    text + &record::render(report, page)
}

fn no_stops(unit: &UnitRestarts, report: &RestartReport, page: &Page<'_>) -> String {
    let period = length(report.until - report.since, page.catalogue);
    let parameters = [
        ("unit", unit.unit.as_str().into()),
        ("period", period.into()),
    ];
    let none = page
        .catalogue
        .say_with("restarts-none-of-unit", &parameters);
    let completed = match unit.completed {
        0 => String::new(),
        completed => {
            let parameters = [("completed", completed.into())];
            page.catalogue.say_with("restarts-completed", &parameters) + "\n"
        }
    };
    format!("{none}\n{completed}")
}

fn headline(unit: &UnitRestarts, report: &RestartReport, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let (id, since) = match &unit.state {
        CurrentState::Running { since, .. } => ("restarts-running", *since),
        CurrentState::Down {
            since,
            failed: true,
        } => ("restarts-failed", *since),
        CurrentState::Down { since, .. } => ("restarts-down", *since),
        CurrentState::Unknown => ("restarts-state-unknown", None),
    };
    let since = since.map_or_else(String::new, |since| {
        let parameters = [
            ("since", moment(since, page.zone).into()),
            ("length", length(report.until - since, catalogue).into()),
        ];
        catalogue.say_with("restarts-since", &parameters)
    });
    let now = catalogue.say(id) + &since + &main_pid(&unit.state, catalogue);
    let now = match &unit.state {
        CurrentState::Running { .. } => page.style.good(&now),
        CurrentState::Down { failed: true, .. } => page.style.bad(&now),
        CurrentState::Down { .. } | CurrentState::Unknown => page.style.doubtful(&now),
    };
    let period = [
        ("from", moment(report.since, page.zone).into()),
        ("until", moment(report.until, page.zone).into()),
    ];
    let period = catalogue.say_with("restarts-period", &period);
    let source = catalogue.say(match report.source {
        RecordSource::Ledger => "restarts-source-ledger",
        RecordSource::Journal => "restarts-source-journal",
    });
    let name = page.style.strong(unit.unit.as_str());
    let asked_as = report.asked_as.as_ref().map(|name| {
        let parameters = [("name", name.as_str().into())];
        catalogue.say_with("restarts-asked-as", &parameters)
    });
    // Both names and the state are too much for a line.
    let asked_as = asked_as.map_or_else(|| "  ".to_owned(), |asked_as| asked_as + "\n");
    let about = page.style.faint(&format!("{period}{source}"));
    format!("{name}{asked_as}{now}\n{about}\n\n")
}

fn main_pid(state: &CurrentState, catalogue: &Catalogue) -> String {
    match state {
        CurrentState::Running {
            main_pid: Some(pid),
            ..
        } => catalogue.say_with("restarts-pid", &[("pid", (*pid).into())]),
        _ => String::new(),
    }
}

fn figures(unit: &UnitRestarts, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let stops = [
        ("stops", unit.stops.len().into()),
        ("restarts", unit.restarts.into()),
        ("rate", rate(unit).into()),
        ("failures", unit.failures.into()),
    ];
    let mean = |ms: Option<u64>, id: &str, counted: u32| match ms {
        None => catalogue.say("restarts-not-known"),
        Some(ms) => {
            let of = [
                ("length", of_ms(ms, catalogue).into()),
                ("counted", counted.into()),
            ];
            catalogue.say_with(id, &of)
        }
    };
    let rows = [
        (
            "restarts-stops",
            catalogue.say_with("restarts-stops-value", &stops),
        ),
        (
            "restarts-uptime",
            mean(
                unit.mean_uptime_ms,
                "restarts-uptime-value",
                unit.uptimes_counted,
            ),
        ),
        (
            "restarts-mttr",
            mean(unit.mttr_ms, "restarts-mttr-value", unit.recoveries_counted),
        ),
    ];
    let mut table = Table::default();
    for (id, value) in rows {
        table.row([Cell::from(catalogue.say(id)), Cell::from(value)]);
    }
    table.render(page.width, page.style)
}

fn causes(unit: &UnitRestarts, page: &Page<'_>) -> String {
    let headings = ["cause", "stops", "share"];
    let heading = |column: &str| page.catalogue.say(&format!("restarts-heading-{column}"));
    let mut table = Table::with_headings(headings.map(heading));
    for share in &unit.causes {
        let bar = "█".repeat((share.percent / 100.0 * BAR).round() as usize);
        table.row([
            Cell::from(stop::cause(share.cause, page.catalogue)),
            Cell::from(share.count.to_string()).right(),
            Cell::from(format!("{:>5.1} %  {bar}", share.percent)),
        ]);
    }
    table.render(page.width, page.style)
}

fn cause_cell(row: &StopRow, catalogue: &Catalogue) -> Cell {
    let cause = Cell::from(stop::cause(row.cause, catalogue));
    if row.cause.is_failure() {
        cause.painted(Style::bad)
    } else if row.cause == StopCause::Unknown {
        cause.painted(Style::doubtful)
    } else {
        cause
    }
}

fn rate(unit: &UnitRestarts) -> String {
    format!("{:.2}", unit.restarts_per_day)
}

fn of_ms(ms: u64, catalogue: &Catalogue) -> String {
    length(
        Duration::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX)),
        catalogue,
    )
}

/// Each line of `text` moved to the right.
fn indented(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    text.lines()
        .map(|line| format!("{margin}{line}\n"))
        .collect()
}

/// A sentence, indented, and broken where the page ends.
fn sentence(text: &str, by: usize, page: &Page<'_>) -> String {
    let mut line = Table::default();
    line.row([Cell::from(text)]);
    table(&line, by, page)
}

/// A sentence behind its number.
fn numbered(number: usize, text: &str, page: &Page<'_>) -> String {
    let lines = sentence(text, INDENT + 1, page);
    let number = format!("{number:>2}. ");
    format!("{number}{}", lines.trim_start())
}

/// Indented lines, broken where the page ends.
fn table(table: &Table, by: usize, page: &Page<'_>) -> String {
    let width = page.width.map(|width| width.saturating_sub(by));
    indented(&table.render(width, page.style), by)
}

#[cfg(test)]
mod tests;

//! What the black box has of the minutes before an end, as rows.

use chrono::TimeDelta;

use super::{
    fleet::Page,
    growth,
    size::bytes,
    table::{Cell, Table},
    time::length,
};
use crate::{
    Timestamp,
    black_box::{Direction, HostBefore, MinutesBefore, Movement, UnitBefore},
    cause::Certainty,
    trend::Course,
};

/// The heading, and what to put below it.
pub(super) fn rows(before: &MinutesBefore, end: Timestamp, page: &Page<'_>) -> (String, Table) {
    let mut rows = Rows {
        table: Table::default(),
        page,
    };
    if let Some(unit) = &before.unit {
        of_unit(unit, &mut rows);
    }
    if let Some(host) = &before.host {
        of_host(host, &mut rows);
    }
    (heading(before, end, page), rows.table)
}

fn heading(before: &MinutesBefore, end: Timestamp, page: &Page<'_>) -> String {
    let of_unit = before.unit.as_ref().map(|unit| (unit.from, unit.to));
    let of_host = before.host.as_ref().map(|host| (host.from, host.to));
    let (id, from, to) = match (of_unit, of_host) {
        (Some((from, to)), _) => ("before-heading", from, to),
        (None, Some((from, _))) => ("before-heading-host", from, end),
        (None, None) => return String::new(),
    };
    let parameters = [
        ("length", seconds(to - from, page).into()),
        ("gap", length(end - to, page.catalogue).into()),
    ];
    page.catalogue.say_with(id, &parameters)
}

struct Rows<'a> {
    table: Table,
    page: &'a Page<'a>,
}

impl Rows<'_> {
    fn add(&mut self, what: &str, value: String) {
        let name = self.page.catalogue.say(&format!("before-row-{what}"));
        self.table.row([Cell::from(name), Cell::from(value)]);
    }
}

fn of_unit(unit: &UnitBefore, rows: &mut Rows<'_>) {
    let page = rows.page;
    let catalogue = page.catalogue;
    if unit.certainty != Certainty::Measured {
        rows.add("run", catalogue.say("before-run-inferred"));
    }
    let memory = moved(&unit.memory_bytes, bytes, page);
    rows.add("memory", with_limit(memory, unit, page));
    if let Some(trend) = &unit.memory_trend
        && trend.course == Course::Grows
    {
        rows.add("trend", growth::text(trend, page));
    }
    let cpu = &unit.cpu_percent_hundredths;
    let parameters = [
        ("text", moved(cpu, percent, page).into()),
        ("mean", percent(cpu.mean as u64).into()),
    ];
    rows.add("cpu", catalogue.say_with("before-cpu-mean", &parameters));
    if unit.processes.direction != Direction::Steady {
        rows.add("processes", moved(&unit.processes, plain, page));
    }
    rows.add("threads", moved(&unit.threads, plain, page));
    if let Some(files) = &unit.open_files {
        rows.add("open-files", moved(files, plain, page));
    }
}

fn with_limit(text: String, unit: &UnitBefore, page: &Page<'_>) -> String {
    let limit = unit.memory_limit_bytes.filter(|limit| *limit > 0);
    let Some(limit) = limit.filter(|_| unit.memory_is_charged) else {
        return text;
    };
    let share = unit.memory_bytes.last as f64 * 100.0 / limit as f64;
    let parameters = [
        ("text", text.into()),
        ("limit", bytes(limit).into()),
        ("percent", format!("{share:.0}").into()),
    ];
    page.catalogue.say_with("before-limit", &parameters)
}

fn of_host(host: &HostBefore, rows: &mut Rows<'_>) {
    let page = rows.page;
    let load = |hundredths: u64| format!("{:.2}", hundredths as f64 / 100.0);
    let parameters = [
        ("text", moved(&host.load_hundredths, load, page).into()),
        ("cores", host.cores.into()),
    ];
    rows.add("load", page.catalogue.say_with("before-cores", &parameters));
    let waits = [
        ("before-wait-cpu", &host.cpu_wait_hundredths),
        ("before-wait-memory", &host.memory_wait_hundredths),
        ("before-wait-io", &host.io_wait_hundredths),
    ];
    let waits = waits.into_iter().filter_map(|(id, wait)| {
        let text = moved(wait.as_ref()?, percent, page);
        Some(page.catalogue.say_with(id, &[("text", text.into())]))
    });
    let waits = waits.reduce(|first, then| {
        let both = [("first", first.into()), ("then", then.into())];
        page.catalogue.say_with("before-and", &both)
    });
    if let Some(waits) = waits {
        rows.add("wait", waits);
    }
    let available = moved(&host.memory_available_bytes, bytes, page);
    let parameters = [
        ("text", available.into()),
        ("all", bytes(host.memory_bytes).into()),
    ];
    rows.add(
        "available",
        page.catalogue.say_with("before-of", &parameters),
    );
    if host.swap_used_bytes.most > 0 {
        rows.add("swap", moved(&host.swap_used_bytes, bytes, page));
    }
}

/// `rose from 82 MiB to 510 MiB in 6m`.
fn moved(movement: &Movement, value: impl Fn(u64) -> String, page: &Page<'_>) -> String {
    let parameters = [
        ("from", value(movement.from).into()),
        ("last", value(movement.last).into()),
        ("least", value(movement.least).into()),
        ("most", value(movement.most).into()),
        (
            "length",
            seconds(TimeDelta::milliseconds(movement.for_ms as i64), page).into(),
        ),
    ];
    let id = format!("before-{}", movement.direction.name());
    page.catalogue.say_with(&id, &parameters)
}

fn seconds(span: TimeDelta, page: &Page<'_>) -> String {
    // Nobody asks for the milliseconds of minutes.
    let whole = (span.num_milliseconds() + 500) / 1000;
    length(TimeDelta::seconds(whole), page.catalogue)
}

fn percent(hundredths: u64) -> String {
    let percent = hundredths as f64 / 100.0;
    let digits = if percent < 9.95 && hundredths > 0 {
        1
    } else {
        0
    };
    format!("{percent:.digits$} %")
}

fn plain(value: u64) -> String {
    value.to_string()
}

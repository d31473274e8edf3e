//! The restart report, as text.

use chrono::Duration;

use super::{
    Catalogue, Style,
    fleet::Page,
    size::bytes,
    stop,
    table::{Cell, Table},
    time::{length, moment},
};
use crate::{
    cause::{Evidence, StopCause},
    dictionary,
    restarts::{Advice, CurrentState, RestartReport, StopRow, UnitRestarts},
};

/// Columns of the longest bar.
const BAR: f64 = 20.0;

/// One unit in full.
pub fn unit(report: &RestartReport, page: &Page<'_>) -> String {
    let mut text = String::new();
    for unit in &report.units {
        text.push_str(&headline(unit, report, page));
        if unit.stops.is_empty() {
            let period = length(report.until - report.since, page.catalogue);
            let parameters = [
                ("unit", unit.unit.as_str().into()),
                ("period", period.into()),
            ];
            text.push_str(
                &page
                    .catalogue
                    .say_with("restarts-none-of-unit", &parameters),
            );
            text.push('\n');
            continue;
        }
        text.push_str(&figures(unit, page));
        text.push('\n');
        text.push_str(&causes(unit, page));
        text.push('\n');
        text.push_str(&timeline(unit, page));
        text.push_str(&advice(unit, page));
    }
    text + &record(report, page)
}

/// All units, a line each.
pub fn ranking(report: &RestartReport, page: &Page<'_>) -> String {
    let say = |id: &str| page.catalogue.say(id);
    if report.units.is_empty() {
        let period = length(report.until - report.since, page.catalogue);
        let parameters = [("period", period.into())];
        let nothing = page.catalogue.say_with("restarts-nothing", &parameters);
        return nothing + "\n" + &record(report, page);
    }
    let columns = ["unit", "stops", "failures", "rate", "mttr", "now", "last"];
    let mut table =
        Table::with_headings(columns.map(|column| say(&format!("restarts-heading-{column}"))));
    for unit in &report.units {
        let mttr = unit
            .mttr_ms
            .map_or_else(|| "-".to_owned(), |ms| of_ms(ms, page.catalogue));
        let last = unit.stops.first();
        table.row([
            Cell::from(unit.unit.as_str()),
            Cell::from(unit.stops.len().to_string()).right(),
            failures(unit),
            Cell::from(rate(unit)).right(),
            Cell::from(mttr).right(),
            Cell::from(say(now_id(&unit.state))),
            last.map_or_else(|| Cell::from("-"), |row| cause_cell(row, page.catalogue)),
        ]);
    }
    table.render(page.width, page.style) + &record(report, page)
}

fn headline(unit: &UnitRestarts, report: &RestartReport, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let (id, since) = match &unit.state {
        CurrentState::Running { since, .. } => ("restarts-running", *since),
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
    let now = catalogue.say(id) + &since;
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
    let name = page.style.strong(unit.unit.as_str());
    format!("{name}  {now}\n{}\n\n", page.style.faint(&period))
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

fn timeline(unit: &UnitRestarts, page: &Page<'_>) -> String {
    let headings = ["stopped", "cause", "sure", "back", "detail"];
    let heading = |column: &str| page.catalogue.say(&format!("restarts-heading-{column}"));
    let mut table = Table::with_headings(headings.map(heading));
    for row in &unit.stops {
        let back = match row.recovery_ms {
            Some(ms) => Cell::from(of_ms(ms, page.catalogue)),
            None => Cell::from(page.catalogue.say("restarts-still-down")).painted(Style::doubtful),
        };
        table.row([
            Cell::from(moment(row.stopped_at, page.zone)),
            cause_cell(row, page.catalogue),
            Cell::from(stop::certainty(row.certainty, page.catalogue)),
            back.right(),
            Cell::from(details(row, page.catalogue).join("; ")),
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

/// What the evidence adds to the cause.
fn details(row: &StopRow, catalogue: &Catalogue) -> Vec<String> {
    let mut details = Vec::new();
    if row.never_ready {
        details.push(catalogue.say("restarts-start-failed"));
    }
    details.extend(row.exit.map(dictionary::short));
    if let Some(memory) = row.oom {
        let rss = ("rss", bytes(memory.rss_bytes).into());
        details.push(match memory.limit_bytes {
            Some(limit) => {
                catalogue.say_with("restarts-memory", &[rss, ("limit", bytes(limit).into())])
            }
            None => catalogue.say_with("restarts-memory-machine", &[rss]),
        });
    }
    details.extend(
        row.evidence
            .iter()
            .filter_map(|fact| evidence(fact, catalogue)),
    );
    details.extend(
        row.actor
            .as_ref()
            .map(|actor| stop::actor(actor, catalogue)),
    );
    details
}

fn evidence(fact: &Evidence, catalogue: &Catalogue) -> Option<String> {
    match fact {
        Evidence::ManagerLine { message } => Some(message.clone()),
        Evidence::DependencyStopped { unit, .. } => {
            let parameters = [("unit", unit.as_str().into())];
            Some(catalogue.say_with("restarts-dependency", &parameters))
        }
        Evidence::BootEnded { orderly: true } => Some(catalogue.say("restarts-orderly")),
        Evidence::BootEnded { orderly: false } => Some(catalogue.say("restarts-power-cut")),
        Evidence::CoreDump { path, .. } => path.clone(),
        // Said by the cause, the exit status or the actor already.
        Evidence::UnitResult { .. }
        | Evidence::ProcessEnded { .. }
        | Evidence::StopJob { .. }
        | Evidence::Request { .. }
        | Evidence::KernelOom { .. }
        | Evidence::OomNotice => None,
    }
}

fn advice(unit: &UnitRestarts, page: &Page<'_>) -> String {
    if unit.advice.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", page.catalogue.say("restarts-advice"));
    for advice in &unit.advice {
        let (id, command) = advised(advice);
        text.push_str(&format!("  {}\n", page.catalogue.say(id)));
        if let Some(command) = command {
            text.push_str(&format!("    {}\n", page.style.strong(&command)));
        }
    }
    text
}

/// The words for an advice, and the command to copy, if there is one.
fn advised(advice: &Advice) -> (&'static str, Option<String>) {
    match advice {
        Advice::RaiseMemoryLimit { unit, limit_bytes } => {
            let half_more = limit_bytes.map(|limit| limit.saturating_add(limit / 2) >> 20);
            let command =
                half_more.map(|mib| format!("systemctl set-property {unit} MemoryMax={mib}M"));
            ("restarts-advice-raise-memory-limit", command)
        }
        Advice::MachineMemory => ("restarts-advice-machine-memory", None),
        Advice::ReadCoreDump { pid } => (
            "restarts-advice-read-core-dump",
            Some(format!("coredumpctl info {pid}")),
        ),
        Advice::EnableCoreDumps { unit } => (
            "restarts-advice-enable-core-dumps",
            Some(format!("systemctl edit {unit}")),
        ),
        Advice::LookAtTimeouts { unit } => (
            "restarts-advice-look-at-timeouts",
            Some(format!(
                "systemctl show -p TimeoutStartUSec -p TimeoutStopUSec {unit}"
            )),
        ),
        Advice::FixExecStart { unit } => (
            "restarts-advice-fix-exec-start",
            Some(format!("systemctl cat {unit}")),
        ),
        Advice::NotRestarted { unit } => (
            "restarts-advice-not-restarted",
            Some(format!(
                "systemctl reset-failed {unit} && systemctl start {unit}"
            )),
        ),
    }
}

/// What the record does not hold.
fn record(report: &RestartReport, page: &Page<'_>) -> String {
    let since = report.record_begins_at.map(|since| {
        let parameters = [("since", moment(since, page.zone).into())];
        page.catalogue
            .say_with("restarts-recorded-since", &parameters)
    });
    let gaps = report.gaps.iter().map(|gap| {
        let parameters = [
            ("source", gap.source.as_str().into()),
            ("at", moment(gap.at, page.zone).into()),
            ("detail", gap.detail.as_str().into()),
        ];
        page.catalogue.say_with("restarts-gap", &parameters)
    });
    let lines: Vec<_> = since.into_iter().chain(gaps).collect();
    if lines.is_empty() {
        return String::new();
    }
    let safe = lines
        .iter()
        .map(|line| page.style.doubtful(&super::escape::one_line(line)) + "\n");
    format!("\n{}", safe.collect::<String>())
}

fn failures(unit: &UnitRestarts) -> Cell {
    let cell = Cell::from(unit.failures.to_string()).right();
    if unit.failures > 0 {
        cell.painted(Style::bad)
    } else {
        cell
    }
}

fn now_id(state: &CurrentState) -> &'static str {
    match state {
        CurrentState::Running { .. } => "restarts-now-running",
        CurrentState::Down { .. } => "restarts-now-down",
        CurrentState::Unknown => "restarts-now-unknown",
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

#[cfg(test)]
mod tests;

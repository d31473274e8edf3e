//! All units, a line each.

use super::{cause_cell, of_ms, rate, record};
use crate::{
    restarts::{CurrentState, RestartReport, UnitRestarts},
    text::{
        Style,
        fleet::Page,
        table::{Cell, Table},
        time::length,
    },
};

pub(super) fn render(report: &RestartReport, page: &Page<'_>) -> String {
    let say = |id: &str| page.catalogue.say(id);
    if report.units.is_empty() {
        let period = length(report.until - report.since, page.catalogue);
        let parameters = [("period", period.into())];
        let nothing = page.catalogue.say_with("restarts-nothing", &parameters);
        return nothing + "\n" + &record::render(report, page);
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
    table.render(page.width, page.style) + &record::render(report, page)
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

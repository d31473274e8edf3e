//! The live table, as it stands on a terminal.

use unicode_width::UnicodeWidthStr as _;

use super::{OwnCost, line_parts, own_cost, table};
use crate::{
    monitor::{Happening, Monitor},
    text::{
        fleet::Page,
        table::{Cell, Table, wrapped},
    },
};

/// Happenings take one of so many lines.
const TOLD_OF: usize = 3;
/// Between two things on one line.
const GAP: &str = "  ";

/// Lines that fit on a terminal of `rows` lines: the processes, then what happened. None is behind
/// the last, so that nothing scrolls.
pub fn screen(
    monitor: &Monitor,
    happened: &[Happening],
    cost: OwnCost,
    rows: usize,
    page: &Page<'_>,
) -> String {
    let mut lines = head(monitor, cost, page);
    lines.push(String::new());
    let told = told(happened, rows / TOLD_OF, page);
    let room = rows.saturating_sub(lines.len() + told.len());
    // One line is for the headings.
    let table = table(&monitor.rows(room.saturating_sub(1)), page);
    lines.extend(table.lines().take(room).map(str::to_owned));
    lines.extend(told);
    lines.truncate(rows);
    lines.join("\n")
}

/// On one line, if there is room for it.
fn head(monitor: &Monitor, cost: OwnCost, page: &Page<'_>) -> Vec<String> {
    let parameters = [
        ("at", super::moment(page.now, page.zone).into()),
        ("count", monitor.processes().into()),
    ];
    let about = page.catalogue.say_with("monitor-head", &parameters);
    let cost = own_cost(cost, page);
    let width = about.width() + GAP.len() + cost.width();
    if page.width.is_none_or(|room| width <= room) {
        return vec![format!("{about}{GAP}{}", page.style.faint(&cost))];
    }
    let mut lines = wrapped(&about, page.width);
    let cost = wrapped(&cost, page.width);
    lines.extend(cost.iter().map(|line| page.style.faint(line)));
    lines
}

/// As many of the last as there is room for, below an empty line and their heading.
fn told(happened: &[Happening], most: usize, page: &Page<'_>) -> Vec<String> {
    if happened.is_empty() {
        return Vec::new();
    }
    let heading = page.catalogue.say("monitor-happened");
    let mut lines = vec![String::new(), heading];
    for happening in happened.iter().rev() {
        let (at, word, paint, said) = line_parts(happening, page);
        let mut table = Table::default();
        table.row([
            Cell::from(at.format("%H:%M:%S").to_string()),
            Cell::from(word).painted(paint),
            Cell::from(said),
        ]);
        let more = table.render(page.width, page.style);
        let more: Vec<String> = more.lines().map(str::to_owned).collect();
        // The last that happened is told in any case.
        if lines.len() > 2 && lines.len() + more.len() > most {
            break;
        }
        lines.extend(more);
    }
    lines
}

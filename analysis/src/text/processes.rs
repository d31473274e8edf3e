//! The processes of an interval, as text: what they come to, the list, and what is worth a look.

mod notes;

use super::{
    Catalogue, Style,
    fleet::Page,
    process_limits::limits,
    report::AsText,
    size::bytes,
    table::{Cell, Table, cut},
    time::{length, moment},
};
use crate::processes::{ProcessUsage, Processes};

/// Lines of the list unless somebody asked for a number.
const SHOWN: usize = 25;
/// From so many columns on there is room for all figures.
const WIDE: usize = 150;
/// Columns of a user's name, and of a unit's.
const USER_WIDTH: usize = 8;
const UNIT_WIDTH: usize = 28;
/// Of a container's id: as much as its engine shows.
const CONTAINER_ID: usize = 12;

impl AsText for Processes {
    fn render(&self, page: &Page<'_>) -> String {
        let shown = self.processes.len().min(self.shown());
        let mut text = notes::summary(self, page);
        text.push('\n');
        text.push_str(&table(&self.processes[..shown], page));
        text.push_str(&notes::left_out(self, shown, page));
        text.push_str(&notes::waiting(self, page));
        text.push_str(&notes::ended(self, page));
        text.push_str(&limits(&self.limits, page));
        text
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        catalogue.say_with(
            "processes-count",
            &[("count", self.totals.processes.into())],
        )
    }
}

impl Processes {
    /// All, if somebody asked for fewer than there are.
    fn shown(&self) -> usize {
        match self.omitted {
            0 => SHOWN,
            _ => self.processes.len(),
        }
    }
}

fn table(shown: &[ProcessUsage], page: &Page<'_>) -> String {
    let is_wide = page.width.is_none_or(|width| width >= WIDE);
    let heading = |column: &str| page.catalogue.say(&format!("processes-heading-{column}"));
    let left = |column| Cell::from(heading(column));
    let right = |column| left(column).right();
    let mut headings = vec![
        right("pid"),
        left("user"),
        left("state"),
        right("cpu"),
        right("memory"),
        right("read"),
        right("write"),
    ];
    if is_wide {
        headings.extend([right("life"), right("threads"), right("age")]);
        headings.extend([left("terminal"), left("unit")]);
    }
    headings.push(left("command"));
    let mut table = Table::default();
    table.headings(headings.into_iter());
    for one in shown {
        table.cells(row(one, is_wide, page));
    }
    table.render(page.width, page.style)
}

fn row(one: &ProcessUsage, is_wide: bool, page: &Page<'_>) -> Vec<Cell> {
    let right = |text: String| Cell::from(text).right();
    let rate = |of: Option<u64>| match of {
        None => right("-".to_owned()),
        Some(0) => right("0".to_owned()),
        Some(rate) => right(bytes(rate)),
    };
    let user = one.user.clone();
    let user = user.or_else(|| one.uid.map(|uid| uid.to_string()));
    let mut cells = vec![
        right(one.process.pid.to_string()),
        Cell::from(cut(&user.unwrap_or_else(|| "?".to_owned()), USER_WIDTH)),
        state(one.state),
        right(format!("{:.1}", one.cpu_percent)),
        match one.rss_bytes {
            0 => right("-".to_owned()),
            size => right(bytes(size)),
        },
        rate(one.io.map(|io| io.read_bytes_per_s)),
        rate(one.io.map(|io| io.write_bytes_per_s)),
    ];
    if is_wide {
        let age = i64::try_from(one.age_ms / 1000).unwrap_or(i64::MAX);
        let age = match age {
            0 => page.catalogue.say_with("time-s", &[("n", "0".into())]),
            age => length(chrono::Duration::seconds(age), page.catalogue),
        };
        cells.push(right(format!("{:.1}", one.lifetime_cpu_percent)));
        cells.push(right(one.threads.to_string()));
        cells.push(right(age));
        let terminal = one.terminal.clone();
        cells.push(Cell::from(terminal.unwrap_or_else(|| "-".to_owned())));
        cells.push(Cell::from(cut(&place(one, page.catalogue), UNIT_WIDTH)));
    }
    cells.push(Cell::from(command(one, page.catalogue)).cut());
    cells
}

fn state(state: char) -> Cell {
    let cell = Cell::from(state.to_string());
    match state {
        'Z' => cell.painted(Style::bad),
        'D' | 'T' | 't' => cell.painted(Style::doubtful),
        _ => cell,
    }
}

/// The container or the unit that a process belongs to.
fn place(one: &ProcessUsage, catalogue: &Catalogue) -> String {
    if let Some(id) = &one.container {
        let short: String = id.chars().take(CONTAINER_ID).collect();
        return catalogue.say_with("ptree-container", &[("id", short.into())]);
    }
    let unit = one.unit.as_ref().map(|unit| unit.as_str().to_owned());
    unit.unwrap_or_else(|| "-".to_owned())
}

/// The command line, or as `ps` has it `[name]`, where there is none.
fn command(one: &ProcessUsage, catalogue: &Catalogue) -> String {
    let command = program(&one.comm, &one.argv);
    match one.is_new {
        true => format!("<{}> {command}", catalogue.say("processes-new")),
        false => command,
    }
}

fn program(comm: &str, argv: &[String]) -> String {
    match argv.is_empty() {
        true => format!("[{comm}]"),
        false => argv.join(" "),
    }
}

#[cfg(test)]
mod tests;

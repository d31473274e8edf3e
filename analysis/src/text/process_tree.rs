//! The process tree, as text: the tree itself, then what is odd about it, what to do, and what
//! could not be read.

mod branches;
mod notes;
mod talk;

use super::{
    Catalogue, Style,
    fleet::Page,
    process_limits::limits,
    report::AsText,
    size::bytes,
    table::{Cell, Table},
    time::moment,
};
use crate::process_tree::{Oddity, ProcessTree, TreeProcess};

/// From so many columns on units have a column of their own. On less they stand before the command,
/// where they change.
const WIDE: usize = 110;
/// Of a container's id: as much as its engine shows.
const CONTAINER_ID: usize = 12;
/// Pid of the kernel thread that starts the others.
const KTHREADD: u32 = 2;

impl AsText for ProcessTree {
    fn render(&self, page: &Page<'_>) -> String {
        render(self, page)
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        catalogue.say("inquiry-zombies")
    }
}

/// The report for a person.
pub fn render(report: &ProcessTree, page: &Page<'_>) -> String {
    let shown = without_kernel_threads(report);
    let mut text = summary(report, page);
    text.push('\n');
    text.push_str(&table(&shown, page));
    text.push_str(&notes::left_out(report, shown.len(), page));
    text.push_str(&talk::talk(report, page));
    text.push_str(&notes::odd(report, page));
    text.push_str(&notes::advice(report, page));
    text.push_str(&limits(&report.limits, page));
    text
}

/// `412 processes, 3.1 GiB resident, 1 zombie`.
fn summary(report: &ProcessTree, page: &Page<'_>) -> String {
    let totals = &report.totals;
    let parameters = [
        ("at", moment(report.at, page.zone).into()),
        ("processes", totals.processes.into()),
        ("memory", bytes(totals.rss_bytes).into()),
    ];
    let all = page.catalogue.say_with("ptree-summary", &parameters);
    let counted: [(&str, u32, Option<Paint>); 5] = [
        ("running", totals.running, None),
        ("stopped", totals.stopped, None),
        (
            "uninterruptible",
            totals.uninterruptible,
            Some(Style::doubtful),
        ),
        ("orphans", totals.orphans, Some(Style::doubtful)),
        ("zombies", totals.zombies, Some(Style::bad)),
    ];
    let counted = counted.into_iter().filter(|(_, count, _)| *count > 0);
    let counted = counted.map(|(what, count, paint)| {
        let id = format!("ptree-count-{what}");
        let text = page.catalogue.say_with(&id, &[("count", count.into())]);
        paint.map_or_else(|| text.clone(), |paint| paint(page.style, &text))
    });
    let parts: Vec<_> = [all].into_iter().chain(counted).collect();
    parts.join(&page.catalogue.say("ptree-separator")) + "\n"
}

type Paint = fn(Style, &str) -> String;

/// All but what is below kthreadd, unless that was asked for.
fn without_kernel_threads(report: &ProcessTree) -> Vec<&TreeProcess> {
    let is_asked = |process: &TreeProcess| process.process.pid == KTHREADD;
    let all = report.processes.iter();
    if report.totals.kernel_threads == 0 || report.processes.first().is_some_and(is_asked) {
        return all.collect();
    }
    let mut below = false;
    all.filter(|process| {
        below = is_kthreadd(process) || (below && process.depth > 0);
        !below
    })
    .collect()
}

fn is_kthreadd(process: &TreeProcess) -> bool {
    process.process.pid == KTHREADD && process.depth == 0 && process.comm == "kthreadd"
}

fn table(shown: &[&TreeProcess], page: &Page<'_>) -> String {
    let is_wide = page.width.is_none_or(|width| width >= WIDE);
    let heading = |column: &str| page.catalogue.say(&format!("ptree-heading-{column}"));
    let figures = ["pid", "cpu", "memory", "sum-cpu", "sum-memory"];
    let units = is_wide.then_some("unit");
    let columns = figures.into_iter().chain(units).chain(["command"]);
    let headings = columns.map(|column| match column {
        "unit" | "command" => heading(column).into(),
        _ => Cell::from(heading(column)).right(),
    });
    let mut table = Table::default();
    table.headings(headings);
    let branches = branches::of(shown, page.width);
    // The units above, by depth.
    let mut above: Vec<Option<String>> = Vec::new();
    for (process, branch) in shown.iter().zip(branches) {
        let unit = place(process, page.catalogue);
        above.truncate(process.depth as usize);
        let is_new = above.last() != Some(&unit);
        above.push(unit.clone());
        let label = unit.clone().filter(|_| is_new && !is_wide);
        let mut cells: Vec<Cell> = numbers(process).into();
        if is_wide {
            cells.push(Cell::from(unit.unwrap_or_default()));
        }
        cells.push(command(process, &branch, label.as_deref(), page.catalogue));
        table.cells(cells);
    }
    table.render(page.width, page.style)
}

fn numbers(process: &TreeProcess) -> [Cell; 5] {
    let percent = |percent: f64| Cell::from(format!("{percent:.1}")).right();
    let memory = |size: u64| match size {
        0 => Cell::from("-").right(),
        size => Cell::from(bytes(size)).right(),
    };
    let [sum_cpu, sum_memory] = match process.subtree.processes {
        0 | 1 => ["", ""].map(Cell::from),
        _ => [
            percent(process.subtree.cpu_percent),
            memory(process.subtree.rss_bytes),
        ],
    };
    [
        Cell::from(process.process.pid.to_string()).right(),
        percent(process.cpu_percent),
        memory(process.rss_bytes),
        sum_cpu,
        sum_memory,
    ]
}

/// The container or the unit that a process belongs to.
fn place(process: &TreeProcess, catalogue: &Catalogue) -> Option<String> {
    if let Some(id) = &process.container {
        let short: String = id.chars().take(CONTAINER_ID).collect();
        return Some(catalogue.say_with("ptree-container", &[("id", short.into())]));
    }
    process.unit.as_ref().map(|unit| unit.as_str().to_owned())
}

/// `├─ <orphan> nginx.service: nginx -g daemon off;`.
fn command(process: &TreeProcess, branch: &str, unit: Option<&str>, catalogue: &Catalogue) -> Cell {
    let mut text = branch.to_owned();
    let words: Vec<_> = process
        .oddities
        .iter()
        .map(|odd| word(odd, catalogue))
        .collect();
    if !words.is_empty() {
        let separator = catalogue.say("ptree-separator");
        text.push_str(&format!("<{}> ", words.join(&separator)));
    }
    if let Some(unit) = unit {
        text.push_str(&format!("{unit}: "));
    }
    text.push_str(&program(process));
    let cell = Cell::from(text).cut();
    let is_bad = process.oddities.contains(&Oddity::Zombie);
    match process.oddities.is_empty() {
        true => cell,
        false if is_bad => cell.painted(Style::bad),
        false => cell.painted(Style::doubtful),
    }
}

/// The command line, or as `ps` has it `[name]`, where there is none.
fn program(process: &TreeProcess) -> String {
    if process.argv.is_empty() {
        format!("[{}]", process.comm)
    } else {
        process.argv.join(" ")
    }
}

fn word(odd: &Oddity, catalogue: &Catalogue) -> String {
    catalogue.say(match odd {
        Oddity::Zombie => "ptree-odd-zombie",
        Oddity::Orphan => "ptree-odd-orphan",
        Oddity::OutsideUnit { .. } => "ptree-odd-outside-unit",
        Oddity::DeletedProgram { .. } => "ptree-odd-deleted-program",
        Oddity::DeletedLibraries { .. } => "ptree-odd-deleted-libraries",
        Oddity::Uninterruptible => "ptree-odd-uninterruptible",
    })
}

#[cfg(test)]
mod tests;

//! What stands below the tree: what is odd, what to do about it, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::{program, word};
use crate::{
    identity::UnitName,
    process_tree::{Oddity, ProcessTree, TreeProcess},
    text::{
        Style,
        fleet::Page,
        table::{Cell, Table, cut},
    },
};

/// Most lines about what is odd; the tree marks all.
const MOST_ODD: usize = 20;
/// Most commands for one advice.
const MOST_COMMANDS: usize = 3;
/// Libraries that are named of one process; the report has their paths.
const MOST_LIBRARIES: usize = 2;
/// Columns of a command line that only serves to recognise a process.
const NAME_WIDTH: usize = 24;

/// How many processes are not shown, and how to see them.
pub(super) fn left_out(report: &ProcessTree, shown: usize, page: &Page<'_>) -> String {
    let count = |id: &str, count: u32| {
        let text = page.catalogue.say_with(id, &[("count", count.into())]);
        page.style.faint(&text) + "\n"
    };
    let mut text = String::new();
    let hidden = u32::try_from(report.processes.len() - shown).unwrap_or(u32::MAX);
    if hidden > 0 {
        text.push_str(&count("ptree-kernel-threads", hidden));
    }
    let is_flat = report.processes.iter().all(|process| process.depth <= 1);
    let is_one = report
        .processes
        .iter()
        .filter(|process| process.depth == 0)
        .count()
        == 1;
    match report.omitted {
        0 => {}
        omitted if is_flat && is_one => text.push_str(&count("ptree-omitted-below", omitted)),
        omitted => text.push_str(&count("ptree-omitted", omitted)),
    }
    text
}

/// A line for each oddity, with what it rests on.
pub(super) fn odd(report: &ProcessTree, page: &Page<'_>) -> String {
    let family = Family::of(report);
    let mut odd: Vec<_> = all_odd(report).collect();
    if odd.is_empty() {
        return String::new();
    }
    // The worst first, and those of a kind in the order of the tree.
    odd.sort_by_key(|(_, odd)| rank(odd));
    let mut table = Table::default();
    for (process, odd) in odd.iter().take(MOST_ODD) {
        let paint: super::Paint = match odd {
            Oddity::Zombie => Style::bad,
            _ => Style::doubtful,
        };
        table.cells(vec![
            Cell::from(format!("  {}", word(odd, page.catalogue))).painted(paint),
            Cell::from(process.process.pid.to_string()).right(),
            Cell::from(cut(&program(process), NAME_WIDTH)),
            Cell::from(family.why(process, odd, page)),
        ]);
    }
    let mut text = format!("\n{}\n", page.catalogue.say("ptree-odd"));
    text.push_str(&table.render(page.width, page.style));
    if odd.len() > MOST_ODD {
        let parameters = [("count", (odd.len() - MOST_ODD).into())];
        let more = page.catalogue.say_with("ptree-odd-more", &parameters);
        text.push_str(&format!("  {more}\n"));
    }
    text
}

fn all_odd(report: &ProcessTree) -> impl Iterator<Item = (&TreeProcess, &Oddity)> {
    let processes = report.processes.iter();
    processes.flat_map(|process| process.oddities.iter().map(move |odd| (process, odd)))
}

fn rank(odd: &Oddity) -> u8 {
    match odd {
        Oddity::Zombie => 0,
        Oddity::Uninterruptible => 1,
        Oddity::DeletedProgram { .. } => 2,
        Oddity::DeletedLibraries { .. } => 3,
        Oddity::OutsideUnit { .. } => 4,
        Oddity::Orphan => 5,
    }
}

/// Processes by their pids, to name a parent.
struct Family<'a>(BTreeMap<u32, &'a TreeProcess>);

impl<'a> Family<'a> {
    fn of(report: &'a ProcessTree) -> Self {
        let processes = report.processes.iter();
        Self(
            processes
                .map(|process| (process.process.pid, process))
                .collect(),
        )
    }

    /// `77 nginx`; only the pid if the parent is not in the report.
    fn parent(&self, process: &TreeProcess) -> String {
        let pid = process.parent_pid;
        let parent = self.0.get(&pid);
        parent.map_or_else(
            || pid.to_string(),
            |parent| format!("{pid} {}", parent.comm),
        )
    }

    fn why(&self, process: &TreeProcess, odd: &Oddity, page: &Page<'_>) -> String {
        let parent = ("parent", self.parent(process).into());
        let say = |id: &str, parameters: &[_]| page.catalogue.say_with(id, parameters);
        match odd {
            Oddity::Zombie => say("ptree-why-zombie", &[parent]),
            Oddity::Orphan => say("ptree-why-orphan", &[parent]),
            Oddity::OutsideUnit { parent_unit } => {
                let unit = process.unit.as_ref().map(UnitName::as_str);
                let unit = unit.map_or_else(|| page.catalogue.say("ptree-no-unit"), str::to_owned);
                let parent_unit = ("parent_unit", parent_unit.as_str().into());
                say(
                    "ptree-why-moved",
                    &[parent, ("unit", unit.into()), parent_unit],
                )
            }
            Oddity::DeletedProgram { path } => say(
                "ptree-why-deleted-program",
                &[("path", path.as_str().into())],
            ),
            Oddity::DeletedLibraries { paths, omitted } => {
                let omitted = paths.len().saturating_sub(MOST_LIBRARIES) + *omitted as usize;
                let names = paths
                    .iter()
                    .take(MOST_LIBRARIES)
                    .map(|path| file_name(path));
                let names = names.collect::<Vec<_>>().join(", ");
                let parameters = [("names", names.into()), ("omitted", omitted.into())];
                say("ptree-why-deleted-libraries", &parameters)
            }
            Oddity::Uninterruptible => say("ptree-why-uninterruptible", &[]),
        }
    }

    /// The command that ends what is to blame. `None`: nobody should.
    fn command(&self, process: &TreeProcess, odd: &Oddity) -> Option<String> {
        let pid = process.process.pid;
        match odd {
            Oddity::Zombie if process.parent_pid <= 1 => None,
            Oddity::Zombie => {
                let parent = self.0.get(&process.parent_pid);
                Some(ending(
                    process.parent_pid,
                    parent.and_then(|parent| parent.unit.as_ref()),
                ))
            }
            Oddity::Orphan => Some(format!("aiops analyze ptree {pid} -o yaml")),
            // What runs there cannot be ended; it can start itself again.
            Oddity::DeletedProgram { .. } | Oddity::DeletedLibraries { .. } if pid == 1 => {
                Some("systemctl daemon-reexec".to_owned())
            }
            Oddity::DeletedProgram { .. } | Oddity::DeletedLibraries { .. } => {
                Some(ending(pid, process.unit.as_ref()))
            }
            Oddity::Uninterruptible => Some(format!("cat /proc/{pid}/stack")),
            Oddity::OutsideUnit { .. } => None,
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A service is restarted. What else there is (a login, a container, no unit) is ended by its pid.
fn ending(pid: u32, unit: Option<&UnitName>) -> String {
    let is_service = |unit: &&UnitName| {
        unit.as_str().ends_with(".service") && !unit.as_str().starts_with("user@")
    };
    match unit.filter(is_service) {
        Some(unit) => format!("systemctl restart {unit}"),
        None => format!("kill {pid}"),
    }
}

/// What to do about each kind of oddity, with commands to copy.
pub(super) fn advice(report: &ProcessTree, page: &Page<'_>) -> String {
    let family = Family::of(report);
    let mut commands: BTreeMap<u8, (&str, BTreeSet<String>)> = BTreeMap::new();
    for (process, odd) in all_odd(report) {
        if let (Some(id), Some(command)) = (advice_id(odd), family.command(process, odd)) {
            let (_, commands) = commands
                .entry(rank(odd))
                .or_insert_with(|| (id, BTreeSet::new()));
            commands.insert(command);
        }
    }
    if commands.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", page.catalogue.say("ptree-advice"));
    for (id, commands) in commands.into_values() {
        let mut table = Table::default();
        table.cells(vec![Cell::from(""), Cell::from(page.catalogue.say(id))]);
        text.push_str(&table.render(page.width, page.style));
        for command in commands.iter().take(MOST_COMMANDS) {
            text.push_str(&format!("    {}\n", page.style.strong(command)));
        }
    }
    text
}

fn advice_id(odd: &Oddity) -> Option<&'static str> {
    match odd {
        Oddity::Zombie => Some("ptree-advice-zombie"),
        Oddity::Uninterruptible => Some("ptree-advice-uninterruptible"),
        Oddity::DeletedProgram { .. } => Some("ptree-advice-deleted-program"),
        Oddity::DeletedLibraries { .. } => Some("ptree-advice-deleted-libraries"),
        Oddity::Orphan => Some("ptree-advice-orphan"),
        Oddity::OutsideUnit { .. } => None,
    }
}

//! What stands around the list.

use chrono::Duration;

use super::{bytes, cut, length, moment, program};
use crate::{
    processes::{ProcessUsage, Processes},
    text::{
        Style,
        fleet::Page,
        table::{Cell, Table, wrapped},
    },
};

/// Most lines about processes that ended, and about those that waited.
const MOST: usize = 5;
/// Columns of a command line that only serves to recognise a process.
const NAME_WIDTH: usize = 40;
/// Less CPU time than this that nobody was seen to use is rounding, in percent of one core.
const UNSEEN_PERCENT: f64 = 5.0;

/// What all processes come to.
pub(super) fn summary(report: &Processes, page: &Page<'_>) -> String {
    let totals = &report.totals;
    let say = |id: &str, parameters: &[_]| page.catalogue.say_with(id, parameters);
    let interval = Duration::milliseconds(i64::try_from(report.interval_ms).unwrap_or(i64::MAX));
    let first = [
        ("at", moment(report.at, page.zone).into()),
        ("processes", totals.processes.into()),
        ("kernel", totals.kernel_threads.into()),
        ("daemons", totals.daemons.into()),
        ("length", length(interval, page.catalogue).into()),
    ];
    let mut lines = vec![say("processes-summary", &first), states(report, page)];
    lines.push(say(
        "processes-use",
        &[
            ("cpu", format!("{:.0}", totals.cpu_percent).into()),
            ("memory", bytes(totals.rss_bytes).into()),
            ("read", bytes(totals.read_bytes_per_s).into()),
            ("write", bytes(totals.write_bytes_per_s).into()),
        ],
    ));
    lines.extend(machine(report, page));
    let lines = lines.iter().flat_map(|line| wrapped(line, page.width));
    lines.map(|line| line + "\n").collect()
}

type Paint = fn(Style, &str) -> String;

fn states(report: &Processes, page: &Page<'_>) -> String {
    let totals = &report.totals;
    let counted: [(&str, u32, Option<Paint>); 8] = [
        ("running", totals.running, None),
        ("sleeping", totals.sleeping, None),
        (
            "uninterruptible",
            totals.uninterruptible,
            Some(Style::doubtful),
        ),
        ("stopped", totals.stopped, Some(Style::doubtful)),
        ("traced", totals.traced, Some(Style::doubtful)),
        ("zombies", totals.zombies, Some(Style::bad)),
        ("began", totals.began, None),
        ("ended", totals.ended, None),
    ];
    let counted = counted.into_iter().filter(|(_, count, _)| *count > 0);
    let parts = counted.map(|(what, count, paint)| {
        let id = format!("processes-count-{what}");
        let text = page.catalogue.say_with(&id, &[("count", count.into())]);
        paint.map_or_else(|| text.clone(), |paint| paint(page.style, &text))
    });
    let parts: Vec<_> = parts.collect();
    parts.join(&page.catalogue.say("ptree-separator"))
}

/// The CPU time of the machine, where processes in the list do not explain it.
fn machine(report: &Processes, page: &Page<'_>) -> Option<String> {
    let machine = report.machine?;
    let is_worth_a_word = machine.unseen_cpu_percent >= UNSEEN_PERCENT;
    let id = match (is_worth_a_word, machine.sees_all) {
        (false, _) => return None,
        (true, true) => "processes-unseen",
        (true, false) => "processes-unseen-namespace",
    };
    let parameters = [
        ("all", format!("{:.0}", machine.cpu_percent).into()),
        ("cpu", format!("{:.0}", machine.unseen_cpu_percent).into()),
        ("made", machine.made.into()),
    ];
    Some(page.catalogue.say_with(id, &parameters))
}

/// How many processes are not shown, and how to see them.
pub(super) fn left_out(report: &Processes, shown: usize, page: &Page<'_>) -> String {
    let all = report.totals.processes;
    let more = all.saturating_sub(u32::try_from(shown).unwrap_or(u32::MAX));
    if more == 0 {
        return String::new();
    }
    let parameters = [("count", more.into()), ("all", all.into())];
    let text = page.catalogue.say_with("processes-more", &parameters);
    page.style.faint(&text) + "\n"
}

/// Those that waited in more than one reading: a short wait for a disk is normal.
pub(super) fn waiting(report: &Processes, page: &Page<'_>) -> String {
    let waits = |one: &&ProcessUsage| one.uninterruptible_readings > 1;
    let mut waiting: Vec<_> = report.processes.iter().filter(waits).collect();
    if waiting.is_empty() {
        return String::new();
    }
    waiting.sort_by_key(|one| std::cmp::Reverse(one.uninterruptible_readings));
    let mut table = Table::default();
    for one in waiting.iter().take(MOST) {
        let readings = [
            ("count", one.uninterruptible_readings.into()),
            ("of", report.readings.into()),
        ];
        table.row([
            Cell::from(format!("  {}", one.process.pid)).right(),
            Cell::from(cut(&program(&one.comm, &one.argv), NAME_WIDTH)),
            Cell::from(
                page.catalogue
                    .say_with("processes-waits-readings", &readings),
            ),
        ]);
    }
    section("processes-waiting", &table, waiting.len(), page)
}

/// Those that ended, the dearest first.
pub(super) fn ended(report: &Processes, page: &Page<'_>) -> String {
    if report.ended.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    for one in report.ended.iter().take(MOST) {
        let cpu = Duration::milliseconds(i64::try_from(one.cpu_ms).unwrap_or(i64::MAX));
        let parameters = [
            ("cpu", length(cpu, page.catalogue).into()),
            ("parent", one.parent_pid.into()),
        ];
        let id = match one.is_new {
            true => "processes-passed",
            false => "processes-ended-one",
        };
        table.row([
            Cell::from(format!("  {}", one.process.pid)).right(),
            Cell::from(cut(&program(&one.comm, &one.argv), NAME_WIDTH)),
            Cell::from(page.catalogue.say_with(id, &parameters)),
        ]);
    }
    let all = report.totals.ended as usize;
    section("processes-ended", &table, all, page)
}

fn section(heading: &str, table: &Table, all: usize, page: &Page<'_>) -> String {
    let mut text = format!("\n{}\n", page.catalogue.say(heading));
    text.push_str(&table.render(page.width, page.style));
    if all > MOST {
        let more = [("count", (all - MOST).into())];
        let more = page.catalogue.say_with("ptree-odd-more", &more);
        text.push_str(&format!("  {more}\n"));
    }
    text
}

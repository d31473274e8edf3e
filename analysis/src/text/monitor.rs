//! What happens to watched processes, a line each, and the live table.

mod screen;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Duration, FixedOffset};

pub use self::screen::screen;
use super::{
    Style,
    catalogue::Value,
    escape::one_line,
    fleet::Page,
    size::bytes,
    table::{Cell, Table, cut},
    time::{length, moment},
};
use crate::monitor::{Happening, Measure, Row, What};

/// Columns of a program's name.
const NAME_WIDTH: usize = 32;

/// One line: `2026-11-21 08:07:04  critical  nginx.service ended: exit-code`.
pub fn line(happening: &Happening, page: &Page<'_>) -> String {
    let (at, word, paint, said) = line_parts(happening, page);
    let at = at.format("%Y-%m-%d %H:%M:%S");
    format!("{at}  {}  {said}", paint(page.style, &word))
}

type Paint = fn(Style, &str) -> String;

/// When, what kind of thing, how that is painted, and what.
fn line_parts(
    happening: &Happening,
    page: &Page<'_>,
) -> (DateTime<FixedOffset>, String, Paint, String) {
    let (word, paint): (&str, Paint) = match &happening.what {
        What::UnitUp { .. } => ("up", Style::good),
        what if what.is_an_end() => ("ended", Style::bad),
        What::Held { .. } => ("held", Style::bad),
        What::Grows { .. } => ("grows", Style::doubtful),
        _ => ("sudden", Style::doubtful),
    };
    let word = page.catalogue.say(&format!("monitor-word-{word}"));
    let said = one_line(&said(&happening.what, page)).into_owned();
    (happening.at.with_timezone(&page.zone), word, paint, said)
}

fn said(what: &What, page: &Page<'_>) -> String {
    let say = |id: &str, parameters: &[(&str, Value)]| page.catalogue.say_with(id, parameters);
    let process = |process: &crate::process::ProcessId, comm: &str| {
        ("process", Value::from(format!("{} {comm}", process.pid)))
    };
    match what {
        What::Ended {
            process: id,
            comm,
            unit,
            result,
        } => {
            let unit = unit.as_ref().map(|unit| unit.as_str().to_owned());
            let parameters = [
                process(id, comm),
                ("unit", unit.unwrap_or_default().into()),
                ("result", result.clone().unwrap_or_default().into()),
            ];
            match result {
                Some(_) => say("monitor-ended-result", &parameters),
                None => say("monitor-ended", &parameters),
            }
        }
        What::NotThere { name } => say("monitor-not-there", &[("name", name.as_str().into())]),
        What::UnitDown {
            unit,
            active,
            sub,
            result,
        } => say(
            "monitor-unit-down",
            &[
                ("unit", unit.as_str().into()),
                ("state", format!("{active}/{sub}").into()),
                ("result", result.as_str().into()),
            ],
        ),
        What::UnitUp { unit, main_pid } => say(
            "monitor-unit-up",
            &[("unit", unit.as_str().into()), ("pid", pid(*main_pid))],
        ),
        What::UnitRestarted {
            unit,
            main_pid,
            restarts,
            ..
        } => say(
            "monitor-unit-restarted",
            &[
                ("unit", unit.as_str().into()),
                ("pid", pid(*main_pid)),
                ("restarts", (*restarts).into()),
            ],
        ),
        What::Held {
            process: id,
            comm,
            state,
        } => {
            let id_of = match state {
                'D' => "monitor-held-d",
                't' => "monitor-held-traced",
                _ => "monitor-held-stopped",
            };
            say(id_of, &[process(id, comm)])
        }
        What::Sudden {
            process: id,
            comm,
            measure,
            usual,
            now,
        } => {
            let id_of = match measure {
                Measure::CpuPercent => "monitor-sudden-cpu",
                Measure::RssBytes => "monitor-sudden-memory",
                Measure::Threads => "monitor-sudden-threads",
            };
            let parameters = [
                process(id, comm),
                ("usual", amount(*measure, *usual).into()),
                ("now", amount(*measure, *now).into()),
            ];
            say(id_of, &parameters)
        }
        What::Grows {
            process: id,
            comm,
            rss_bytes,
            bytes_per_hour,
            watched_s,
        } => {
            let watched = i64::try_from(*watched_s).unwrap_or(i64::MAX);
            let watched = length(Duration::seconds(watched), page.catalogue);
            let parameters = [
                process(id, comm),
                ("memory", bytes(*rss_bytes).into()),
                ("rate", bytes(bytes_per_hour.max(0.0) as u64).into()),
                ("length", watched.into()),
            ];
            say("monitor-grows", &parameters)
        }
    }
}

fn pid(pid: Option<u32>) -> Value {
    pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string())
        .into()
}

fn amount(measure: Measure, value: f64) -> String {
    match measure {
        Measure::CpuPercent => format!("{value:.0} %"),
        Measure::RssBytes => bytes(value.max(0.0) as u64),
        Measure::Threads => format!("{value:.0}"),
    }
}

/// What watching costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnCost {
    pub cpu_percent: f64,
    pub rss_bytes: u64,
}

/// `own cost: 0.2 % of a core, 12 MiB`.
pub fn own_cost(cost: OwnCost, page: &Page<'_>) -> String {
    let parameters = [
        ("cpu", format!("{:.2}", cost.cpu_percent).into()),
        ("memory", bytes(cost.rss_bytes).into()),
    ];
    page.catalogue.say_with("monitor-own-cost", &parameters)
}

fn table(rows: &[Row], page: &Page<'_>) -> String {
    let heading =
        |column: &str| Cell::from(page.catalogue.say(&format!("monitor-heading-{column}")));
    let mut table = Table::default();
    let headings = [
        heading("pid").right(),
        heading("state"),
        heading("cpu").right(),
        heading("memory").right(),
        heading("change").right(),
        heading("threads").right(),
        heading("name"),
    ];
    table.headings(headings.into_iter());
    for row in rows {
        let change = match row.rss_change_bytes {
            0 => String::new(),
            more if more > 0 => format!("+{}", bytes(more.unsigned_abs())),
            less => format!("-{}", bytes(less.unsigned_abs())),
        };
        let name = Cell::from(match row.is_critical {
            true => format!("* {}", cut(&row.comm, NAME_WIDTH)),
            false => format!("  {}", cut(&row.comm, NAME_WIDTH)),
        });
        table.row([
            Cell::from(row.process.pid.to_string()).right(),
            Cell::from(row.state.to_string()),
            Cell::from(format!("{:.1}", row.cpu_percent)).right(),
            Cell::from(bytes(row.rss_bytes)).right(),
            Cell::from(change).right(),
            Cell::from(row.threads.to_string()).right(),
            match row.is_critical {
                true => name.painted(Style::strong),
                false => name,
            },
        ]);
    }
    table.render(page.width, page.style)
}

//! The lists of what a process did.

use crate::{
    behavior::{Behavior, FileUse, Rates},
    text::{
        Style,
        fleet::Page,
        inspection::{heading, indented},
        size::bytes,
        table::{Cell, Table},
    },
};

/// Lines of each list; JSON has all.
const MOST_LINES: usize = 15;

/// Its rates beside those of its life before.
pub(super) fn rates(report: &Behavior, page: &Page<'_>) -> String {
    let Some(now) = &report.rates else {
        return String::new();
    };
    let say = |id: &str| page.catalogue.say(&format!("behavior-{id}"));
    let mut table =
        Table::with_headings([say("heading-rate"), say("heading-now"), say("heading-life")]);
    type Rate = (&'static str, fn(&Rates) -> Option<f64>, fn(f64) -> String);
    let size: fn(f64) -> String = |rate| bytes(rate.max(0.0) as u64);
    let plain: fn(f64) -> String = |rate| format!("{rate:.1}");
    let rows: [Rate; 9] = [
        ("cpu", |rates| Some(rates.cpu_percent), plain),
        ("waits", |rates| rates.waits_per_s, plain),
        ("preemptions", |rates| rates.preemptions_per_s, plain),
        (
            "minor-faults",
            |rates| Some(rates.minor_faults_per_s),
            plain,
        ),
        (
            "major-faults",
            |rates| Some(rates.major_faults_per_s),
            plain,
        ),
        ("read", |rates| Some(rates.io?.read_chars_bytes_per_s), size),
        (
            "written",
            |rates| Some(rates.io?.written_chars_bytes_per_s),
            size,
        ),
        (
            "read-disk",
            |rates| Some(rates.io?.read_disk_bytes_per_s),
            size,
        ),
        (
            "written-disk",
            |rates| Some(rates.io?.written_disk_bytes_per_s),
            size,
        ),
    ];
    for (id, rate, shown) in rows {
        let cell = |rates: Option<&Rates>| {
            let rate = rates.and_then(rate);
            Cell::from(rate.map_or_else(|| "-".to_owned(), shown)).right()
        };
        table.row([
            Cell::from(format!("  {}", say(&format!("rate-{id}")))),
            cell(Some(now)),
            cell(report.life.as_ref()),
        ]);
    }
    heading("behavior-rates", page) + &table.render(page.width, page.style) + &seen(report, page)
}

fn seen(report: &Behavior, page: &Page<'_>) -> String {
    let parameters = [
        ("opened", report.files_opened.into()),
        ("closed", report.files_closed.into()),
        ("children", report.seen_children.into()),
        ("forks", report.forks.unwrap_or_default().into()),
    ];
    let are_files_known = !report.limits.iter().any(|limit| limit.what == "files");
    let mut text = match are_files_known {
        true => page.catalogue.say_with("behavior-seen-files", &parameters),
        false => String::new(),
    };
    let children = match report.forks {
        Some(_) => "behavior-forks",
        None => "behavior-seen-children",
    };
    text.push_str(&page.catalogue.say_with(children, &parameters));
    indented(text.trim_start(), page)
}

pub(super) fn syscalls(report: &Behavior, page: &Page<'_>) -> String {
    if report.syscalls.is_empty() {
        return String::new();
    }
    let say = |id: &str| page.catalogue.say(&format!("behavior-heading-{id}"));
    let right = |text: String| Cell::from(text).right();
    let mut table = Table::default();
    table.headings(
        [
            right(say("calls")),
            right(say("per-second")),
            right(say("errors")),
            right(say("time")),
            Cell::from(say("call")),
        ]
        .into_iter(),
    );
    for call in report.syscalls.iter().take(MOST_LINES) {
        let errors = right(call.errors.to_string());
        table.row([
            right(call.calls.to_string()),
            right(format!("{:.1}", call.per_second)),
            if call.errors * 2 > call.calls {
                errors.painted(Style::doubtful)
            } else {
                errors
            },
            right(format!("{:.0}", call.time_ms)),
            Cell::from(call.name.clone()),
        ]);
    }
    let text = heading("behavior-syscalls", page) + &table.render(page.width, page.style);
    text + &more(report.syscalls.len(), page)
}

pub(super) fn errors(report: &Behavior, page: &Page<'_>) -> String {
    if report.errors.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    for error in report.errors.iter().take(MOST_LINES) {
        table.row([
            Cell::from(format!("  {}", error.count)).right(),
            Cell::from(error.error.clone()),
            Cell::from(error.call.clone()),
        ]);
    }
    let text = heading("behavior-errors", page) + &table.render(page.width, page.style);
    text + &more(report.errors.len(), page)
}

pub(super) fn files(report: &Behavior, page: &Page<'_>) -> String {
    if report.files.is_empty() {
        return String::new();
    }
    let say = |id: &str| page.catalogue.say(&format!("behavior-heading-{id}"));
    let right = |text: String| Cell::from(text).right();
    let is_traced = report
        .files
        .iter()
        .any(|file| file.opens + file.reads + file.writes + file.errors > 0);
    let mut table = Table::default();
    if is_traced {
        let names = ["opens", "errors", "read", "written"].map(|id| right(say(id)));
        table.headings(names.into_iter().chain([Cell::from(say("file"))]));
    }
    for file in report.files.iter().take(MOST_LINES) {
        let FileUse {
            opens,
            errors,
            read_bytes,
            written_bytes,
            ..
        } = file;
        match is_traced {
            true => table.row([
                right(opens.to_string()),
                right(errors.to_string()),
                right(bytes(*read_bytes)),
                right(bytes(*written_bytes)),
                Cell::from(file.path.clone()),
            ]),
            false => table.row([Cell::from(format!("  {}", file.path))]),
        }
    }
    let text = heading("behavior-files", page) + &table.render(page.width, page.style);
    text + &more(report.files.len(), page)
}

pub(super) fn peers(report: &Behavior, page: &Page<'_>) -> String {
    if report.peers.is_empty() {
        return String::new();
    }
    let say = |id: &str| page.catalogue.say(&format!("behavior-heading-{id}"));
    let right = |text: String| Cell::from(text).right();
    let mut table = Table::default();
    let is_traced = report.tool.as_deref() == Some("strace");
    if is_traced {
        let names = ["connects", "errors", "sent", "received"].map(|id| right(say(id)));
        table.headings(names.into_iter().chain([Cell::from(say("peer"))]));
    }
    for peer in report.peers.iter().take(MOST_LINES) {
        let name = format!("{} {}", peer.protocol, peer.address);
        match is_traced {
            true => table.row([
                right(peer.connects.to_string()),
                right(peer.errors.to_string()),
                right(bytes(peer.sent_bytes)),
                right(bytes(peer.received_bytes)),
                Cell::from(name),
            ]),
            false => table.row([Cell::from(format!("  {name}"))]),
        }
    }
    let text = heading("behavior-peers", page) + &table.render(page.width, page.style);
    text + &more(report.peers.len(), page)
}

pub(super) fn execs(report: &Behavior, page: &Page<'_>) -> String {
    if report.execs.is_empty() {
        return String::new();
    }
    let mut table = Table::default();
    for exec in report.execs.iter().take(MOST_LINES) {
        table.row([
            Cell::from(format!("  {}", exec.count)).right(),
            Cell::from(exec.path.clone()),
        ]);
    }
    let text = heading("behavior-execs", page) + &table.render(page.width, page.style);
    text + &more(report.execs.len(), page)
}

/// What the watching cost.
pub(super) fn pace(report: &Behavior, page: &Page<'_>) -> String {
    let text = match (&report.pace, report.tool.as_deref()) {
        (Some(pace), _) => {
            let parameters = [
                ("before", format!("{:.0}", pace.before_per_s).into()),
                ("during", format!("{:.0}", pace.during_per_s).into()),
            ];
            page.catalogue.say_with("behavior-pace", &parameters)
        }
        (None, Some("strace")) => page.catalogue.say("behavior-pace-unknown"),
        (None, _) => return String::new(),
    };
    heading("behavior-cost", page) + &indented(&text, page)
}

fn more(count: usize, page: &Page<'_>) -> String {
    match count.saturating_sub(MOST_LINES) {
        0 => String::new(),
        left => {
            let count = [("count", left.into())];
            let text = page.catalogue.say_with("inspect-more", &count);
            format!("  {}\n", page.style.faint(&text))
        }
    }
}

//! What a process does, as text: the verdict, what it rests on, then threads, stacks and files,
//! what to do, and what could not be read.

mod advice;
mod limits;
mod parts;
mod stacks;
mod verdict;

use chrono::Duration;

use super::{
    Catalogue, Style,
    fleet::Page,
    report::AsText,
    table::{Cell, Table, wrapped},
    time::{length, moment},
};
use crate::{
    identity::UnitName,
    inspection::{Doing, Inspection, NamedProcess, StackInspection},
};

pub(super) use limits::limits;
use stacks::stacks;

impl AsText for Inspection {
    fn render(&self, page: &Page<'_>) -> String {
        let mut text = verdict::headline(self, page);
        text.push_str(&verdict::sentence(self, page));
        text.push_str(&who(self, page));
        text.push_str(&verdict::why(self, page));
        text.push_str(&parts::threads(self, page));
        text.push_str(&parts::kernel_stack(self, page));
        if let Some(read) = &self.stacks {
            text.push_str(&stacks(read, page));
        }
        text.push_str(&parts::children(self, page));
        text.push_str(&parts::locks(self, page));
        text.push_str(&parts::files(self, page));
        text.push_str(&advice::advice(self, page));
        text.push_str(&limits(&self.limits, page));
        text
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        doing(self.verdict.cause, catalogue)
    }
}

impl AsText for StackInspection {
    fn render(&self, page: &Page<'_>) -> String {
        self.0.render(page)
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        self.0.headline(catalogue)
    }
}

/// Whose process it is, and since when.
fn who(report: &Inspection, page: &Page<'_>) -> String {
    let say = |id: &str| page.catalogue.say(&format!("inspect-{id}"));
    let unit = report
        .unit
        .as_ref()
        .map(UnitName::as_str)
        .map(str::to_owned);
    let since = moment(report.started_at, page.zone);
    let command = (!report.argv.is_empty()).then(|| report.argv.join(" "));
    let rows = [
        ("command", command),
        ("user", report.user.clone()),
        ("unit", unit),
        ("container", report.container.clone()),
        ("parent", report.parent.as_ref().map(named)),
        ("started", Some(since)),
    ];
    let mut table = Table::default();
    for (id, value) in rows {
        if let Some(value) = value {
            table.row([Cell::from(format!("  {}", say(id))), Cell::from(value)]);
        }
    }
    format!("\n{}", table.render(page.width, page.style))
}

/// `4711 nginx`.
pub(super) fn named(process: &NamedProcess) -> String {
    format!("{} {}", process.pid, process.comm)
}

/// The first few, and how many more there are.
pub(super) fn names(processes: &[NamedProcess], catalogue: &Catalogue) -> String {
    const MOST: usize = 3;
    let separator = catalogue.say("inspect-separator");
    let mut names: Vec<_> = processes.iter().take(MOST).map(named).collect();
    if processes.len() > MOST {
        let more = [("count", (processes.len() - MOST).into())];
        names.push(catalogue.say_with("inspect-and-more", &more));
    }
    names.join(&separator)
}

pub(super) fn doing(doing: Doing, catalogue: &Catalogue) -> String {
    catalogue.say(match doing {
        Doing::Zombie => "inspect-doing-zombie",
        Doing::Stopped => "inspect-doing-stopped",
        Doing::Traced => "inspect-doing-traced",
        Doing::Frozen => "inspect-doing-frozen",
        Doing::BlockedOnDisk => "inspect-doing-blocked-on-disk",
        Doing::BlockedOnLock => "inspect-doing-blocked-on-lock",
        Doing::BlockedInKernel => "inspect-doing-blocked-in-kernel",
        Doing::BlockedOnNetwork => "inspect-doing-blocked-on-network",
        Doing::BlockedOnLocalSocket => "inspect-doing-blocked-on-local-socket",
        Doing::BlockedOnPipe => "inspect-doing-blocked-on-pipe",
        Doing::BlockedOnChild => "inspect-doing-blocked-on-child",
        Doing::BlockedOnTerminal => "inspect-doing-blocked-on-terminal",
        Doing::Spinning => "inspect-doing-spinning",
        Doing::Working => "inspect-doing-working",
        Doing::Idle => "inspect-doing-idle",
        Doing::WaitsForThread => "inspect-doing-waits-for-thread",
        Doing::Unknown => "inspect-doing-unknown",
    })
}

fn paint(doing: Doing) -> fn(Style, &str) -> String {
    match doing {
        Doing::Idle | Doing::Working => Style::good,
        Doing::Zombie
        | Doing::Stopped
        | Doing::Traced
        | Doing::Frozen
        | Doing::BlockedOnDisk
        | Doing::BlockedOnLock
        | Doing::BlockedInKernel
        | Doing::Spinning => Style::bad,
        _ => Style::doubtful,
    }
}

fn milliseconds(ms: u64, catalogue: &Catalogue) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    length(
        Duration::try_milliseconds(ms).unwrap_or_default(),
        catalogue,
    )
}

/// A heading with an empty line before it.
pub(super) fn heading(id: &str, page: &Page<'_>) -> String {
    format!("\n{}\n", page.style.strong(&page.catalogue.say(id)))
}

/// Text that fits, behind two spaces.
pub(super) fn indented(text: &str, page: &Page<'_>) -> String {
    let room = page.width.map(|width| width.saturating_sub(2));
    let lines = wrapped(&super::escape::one_line(text), room);
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests;

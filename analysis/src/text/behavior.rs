//! What a process did, as text: what is odd first, then rates, calls, files and peers.

mod parts;

use chrono::Duration;

use super::{
    Catalogue, Style,
    fleet::Page,
    inspection::{heading, limits},
    report::AsText,
    size::bytes,
    table::{Cell, Table},
    time::length,
};
use crate::behavior::{Behavior, Odd, OddBehavior, TracedBehavior};

impl AsText for Behavior {
    fn render(&self, page: &Page<'_>) -> String {
        let mut text = summary(self, page);
        text.push_str(&odd(self, page));
        text.push_str(&parts::rates(self, page));
        text.push_str(&parts::syscalls(self, page));
        text.push_str(&parts::errors(self, page));
        text.push_str(&parts::files(self, page));
        text.push_str(&parts::peers(self, page));
        text.push_str(&parts::execs(self, page));
        text.push_str(&parts::pace(self, page));
        text.push_str(&limits(&self.limits, page));
        text
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        let worst = self.odd.first();
        worst.map_or_else(String::new, |odd| catalogue.say(odd_id(odd.cause)))
    }
}

impl AsText for TracedBehavior {
    fn render(&self, page: &Page<'_>) -> String {
        self.0.render(page)
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        self.0.headline(catalogue)
    }
}

fn summary(report: &Behavior, page: &Page<'_>) -> String {
    let ms = i64::try_from(report.watched_ms).unwrap_or(i64::MAX);
    let time = length(
        Duration::try_milliseconds(ms).unwrap_or_default(),
        page.catalogue,
    );
    let parameters = [
        ("pid", report.process.pid.to_string().into()),
        (
            "comm",
            super::escape::one_line(&report.comm).into_owned().into(),
        ),
        ("time", time.into()),
        ("tool", report.tool.clone().unwrap_or_default().into()),
    ];
    let id = match report.tool {
        Some(_) => "behavior-summary-by",
        None => "behavior-summary",
    };
    let mut text = page.catalogue.say_with(id, &parameters) + "\n";
    if report.has_ended {
        text.push_str(&(page.catalogue.say("behavior-has-ended") + "\n"));
    }
    text
}

/// What is unusual, with what it was compared to; or that nothing is.
fn odd(report: &Behavior, page: &Page<'_>) -> String {
    if report.odd.is_empty() {
        let id = match (report.tool.is_some(), report.life.is_some()) {
            (true, true) => "behavior-nothing-odd",
            (true, false) => "behavior-nothing-odd-of-rules",
            (false, true) => "behavior-nothing-odd-of-life",
            (false, false) => "behavior-nothing-to-compare",
        };
        return super::inspection::indented(&page.catalogue.say(id), page);
    }
    let mut table = Table::default();
    for odd in &report.odd {
        let name = page.catalogue.say(odd_id(odd.cause));
        table.row([
            Cell::from(format!("  {name}")).painted(Style::bad),
            Cell::from(sentence(odd, page.catalogue)),
        ]);
    }
    heading("behavior-odd", page) + &table.render(page.width, page.style)
}

fn odd_id(odd: Odd) -> &'static str {
    match odd {
        Odd::ForkStorm => "behavior-odd-fork-storm",
        Odd::ErrorLoop => "behavior-odd-error-loop",
        Odd::BusyPolling => "behavior-odd-busy-polling",
        Odd::UnusualWrite => "behavior-odd-unusual-write",
        Odd::FileGrowth => "behavior-odd-file-growth",
        Odd::CpuSurge => "behavior-odd-cpu-surge",
        Odd::WriteSurge => "behavior-odd-write-surge",
    }
}

fn sentence(odd: &OddBehavior, catalogue: &Catalogue) -> String {
    let number = |number: f64| match odd.cause {
        Odd::WriteSurge => bytes(number.max(0.0) as u64),
        _ => format!("{number:.0}"),
    };
    let parameters = [
        ("evidence", odd.evidence.as_str().into()),
        ("found", number(odd.found).into()),
        ("baseline", number(odd.baseline).into()),
    ];
    catalogue.say_with(&format!("{}-why", odd_id(odd.cause)), &parameters)
}

#[cfg(test)]
mod tests;

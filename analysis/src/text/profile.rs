//! Where a process spends its time, as text: functions, then the stacks found most often.

use chrono::Duration;

use super::{
    Catalogue,
    escape::one_line,
    fleet::Page,
    inspection::{heading, indented, limits},
    report::AsText,
    table::{Cell, Table},
    time::length,
};
use crate::profile::{CollapsedStack, Profile};

const MOST_FUNCTIONS: usize = 15;
const MOST_STACKS: usize = 5;
/// The innermost frames of a stack.
const MOST_FRAMES: usize = 8;
/// A stack in fewer samples is no hot one.
const LEAST_PERCENT: f64 = 1.0;

impl AsText for Profile {
    fn render(&self, page: &Page<'_>) -> String {
        let mut text = summary(self, page);
        text.push_str(&functions(self, page));
        text.push_str(&stacks(self, page));
        text.push_str(&hint(self, page));
        text.push_str(&limits(&self.limits, page));
        text
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        catalogue.say("inquiry-healthy")
    }
}

fn summary(report: &Profile, page: &Page<'_>) -> String {
    let ms = i64::try_from(report.sampled_ms).unwrap_or(i64::MAX);
    let time = length(
        Duration::try_milliseconds(ms).unwrap_or_default(),
        page.catalogue,
    );
    let cpu = report.cpu_percent;
    let parameters = [
        ("pid", report.process.pid.to_string().into()),
        ("comm", one_line(&report.comm).into_owned().into()),
        ("time", time.into()),
        ("tool", report.tool.clone().unwrap_or_default().into()),
        ("samples", report.samples.to_string().into()),
        (
            "cpu",
            cpu.map_or_else(|| "?".to_owned(), |cpu| format!("{cpu:.0}"))
                .into(),
        ),
    ];
    let id = match (&report.tool, report.samples) {
        (None, _) => "profile-none",
        (Some(_), 0) => "profile-no-samples",
        (Some(_), _) => "profile-summary",
    };
    page.catalogue.say_with(id, &parameters) + "\n"
}

fn functions(report: &Profile, page: &Page<'_>) -> String {
    if report.functions.is_empty() {
        return String::new();
    }
    let say = |id: &str| page.catalogue.say(&format!("profile-heading-{id}"));
    let mut table = Table::default();
    table.headings(
        [
            Cell::from(say("self")).right(),
            Cell::from(say("total")).right(),
            Cell::from(say("function")),
        ]
        .into_iter(),
    );
    for function in report.functions.iter().take(MOST_FUNCTIONS) {
        table.row([
            Cell::from(format!("{:.1}", function.self_percent)).right(),
            Cell::from(format!("{:.1}", function.total_percent)).right(),
            Cell::from(function.function.as_str()).cut(),
        ]);
    }
    heading("profile-functions", page) + &table.render(page.width, page.style)
}

fn stacks(report: &Profile, page: &Page<'_>) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a share that is rounded anyway")]
    let percent =
        |stack: &CollapsedStack| stack.samples as f64 * 100.0 / report.samples.max(1) as f64;
    let hot = report
        .stacks
        .iter()
        .filter(|stack| percent(stack) >= LEAST_PERCENT);
    let hot: Vec<_> = hot.take(MOST_STACKS).collect();
    if hot.is_empty() {
        return String::new();
    }
    let mut text = heading("profile-stacks", page);
    for stack in hot {
        text.push_str(&indented(&format!("{:.1} %", percent(stack)), page));
        let frames: Vec<&str> = stack.stack.split(';').collect();
        let mut table = Table::default();
        for frame in frames.iter().rev().take(MOST_FRAMES) {
            table.row([Cell::from("  "), Cell::from(*frame).cut()]);
        }
        let left = frames.len().saturating_sub(MOST_FRAMES);
        if left > 0 {
            let count = [("count", left.into())];
            let more = page.catalogue.say_with("profile-more-frames", &count);
            table.row([Cell::from("  "), Cell::from(more)]);
        }
        text.push_str(&table.render(page.width, page.style));
    }
    text
}

/// What to do with it, or where to look if it does not run.
fn hint(report: &Profile, page: &Page<'_>) -> String {
    let pid = report.process.pid;
    let (id, command) = match report.samples {
        0 => ("profile-hint-waits", format!("aiops inspect process {pid}")),
        _ => (
            "profile-hint-picture",
            format!("aiops profile {pid} --svg flame.svg"),
        ),
    };
    if report.tool.is_none() {
        return String::new();
    }
    let text = indented(&page.catalogue.say(id), page);
    format!("\n{text}    {}\n", page.style.strong(&command))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, FixedOffset};
    use unicode_width::UnicodeWidthStr as _;

    use super::*;
    use crate::{
        profile::{profile, tests::facts},
        text::{Language, Style},
    };

    #[test]
    fn a_profile_fits_80_columns_in_both_languages() {
        let long = format!("main;std::map<{}>::find", "int, ".repeat(40));
        let report = profile(facts(&[
            ("main;parse;read\u{1b}", 30),
            (&long, 60),
            ("a;b;c;d;e;f;g;h;i;j", 10),
        ]));
        for language in Language::ALL {
            let catalogue = Catalogue::of(language);
            let page = Page {
                catalogue: &catalogue,
                style: Style::Plain,
                width: Some(80),
                zone: FixedOffset::east_opt(0).unwrap(),
                now: DateTime::UNIX_EPOCH,
            };
            let text = report.render(&page);
            for line in text.lines() {
                assert!(line.width() <= 80, "{line}");
            }
            assert!(!text.contains("profile-"), "{text}");
            insta::assert_snapshot!(language.tag(), text);
            let nothing = profile(facts(&[])).render(&page);
            assert!(nothing.contains("aiops inspect process 7"), "{nothing}");
        }
    }
}

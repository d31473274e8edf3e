//! When it stops, and the tests that say so.

use chrono::{Duration, FixedOffset};

use super::{sentence, table};
use crate::{
    black_box::LoadMeasure,
    restarts::{
        RecordSource, UnitRestarts,
        patterns::{LEVEL, Pattern, PatternTest, PatternVerdict, StatisticalTest, StopKind},
    },
    text::{
        Catalogue, Style,
        fleet::Page,
        table::{Cell, Table},
        time::length,
    },
};

const DAY_S: i64 = 86_400;
const HOUR_S: i64 = 3600;

pub(super) fn render(unit: &UnitRestarts, source: RecordSource, page: &Page<'_>) -> String {
    let kinds = [
        (StopKind::Own, "restarts-patterns-own"),
        (StopKind::Requested, "restarts-patterns-requested"),
    ];
    let mut text = String::new();
    for (kind, heading) in kinds {
        let of_kind = unit.patterns.iter().filter(|test| test.stops == kind);
        let tests: Vec<&PatternTest> = of_kind.collect();
        let Some(first) = tests.first() else {
            continue;
        };
        let heading = page.catalogue.say(heading);
        if tests.iter().any(|test| test.p_value.is_some()) {
            text.push_str(&format!("{heading}\n"));
            text.push_str(&table(&rows(&tests, source, page), 2, page));
            continue;
        }
        let parameters = [
            ("stops", first.stops_counted.into()),
            ("needed", first.n_needed.into()),
        ];
        let few = page
            .catalogue
            .say_with("restarts-patterns-too-few", &parameters);
        text.push_str(&sentence(&format!("{heading}{few}"), 0, page));
    }
    if unit.patterns.iter().any(|test| test.p_value.is_some()) {
        let parameters = [("level", format!("{LEVEL}").into())];
        let note = page
            .catalogue
            .say_with("restarts-patterns-note", &parameters);
        text.push_str(&sentence(&note, 2, page));
    }
    match text.is_empty() {
        true => text,
        false => format!("\n{text}"),
    }
}

fn rows(tests: &[&PatternTest], source: RecordSource, page: &Page<'_>) -> Table {
    let catalogue = page.catalogue;
    let mut table = Table::default();
    for test in tests {
        let found = found(test, page);
        let cell = Cell::from(found);
        table.row([
            Cell::from(catalogue.say(name(test.pattern))),
            match test.verdict {
                PatternVerdict::Found => cell.painted(Style::bad),
                _ => cell,
            },
            Cell::from(basis(test, source, catalogue)),
        ]);
    }
    table
}

fn name(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::HourOfDay => "restarts-pattern-hour-of-day",
        Pattern::Weekday => "restarts-pattern-weekday",
        Pattern::MinuteOfHour => "restarts-pattern-minute-of-hour",
        Pattern::Interval => "restarts-pattern-interval",
        Pattern::AfterHighLoad => "restarts-pattern-after-high-load",
    }
}

fn found(test: &PatternTest, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    match test.verdict {
        PatternVerdict::NotFound => catalogue.say("restarts-pattern-none"),
        PatternVerdict::TooFew => catalogue.say("restarts-pattern-too-few"),
        PatternVerdict::NotRecorded => catalogue.say("restarts-pattern-not-recorded"),
        PatternVerdict::Found if test.load.is_some() => loads(test, catalogue),
        PatternVerdict::Found => {
            let spread = of_seconds(test.spread_s.unwrap_or(0), catalogue);
            let (id, at) = match (test.pattern, test.at_s) {
                (Pattern::Interval, _) | (_, None) => {
                    let every = of_seconds(test.period_s.unwrap_or(0), catalogue);
                    ("restarts-pattern-every", every)
                }
                (pattern, Some(at_s)) => (
                    "restarts-pattern-around",
                    time_of(pattern, at_s, page.zone, catalogue),
                ),
            };
            catalogue.say_with(id, &[("at", at.into()), ("spread", spread.into())])
        }
    }
}

/// A time within a cycle, on the reader's clock.
fn time_of(pattern: Pattern, at_s: u32, zone: FixedOffset, catalogue: &Catalogue) -> String {
    let here = i64::from(at_s) + i64::from(zone.local_minus_utc());
    let clock = |seconds: i64| format!("{:02}:{:02}", seconds / HOUR_S, seconds % HOUR_S / 60);
    match pattern {
        Pattern::Weekday => {
            let of_week = here.rem_euclid(7 * DAY_S);
            let weekday = catalogue.say(&format!("restarts-weekday-{}", of_week / DAY_S));
            format!("{weekday} {}", clock(of_week % DAY_S))
        }
        Pattern::MinuteOfHour => format!(":{:02}", here.rem_euclid(HOUR_S) / 60),
        _ => clock(here.rem_euclid(DAY_S)),
    }
}

/// How busy the host was before, and otherwise.
fn loads(test: &PatternTest, catalogue: &Catalogue) -> String {
    let Some(load) = &test.load else {
        return String::new();
    };
    let (id, digits, unit) = match load.measure {
        LoadMeasure::Waiting => ("restarts-pattern-waiting", 0, " %"),
        LoadMeasure::LoadAverage => ("restarts-pattern-load", 1, ""),
    };
    let value = |hundredths: u32| format!("{:.digits$}{unit}", f64::from(hundredths) / 100.0);
    let parameters = [
        ("before", value(load.before_hundredths).into()),
        ("otherwise", value(load.otherwise_hundredths).into()),
    ];
    catalogue.say_with(id, &parameters)
}

/// The test, what it looked at, and how often chance does that.
fn basis(test: &PatternTest, source: RecordSource, catalogue: &Catalogue) -> String {
    let what = match test.pattern {
        Pattern::HourOfDay => "days",
        Pattern::Weekday => "weeks",
        Pattern::MinuteOfHour => "hours",
        Pattern::Interval => "intervals",
        Pattern::AfterHighLoad if test.test.is_none() => {
            // Only the host's own record has the load.
            return catalogue.say(match source {
                RecordSource::Ledger => "restarts-pattern-load-of-host",
                RecordSource::Journal => "restarts-pattern-no-load",
            });
        }
        Pattern::AfterHighLoad => "hours",
    };
    let n = catalogue.say_with(
        &format!("restarts-pattern-n-{what}"),
        &[("n", test.n.into())],
    );
    let Some(p) = test.p_corrected else {
        let parameters = [("n", n.into()), ("needed", test.n_needed.into())];
        return catalogue.say_with("restarts-pattern-needs", &parameters);
    };
    let test = match test.test {
        Some(StatisticalTest::Bartlett) => "Bartlett".to_owned(),
        Some(StatisticalTest::Shift) => catalogue.say("restarts-pattern-shift"),
        _ => "Rayleigh".to_owned(),
    };
    let p = match p {
        p if p < 0.001 => "p < 0.001".to_owned(),
        p => format!("p = {p:.2}"),
    };
    format!("{test}, {n}, {p}")
}

fn of_seconds(seconds: u64, catalogue: &Catalogue) -> String {
    length(
        Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000)),
        catalogue,
    )
}

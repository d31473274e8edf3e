//! When a line was written, as programs have it at its beginning.

use std::sync::LazyLock;

use chrono::{Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta};
use regex::{Captures, Regex};

use crate::Timestamp;

/// How far into a line its time is looked for.
const BEGINNING: usize = 80;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The ways to write a time, those that say more first.
static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let clock = r"(?<clock>\d{1,2}:\d{2}:\d{2})(?:[.,]\d+)?";
    let forms = [
        // 2026-11-21T23:13:07.6Z, 2026-11-21 23:13:07 UTC, 2026/11/21 23:13:07
        format!(
            r"(?<y>\d{{4}})[-/](?<m>\d{{2}})[-/](?<d>\d{{2}})[T ]\s?{clock}\s?(?<zone>Z\b|UTC\b|GMT\b|[+-]\d{{2}}:?\d{{2}}\b)?"
        ),
        // [Sat Nov 21 23:13:07.639121 2026]
        format!(r"(?<b>[A-Z][a-z]{{2}}) +(?<d>\d{{1,2}}) {clock} (?<y>\d{{4}})"),
        // [21-Nov-2026 23:13:07], 21 Nov 2026 23:13:07.123, 21/Nov/2026:23:13:07
        format!(r"(?<d>\d{{1,2}})[-/ ](?<b>[A-Z][a-z]{{2}})[-/ ](?<y>\d{{4}})[ :]{clock}"),
        // Nov 21 23:13:07
        format!(r"^(?<b>[A-Z][a-z]{{2}}) +(?<d>\d{{1,2}}) {clock}"),
        // [1795302775], 1795302775.123, 1795302775:
        r"^\[?(?<epoch>1\d{9})(?:\.\d+)?[\]: |]".to_owned(),
    ];
    let regex = |form: String| Regex::new(&form).expect("it is a regular expression");
    forms.into_iter().map(regex).collect()
});

/// The time at the beginning of a line. `near` tells the year where the line does not.
pub(super) fn line_time(line: &str, zone: FixedOffset, near: Timestamp) -> Option<Timestamp> {
    let end = line
        .char_indices()
        .map(|(at, _)| at)
        .take_while(|at| *at <= BEGINNING)
        .last()?;
    let start = &line[..if line.len() <= BEGINNING {
        line.len()
    } else {
        end
    }];
    let found = FORMS.iter().find_map(|form| form.captures(start))?;
    let number = |name: &str| found.name(name)?.as_str().parse::<u32>().ok();
    if let Some(epoch) = found.name("epoch") {
        return Timestamp::from_timestamp(epoch.as_str().parse().ok()?, 0);
    }
    let month = number("m").or_else(|| month(&found))?;
    let year = match number("y") {
        Some(year) => i32::try_from(year).ok()?,
        None => near.with_timezone(&zone).year(),
    };
    let date = NaiveDate::from_ymd_opt(year, month, number("d")?)?;
    let clock = found["clock"].parse().ok()?;
    let zone = written_zone(&found).unwrap_or(zone);
    let at = NaiveDateTime::new(date, clock)
        .and_local_timezone(zone)
        .single()?;
    let at = at.with_timezone(&chrono::Utc);
    // A line of December, read in January.
    if found.name("y").is_none() && at > near + TimeDelta::days(1) {
        let date = NaiveDate::from_ymd_opt(year - 1, month, number("d")?)?;
        let at = NaiveDateTime::new(date, clock)
            .and_local_timezone(zone)
            .single()?;
        return Some(at.with_timezone(&chrono::Utc));
    }
    Some(at)
}

fn month(found: &Captures<'_>) -> Option<u32> {
    let name = found.name("b")?.as_str().to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| *month == name)?;
    u32::try_from(index + 1).ok()
}

fn written_zone(found: &Captures<'_>) -> Option<FixedOffset> {
    let text = found.name("zone")?.as_str();
    if matches!(text, "Z" | "UTC" | "GMT") {
        return FixedOffset::east_opt(0);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    FixedOffset::east_opt(if text.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_programs_write_them() {
        let zone = FixedOffset::east_opt(8 * 3600).unwrap();
        let near: Timestamp = "2027-01-01T05:00:00Z".parse().unwrap();
        // (line, time)
        let cases = [
            (
                "2026-11-21 23:13:07.623 GMT [9578] LOG:  x",
                Some("2026-11-21T23:13:07Z"),
            ),
            (
                "2026-11-21T23:13:07Z Fatal error : x",
                Some("2026-11-21T23:13:07Z"),
            ),
            (
                "2026-11-21T23:13:07.5+01:00 x",
                Some("2026-11-21T22:13:07Z"),
            ),
            (
                "2026-11-21 23:13:06 0 [ERROR] x",
                Some("2026-11-21T15:13:06Z"),
            ),
            (
                "2026-11-21  8:13:06 0 [ERROR] x",
                Some("2026-11-21T00:13:06Z"),
            ),
            (
                "2026/11/21 23:12:54 [emerg] 8744#8744: x",
                Some("2026-11-21T15:12:54Z"),
            ),
            (
                "[Sat Nov 21 23:12:54.639121 2026] [core:warn] x",
                Some("2026-11-21T15:12:54Z"),
            ),
            (
                "[21-Nov-2026 23:12:55] NOTICE: x",
                Some("2026-11-21T15:12:55Z"),
            ),
            (
                "995:C 21 Nov 2026 23:12:55.123 # x",
                Some("2026-11-21T15:12:55Z"),
            ),
            (
                "Dec 31 23:12:55 host app[3]: x",
                Some("2026-12-31T15:12:55Z"),
            ),
            (
                "Jan  1 12:12:55 host app[3]: x",
                Some("2027-01-01T04:12:55Z"),
            ),
            (
                "[1795302775] unbound[8852:0] x",
                Some("2026-11-21T23:12:55Z"),
            ),
            (
                "1795302775: mosquitto version 2 starting",
                Some("2026-11-21T23:12:55Z"),
            ),
            ("no time at 12:00", None),
            ("2026-13-41 23:13:06 x", None),
        ];
        for (line, time) in cases {
            let time = time.map(|time| time.parse::<Timestamp>().unwrap());
            assert_eq!(line_time(line, zone, near), time, "{line}");
        }
    }
}

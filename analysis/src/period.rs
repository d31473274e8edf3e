//! A length of time as people type it, in commands, requests and configurations: `7d`, `24h`,
//! `90m`, `30s`, `1h30m`.

use std::{fmt, str::FromStr, time::Duration};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// A length of time in whole seconds: longer than none, shorter than any record is old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(u32);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no length of time: write 7d, 24h, 90m, 30s, or 1h30m")]
pub struct NotAPeriod(String);

const UNITS: [(char, u64); 5] = [
    ('w', 604_800),
    ('d', 86_400),
    ('h', 3600),
    ('m', 60),
    ('s', 1),
];
/// Longer than any record: what is beyond is a slip of the finger.
const LONGEST_S: u64 = 10 * 366 * 86_400;

impl Period {
    pub const fn from_secs(seconds: u32) -> Self {
        Self(seconds)
    }

    pub const fn from_days(days: u32) -> Self {
        Self(days * 86_400)
    }

    pub fn as_duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }

    /// As the difference of two timestamps.
    pub fn as_delta(self) -> TimeDelta {
        TimeDelta::seconds(self.0.into())
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let wrong = || NotAPeriod(text.to_owned());
        let mut seconds = 0_u64;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
            let unit = rest[digits..].chars().next().ok_or_else(wrong)?;
            let (_, length) = UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .ok_or_else(wrong)?;
            seconds = number
                .checked_mul(*length)
                .and_then(|part| seconds.checked_add(part))
                .ok_or_else(wrong)?;
            rest = &rest[digits + unit.len_utf8()..];
        }
        if !(1..=LONGEST_S).contains(&seconds) {
            return Err(wrong());
        }
        u32::try_from(seconds).map(Self).map_err(|_| wrong())
    }
}

impl TryFrom<String> for Period {
    type Error = NotAPeriod;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::from(self.0);
        // Days, not weeks: `7d` is what people write.
        for (name, length) in UNITS.into_iter().skip(1) {
            if rest >= length {
                write!(f, "{}{name}", rest / length)?;
                rest %= length;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_what_people_type() {
        // (typed, seconds, if it is a period)
        let cases: &[(&str, Option<u64>)] = &[
            ("7d", Some(604_800)),
            ("24h", Some(86_400)),
            ("1h30m", Some(5400)),
            ("2w", Some(1_209_600)),
            ("0s", None),
            ("7", None),
            ("d", None),
            ("", None),
            ("-1d", None),
            ("1 d", None),
            ("99999999999999999999d", None),
            ("400000000d", None),
            ("7天", None),
        ];
        for (typed, seconds) in cases {
            let period = typed.parse::<Period>().ok();
            assert_eq!(
                period.map(|period| period.as_duration().as_secs()),
                *seconds,
                "{typed:?}"
            );
        }
    }

    #[test]
    fn a_period_is_printed_so_that_it_can_be_typed_again() {
        // (typed, printed)
        let cases = [
            ("7d", "7d"),
            ("1w", "7d"),
            ("90m", "1h30m"),
            ("90s", "1m30s"),
            ("26h", "1d2h"),
        ];
        for (typed, printed) in cases {
            let period: Period = typed.parse().unwrap();
            assert_eq!(period.to_string(), printed);
            assert_eq!(printed.parse(), Ok(period));
        }
    }
}

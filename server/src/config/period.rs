//! Lengths of time as people write them: `30s`, `5m`, `1h`, `7d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time in whole seconds, longer than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(u32);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a length of time: write a number and s, m, h or d, like 30s, 1h or 7d")]
pub struct NotAPeriod(String);

/// The longest unit first, which is how a period is written again.
const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

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
    pub fn as_delta(self) -> chrono::TimeDelta {
        chrono::TimeDelta::seconds(self.0.into())
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotAPeriod(text.to_owned());
        let unit = text.chars().next_back().ok_or_else(refused)?;
        let (_, seconds) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(refused)?;
        let number: u32 = text[..text.len() - 1].parse().map_err(|_| refused())?;
        match number.checked_mul(*seconds) {
            None | Some(0) => Err(refused()),
            Some(total) => Ok(Self(total)),
        }
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
        let whole = UNITS
            .iter()
            .find(|(_, seconds)| self.0.is_multiple_of(*seconds));
        let (unit, seconds) = whole.unwrap_or(&('s', 1));
        write!(f, "{}{unit}", self.0 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_and_written_again() {
        let cases: &[(&str, Option<&str>)] = &[
            ("30s", Some("30s")),
            ("60s", Some("1m")),
            ("90m", Some("90m")),
            ("24h", Some("1d")),
            ("7d", Some("7d")),
            ("", None),
            ("7", None),
            ("0s", None),
            ("-1s", None),
            ("1.5h", None),
            ("99999999d", None),
            ("7ä", None),
        ];
        for (text, expected) in cases {
            let read = text.parse::<Period>().ok().map(|period| period.to_string());
            assert_eq!(read.as_deref(), *expected, "{text:?}");
        }
    }
}

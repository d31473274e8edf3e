//! A length of time as people type it: `7d`, `24h`, `90m`, `30s`, `1h30m`.

use std::{fmt, str::FromStr, time::Duration};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Duration);

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
        if (1..=LONGEST_S).contains(&seconds) {
            Ok(Self(Duration::from_secs(seconds)))
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        for (name, length) in UNITS {
            if rest >= length && (name != 'w' || rest.is_multiple_of(length)) {
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
                period.map(|period| period.0.as_secs()),
                *seconds,
                "{typed:?}"
            );
        }
    }

    #[test]
    fn a_period_is_printed_so_that_it_can_be_typed_again() {
        for text in ["7d", "1h30m", "90s", "26h"] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.to_string().parse(), Ok(period), "{text}");
        }
    }
}

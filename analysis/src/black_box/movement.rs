//! Where a quantity went within some minutes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// A change by less than this share of the smaller value is none.
const MATTERS: f64 = 0.2;
/// How much of the way a value may be from its end, and still count as there.
const NEAR: f64 = 0.25;
/// A rise begins where less than this share of it is done.
const BEGUN: f64 = 0.03;

/// The values of some minutes, in short. The unit is in the name of the field that has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Movement {
    pub direction: Direction,
    pub first: u64,
    pub last: u64,
    pub least: u64,
    pub most: u64,
    pub mean: f64,
    /// Of a rise or a fall: when it began, and from which value.
    pub since: Timestamp,
    pub from: u64,
    /// From then to the last value.
    pub for_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It ends near the top, and far above where it came from.
    Rose,
    Fell,
    /// Up and down.
    Varied,
    Steady,
}

impl Direction {
    pub fn name(self) -> &'static str {
        match self {
            Self::Rose => "rose",
            Self::Fell => "fell",
            Self::Varied => "varied",
            Self::Steady => "steady",
        }
    }
}

/// Of values in the order of their times. `matters`: a smaller change is none. `None`: there are
/// no values.
pub(super) fn movement(values: &[(Timestamp, u64)], matters: u64) -> Option<Movement> {
    let (&(_, first), &(_, last)) = (values.first()?, values.last()?);
    let least = values.iter().map(|one| one.1).min()?;
    let most = values.iter().map(|one| one.1).max()?;
    let mean = values.iter().map(|one| one.1 as f64).sum::<f64>() / values.len() as f64;
    let range = (most - least) as f64;
    let threshold = (matters as f64).max(least as f64 * MATTERS);
    let near = |value: u64, end: u64| value.abs_diff(end) as f64 <= range * NEAR;
    let rise = last.saturating_sub(least) as f64;
    let fall = most.saturating_sub(last) as f64;
    let (direction, begun) = match () {
        () if range < threshold.max(1.0) => (Direction::Steady, None),
        () if rise >= threshold && near(last, most) => {
            let low = |value: u64| value.saturating_sub(least) as f64 <= rise * BEGUN;
            (Direction::Rose, values.iter().rfind(|one| low(one.1)))
        }
        () if fall >= threshold && near(last, least) => {
            let high = |value: u64| most.saturating_sub(value) as f64 <= fall * BEGUN;
            (Direction::Fell, values.iter().rfind(|one| high(one.1)))
        }
        () => (Direction::Varied, None),
    };
    let (since, from) = *begun.or(values.first())?;
    let until = values.last()?.0;
    Some(Movement {
        direction,
        first,
        last,
        least,
        most,
        mean,
        since,
        from,
        for_ms: u64::try_from((until - since).num_milliseconds()).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn of(values: &[u64]) -> Movement {
        let values = values.iter().enumerate().map(|(number, value)| {
            let at = TimeDelta::seconds(5 * i64::try_from(number).unwrap());
            (DateTime::UNIX_EPOCH + at, *value)
        });
        movement(&values.collect::<Vec<_>>(), 8).unwrap()
    }

    #[test]
    fn a_course_is_told_with_where_it_began() {
        // (values, direction, index of the beginning, value there)
        let cases: &[(&[u64], Direction, i64, u64)] = &[
            (&[80, 80, 81, 80, 200, 350, 512], Direction::Rose, 3, 80),
            (&[512, 512, 300, 100, 90], Direction::Fell, 1, 512),
            (&[100, 101, 99, 100], Direction::Steady, 0, 100),
            (&[10, 90, 12, 95, 50], Direction::Varied, 0, 10),
            (&[0, 0, 0], Direction::Steady, 0, 0),
            (&[7], Direction::Steady, 0, 7),
            // A peak that was over when it ended.
            (&[100, 900, 100, 100], Direction::Fell, 1, 900),
        ];
        for (values, direction, begun, from) in cases {
            let found = of(values);
            let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(5 * begun);
            assert_eq!(found.direction, *direction, "{values:?} {found:?}");
            assert_eq!((found.since, found.from), (at, *from), "{values:?}");
        }
        assert_eq!(movement(&[], 8), None);
    }
}

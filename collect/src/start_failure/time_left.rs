//! The time that a diagnosis has for all its parts.

use std::time::{Duration, Instant};

/// All facts are there five seconds after it was asked; the rest is for a read that hangs, and is
/// given up a moment after its time.
const ALL_WITHIN: Duration = Duration::from_millis(4500);

/// When all has to be there.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLeft {
    end: Instant,
}

impl TimeLeft {
    pub(super) fn from(now: Instant) -> Self {
        Self {
            end: now + ALL_WITHIN,
        }
    }

    /// What a part may take, which would take so long at most. Nothing: it is not begun.
    pub(super) fn at_most(self, share: Duration) -> Duration {
        self.within(share, Instant::now())
    }

    fn within(self, share: Duration, now: Instant) -> Duration {
        share.min(self.end.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_its_share_of_what_the_others_left() {
        let began = Instant::now();
        let left = TimeLeft::from(began);
        // (milliseconds since it began, those that the part may take)
        for (since, may_take) in [(0, 1500), (2900, 1500), (3500, 1000), (4500, 0), (9000, 0)] {
            let now = began + Duration::from_millis(since);
            let share = left.within(Duration::from_millis(1500), now);
            assert_eq!(share, Duration::from_millis(may_take), "{since}");
        }
    }
}

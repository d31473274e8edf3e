//! Moments and lengths of time, as people read them.

use chrono::{Duration, FixedOffset};

use super::Catalogue;
use crate::Timestamp;

/// `2026-11-21 08:07:04`, in the reader's time zone.
pub fn moment(at: Timestamp, zone: FixedOffset) -> String {
    at.with_timezone(&zone)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// `08:07` of today, `2026-11-20 08:07` of another day.
pub fn brief_moment(at: Timestamp, now: Timestamp, zone: FixedOffset) -> String {
    let at = at.with_timezone(&zone);
    let is_today = at.date_naive() == now.with_timezone(&zone).date_naive();
    at.format(if is_today { "%H:%M" } else { "%Y-%m-%d %H:%M" })
        .to_string()
}

/// A moment with milliseconds, for lines that follow each other closely.
pub fn precise_moment(at: Timestamp, zone: FixedOffset) -> String {
    at.with_timezone(&zone)
        .format("%Y-%m-%d %H:%M:%S%.3f")
        .to_string()
}

/// A length of time with its two largest units: `3d 12h`, `2m 15s`, `1.5s`, `40ms`.
pub fn length(length: Duration, catalogue: &Catalogue) -> String {
    let ms = length.num_milliseconds().max(0);
    let seconds = ms / 1000;
    let unit = |id: &str, number: String| catalogue.say_with(id, &[("n", number.into())]);
    if ms < 1000 {
        return unit("time-ms", ms.to_string());
    }
    if ms < 10_000 && ms % 1000 != 0 {
        return unit("time-s", format!("{:.1}", ms as f64 / 1000.0));
    }
    let parts = [
        ("time-d", seconds / 86_400),
        ("time-h", seconds / 3600 % 24),
        ("time-m", seconds / 60 % 60),
        ("time-s", seconds % 60),
    ];
    let first = parts
        .iter()
        .position(|(_, number)| *number > 0)
        .unwrap_or(3);
    let shown = parts[first..]
        .iter()
        .take(2)
        .filter(|(_, number)| *number > 0);
    let texts: Vec<String> = shown
        .map(|(id, number)| unit(id, number.to_string()))
        .collect();
    texts.join(" ")
}

/// How long ago: `3m ago`; what lies in the future (a wrong clock) is `in 3m`.
pub fn ago(at: Timestamp, now: Timestamp, catalogue: &Catalogue) -> String {
    let passed = now - at;
    let (id, passed) = if passed < Duration::zero() {
        ("time-in", -passed)
    } else {
        ("time-ago", passed)
    };
    // Nobody wants milliseconds here.
    let whole = Duration::seconds(passed.num_seconds());
    if whole.is_zero() {
        return catalogue.say("time-just-now");
    }
    catalogue.say_with(id, &[("length", length(whole, catalogue).into())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[test]
    fn lengths_have_their_two_largest_units() {
        let [english, chinese] = Language::ALL.map(Catalogue::of);
        // (milliseconds, English, Chinese)
        let cases = [
            (0, "0ms", "0 毫秒"),
            (1500, "1.5s", "1.5 秒"),
            (60_000, "1m", "1 分"),
            (135_000, "2m 15s", "2 分 15 秒"),
            (304_200_000, "3d 12h", "3 天 12 小时"),
            (86_400_000 + 60_000, "1d", "1 天"),
        ];
        for (ms, in_english, in_chinese) in cases {
            let time = Duration::milliseconds(ms);
            assert_eq!(length(time, &english), in_english);
            assert_eq!(length(time, &chinese), in_chinese);
        }
    }

    #[test]
    fn a_clock_in_the_future_is_said() {
        let english = Catalogue::of(Language::English);
        let now = chrono::DateTime::UNIX_EPOCH;
        assert_eq!(ago(now - Duration::seconds(180), now, &english), "3m ago");
        assert_eq!(ago(now + Duration::hours(2), now, &english), "in 2h");
        assert_eq!(ago(now, now, &english), "just now");
    }
}

//! A trend of memory, in a sentence.

use chrono::Duration;

use super::{fleet::Page, size::bytes, time::length};
use crate::trend::{Course, Trend};

/// What it does, and with which figures.
pub(super) fn course(trend: &Trend, page: &Page<'_>) -> String {
    let course = match trend.course {
        Course::Grows => "resources-course-grows",
        Course::Settles => "resources-course-settles",
        Course::Stable => "resources-course-stable",
        Course::Shrinks => "resources-course-shrinks",
        Course::TooShort => {
            let seen = length(trend.to - trend.from, page.catalogue);
            let parameters = [("length", seen.into())];
            return page
                .catalogue
                .say_with("resources-course-too-short", &parameters);
        }
    };
    page.catalogue.say(course) + &page.catalogue.say("mark-colon") + &text(trend, page)
}

/// How fast, from what to what, how sure, and when it meets its limit.
pub(super) fn text(trend: &Trend, page: &Page<'_>) -> String {
    let parameters = [
        ("rate", size(trend.slope_bytes_per_hour).into()),
        ("first", size(trend.first_bytes).into()),
        ("last", size(trend.last_bytes).into()),
        (
            "length",
            length(trend.to - trend.from, page.catalogue).into(),
        ),
        ("tau", format!("{:.2}", trend.tau).into()),
        ("p", chance(trend.p_value).into()),
    ];
    let mut text = page.catalogue.say_with("resources-trend", &parameters);
    if let Some(seconds) = trend.reaches_limit_in_s {
        let in_time = Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000));
        let parameters = [
            ("limit", size(trend.limit_bytes.unwrap_or_default()).into()),
            ("length", length(in_time, page.catalogue).into()),
        ];
        text.push_str(
            &page
                .catalogue
                .say_with("resources-trend-limit", &parameters),
        );
    }
    text
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes of memory are far from the ends"
)]
pub(super) fn size(value: f64) -> String {
    bytes(value.max(0.0) as u64)
}

fn chance(p: f64) -> String {
    match p < 0.001 {
        true => "< 0.001".to_owned(),
        false => format!("= {p:.3}"),
    }
}

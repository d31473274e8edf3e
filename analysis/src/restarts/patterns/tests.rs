use proptest::prelude::*;

use super::*;
use crate::{cause::Certainty, identity::InvocationId, run::StartReason};

const MONDAY: i64 = 1_700_438_400;

fn stop(second: i64, cause: StopCause) -> StopRow {
    StopRow {
        invocation: InvocationId(uuid::Uuid::nil()),
        started_at: None,
        start: StartReason::Unknown,
        stopped_at: Timestamp::from_timestamp(MONDAY + second, 0).unwrap(),
        cause,
        certainty: Certainty::Measured,
        actor: None,
        exit: None,
        never_ready: false,
        meant_to_last: false,
        uptime_ms: None,
        recovery_ms: None,
        next_start: None,
        oom: None,
        evidence: Vec::new(),
        log: Vec::new(),
    }
}

fn tested(seconds: impl IntoIterator<Item = i64>) -> Vec<PatternTest> {
    let rows: Vec<_> = seconds
        .into_iter()
        .map(|second| stop(second, StopCause::ExitCode))
        .collect();
    of(&rows, &[])
}

fn found(tests: &[PatternTest]) -> Vec<Pattern> {
    let found = |test: &&PatternTest| test.verdict == PatternVerdict::Found;
    tests
        .iter()
        .filter(found)
        .map(|test| test.pattern)
        .collect()
}

fn of_pattern(tests: &[PatternTest], pattern: Pattern) -> &PatternTest {
    tests.iter().find(|test| test.pattern == pattern).unwrap()
}

/// Spread over an interval without order, the same each time.
fn scattered(n: i64, length: i64) -> i64 {
    ((n * 2_654_435_761).rem_euclid(1 << 32) * length) >> 32
}

#[test]
fn a_job_at_three_every_night_is_found() {
    let tests = tested((0..7).map(|day| day * DAY_S + 3 * HOUR_S + scattered(day, 300)));
    let by_day = of_pattern(&tests, Pattern::HourOfDay);
    assert_eq!(by_day.verdict, PatternVerdict::Found);
    assert!(
        (10_800..11_100).contains(&by_day.at_s.unwrap()),
        "{by_day:?}"
    );
    assert!(by_day.spread_s.unwrap() < 200, "{by_day:?}");
    let interval = of_pattern(&tests, Pattern::Interval);
    assert!(
        interval.period_s.unwrap().abs_diff(86_400) < 300,
        "{interval:?}"
    );
    assert_eq!(
        of_pattern(&tests, Pattern::Weekday).verdict,
        PatternVerdict::TooFew
    );
}

#[test]
fn a_leak_that_takes_five_hours_is_regular_at_no_hour() {
    // Each begins when the one before is over: what it takes longer is not made up for.
    let fills = (0..30).scan(0, |at, n| {
        *at += 5 * HOUR_S + scattered(n, 2400);
        Some(*at)
    });
    let tests = tested(fills);
    assert_eq!(found(&tests), [Pattern::Interval]);
    let interval = of_pattern(&tests, Pattern::Interval);
    assert!(
        interval.period_s.unwrap().abs_diff(19_200) < 600,
        "{interval:?}"
    );
}

#[test]
fn hourly_jobs_are_seen_by_the_minute_even_where_many_do_no_harm() {
    let hours = [0, 2, 3, 9, 10, 17, 30, 31, 44, 60, 61, 80];
    let tests = tested(hours.map(|hour| hour * HOUR_S + 17 * 60 + scattered(hour, 30)));
    assert_eq!(found(&tests), [Pattern::MinuteOfHour]);
    let by_minute = of_pattern(&tests, Pattern::MinuteOfHour);
    assert!(
        (1020..1060).contains(&by_minute.at_s.unwrap()),
        "{by_minute:?}"
    );
}

#[test]
fn mondays_are_found_when_there_are_enough_weeks() {
    let weeks =
        |count| tested((0..count).map(|week| week * WEEK_S + 9 * HOUR_S + scattered(week, 7200)));
    let tests = weeks(8);
    let by_week = of_pattern(&tests, Pattern::Weekday);
    assert_eq!(by_week.verdict, PatternVerdict::Found);
    assert!(i64::from(by_week.at_s.unwrap()) < DAY_S, "{by_week:?}");
    assert_eq!(
        of_pattern(&weeks(5), Pattern::Weekday).verdict,
        PatternVerdict::TooFew
    );
}

#[test]
fn a_crash_loop_in_one_night_is_no_pattern() {
    assert_eq!(found(&tested((0..500).map(|n| n * 6))), []);
    // Nor are several loops of one night.
    assert_eq!(
        found(&tested([0, 400, 900, 2000, 2500, 7000, 7300, 9000])),
        []
    );
}

#[test]
fn of_too_few_stops_nothing_is_claimed() {
    let tests = tested((0..5).map(|day| day * DAY_S));
    assert_eq!(found(&tests), []);
    let by_day = of_pattern(&tests, Pattern::HourOfDay);
    assert_eq!(
        (by_day.verdict, by_day.n, by_day.n_needed),
        (PatternVerdict::TooFew, 5, 6)
    );
    assert_eq!(by_day.p_value, None);
    assert_eq!(tested([]), []);
}

#[test]
fn load_is_not_judged_without_a_record_of_it() {
    let tests = tested((0..20).map(|n| n * HOUR_S));
    let load = of_pattern(&tests, Pattern::AfterHighLoad);
    assert_eq!(
        (load.verdict, load.test),
        (PatternVerdict::NotRecorded, None)
    );
}

#[test]
fn what_was_asked_for_is_tested_by_itself_and_reboots_never() {
    let nightly = (0..7).map(|day| stop(day * DAY_S, StopCause::Manual));
    let reboots = (0..7).map(|day| stop(day * DAY_S + HOUR_S, StopCause::Reboot));
    let tests = of(&nightly.chain(reboots).collect::<Vec<_>>(), &[]);
    assert!(tests.iter().all(|test| test.stops == StopKind::Requested));
    assert!(found(&tests).contains(&Pattern::HourOfDay));
}

#[test]
fn p_values_are_corrected_for_the_number_of_questions() {
    let tests = tested((0..7).map(|day| day * DAY_S + scattered(day, 4 * HOUR_S)));
    let smallest = tests
        .iter()
        .filter(|test| test.p_value.is_some())
        .min_by(|a, b| a.p_value.unwrap().total_cmp(&b.p_value.unwrap()))
        .unwrap();
    let asked = tests.iter().filter(|test| test.p_value.is_some()).count() as f64;
    let expected = (smallest.p_value.unwrap() * asked).min(1.0);
    assert!((smallest.p_corrected.unwrap() - expected).abs() < 1e-12);
}

#[test]
fn chance_is_seldom_called_a_pattern() {
    let false_claims = (0..300_i64)
        .filter(|&seed| {
            let random = |n: i64| scattered(seed * 7919 + n * n * 31 + n, 28 * DAY_S);
            !found(&tested((1..40).map(random))).is_empty()
        })
        .count();
    assert!(false_claims <= 9, "{false_claims} of 300");
}

proptest! {
    #[test]
    fn any_times_give_numbers_that_are_numbers(seconds in proptest::collection::vec(0_i64..WEEK_S * 9, 0..60)) {
        for test in tested(seconds) {
            for p in [test.p_value, test.p_corrected].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&p), "{:?}", test);
            }
            if let (Some(at), Some(period)) = (test.at_s, test.period_s) {
                prop_assert!(u64::from(at) < period);
            }
        }
    }
}

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::*;
use crate::{cause::Certainty, process::ProcessId, report::Health};

const SECOND: u64 = 1_000_000_000;

#[test]
fn rules_find_what_hardly_any_process_does() {
    // (call, calls, errors, microseconds in all) within 10 s; what it is
    let cases: &[(&str, u64, u64, u64, Option<Odd>)] = &[
        ("clone", 600, 0, 1000, Some(Odd::ForkStorm)),
        ("clone", 100, 0, 1000, None),
        ("openat", 1000, 900, 1000, Some(Odd::ErrorLoop)),
        ("openat", 1000, 100, 1000, None),
        ("openat", 9, 9, 1000, None),
        ("futex", 1000, 900, 1000, None),
        ("epoll_wait", 20_000, 0, 40_000, Some(Odd::BusyPolling)),
        // As often, but it waits: half a millisecond each time.
        ("epoll_wait", 20_000, 0, 10_000_000, None),
        ("read", 20_000, 0, 40_000, None),
    ];
    for (name, calls, errors, time_us, expected) in cases {
        let mut facts = facts();
        let used = CallUse {
            calls: *calls,
            errors: *errors,
            time_us: *time_us,
        };
        facts.calls = Some(Calls {
            tool: "perf".to_owned(),
            calls: BTreeMap::from([((*name).to_owned(), used)]),
            ..Calls::default()
        });
        let report = behavior(facts);
        let found: Vec<Odd> = report.odd.iter().map(|odd| odd.cause).collect();
        assert_eq!(found, Vec::from_iter(*expected), "{name} {calls}");
        let is_problem = report.health() == Health::Problem;
        assert_eq!(is_problem, expected.is_some());
    }
}

#[test]
fn changes_of_system_files_are_unusual_and_reads_are_not() {
    let mut facts = facts();
    let file = |path: &str, is_changed| {
        let file = FileUse {
            path: path.to_owned(),
            opens: 1,
            is_changed,
            ..FileUse::default()
        };
        (path.to_owned(), file)
    };
    facts.calls = Some(Calls {
        tool: "strace".to_owned(),
        files: BTreeMap::from([
            file("/etc/passwd", true),
            file("/etc/hosts", false),
            file("/home/a/.ssh/authorized_keys", true),
            file("/var/lib/app/data", true),
        ]),
        ..Calls::default()
    });
    let report = behavior(facts);
    let found: Vec<&str> = report.odd.iter().map(|odd| odd.evidence.as_str()).collect();
    assert_eq!(found, ["/etc/passwd", "/home/a/.ssh/authorized_keys"]);
    assert!(
        report
            .odd
            .iter()
            .all(|odd| odd.certainty == Certainty::Measured)
    );
}

#[test]
fn a_surge_is_told_against_its_own_life_and_is_no_problem() {
    let mut facts = facts();
    facts.age_ns = 1000 * SECOND;
    facts.before.cpu_ns = 10 * SECOND;
    facts.after = Some(Counters {
        cpu_ns: 19 * SECOND,
        ..facts.before
    });
    let report = behavior(facts.clone());
    assert_eq!(report.odd[0].cause, Odd::CpuSurge);
    let (baseline, found) = (report.odd[0].baseline, report.odd[0].found);
    assert!(
        (baseline - 1.0).abs() < 0.01 && (found - 90.0).abs() < 0.01,
        "{baseline} {found}"
    );
    assert_eq!(report.health(), Health::Fine);

    facts.age_ns = 20 * SECOND;
    let young = behavior(facts);
    assert_eq!(
        (young.life, young.odd.len()),
        (None, 0),
        "too young to compare"
    );
}

#[test]
fn without_a_tool_the_report_says_what_proc_says() {
    let mut facts = facts();
    facts.seen_files = BTreeSet::from(["/srv/a".to_owned()]);
    facts.after = None;
    let report = behavior(facts);
    assert!(report.has_ended && report.rates.is_none() && report.forks.is_none());
    assert_eq!(report.files[0].path, "/srv/a");
}

#[test]
fn only_so_long_a_watch_is_a_question() {
    assert!(check(7, 10).is_ok());
    for (pid, seconds) in [(0, 10), (7, 0), (7, 601), (u32::MAX, 10)] {
        assert!(check(pid, seconds).is_err(), "{pid} {seconds}");
    }
}

/// Ten seconds in which nothing was counted.
fn facts() -> BehaviorFacts {
    BehaviorFacts {
        at: DateTime::UNIX_EPOCH,
        process: ProcessId {
            pid: 7,
            start_ns: SECOND,
        },
        comm: "app".to_owned(),
        window_ns: 10 * SECOND,
        age_ns: SECOND,
        before: Counters::default(),
        after: Some(Counters::default()),
        seen_files: BTreeSet::new(),
        seen_peers: BTreeSet::new(),
        seen_children: 0,
        files_opened: 0,
        files_closed: 0,
        calls: None,
        pace_before: None,
        limits: Vec::new(),
    }
}

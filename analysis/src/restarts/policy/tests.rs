use super::*;
use crate::{cause::Certainty, identity::InvocationId, process::Signal, run::StartReason};

fn policy(restart: &str) -> RestartPolicy {
    RestartPolicy {
        service_type: "simple".to_owned(),
        restart: restart.to_owned(),
        restart_delay_ms: 100,
        start_limit_interval_ms: Some(10_000),
        start_limit_burst: 5,
        oom_policy: "stop".to_owned(),
        ..RestartPolicy::default()
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn ended(second: i64, cause: StopCause, result: &str) -> StopRow {
    StopRow {
        invocation: InvocationId(uuid::Uuid::nil()),
        started_at: None,
        start: StartReason::Unknown,
        stopped_at: at(second),
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
        evidence: vec![Evidence::UnitResult {
            result: result.to_owned(),
        }],
        log: Vec::new(),
    }
}

fn restarted(row: StopRow) -> StopRow {
    StopRow {
        next_start: Some(StartReason::Automatic { restarts: 7 }),
        ..row
    }
}

#[test]
fn restart_does_what_the_manual_says() {
    // The table of systemd.service(5): (Restart=, the results after which it restarts)
    let results = [
        "success",
        "exit-code",
        "signal",
        "core-dump",
        "timeout",
        "watchdog",
        "oom-kill",
    ];
    let table: [(&str, &[&str]); 7] = [
        ("no", &[]),
        ("always", &results),
        ("on-success", &["success"]),
        ("on-failure", &results[1..]),
        ("on-abnormal", &results[2..]),
        ("on-abort", &["signal", "core-dump"]),
        ("on-watchdog", &["watchdog"]),
    ];
    for (restart, brings_back) in table {
        for result in results {
            let (restarts, _) = would_restart(&policy(restart), result, None);
            assert_eq!(
                restarts,
                brings_back.contains(&result),
                "{restart} {result}"
            );
        }
    }
}

#[test]
fn lists_of_exits_win_over_restart() {
    let mut always = policy("always");
    always.prevented_by.codes = vec![3];
    always.prevented_by.signals = vec![15];
    let mut never = policy("no");
    never.forced_by.codes = vec![4];
    let code = |code| Some(ExitStatus::Exited { code });
    let term = Some(ExitStatus::Signaled {
        signal: Signal::TERM,
        core_dumped: false,
    });
    let prevented = (false, RestartRule::Prevented);
    assert_eq!(would_restart(&always, "exit-code", code(3)), prevented);
    assert_eq!(would_restart(&always, "signal", term), prevented);
    assert!(would_restart(&always, "exit-code", code(4)).0);
    let forced = (true, RestartRule::Forced);
    assert_eq!(would_restart(&never, "exit-code", code(4)), forced);
}

#[test]
fn an_out_of_memory_kill_that_on_abort_leaves_dead_is_found() {
    let stops = [
        ended(9, StopCause::OomCgroup, "oom-kill"),
        restarted(ended(5, StopCause::Signal, "core-dump")),
    ];
    let check = check(&policy("on-abort"), &stops, &[]);
    let told: Vec<_> = check
        .exits
        .iter()
        .map(|exit| (exit.cause, exit.restarted, exit.would_restart))
        .collect();
    assert_eq!(
        told,
        [
            (StopCause::OomCgroup, 0, false),
            (StopCause::Signal, 1, true)
        ]
    );
    let stays_dead = PolicyFinding::StaysDead {
        cause: StopCause::OomCgroup,
        result: "oom-kill".to_owned(),
        count: 1,
        because: RestartRule::Restart,
        restart_that_helps: Some("on-failure".to_owned()),
    };
    let out_of_memory = PolicyFinding::OutOfMemory {
        count: 1,
        oom_policy: "stop".to_owned(),
        takes_whole_unit: true,
        would_restart: false,
    };
    assert_eq!(check.findings, [stays_dead, out_of_memory]);
}

#[test]
fn what_somebody_stopped_is_not_held_against_the_settings() {
    let mut by_hand = ended(1, StopCause::Timeout, "timeout");
    by_hand.evidence.push(Evidence::StopJob {
        job: 1,
        restart: false,
    });
    let check = check(&policy("no"), &[by_hand], &[]);
    assert_eq!((check.exits, check.findings), (vec![], vec![]));
}

#[test]
fn starts_are_counted_as_systemd_counts_them() {
    let starts = |seconds: &[i64]| -> Vec<Timestamp> { seconds.iter().map(|s| at(*s)).collect() };
    let would_hit = |seconds: &[i64]| {
        let found = check(&policy("always"), &[], &starts(seconds)).findings;
        found.into_iter().find_map(|finding| match finding {
            PolicyFinding::StartLimitWouldHit { at, .. } => Some(at),
            _ => None,
        })
    };
    assert_eq!(would_hit(&[0, 1, 2, 3, 4]), None);
    assert_eq!(would_hit(&[0, 1, 2, 3, 4, 9]), Some(at(9)));
    assert_eq!(would_hit(&[0, 1, 2, 3, 4, 11]), None);
    // The window begins with its first start: six within ten seconds may pass.
    assert_eq!(would_hit(&[0, 8, 9, 11, 12, 13, 14]), None);
}

#[test]
fn a_limit_that_was_hit_is_told() {
    let mut refused = ended(1, StopCause::ExitCode, "exit-code");
    refused.evidence.push(Evidence::ManagerLine {
        message: "app.service: Start request repeated too quickly.".to_owned(),
    });
    let found = check(&policy("always"), &[refused], &[]).findings;
    let hit = PolicyFinding::StartLimitHit {
        times: 1,
        burst: 5,
        interval_ms: 10_000,
    };
    assert_eq!(found, [hit]);
}

#[test]
fn a_loop_that_no_limit_stops_is_found() {
    let loops: Vec<_> = (0..30)
        .rev()
        .map(|n| restarted(ended(n * 10, StopCause::ExitCode, "exit-code")))
        .collect();
    let mut slow = policy("always");
    slow.restart_delay_ms = 5000;
    let found = check(&slow, &loops, &[]).findings;
    let for_ever = PolicyFinding::RestartsForEver {
        restarts_in_an_hour: 30,
        delay_ms: 5000,
        burst: 5,
        interval_ms: Some(10_000),
    };
    assert_eq!(found, [for_ever]);
    assert_eq!(check(&policy("always"), &loops, &[]).findings, []);
}

#[test]
fn the_wait_grows_as_systemd_lets_it() {
    let growing = RestartPolicy {
        restart_steps: 4,
        restart_max_delay_ms: Some(1600),
        ..policy("always")
    };
    let waits: Vec<u64> = (0..7).map(|n| growing.delay_ms(n)).collect();
    assert_eq!(waits, [100, 100, 200, 400, 800, 1600, 1600]);
    assert_eq!(policy("always").delay_ms(9), 100);
    let stops = [restarted(ended(0, StopCause::ExitCode, "exit-code"))];
    let back_off = PolicyFinding::BackOff {
        restarts: 7,
        next_delay_ms: 1600,
        max_delay_ms: 1600,
    };
    assert_eq!(check(&growing, &stops, &[]).findings, [back_off]);
}

#[test]
fn crashes_without_core_files_and_unread_settings_are_told() {
    let strict = RestartPolicy {
        core_limit_bytes: Some(0),
        needs_reload: true,
        watchdog_ms: Some(3000),
        ..policy("always")
    };
    let stops = [
        ended(2, StopCause::Signal, "core-dump"),
        ended(1, StopCause::Watchdog, "watchdog"),
    ];
    let watchdog = PolicyFinding::WatchdogKilled {
        count: 1,
        watchdog_ms: 3000,
        would_restart: true,
    };
    let expected = [
        watchdog,
        PolicyFinding::NoCoreFiles { crashes: 1 },
        PolicyFinding::NeedsReload,
    ];
    assert_eq!(check(&strict, &stops, &[]).findings, expected);
}

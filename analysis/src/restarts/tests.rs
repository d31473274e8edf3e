use uuid::Uuid;

use super::*;
use crate::{
    cause::{OomConstraint, Stop},
    identity::BootId,
    process::Signal,
};

const DAY: i64 = 86_400;

fn at(second: i64) -> Timestamp {
    chrono::DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

/// A run from `start` to its stop, in seconds.
fn run(unit: &str, number: u128, start: i64, stop: Option<(i64, Stop)>) -> Run {
    let (stopped_at, stop) = stop.map(|(second, stop)| (at(second), stop)).unzip();
    Run {
        unit: unit.parse().unwrap(),
        invocation: InvocationId(Uuid::from_u128(number)),
        boot: BootId(Uuid::from_u128(1)),
        started_at: Some(at(start)),
        ready_at: Some(at(start)),
        stopped_at,
        stop,
        start: StartReason::Automatic { restarts: 1 },
    }
}

fn because(cause: StopCause, evidence: Vec<Evidence>) -> Stop {
    Stop {
        cause,
        certainty: Certainty::Measured,
        evidence,
        actor: None,
        exit: None,
    }
}

fn crash() -> Stop {
    because(StopCause::Signal, vec![])
}

fn ended_with(exit: ExitStatus, cause: StopCause) -> Stop {
    Stop {
        exit: Some(exit),
        ..because(cause, vec![])
    }
}

fn by_job(restart: bool) -> Stop {
    let job = Evidence::StopJob { job: 7, restart };
    because(StopCause::Manual, vec![job])
}

fn week(unit: Option<&str>) -> RestartQuestion {
    RestartQuestion {
        unit: unit.map(|unit| unit.parse().unwrap()),
        since: at(-7 * DAY),
        now: at(0),
    }
}

fn report(runs: &[Run]) -> UnitRestarts {
    let report = restart_report(runs, &week(Some("db.service")), &RecordFacts::default());
    report.units.into_iter().next().unwrap()
}

#[test]
fn one_that_systemd_gave_up_is_a_problem_though_its_runs_ended_well() {
    let mut run = run("db.service", 1, -4000, Some((-3000, crash())));
    if let Some(stop) = &mut run.stop {
        stop.cause = StopCause::Clean;
    }
    let health = |active: &str| {
        let now = UnitNow {
            unit: "db.service".parse().unwrap(),
            active: active.to_owned(),
            sub: String::new(),
            main_pid: None,
        };
        let record = RecordFacts {
            states: vec![now],
            ..RecordFacts::default()
        };
        let runs = std::slice::from_ref(&run);
        restart_report(runs, &week(Some("db.service")), &record).health()
    };
    assert_eq!(health("inactive"), Health::Fine);
    assert_eq!(health("failed"), Health::Problem);
}

#[test]
fn rate_uptime_and_recovery_are_what_they_say() {
    let runs = [
        run("db.service", 1, -4000, Some((-3000, crash()))),
        run("db.service", 2, -2990, Some((-1000, crash()))),
        run("db.service", 3, -970, None),
    ];
    let unit = report(&runs);
    assert_eq!(unit.restarts, 2);
    assert!((unit.restarts_per_day - 2.0 / 7.0).abs() < 1e-9);
    assert_eq!(unit.mean_uptime_ms, Some((1000 + 1990) * 1000 / 2));
    assert_eq!((unit.mttr_ms, unit.recoveries_counted), (Some(20_000), 2));
    let recoveries: Vec<_> = unit.stops.iter().map(|row| row.recovery_ms).collect();
    assert_eq!(recoveries, [Some(30_000), Some(10_000)], "the newest first");
    let since = Some(at(-970));
    assert_eq!(
        unit.state,
        CurrentState::Running {
            since,
            main_pid: None
        }
    );
}

#[test]
fn the_order_of_the_runs_does_not_matter() {
    let mut runs = vec![
        run("db.service", 1, -4000, Some((-3000, crash()))),
        run("db.service", 2, -2990, Some((-1000, by_job(true)))),
        run("db.service", 3, -970, None),
    ];
    let expected = report(&runs);
    runs.reverse();
    assert_eq!(report(&runs), expected);
    runs.swap(0, 1);
    assert_eq!(report(&runs), expected);
}

#[test]
fn failed_attempts_to_start_are_one_outage() {
    let mut failed = run("db.service", 2, -2900, Some((-2800, crash())));
    failed.ready_at = None;
    let runs = [
        run("db.service", 1, -4000, Some((-3000, crash()))),
        failed,
        run("db.service", 3, -2700, None),
    ];
    let unit = report(&runs);
    assert_eq!((unit.mttr_ms, unit.recoveries_counted), (Some(300_000), 1));
    assert_eq!(unit.uptimes_counted, 1);
    assert!(unit.stops[0].never_ready && !unit.stops[1].never_ready);
}

#[test]
fn what_was_meant_to_stop_had_no_outage() {
    let runs = [
        run("db.service", 1, -9000, Some((-8000, by_job(false)))),
        run("db.service", 2, -5000, Some((-3000, by_job(true)))),
        run("db.service", 3, -2998, None),
    ];
    let unit = report(&runs);
    assert_eq!(unit.failures, 0);
    assert_eq!((unit.mttr_ms, unit.recoveries_counted), (Some(2000), 1));
    assert!(unit.stops[1].meant_to_last && !unit.stops[0].meant_to_last);
}

#[test]
fn a_task_that_is_done_is_no_restart() {
    let done = || because(StopCause::Clean, vec![]);
    let mut task = run("db.service", 1, -500, Some((-400, done())));
    task.ready_at = Some(at(-400));
    task.start = StartReason::Unknown;
    let mut next = run("db.service", 2, -300, Some((-200, done())));
    next.ready_at = Some(at(-200));
    next.start = StartReason::Unknown;
    let unit = report(&[task.clone(), next.clone()]);
    assert_eq!((unit.completed, unit.restarts, unit.stops.len()), (2, 0, 0));
    // But one that systemd starts again whenever it ends is.
    next.start = StartReason::Automatic { restarts: 1 };
    let unit = report(&[task, next]);
    assert_eq!((unit.completed, unit.restarts), (1, 1));
}

#[test]
fn only_the_stops_of_the_period_count_and_only_the_recorded_time() {
    let runs = [
        run("db.service", 1, -20 * DAY, Some((-8 * DAY, crash()))),
        run("db.service", 2, -8 * DAY + 60, Some((-DAY, crash()))),
        run("db.service", 3, -DAY + 60, None),
    ];
    let record = RecordFacts {
        record_begins_at: Some(at(-2 * DAY)),
        ..RecordFacts::default()
    };
    let report = restart_report(&runs, &week(None), &record);
    assert_eq!(report.record_begins_at, Some(at(-2 * DAY)));
    let unit = &report.units[0];
    assert_eq!(unit.restarts, 1);
    assert!(
        (unit.restarts_per_day - 0.5).abs() < 1e-9,
        "one in two days"
    );
    // A record that is older than the question has nothing to add.
    let older = RecordFacts {
        record_begins_at: Some(at(-30 * DAY)),
        ..RecordFacts::default()
    };
    assert_eq!(
        restart_report(&runs, &week(None), &older).record_begins_at,
        None
    );
}

#[test]
fn gaps_of_the_period_are_told() {
    let gap = |second| RecordGap {
        at: at(second),
        source: "journal".into(),
        reason: GapReason::JournalVacuumed,
        lost: None,
        detail: "vacuumed".into(),
    };
    let record = RecordFacts {
        gaps: vec![gap(-10), gap(-9 * DAY), gap(-20)],
        ..RecordFacts::default()
    };
    let report = restart_report(&[], &week(None), &record);
    assert_eq!(report.gaps, [gap(-20), gap(-10)]);
}

#[test]
fn the_worst_unit_stands_first_and_quiet_ones_not_at_all() {
    let runs = [
        run("calm.service", 1, -900, None),
        run("busy.service", 2, -900, Some((-800, by_job(true)))),
        run("busy.service", 3, -799, Some((-700, by_job(true)))),
        run("busy.service", 4, -699, None),
        run("bad.service", 5, -900, Some((-800, crash()))),
    ];
    let report = restart_report(&runs, &week(None), &RecordFacts::default());
    let units: Vec<_> = report.units.iter().map(|unit| unit.unit.as_str()).collect();
    assert_eq!(units, ["bad.service", "busy.service"]);
    assert!(report.has_problem());
    // Who is asked for by name gets an answer.
    let calm = restart_report(&runs, &week(Some("calm.service")), &RecordFacts::default());
    assert_eq!(calm.units[0].stops, []);
    assert!(!calm.has_problem());
}

#[test]
fn the_causes_are_split() {
    let runs = [
        run("db.service", 1, -900, Some((-800, crash()))),
        run("db.service", 2, -799, Some((-700, by_job(true)))),
        run("db.service", 3, -699, Some((-600, crash()))),
        run("db.service", 4, -599, Some((-500, crash()))),
    ];
    let split: Vec<_> = report(&runs)
        .causes
        .iter()
        .map(|share| (share.cause, share.count, share.percent))
        .collect();
    assert_eq!(
        split,
        [(StopCause::Signal, 3, 75.0), (StopCause::Manual, 1, 25.0)]
    );
}

#[test]
fn a_clock_that_was_set_back_gives_no_length() {
    let runs = [
        run("db.service", 1, -900, Some((-1800, crash()))),
        run("db.service", 2, -1790, None),
    ];
    let unit = report(&runs);
    assert!(unit.stops.iter().all(|row| row.uptime_ms.is_none()));
    assert_eq!(unit.mean_uptime_ms, None);
}

#[test]
fn the_host_knows_best_what_runs() {
    let runs = [run("db.service", 1, -900, Some((-800, crash())))];
    let state = |active: &str| {
        let record = RecordFacts {
            states: vec![UnitNow {
                unit: "db.service".parse().unwrap(),
                active: active.into(),
                sub: String::new(),
                main_pid: Some(7),
            }],
            ..RecordFacts::default()
        };
        let report = restart_report(&runs, &week(Some("db.service")), &record);
        report.units[0].state.clone()
    };
    let since = Some(at(-800));
    assert_eq!(
        state("failed"),
        CurrentState::Down {
            since,
            failed: true
        }
    );
    assert_eq!(
        state("inactive"),
        CurrentState::Down {
            since,
            failed: false
        }
    );
    assert_eq!(
        state("active"),
        CurrentState::Running {
            since: None,
            main_pid: Some(7)
        }
    );
    assert_eq!(
        report(&runs).state,
        CurrentState::Down {
            since,
            failed: true
        }
    );
    assert_eq!(report(&[]).state, CurrentState::Unknown);
}

#[test]
fn advice_follows_from_facts_alone() {
    let unit: UnitName = "db.service".parse().unwrap();
    let oom = |limit_bytes| {
        let evidence = Evidence::KernelOom {
            constraint: OomConstraint::Cgroup,
            cgroup: String::new(),
            comm: String::new(),
            rss_bytes: 5,
            limit_bytes,
        };
        because(StopCause::OomCgroup, vec![evidence])
    };
    let mut guessed = because(StopCause::OomCgroup, vec![Evidence::OomNotice]);
    guessed.certainty = Certainty::Inferred;
    let segv = |core_dumped| ExitStatus::Signaled {
        signal: Signal::SEGV,
        core_dumped,
    };
    let mut with_core = ended_with(segv(true), StopCause::Signal);
    let path = Some("/core".to_owned());
    with_core
        .evidence
        .push(Evidence::CoreDump { pid: 77, path });
    let raise = |limit_bytes| Advice::RaiseMemoryLimit {
        unit: unit.clone(),
        limit_bytes,
    };
    let cases = [
        ("a limit", oom(Some(8)), vec![raise(Some(8))]),
        ("a limit that is not known", oom(None), vec![raise(None)]),
        ("a guess", guessed, vec![]),
        ("a core", with_core, vec![Advice::ReadCoreDump { pid: 77 }]),
        (
            "a core somewhere",
            ended_with(segv(true), StopCause::Signal),
            vec![],
        ),
        (
            "no core",
            ended_with(segv(false), StopCause::Signal),
            vec![Advice::EnableCoreDumps { unit: unit.clone() }],
        ),
        (
            "a program that is not there",
            ended_with(ExitStatus::Exited { code: 203 }, StopCause::ExitCode),
            vec![Advice::FixExecStart { unit: unit.clone() }],
        ),
        ("an operator", by_job(true), vec![]),
    ];
    for (name, stop, expected) in cases {
        let runs = [
            run("db.service", 1, -900, Some((-800, stop))),
            run("db.service", 2, -700, None),
        ];
        assert_eq!(report(&runs).advice, expected, "{name}");
    }
    let down = [run("db.service", 1, -900, Some((-800, crash())))];
    assert_eq!(report(&down).advice, [Advice::NotRestarted { unit }]);
}

#[test]
fn the_report_survives_json() {
    let runs = [run("db.service", 1, -900, Some((-800, crash())))];
    let report = restart_report(&runs, &week(None), &RecordFacts::default());
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(
        serde_json::from_str::<RestartReport>(&json).unwrap(),
        report
    );
}

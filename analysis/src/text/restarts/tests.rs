use chrono::FixedOffset;
use uuid::Uuid;

use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    Timestamp,
    black_box::LoadMeasure,
    cause::{Actor, Certainty, Evidence, OomConstraint, Stop},
    event::GapReason,
    identity::{BootId, InvocationId},
    limitation::Limitation,
    log::LogLine,
    process::{ExitStatus, Signal},
    restarts::{
        RecordFacts, RecordGap, RestartQuestion, UnitNow,
        patterns::{LoadBefore, Pattern, PatternVerdict, StatisticalTest},
        policy::RestartPolicy,
        restart_report,
    },
    run::{Run, StartReason},
    text::Language,
};

#[test]
fn a_unit_is_reported_in_both_languages() {
    let english = Catalogue::of(Language::English);
    insta::assert_snapshot!(report(true).render(&page(&english, 80)));
    let chinese = Catalogue::of(Language::Chinese);
    insta::assert_snapshot!(report(true).render(&page(&chinese, 80)));
}

#[test]
fn all_units_are_ranked_in_both_languages() {
    let english = Catalogue::of(Language::English);
    insta::assert_snapshot!(report(false).render(&page(&english, 80)));
    let chinese = Catalogue::of(Language::Chinese);
    insta::assert_snapshot!(report(false).render(&page(&chinese, 80)));
}

#[test]
fn a_host_tells_settings_patterns_and_logs_in_both_languages() {
    let english = Catalogue::of(Language::English);
    insta::assert_snapshot!(of_the_host().render(&page(&english, 80)));
    insta::assert_snapshot!(of_the_host().render(&page(&english, 200)));
    let chinese = Catalogue::of(Language::Chinese);
    insta::assert_snapshot!(of_the_host().render(&page(&chinese, 80)));
}

#[test]
fn what_is_not_to_be_copied_fits_eighty_columns() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        for report in [report(true), of_the_host()] {
            let text = report.render(&page(&catalogue, 80));
            let is_command = |line: &str| line.starts_with("      ");
            for line in text.lines().filter(|line| !is_command(line)) {
                assert!(line.width() <= 80, "{line}");
            }
        }
    }
}

#[test]
fn load_before_stops_is_told_with_that_of_other_times() {
    let mut report = of_the_host();
    for test in &mut report.units[0].patterns {
        if test.pattern == Pattern::AfterHighLoad {
            test.verdict = PatternVerdict::Found;
            test.test = Some(StatisticalTest::Shift);
            (test.n, test.p_value, test.p_corrected) = (8, Some(0.0001), Some(0.0005));
            test.load = Some(LoadBefore {
                measure: LoadMeasure::Waiting,
                before_hundredths: 6260,
                otherwise_hundredths: 240,
                minutes: 10_080,
            });
        }
    }
    let line = |language| {
        let catalogue = Catalogue::of(language);
        let text = report.render(&page(&catalogue, 80));
        let name = catalogue.say("restarts-pattern-after-high-load");
        let mut lines = text.lines().map(str::trim);
        lines
            .find(|line| line.starts_with(&name))
            .unwrap()
            .to_owned()
    };
    insta::assert_snapshot!(line(Language::English), @"After high load  tasks wait 63 %, else 2 %  shift test, 8 hours, p < 0.001");
    insta::assert_snapshot!(line(Language::Chinese), @"高负载之后    任务等待 63 %，平时 2 %      平移检验, 8 小时, p < 0.001");
}

#[test]
fn the_headline_is_the_same_for_hosts_with_the_same_problem() {
    let english = Catalogue::of(Language::English);
    let headline = of_the_host().headline(&english);
    assert_eq!(headline, "mariadb.service fails: signal");
}

#[test]
fn a_misspelled_unit_is_told_what_may_have_been_meant() {
    let question = RestartQuestion {
        unit: Some("mysqll.service".parse().unwrap()),
        since: at(-60),
        now: at(0),
    };
    let mut unknown = restart_report(&[], &question, &RecordFacts::default());
    unknown.similar = vec!["mysql.service".parse().unwrap()];
    let text = unknown.render(&page(&Catalogue::of(Language::English), 80));
    let expected = "This host knows no unit mysqll.service.\nDid you mean mysql.service?\n";
    assert!(text.starts_with(expected), "{text}");
}

fn at(minutes: i64) -> Timestamp {
    chrono::DateTime::UNIX_EPOCH + Duration::minutes(30_000_000 + minutes)
}

fn stop(cause: StopCause, evidence: Vec<Evidence>) -> Stop {
    Stop {
        cause,
        certainty: Certainty::Measured,
        evidence,
        actor: None,
        exit: None,
    }
}

fn runs() -> Vec<Run> {
    let root = Actor {
        uid: 0,
        user: Some("root".into()),
        login_uid: None,
        login_user: None,
        command: ["systemctl", "restart", "mysql\u{1b}[0m"]
            .map(Into::into)
            .into(),
        ancestors: vec![],
    };
    let oom = Evidence::KernelOom {
        constraint: OomConstraint::Cgroup,
        cgroup: "/system.slice/mysql.service".into(),
        comm: "mysqld".into(),
        rss_bytes: 4 << 30,
        limit_bytes: Some(4 << 30),
    };
    let job = vec![Evidence::StopJob {
        job: 9,
        restart: true,
    }];
    let manual = Stop {
        actor: Some(root),
        ..stop(StopCause::Manual, job)
    };
    let segv = ExitStatus::Signaled {
        signal: Signal::SEGV,
        core_dumped: true,
    };
    let crash = Stop {
        exit: Some(segv),
        ..stop(StopCause::Signal, vec![])
    };
    let lost = vec![Evidence::BootEnded { orderly: false }];
    let stops = [
        (9000, 7000, crash),
        (6998, 4000, stop(StopCause::OomCgroup, vec![oom])),
        (3999, 2500, manual),
        (2499, 900, stop(StopCause::Reboot, lost)),
    ];
    let run = |(number, (started, stopped, stop)): (usize, (i64, i64, Stop))| Run {
        unit: "mysql.service".parse().unwrap(),
        invocation: InvocationId(Uuid::from_u128(number as u128)),
        boot: BootId(Uuid::from_u128(1)),
        started_at: Some(at(-started)),
        ready_at: Some(at(-started)),
        stopped_at: Some(at(-stopped)),
        stop: Some(stop),
        start: StartReason::Unknown,
    };
    stops.into_iter().enumerate().map(run).collect()
}

fn report(unit: bool) -> RestartReport {
    let unit = unit.then(|| "mysql.service".parse().unwrap());
    let gaps = vec![RecordGap {
        at: at(-100),
        source: "journal".into(),
        reason: GapReason::JournalVacuumed,
        lost: None,
        detail: "vacuumed".into(),
    }];
    let record = RecordFacts {
        record_begins_at: Some(at(-9500)),
        gaps,
        ..RecordFacts::default()
    };
    let question = RestartQuestion {
        unit,
        since: at(-7 * 1440),
        now: at(0),
    };
    restart_report(&runs(), &question, &record)
}

/// Of a unit that falls over every night, asked for by an alias on its own host.
fn of_the_host() -> RestartReport {
    let unit: crate::identity::UnitName = "mariadb.service".parse().unwrap();
    let mut nights: Vec<Run> = Vec::new();
    for night in 0..8_i64 {
        let oom = night % 4 == 0;
        let stop = match oom {
            true => Stop {
                exit: Some(ExitStatus::Signaled {
                    signal: Signal::KILL,
                    core_dumped: false,
                }),
                ..stop(StopCause::OomCgroup, vec![])
            },
            false => Stop {
                exit: Some(ExitStatus::Signaled {
                    signal: Signal::SEGV,
                    core_dumped: true,
                }),
                ..stop(StopCause::Signal, vec![])
            },
        };
        nights.push(Run {
            unit: unit.clone(),
            invocation: InvocationId(Uuid::from_u128(night as u128)),
            boot: BootId(Uuid::from_u128(1)),
            started_at: Some(at(-night * 1440 - 1400)),
            ready_at: Some(at(-night * 1440 - 1399)),
            stopped_at: Some(at(-night * 1440 - 1 + night % 3)),
            stop: Some(stop),
            start: match oom {
                true => StartReason::Requested { actor: None },
                false => StartReason::Automatic {
                    restarts: 7 - night as u32,
                },
            },
        });
    }
    let said = |message: &str| LogLine {
        at: at(0),
        source: "mariadbd".into(),
        pid: Some(7),
        priority: Some(3),
        message: message.into(),
    };
    let log = vec![
        said("InnoDB: Assertion failure in thread 12345"),
        said(
            "InnoDB: 我们故意触发内存陷阱 \u{1b}[31m, which is a line that is longer than a screen is wide",
        ),
    ];
    let policy = RestartPolicy {
        service_type: "notify".into(),
        restart: "on-abort".into(),
        restart_delay_ms: 5000,
        restart_steps: 4,
        restart_max_delay_ms: Some(300_000),
        start_limit_interval_ms: Some(10_000),
        start_limit_burst: 5,
        oom_policy: "stop".into(),
        watchdog_ms: Some(30_000),
        core_limit_bytes: Some(0),
        needs_reload: true,
        ..RestartPolicy::default()
    };
    let record = RecordFacts {
        source: RecordSource::Journal,
        states: vec![UnitNow {
            unit: unit.clone(),
            active: "active".into(),
            sub: "running".into(),
            main_pid: Some(2891),
        }],
        policies: [(unit.clone(), policy)].into(),
        logs: [(InvocationId(Uuid::from_u128(1)), log)].into(),
        asked_as: Some("mysql.service".parse().unwrap()),
        limits: vec![Limitation {
            what: "journal-entries".into(),
            why: "unreadable".into(),
            count: 3,
        }],
        ..RecordFacts::default()
    };
    let question = RestartQuestion {
        unit: Some(unit),
        since: at(-14 * 1440),
        now: at(0),
    };
    restart_report(&nights, &question, &record)
}

fn page(catalogue: &Catalogue, width: usize) -> Page<'_> {
    let zone = FixedOffset::east_opt(8 * 3600).unwrap();
    Page {
        catalogue,
        style: Style::Plain,
        width: Some(width),
        zone,
        now: at(0),
    }
}

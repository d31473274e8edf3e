use chrono::FixedOffset;
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    limitation::Limitation,
    log::LogLine,
    process::ProcessId,
    resources::Pressure,
    service::{
        MainProcess, RelatedUnit, UnitTimes, facts::ServiceFacts, resources::UnitResources,
        service_report, testing::*,
    },
    service_audit::{Hardening, HardeningGap},
    start_failure::testing::unit,
    text::Language,
    throttling::tests::held_back,
};

fn told(report: &ServiceReport, language: Language, width: usize) -> String {
    let catalogue = Catalogue::of(language);
    let page = Page {
        catalogue: &catalogue,
        style: Style::Plain,
        width: Some(width),
        zone: FixedOffset::east_opt(8 * 3600).unwrap(),
        now: report.at,
    };
    render(report, &page)
}

fn line(seconds: i64, source: &str, priority: u8, message: &str) -> LogLine {
    LogLine {
        at: ago(seconds),
        source: source.into(),
        pid: Some(if source == "systemd" { 1 } else { 700 }),
        priority: Some(priority),
        message: message.into(),
    }
}

#[test]
fn growing_memory_is_told_with_the_time_that_is_left() {
    let mut facts = running();
    facts.times.began_at = Some(ago(300 * 60));
    facts.recording = recorded(240, 20, 1);
    facts.resources = Some(UnitResources {
        memory_bytes: Some(270 << 20),
        memory_max_bytes: Some(512 << 20),
        pressure: Some(Pressure {
            of_cgroup: true,
            cpu_percent: Some(12.0),
            memory_percent: Some(0.0),
            io_percent: None,
        }),
        ..UnitResources::default()
    });
    let report = service_report(facts);
    insta::assert_snapshot!(told(&report, Language::English, 80));
    insta::assert_snapshot!(told(&report, Language::Chinese, 80));
}

/// One that is broken in most ways at once.
fn flapping() -> ServiceFacts {
    let mut facts = running();
    facts.asked = unit("www");
    facts.unit.status.since = Some(ago(5));
    facts.unit.status.restarts = 6;
    facts.times = UnitTimes {
        began_at: Some(ago(5)),
        active_at: Some(ago(5)),
        ..UnitTimes::default()
    };
    facts.record.runs = failing(6, 10, 5);
    facts.status_text = Some("waiting for the database".into());
    facts.main_process = Some(MainProcess {
        process: ProcessId {
            pid: 700,
            start_ns: 9,
        },
        comm: "nginx".into(),
        argv: ["/usr/sbin/nginx", "-g", "daemon off;"]
            .map(Into::into)
            .into(),
        user: Some("www-data".into()),
        started_at: Some(ago(5)),
        open_files: Some(900),
        open_files_max: Some(1024),
    });
    facts.resources = Some(UnitResources {
        memory_bytes: Some(420 << 20),
        memory_anonymous_bytes: Some(300 << 20),
        memory_peak_bytes: Some(500 << 20),
        memory_max_bytes: Some(512 << 20),
        oom_kills: Some(1),
        cpu_ns: Some(1_500_000_000),
        cpu_over_ms: Some(5000),
        cpu_quota_us_per_s: Some(500_000),
        throttling: Some(held_back()),
        tasks: Some(33),
        tasks_max: Some(4915),
        ..UnitResources::default()
    });
    facts.log = vec![
        line(5, "systemd", 6, "Started nginx.service - A web server."),
        line(
            4,
            "nginx",
            3,
            "upstream db:5432 refused the connection; 数据库没有回答，三秒后再试",
        ),
    ];
    facts.log_has_more = true;
    facts.dependencies = ["db", "sysinit.target"]
        .map(|name| DependencyState {
            unit: unit(name),
            relation: "Wants".into(),
            load_state: "loaded".into(),
            active_state: if name == "db" { "failed" } else { "active" }.into(),
            since: None,
            result: (name == "db").then(|| "exit-code".into()),
            needed_by: None,
        })
        .into();
    facts.triggers = vec![RelatedUnit {
        unit: unit("nginx.socket"),
        relation: "TriggeredBy".into(),
        active_state: "active".into(),
        sub_state: "running".into(),
    }];
    let text = "[Service]\nRestart=always\nStartLimitIntervalSec=60\nKillMode=none\n";
    facts.files.files = vec![file("/etc/systemd/system/nginx.service", text)];
    facts.files.need_reload = true;
    let policy = facts.policy.as_mut().unwrap();
    policy.kill_mode = "none".into();
    (policy.start_limit_burst, policy.start_limit_interval_ms) = (5, 10_000);
    facts.hardening = Some(Hardening {
        exposure: 9.2,
        level: "UNSAFE".into(),
        open: vec![HardeningGap {
            setting: "PrivateNetwork=".into(),
            words: "Service has access to the host's network".into(),
            exposure: 0.5,
        }],
    });
    facts
}

#[test]
fn one_that_flaps_is_told_in_both_languages() {
    let report = service_report(flapping());
    for language in Language::ALL {
        insta::assert_snapshot!(told(&report, language, 80));
    }
}

#[test]
fn its_details_are_told_in_a_wide_terminal() {
    let mut facts = flapping();
    facts.detail = true;
    insta::assert_snapshot!(told(&service_report(facts), Language::English, 200));
}

#[test]
fn one_of_which_little_can_be_read_says_so() {
    let mut facts = down("failed", "exit-code", 60);
    let limit = |what: &str, why: &str| Limitation {
        what: what.into(),
        why: why.into(),
        count: 1,
    };
    facts.limits = vec![
        limit(
            "journal",
            "no permission to read the journal at /var/log/journal",
        ),
        limit(
            "hardening",
            "there is no program systemd-analyze on this host",
        ),
    ];
    let report = service_report(facts);
    for language in Language::ALL {
        insta::assert_snapshot!(told(&report, language, 80));
    }
}

#[test]
fn a_timer_is_told_with_its_times() {
    let mut facts = running();
    facts.asked = unit("backup.timer");
    facts.unit.name = unit("backup.timer");
    facts.unit.status.sub_state = "waiting".into();
    facts.policy = None;
    facts.kind = UnitKind::Timer {
        next_at: Some(ago(-600)),
        last_at: None,
        when: vec!["OnCalendar=*-*-* 06:00:00".into()],
        starts: Some(unit("backup")),
        persistent: true,
    };
    for language in Language::ALL {
        insta::assert_snapshot!(told(&service_report(facts.clone()), language, 80));
    }
}

#[test]
fn no_line_is_too_wide_and_nothing_of_a_host_is_obeyed() {
    let mut facts = flapping();
    facts.detail = true;
    facts.unit.status.description = "\u{1b}[2Jgone".into();
    facts.files.complaints =
        vec!["/etc/systemd/system/nginx.service:2: \u{1b}[31mred and \u{202e} long words that do not end before the terminal does".into()];
    facts.status_text = Some("\u{1b}]0;title\u{7}".into());
    let report = service_report(facts);
    for language in Language::ALL {
        let text = told(&report, language, 80);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text}");
        for line in text.lines() {
            // What is to be copied stays whole.
            let is_whole = line.contains("journalctl") || line.contains("aiops");
            assert!(is_whole || line.width() <= 80, "{line}");
        }
    }
}

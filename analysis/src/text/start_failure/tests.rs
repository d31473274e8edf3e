use chrono::FixedOffset;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::{
    cause::Certainty,
    log::LogLine,
    start_failure::{
        LogFileExcerpt, StartFacts,
        changes::{
            FileRole, GoodStart, PackagePart, StartRecord,
            facts::{ChangeFacts, FileSeen, FileStamp, Snapshot},
            package_log::PackageEvent,
        },
        config_test::{BlamedPlace, ConfigTest, TestOutcome},
        diagnose,
        testing::*,
    },
    text::{Catalogue, Language},
};

/// Columns of a terminal that nobody has made wider.
const COLUMNS: usize = 80;

fn both(report: &StartFailure) -> [String; 2] {
    Language::ALL.map(|language| {
        let catalogue = Catalogue::of(language);
        let page = Page {
            catalogue: &catalogue,
            style: Style::Plain,
            width: Some(COLUMNS),
            zone: FixedOffset::east_opt(8 * 3600).unwrap(),
            now: report.at,
        };
        render(report, &page)
    })
}

fn port_in_use() -> StartFailure {
    let bind = "nginx: [emerg] bind() to 0.0.0.0:443 failed (98: Address already in use)";
    let bind6 = "nginx: [emerg] bind() to [::]:443 failed (98: Address already in use)";
    let mut log = vec![
        line("systemd", "Starting nginx.service - A web server..."),
        line("nginx", bind),
        line("nginx", bind6),
        line("nginx", "nginx: [emerg] still could not bind()"),
    ];
    log[1].priority = Some(3);
    let ended = "nginx.service: Control process exited, code=exited, status=1/FAILURE";
    log.push(line("systemd", ended));
    log.push(line(
        "systemd",
        "Failed to start nginx.service - A web server.",
    ));
    let mut facts = failed("exit-code", exited(1), log);
    facts.sockets = vec![apache("0.0.0.0:443", 443)];
    facts.unit.as_mut().unwrap().status.since = Some(at(1));
    facts.dependencies = ["sysinit.target", "network.target"]
        .map(|name| DependencyState {
            unit: unit(name),
            relation: "Requires".into(),
            load_state: "loaded".into(),
            active_state: "active".into(),
            since: None,
            result: None,
            needed_by: None,
        })
        .into();
    diagnose(facts)
}

#[test]
fn a_port_in_use_is_reported_in_both_languages() {
    let [english, chinese] = both(&port_in_use());
    insta::assert_snapshot!(english);
    insta::assert_snapshot!(chinese);
}

#[test]
fn a_failed_dependency_is_reported_in_both_languages() {
    let mut facts = resting();
    let said = "Dependency failed for nginx.service - A web server.";
    facts.attempt = failed("dependency", None, vec![line("systemd", said)]).attempt;
    let attempt = facts.attempt.as_mut().unwrap();
    (attempt.invocation_id, attempt.step, attempt.began_at) = (None, None, None);
    let dependency = |name: &str, active: &str, by: Option<&str>| DependencyState {
        unit: unit(name),
        relation: "Requires".into(),
        load_state: "loaded".into(),
        active_state: active.into(),
        since: Some(at(0)),
        result: (active == "failed").then(|| "exit-code".into()),
        needed_by: by.map(unit),
    };
    facts.dependencies = vec![
        dependency("app", "inactive", None),
        dependency("db", "failed", Some("app")),
        dependency("sysinit.target", "active", None),
    ];
    facts.limits = vec![Limitation {
        what: "journal".into(),
        why: "no permission to read the journal at /var/log/journal".into(),
        count: 1,
    }];
    let [english, chinese] = both(&diagnose(facts));
    insta::assert_snapshot!(english);
    insta::assert_snapshot!(chinese);
}

#[test]
fn a_healthy_unit_shows_what_failed_before() {
    let mut facts = failed("exit-code", exited(1), vec![line("nginx", "oh no")]);
    facts.went_well_since = true;
    let status = &mut facts.unit.as_mut().unwrap().status;
    (status.active_state, status.sub_state) = ("active".into(), "running".into());
    status.since = Some(at(30));
    let [english, _] = both(&diagnose(facts));
    insta::assert_snapshot!(english);
}

#[test]
fn a_crash_after_weeks_is_no_failed_start() {
    let mut facts = failed("signal", killed(crate::process::Signal::SEGV), vec![]);
    let attempt = facts.attempt.as_mut().unwrap();
    attempt.began_at = Some(at(1 - 21 * 86_400));
    attempt.started_at = attempt.began_at;
    let [english, chinese] = both(&diagnose(facts.clone()));
    insta::assert_snapshot!(english);
    insta::assert_snapshot!(chinese);
    // It runs again.
    facts.went_well_since = true;
    facts.unit.as_mut().unwrap().status.active_state = "active".into();
    let [english, _] = both(&diagnose(facts));
    assert!(
        english.contains("Earlier failure while it ran, "),
        "{english}"
    );
}

#[test]
fn a_long_log_and_the_start_limit() {
    let lines = (0..40).map(|number| line("app", &format!("line {number}, error")));
    let mut facts = failed("start-limit-hit", exited(2), lines.collect());
    facts.attempt.as_mut().unwrap().log_omitted = 1000;
    let [english, _] = both(&diagnose(facts));
    insta::assert_snapshot!(english);
}

#[test]
fn a_test_of_the_configuration_is_shown_with_its_result() {
    let mut test = ConfigTest {
        name: "haproxy".into(),
        command: "haproxy -c -f /etc/haproxy/haproxy.cfg".into(),
        user: "root".into(),
        outcome: TestOutcome::Failed,
        status: exited(1),
        output: vec![
            "[ALERT] config : parsing [/etc/haproxy/haproxy.cfg:35] : unknown keyword 'bnd' in 'defaults' section".into(),
            "[ALERT] config : Fatal errors found in configuration.".into(),
        ],
        blames: Some(BlamedPlace {
            path: "/etc/haproxy/haproxy.cfg".into(),
            line: Some(35),
            message: Some("unknown keyword 'bnd' in 'defaults' section".into()),
            fault: None,
            changed_at: Some(at(-9)),
            is_doubtful: false,
        }),
    };
    let mut facts = failed("exit-code", exited(1), vec![]);
    facts.config_tests = vec![test.clone()];
    let [english, chinese] = both(&diagnose(facts.clone()));
    insta::assert_snapshot!(english);
    insta::assert_snapshot!(chinese);
    test.outcome = TestOutcome::Passed;
    (test.output, test.blames) = (vec![], None);
    facts.config_tests = vec![test];
    let [english, chinese] = both(&diagnose(facts));
    assert!(english.contains("Config test passed"), "{english}");
    assert!(chinese.contains("配置检查通过"), "{chinese}");
}

#[test]
fn what_a_program_wrote_into_its_own_files_is_shown_and_judged() {
    let path = "/var/log/mysql/error.log";
    let written = [
        "2027-01-15  8:00:00 0 [Note] Starting MariaDB 10.11.19 source revision as process 4711",
        "2027-01-15  8:00:00 0 [ERROR] Can't start server: Bind on TCP/IP port. Got error: 98: Address already in use",
        "2027-01-15  8:00:00 0 [ERROR] Aborting",
    ];
    let mut facts = failed("exit-code", exited(1), vec![]);
    let lines = written.map(|message| LogLine {
        pid: None,
        priority: None,
        ..line(path, message)
    });
    facts.log_files = vec![LogFileExcerpt {
        path: path.into(),
        modified_at: at(1),
        lines: lines.into(),
        lines_omitted: 7,
    }];
    let report = diagnose(facts);
    assert_eq!(report.verdict.cause, StartCause::PortInUse);
    let [english, chinese] = both(&report);
    insta::assert_snapshot!(english);
    insta::assert_snapshot!(chinese);
}

/// A start that failed after changes that the agent had kept copies for.
fn changed() -> StartFacts {
    let mut facts = failed("exit-code", exited(1), vec![]);
    let stamp = |seconds, text: &str| FileStamp {
        mode: 0o644,
        uid: 0,
        gid: 0,
        bytes: 1,
        modified_at: at(seconds),
        changed_at: at(seconds),
        sha256: Some(text.to_owned()),
        text: Some(text.to_owned()),
    };
    let file = |path: &str, role, stamp| FileSeen {
        path: path.to_owned(),
        role,
        stamp,
    };
    let conf = "/etc/nginx/nginx.conf";
    let drop_in = "/etc/systemd/system/nginx.service.d/limits.conf";
    let before = "http {\n  listen 80;\n  root /var/www;\n}\n";
    let after = "http {\n  lisen 80;\n  auth_token s3cret;\n  root /var/www;\n}\n";
    let mut kept = Snapshot {
        started_at: at(-3 * 86_400),
        taken_at: at(-3 * 86_400 + 2),
        ..Snapshot::default()
    };
    let old = stamp(-9 * 86_400, before);
    kept.files = vec![file(conf, FileRole::Configuration, Some(old))];
    let limit = |value: &str| [("LimitNOFILE".to_owned(), value.to_owned())].into();
    kept.settings = limit("1024");
    let now = Snapshot {
        files: vec![
            file(conf, FileRole::Configuration, Some(stamp(-60, after))),
            file(
                drop_in,
                FileRole::DropIn,
                Some(stamp(-120, "[Service]\nLimitNOFILE=16\n")),
            ),
            file(
                "/usr/sbin/nginx",
                FileRole::Program,
                Some(FileStamp {
                    modified_at: at(-90 * 86_400),
                    changed_at: at(-7200),
                    ..stamp(0, "")
                }),
            ),
        ],
        settings: limit("16"),
        kernel: Some("6.1.0-29-amd64".into()),
        ..Snapshot::default()
    };
    let package = |name: &str, before: Option<&str>| PackageEvent {
        at: at(-7200),
        name: name.into(),
        before: before.map(Into::into),
        after: Some("1.22.1-9+deb12u4".into()),
    };
    let mut packages: Vec<_> = (0..12)
        .map(|n| package(&format!("lib{n}"), Some("1")))
        .collect();
    packages.push(package("nginx", Some("1.22.1-9+deb12u3")));
    facts.changes = Some(ChangeFacts {
        journal_read: true,
        kept: Some(kept),
        now,
        packages,
        brings: [("nginx".to_owned(), PackagePart::Program)].into(),
        booted_at: Some(at(-86_400)),
        kernel_before: Some("6.1.0-28-amd64".into()),
        ..ChangeFacts::default()
    });
    facts
}

#[test]
fn what_changed_is_shown_with_what_is_blamed_first() {
    let mut facts = changed();
    let said = "nginx: [emerg] unknown directive \"lisen\" in /etc/nginx/nginx.conf:2";
    facts.attempt.as_mut().unwrap().log = vec![line("nginx", said)];
    let [english, chinese] = both(&diagnose(facts));
    insta::assert_snapshot!(english);
    insta::assert_snapshot!(chinese);
}

#[test]
fn what_changed_is_told_by_dates_where_no_copy_was_kept() {
    let mut facts = changed();
    let changes = facts.changes.as_mut().unwrap();
    let at = changes.kept.take().unwrap().started_at;
    let known_from = StartRecord::Journal;
    changes.good_start = Some(GoodStart { at, known_from });
    changes.packages.clear();
    let [english, chinese] = both(&diagnose(facts.clone()));
    insta::assert_snapshot!(english);
    insta::assert_snapshot!(chinese);
    facts.changes = Some(ChangeFacts {
        journal_read: true,
        ..ChangeFacts::default()
    });
    let [english, _] = both(&diagnose(facts));
    assert!(
        english.contains("no start that went well is on record"),
        "{english}"
    );
}

#[test]
fn lines_fit_and_the_last_one_is_to_be_copied() {
    for text in both(&port_in_use()) {
        for line in text.lines() {
            assert!(line.width() <= COLUMNS, "{line}");
        }
        assert!(
            text.ends_with("systemctl stop apache2 && systemctl start nginx\n"),
            "{text}"
        );
    }
}

#[test]
fn what_a_host_says_does_not_reach_the_terminal() {
    let evil = "\u{1b}]0;x\u{7}\u{202e}";
    let mut facts = failed(
        "exit-code",
        exited(1),
        vec![line(evil, &format!("{evil} error"))],
    );
    let of_unit = facts.unit.as_mut().unwrap();
    of_unit.status.description = evil.into();
    of_unit.status.files = vec![evil.into()];
    of_unit.status.active_state = format!("failed{evil}");
    of_unit.status.sub_state = evil.into();
    let mut report = diagnose(facts);
    let mut holder = apache(evil, 80);
    (holder.comm, holder.argv) = (Some(evil.into()), vec![evil.into()]);
    (holder.user, holder.container) = (Some(evil.into()), Some(evil.into()));
    report.verdict.culprit = Some(Culprit::Process(holder));
    report.verdict.cause = StartCause::PortInUse;
    report.verdict.certainty = Certainty::Measured;
    let kinds = [
        FixKind::InstallPackage { path: evil.into() },
        FixKind::MeetCondition {
            condition: evil.into(),
        },
    ];
    report.verdict.fixes = kinds
        .map(|what| Fix {
            what,
            commands: vec![evil.into()],
            risky: true,
        })
        .into();
    report.limits = vec![Limitation {
        what: evil.into(),
        why: evil.into(),
        count: 1,
    }];
    for text in both(&report) {
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
}

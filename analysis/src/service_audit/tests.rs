use super::*;
use crate::{
    service::{ServiceCause, resources::UnitResources, service_report, testing::*},
    start_failure::facts::{FileFact, FileState},
};

const PATH: &str = "/etc/systemd/system/nginx.service";

fn found(facts: &ServiceFacts) -> Vec<AuditFinding> {
    service_report(facts.clone()).audit
}

fn checks(facts: &ServiceFacts) -> Vec<AuditCheck> {
    found(facts)
        .into_iter()
        .map(|finding| finding.check)
        .collect()
}

/// A service with this file and these settings in force.
fn set_up(text: &str, set: impl FnOnce(&mut ServicePolicy)) -> ServiceFacts {
    let mut facts = running();
    facts.files.files = vec![file(PATH, text)];
    set(facts.policy.as_mut().unwrap());
    facts
}

#[test]
fn names_are_those_of_the_json() {
    for check in AuditCheck::ALL {
        assert_eq!(serde_json::to_value(check).unwrap(), check.name());
    }
}

#[test]
fn one_that_is_set_up_well_has_no_findings() {
    assert_eq!(
        found(&set_up("[Service]\nRestart=on-failure\n", |_| ())),
        []
    );
}

#[test]
fn settings_in_force_are_judged() {
    type Set = fn(&mut ServicePolicy);
    let cases: [(Set, &[AuditCheck]); 14] = [
        (|it| it.restart = "no".into(), &[AuditCheck::NoRestart]),
        (
            |it| (it.restart, it.service_type) = ("no".into(), "oneshot".into()),
            &[],
        ),
        (
            |it| {
                (
                    it.restart_delay_ms,
                    it.start_limit_burst,
                    it.start_limit_interval_ms,
                ) = (100, 5, 10_000)
            },
            &[AuditCheck::GivesUpSoon],
        ),
        (
            |it| {
                (
                    it.restart_delay_ms,
                    it.start_limit_burst,
                    it.start_limit_interval_ms,
                ) = (3000, 5, 10_000)
            },
            &[AuditCheck::NeverGivesUp],
        ),
        (|it| it.start_limit_interval_ms = 0, &[]),
        (
            |it| it.kill_mode = "none".into(),
            &[AuditCheck::KillModeNone],
        ),
        (
            |it| it.kill_mode = "process".into(),
            &[AuditCheck::KillModeProcess],
        ),
        (|it| it.kill_mode = "mixed".into(), &[]),
        (
            |it| it.service_type = "forking".into(),
            &[AuditCheck::ForkingWithoutPidFile],
        ),
        (
            |it| (it.service_type, it.pid_file) = ("forking".into(), "/run/x.pid".into()),
            &[],
        ),
        (
            |it| it.restart = "on-abort".into(),
            &[AuditCheck::OomStaysDown],
        ),
        (
            |it| it.stop_timeout_ms = None,
            &[AuditCheck::StopTimeoutInfinite],
        ),
        // It has been up for an hour, so somebody feeds this one.
        (|it| it.watchdog_ms = Some(30_000), &[]),
        (
            |it| it.watchdog_ms = Some(7_200_000),
            &[AuditCheck::WatchdogUnfed],
        ),
    ];
    for (number, (set, expected)) in cases.into_iter().enumerate() {
        assert_eq!(checks(&set_up("", set)), expected, "case {number}");
    }
}

#[test]
fn a_start_limit_in_the_wrong_section_is_found_where_it_stands() {
    let text = "[Service]\nRestart=always\nStartLimitIntervalSec=60\nStartLimitBurst=3\n";
    // What is in force is the default, which the restarts are too slow for.
    let facts = set_up(text, |it| {
        (
            it.restart_delay_ms,
            it.start_limit_burst,
            it.start_limit_interval_ms,
        ) = (3000, 3, 9000);
    });
    let found = found(&facts);
    let [ignored, misplaced] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (ignored.check, misplaced.check),
        (
            AuditCheck::StartLimitIgnored,
            AuditCheck::StartLimitMisplaced
        )
    );
    let place = Place {
        file: PATH.into(),
        line: 3,
    };
    assert_eq!(ignored.place, Some(place));
    let fix = ignored.fix.as_ref().unwrap();
    assert_eq!(fix.lines, ["[Unit]", "StartLimitIntervalSec=60"]);
    assert_eq!(fix.commands, ["systemctl edit --full nginx"]);
}

#[test]
fn the_last_of_several_settings_is_the_one_in_force() {
    let mut facts = set_up("[Service]\nKillMode=mixed\n", |it| {
        it.kill_mode = "none".into()
    });
    let drop_in = "/etc/systemd/system/nginx.service.d/kill.conf";
    facts
        .files
        .files
        .push(file(drop_in, "[Service]\n\nKillMode=none\n"));
    let place = found(&facts)[0].place.clone().unwrap();
    assert_eq!((place.file.as_str(), place.line), (drop_in, 3));
}

#[test]
fn programs_are_judged_unless_they_may_fail() {
    let state = |path: &str, state: FileState| FileFact {
        path: path.into(),
        state,
        interpreter: None,
    };
    let program = "/usr/sbin/nginx";
    let cases = [
        (FileState::Missing, Some(AuditCheck::ProgramMissing)),
        (
            FileState::File { mode: 0o644 },
            Some(AuditCheck::ProgramNotExecutable),
        ),
        (
            FileState::File { mode: 0o777 },
            Some(AuditCheck::ProgramWritable),
        ),
        (FileState::File { mode: 0o755 }, None),
        (FileState::Unreadable("denied".into()), None),
    ];
    for (of_file, expected) in cases {
        let mut facts = set_up("[Service]\nExecStart=/usr/sbin/nginx -g x\n", |_| ());
        facts.files.programs = vec![
            state(program, of_file.clone()),
            state("/none", FileState::Missing),
        ];
        let found = found(&facts);
        assert_eq!(found.first().map(|one| one.check), expected, "{of_file:?}");
        if let Some(finding) = found.first() {
            assert_eq!(finding.severity, Severity::Error);
            assert_eq!(finding.place.as_ref().map(|place| place.line), Some(2));
        }
        facts.files.files = vec![file(PATH, "[Service]\nExecStartPre=-/usr/sbin/nginx -t\n")];
        assert_eq!(checks(&facts), [], "{of_file:?}");
    }
}

#[test]
fn whoever_may_change_its_files_is_told() {
    let mut facts = set_up("", |_| ());
    facts.files.files[0].mode = 0o666;
    assert_eq!(
        found(&facts)[0].fix.as_ref().unwrap().commands,
        [format!("chmod o-w {PATH}")]
    );
    facts.files.files[0].mode = 0o644;
    facts.files.files[0].owner_uid = 1000;
    assert_eq!(checks(&facts), [AuditCheck::FileOwner]);
}

#[test]
fn complaints_of_systemd_are_kept_unless_they_repeat() {
    let mut facts = set_up("[Service]\nStartLimitIntervalSec=60\nRestrat=yes\n", |_| ());
    facts.files.complaints = vec![
        format!("{PATH}:2: Unknown key 'StartLimitIntervalSec' in section [Service], ignoring."),
        format!("{PATH}:3: Unknown key 'Restrat' in section [Service], ignoring."),
        "/lib/systemd/system/other.service:3: of another unit".into(),
        "nginx.service: Command /opt/none is not executable: No such file".into(),
    ];
    let found = found(&facts);
    let seen: Vec<_> = found
        .iter()
        .map(|one| {
            (
                one.check,
                one.setting.as_str(),
                one.place.as_ref().map(|place| place.line),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (
                AuditCheck::StartLimitIgnored,
                "StartLimitIntervalSec=60",
                Some(2)
            ),
            (AuditCheck::Complaint, "Restrat=yes", Some(3)),
            (AuditCheck::Complaint, "", None),
        ]
    );
}

#[test]
fn what_runs_and_cannot_be_started_again_is_told() {
    for (state, expected) in [
        ("not-found", AuditCheck::FileGone),
        ("masked", AuditCheck::MaskedButRuns),
    ] {
        let mut facts = running();
        facts.unit.status.load_state = state.into();
        assert_eq!(checks(&facts), [expected]);
    }
    let mut facts = running();
    facts.enabled = "disabled".into();
    assert_eq!(checks(&facts), [AuditCheck::NotAtBoot]);
    facts.files.started_by = vec!["multi-user.target".parse().unwrap()];
    assert_eq!(checks(&facts), []);
    facts.files.need_reload = true;
    assert_eq!(checks(&facts), [AuditCheck::NeedReload]);
}

#[test]
fn root_is_worth_a_hint_where_people_wrote_the_unit() {
    let mut facts = set_up("", |it| it.user = String::new());
    facts.hardening = Some(Hardening {
        exposure: 9.6,
        level: "UNSAFE".into(),
        open: vec![],
    });
    assert_eq!(checks(&facts), [AuditCheck::RunsAsRoot]);
    facts.files.files[0].path = "/lib/systemd/system/nginx.service".into();
    assert_eq!(checks(&facts), []);
}

#[test]
fn what_made_it_fail_is_graver_than_what_may_be_on_purpose() {
    let facts = set_up("", |it| it.restart = "no".into());
    assert_eq!(found(&facts)[0].severity, Severity::Hint);
    let mut failed = facts.clone();
    failed.unit.status.active_state = "failed".into();
    assert_eq!(found(&failed)[0].severity, Severity::Warning);

    let slow = set_up("", |it| it.start_limit_interval_ms = 1000);
    assert_eq!(found(&slow)[0].severity, Severity::Hint);
    let mut looping = slow.clone();
    looping.record.runs = failing(6, 10, 5);
    looping.unit.status.since = Some(ago(5));
    let report = service_report(looping);
    assert_eq!(report.verdict.cause, ServiceCause::RestartLoop);
    assert_eq!(report.audit[0].severity, Severity::Warning);
}

#[test]
fn a_part_that_is_killed_is_not_hidden_by_a_limit() {
    let mut facts = set_up("", |it| it.oom_policy = "continue".into());
    assert_eq!(checks(&facts), []);
    facts.resources = Some(UnitResources {
        memory_max_bytes: Some(1 << 20),
        ..UnitResources::default()
    });
    assert_eq!(checks(&facts), [AuditCheck::OomContinues]);
}

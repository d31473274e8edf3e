use super::{events::Happened, facts::PidFile, resources::UnitResources, testing::*, *};
use crate::{
    run::StartReason,
    start_failure::{facts::Condition, testing::unit},
};

fn concluded(facts: &ServiceFacts) -> (ServiceCause, Certainty) {
    let verdict = service_report(facts.clone()).verdict;
    (verdict.cause, verdict.certainty)
}

fn cause(facts: &ServiceFacts) -> ServiceCause {
    concluded(facts).0
}

#[test]
fn names_are_those_of_the_json() {
    for cause in ServiceCause::ALL {
        assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
    }
}

#[test]
fn states_are_told_as_systemd_has_them() {
    // (active state, sub-state, the cause)
    let cases = [
        ("active", "running", ServiceCause::Running),
        ("reloading", "reload", ServiceCause::Running),
        ("active", "exited", ServiceCause::Done),
        ("active", "waiting", ServiceCause::Waiting),
        ("activating", "start", ServiceCause::Starting),
        ("deactivating", "stop-sigterm", ServiceCause::Stopping),
        ("failed", "failed", ServiceCause::Failed),
    ];
    for (active, sub, expected) in cases {
        let mut facts = running();
        facts.unit.status.active_state = active.into();
        facts.unit.status.sub_state = sub.into();
        assert_eq!(cause(&facts), expected, "{active} {sub}");
    }
}

#[test]
fn memory_that_will_reach_its_limit_is_a_problem_and_other_growth_is_none() {
    let with = |recording| {
        let mut facts = running();
        facts.times.began_at = Some(ago(300 * 60));
        facts.recording = recording;
        facts
    };
    let leaking = with(recorded(240, 20, 1));
    assert_eq!(
        concluded(&leaking),
        (ServiceCause::MemoryGrows, Certainty::Inferred)
    );
    let trend = service_report(leaking.clone()).memory_trend.unwrap();
    assert_eq!(trend.reaches_limit_in_s, Some((512 - 260) * 60));
    // (what, facts): none of it is a verdict.
    let mut stopped_agent = leaking.clone();
    for sample in &mut stopped_agent.recording.history {
        sample.at -= chrono::TimeDelta::minutes(40);
    }
    let mut run_before = leaking.clone();
    run_before.times.began_at = Some(ago(60 * 60));
    let cases = [
        ("steady", with(recorded(240, 200, 0))),
        ("too short", with(recorded(20, 20, 10))),
        ("far off for what was seen", with(recorded(35, 20, 2))),
        ("nobody records any more", stopped_agent),
        ("another run", run_before),
    ];
    for (what, facts) in cases {
        assert_eq!(cause(&facts), ServiceCause::Running, "{what}");
    }
}

#[test]
fn what_is_not_loaded_is_no_service() {
    let cases = [
        ("not-found", ServiceCause::NotFound),
        ("masked", ServiceCause::Masked),
        ("bad-setting", ServiceCause::UnitFileInvalid),
    ];
    for (state, expected) in cases {
        let mut facts = down("inactive", "success", 5);
        facts.unit.status.load_state = state.into();
        assert_eq!(cause(&facts), expected, "{state}");
    }
    let mut runs_on = running();
    runs_on.unit.status.load_state = "not-found".into();
    assert_eq!(cause(&runs_on), ServiceCause::Running);
}

#[test]
fn one_that_is_down_is_told_by_what_was_meant() {
    let rests = down("inactive", "success", 60);
    assert_eq!(cause(&rests), ServiceCause::EnabledButDown);

    let mut disabled = rests.clone();
    disabled.enabled = "disabled".into();
    assert_eq!(cause(&disabled), ServiceCause::Stopped);
    disabled.record.runs = vec![run(
        90,
        StartReason::Boot,
        Some((60, stop(StopCause::Clean, None))),
    )];
    assert_eq!(cause(&disabled), ServiceCause::Done);

    let mut skipped = rests.clone();
    skipped.unit.conditions_met = Some(false);
    skipped.unit.conditions = vec![Condition {
        kind: "ConditionPathExists".into(),
        trigger: false,
        negated: true,
        parameter: "/etc/x".into(),
        met: Some(false),
    }];
    let report = service_report(skipped);
    assert_eq!(report.verdict.cause, ServiceCause::ConditionNotMet);
    let text = "ConditionPathExists=!/etc/x".to_owned();
    assert_eq!(
        report.verdict.evidence,
        [ServiceEvidence::Condition { text }]
    );

    let mut waits = rests.clone();
    waits.triggers = vec![related("TriggeredBy", "nginx.timer", "active")];
    assert_eq!(cause(&waits), ServiceCause::Waiting);

    let mut task = rests.clone();
    task.policy.as_mut().unwrap().service_type = "oneshot".into();
    assert_eq!(cause(&task), ServiceCause::Done);
    task.times = UnitTimes::default();
    assert_eq!(cause(&task), ServiceCause::Stopped);

    let cases = [
        ("exit-code", ServiceCause::StoppedAfterFailure),
        ("exec-condition", ServiceCause::ConditionNotMet),
    ];
    for (result, expected) in cases {
        assert_eq!(cause(&down("inactive", result, 60)), expected, "{result}");
    }
}

#[test]
fn a_failure_is_told_with_the_cause_of_its_last_stop() {
    let mut facts = down("failed", "exit-code", 60);
    let end = (60, stop(StopCause::ExitCode, Some(3)));
    facts.record.runs = vec![run(90, StartReason::Boot, Some(end))];
    let report = service_report(facts);
    assert_eq!(report.verdict.stop_cause, Some(StopCause::ExitCode));
    assert_eq!(report.health(), Health::Problem);
    assert_eq!(report.verdict.evidence.len(), 2);
}

#[test]
fn one_that_comes_back_again_and_again_is_not_fine() {
    // (restarts, seconds between them, seconds that it is up now, is it a loop?)
    let cases = [
        ("every ten seconds, up for two", 5, 10, 2, true),
        ("two in an hour are not many", 2, 10, 2, false),
        ("every twenty minutes, up for ten", 4, 1200, 600, true),
        ("every two hours of a day", 11, 7200, 3600, true),
        ("calm for most of an hour", 5, 10, 3000, false),
        ("it was long ago", 5, 10, 80_000, false),
    ];
    for (name, times, every, up, is_loop) in cases {
        let mut facts = running();
        facts.record.runs = failing(times, every, up);
        facts.unit.status.since = Some(ago(up));
        facts.times.active_at = Some(ago(up));
        let expected = match is_loop {
            true => (ServiceCause::RestartLoop, Certainty::Measured),
            false => (ServiceCause::Running, Certainty::Measured),
        };
        assert_eq!(concluded(&facts), expected, "{name}");
    }
}

#[test]
fn a_loop_is_seen_without_a_record_and_while_it_waits() {
    let mut facts = running();
    facts.record.since = None;
    facts.unit.status.restarts = 58;
    facts.unit.status.since = Some(ago(4));
    let expected = (ServiceCause::RestartLoop, Certainty::Inferred);
    assert_eq!(concluded(&facts), expected);
    // Whatever it went through, it has been up for long.
    facts.unit.status.since = Some(ago(90_000));
    assert_eq!(cause(&facts), ServiceCause::Running);

    let mut waits = running();
    waits.unit.status.active_state = "activating".into();
    waits.unit.status.sub_state = "auto-restart".into();
    waits.unit.status.restarts = 4;
    let expected = (ServiceCause::RestartLoop, Certainty::Measured);
    assert_eq!(concluded(&waits), expected);
    // The first time it may help.
    waits.unit.status.restarts = 0;
    assert_eq!(cause(&waits), ServiceCause::Starting);
}

#[test]
fn operators_who_restart_it_make_no_loop() {
    let mut facts = running();
    let asked = || StartReason::Requested { actor: None };
    let by_hand = |ready| {
        run(
            ready,
            asked(),
            Some((ready - 5, stop(StopCause::Manual, None))),
        )
    };
    facts.record.runs = (1..9).rev().map(|n| by_hand(n * 60)).collect();
    let report = service_report(facts);
    assert_eq!(report.verdict.cause, ServiceCause::Running);
    assert_eq!(report.activity.restarts_last_hour, 0);
}

#[test]
fn what_looks_active_and_is_not_well_is_told() {
    let mut killed = running();
    killed.resources = Some(UnitResources {
        oom_kills: Some(2),
        ..UnitResources::default()
    });
    assert_eq!(cause(&killed), ServiceCause::KilledInside);

    let mut left = running();
    left.unit.status.sub_state = "exited".into();
    left.policy.as_mut().unwrap().service_type = "forking".into();
    let expected = (ServiceCause::NothingLeft, Certainty::Inferred);
    assert_eq!(concluded(&left), expected);

    let mut full = running();
    full.resources = Some(UnitResources {
        tasks: Some(90),
        tasks_max: Some(100),
        ..UnitResources::default()
    });
    assert_eq!(cause(&full), ServiceCause::AtLimit);
    full.resources.as_mut().unwrap().tasks = Some(89);
    assert_eq!(cause(&full), ServiceCause::Running);

    let mut timer = running();
    timer.unit.status.sub_state = "waiting".into();
    timer.triggers = vec![related("Triggers", "backup.service", "failed")];
    let report = service_report(timer);
    assert_eq!(report.verdict.cause, ServiceCause::StartedUnitFailed);
    assert_eq!(report.verdict.next, ["aiops analyze service backup"]);
}

#[test]
fn a_script_is_told_by_its_pid_file_and_never_measured() {
    let mut facts = running();
    facts.kind = UnitKind::Script {
        path: "/etc/init.d/nginx".into(),
    };
    assert_eq!(
        concluded(&facts),
        (ServiceCause::Unknown, Certainty::Unknown)
    );
    for (alive, expected) in [
        (true, ServiceCause::Running),
        (false, ServiceCause::Stopped),
    ] {
        facts.pid_file = Some(PidFile {
            path: "/run/nginx.pid".into(),
            pid: Some(7),
            alive,
        });
        assert_eq!(concluded(&facts), (expected, Certainty::Inferred));
    }
}

#[test]
fn events_stand_with_the_newest_first() {
    let mut facts = running();
    facts.record.runs = failing(1, 10, 5);
    facts.times.active_at = Some(ago(5));
    let report = service_report(facts.clone());
    let seen: Vec<_> = report
        .events
        .iter()
        .map(|event| ((facts.at - event.at).num_seconds(), name(&event.what)))
        .collect();
    assert_eq!(seen, [(5, "started"), (6, "stopped"), (15, "started")]);
    // Where the journal lacks the last start, systemd's own word stands in for it.
    facts.times.active_at = Some(ago(2));
    let report = service_report(facts.clone());
    assert_eq!(report.events[0].at, ago(2));
    assert_eq!(report.events.len(), 4);

    facts.record.runs = failing(40, 10, 5);
    let report = service_report(facts);
    assert_eq!((report.events.len(), report.events_omitted), (50, 32));
}

#[test]
fn a_start_that_failed_and_one_that_goes_on_are_no_starts() {
    let mut facts = running();
    let mut failed = run(
        60,
        StartReason::Boot,
        Some((50, stop(StopCause::Timeout, None))),
    );
    failed.ready_at = None;
    let mut goes_on = run(5, StartReason::Unknown, None);
    goes_on.ready_at = None;
    facts.record.runs = vec![failed, goes_on];
    facts.unit.status.active_state = "activating".into();
    let events = service_report(facts).events;
    let seen: Vec<_> = events.iter().map(|event| name(&event.what)).collect();
    assert_eq!(seen, ["starting", "start-failed"]);
}

#[test]
fn a_task_that_is_ready_when_it_is_done_was_started_before() {
    let mut facts = down("inactive", "success", 50);
    let end = (50, stop(StopCause::Clean, None));
    let mut task = run(60, StartReason::Boot, Some(end));
    task.ready_at = Some(ago(49));
    facts.record.runs = vec![task];
    let events = service_report(facts).events;
    let seen: Vec<_> = events.iter().map(|event| name(&event.what)).collect();
    assert_eq!(seen, ["stopped", "started"]);
    assert_eq!(events[1].at, ago(60));
}

#[test]
fn the_report_survives_json() {
    let mut facts = running();
    facts.record.runs = failing(3, 10, 5);
    let report = service_report(facts);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(
        serde_json::from_str::<ServiceReport>(&json).unwrap(),
        report
    );
}

fn name(what: &Happened) -> &'static str {
    match what {
        Happened::Starting { .. } => "starting",
        Happened::Started { .. } => "started",
        Happened::StartFailed { .. } => "start-failed",
        Happened::Stopped { .. } => "stopped",
    }
}

fn related(relation: &str, name: &str, active_state: &str) -> RelatedUnit {
    RelatedUnit {
        unit: unit(name),
        relation: relation.into(),
        active_state: active_state.into(),
        sub_state: active_state.into(),
    }
}

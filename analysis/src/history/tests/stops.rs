//! Stops and restarts: what comes along with them, or late.

use super::*;

/// systemd 257 does not write that it stopped a unit that it restarts by itself.
#[test]
fn an_automatic_restart_of_systemd_257_is_told_the_same() {
    let mut host = host();
    host.starts("db.service", 1)
        .is_killed("db.service", 1, "signal")
        .manager(
            message_id::RESTART_SCHEDULED,
            "db.service",
            1,
            &[("N_RESTARTS", "4")],
        )
        .starts("db.service", 2);
    let kinds: Vec<_> = host.said.iter().map(|event| event.fact.kind()).collect();
    assert_eq!(
        kinds,
        [
            "unit-started",
            "unit-stopped",
            "unit-restart-scheduled",
            "unit-started"
        ]
    );
    let Fact::UnitStarted(started) = &host.said.last().unwrap().fact else {
        panic!("not started");
    };
    assert_eq!(started.start, Some(StartReason::Automatic { restarts: 4 }));
    assert_eq!(started.invocation, Some(InvocationId(Uuid::from_u128(2))));
}

#[test]
fn a_stop_in_company_is_not_called_manual_where_nothing_is_known() {
    let mut unknown = host();
    unknown
        .starts("a.service", 1)
        .starts("b.service", 2)
        .is_stopped("a.service", 1, "8")
        .is_stopped("b.service", 2, "9");
    let last = |unit: &str| {
        let stops = unknown.stops();
        let (_, _, cause, _) = *stops.iter().rfind(|(_, name, ..)| name == unit).unwrap();
        cause
    };
    assert_eq!(
        (last("a"), last("b")),
        (StopCause::Unknown, StopCause::Unknown)
    );

    // Two seconds later it is another story.
    let mut apart = host();
    apart
        .starts("a.service", 1)
        .starts("b.service", 2)
        .is_stopped("a.service", 1, "8")
        .after_ms(3000)
        .is_stopped("b.service", 2, "9");
    let causes: Vec<_> = apart
        .stops()
        .iter()
        .map(|(_, _, cause, _)| *cause)
        .collect();
    assert_eq!(causes, [StopCause::Manual, StopCause::Manual]);
}

#[test]
fn a_dependency_that_takes_its_time_is_still_the_reason() {
    let needs = Needs {
        stopped_with: ["base.service".parse().unwrap()].into(),
        ..Needs::default()
    };
    let known = [
        ("slow.service".parse().unwrap(), needs),
        ("base.service".parse().unwrap(), Needs::default()),
    ];
    let mut host = Host::new(UnitHistory::new(known.into_iter().collect()));
    host.starts("base.service", 1).starts("slow.service", 2);
    // What needs the unit is stopped first, however long that takes.
    let job = [("JOB_ID", "8")];
    let done = [("JOB_ID", "8"), ("JOB_TYPE", "stop")];
    host.manager(message_id::UNIT_STOPPING, "slow.service", 2, &job)
        .after_ms(30_000)
        .manager(message_id::UNIT_SUCCEEDED, "slow.service", 2, &[])
        .manager(message_id::UNIT_STOPPED, "slow.service", 2, &done)
        .is_stopped("base.service", 1, "7");
    let stops: Vec<_> = host
        .stops()
        .into_iter()
        .map(|(_, unit, cause, _)| (unit, cause))
        .collect();
    assert_eq!(
        stops,
        [
            ("slow".to_owned(), StopCause::Manual),
            ("slow".to_owned(), StopCause::Dependency),
            ("base".to_owned(), StopCause::Manual),
        ]
    );
}

#[test]
fn a_run_that_another_followed_was_not_taken_along_by_what_stops_later() {
    let needs = Needs {
        stopped_with: ["base.service".parse().unwrap()].into(),
        ..Needs::default()
    };
    let known = [("app.service".parse().unwrap(), needs)];
    let mut host = Host::new(UnitHistory::new(known.into_iter().collect()));
    // Somebody restarts it, and a moment later the host shuts down.
    host.starts("base.service", 1)
        .starts("app.service", 2)
        .is_stopped("app.service", 2, "8")
        .starts("app.service", 3)
        .after_ms(500)
        .is_stopped("app.service", 3, "9")
        .is_stopped("base.service", 1, "9");
    let causes: Vec<_> = host.stops().iter().map(|(_, _, cause, _)| *cause).collect();
    let expected = [
        StopCause::Manual,
        StopCause::Manual,
        StopCause::Dependency,
        StopCause::Manual,
    ];
    assert_eq!(causes, expected);
}

#[test]
fn a_core_dump_comes_after_the_next_start() {
    let mut host = host();
    let dump = message_id::COREDUMP.simple().to_string();
    host.starts("db.service", 1)
        .is_killed("db.service", 1, "core-dump")
        .manager(
            message_id::RESTART_SCHEDULED,
            "db.service",
            1,
            &[("N_RESTARTS", "1")],
        )
        .starts("db.service", 2)
        .after_ms(3000);
    let fields = |unit: &'static str| {
        [
            ("MESSAGE_ID", dump.clone()),
            ("_SYSTEMD_UNIT", unit.to_owned()),
            ("COREDUMP_UNIT", "db.service".to_owned()),
            ("COREDUMP_PID", "77".to_owned()),
            (
                "COREDUMP_FILENAME",
                "/var/lib/systemd/coredump/core.db".to_owned(),
            ),
        ]
    };
    let write = |host: &mut Host, unit| {
        let fields = fields(unit);
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        host.writes(&fields);
    };
    let before = host.said.len();
    write(&mut host, "user@1000.service");
    assert_eq!(host.said.len(), before, "anybody can send such fields");
    write(&mut host, "systemd-coredump@4-77-0.service");
    let Fact::UnitCauseRevised(revised) = &host.said.last().unwrap().fact else {
        panic!("not revised");
    };
    assert_eq!(revised.invocation, Some(InvocationId(Uuid::from_u128(1))));
    let path = Some("/var/lib/systemd/coredump/core.db".to_owned());
    let core = crate::cause::Evidence::CoreDump { pid: 77, path };
    assert!(revised.stop.evidence.contains(&core));
}

/// The journal has `CLOCK_MONOTONIC`, which is another clock once the host was suspended.
#[test]
fn the_fold_does_not_call_the_journals_clock_the_time_since_boot() {
    let mut host = host();
    host.starts("db.service", 1)
        .is_stopped("db.service", 1, "8");
    assert!(host.said.iter().all(|event| event.since_boot_ns.is_none()));
}

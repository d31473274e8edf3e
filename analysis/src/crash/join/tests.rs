use super::{
    super::{CrashAsked, CrashFacts, CrashReport, Sender, testing::*},
    *,
};

fn joined(sightings: Vec<Sighting>) -> Vec<Draft> {
    crashes(sightings, false).0
}

#[test]
fn what_all_witnesses_tell_is_one_crash() {
    let drafts = joined(vec![
        result(2_010, "app.service", "core-dump"),
        stopped(2_000, "app.service", dumped(11)),
        coredump(1_900, 7),
        core(1_700, 7, 11, 1),
        segfault(1_000, 7),
    ]);
    let [draft] = &drafts[..] else {
        panic!("{drafts:#?}")
    };
    assert_eq!(draft.sightings.len(), 5);
    let crash = &draft.crash;
    assert_eq!(
        crash.at,
        at(1_000),
        "the kernel writes at the moment itself"
    );
    assert_eq!(crash.process.pid, Some(7));
    assert_eq!(
        crash.process.command.as_deref(),
        Some("/opt/app --password [scrubbed]")
    );
    assert_eq!(crash.access.unwrap().kind, Some(AccessKind::Read));
    assert!(!draft.is_guessed);
}

#[test]
fn a_crash_loop_is_as_many_crashes_as_it_is() {
    let mut sightings = Vec::new();
    for number in 0..5_u32 {
        let ms = i64::from(number) * 200;
        sightings.push(coredump(ms, 100 + number));
        sightings.push(stopped(ms + 100, "app.service", dumped(11)));
        sightings.push(result(ms + 101, "app.service", "core-dump"));
    }
    let drafts = joined(sightings);
    assert_eq!(drafts.len(), 5);
    assert!(
        drafts.iter().all(|draft| draft.sightings.len() == 3),
        "{drafts:#?}"
    );
}

#[test]
fn witnesses_in_any_order_say_the_same() {
    let mut sightings = vec![
        coredump(0, 7),
        stopped(100, "app.service", dumped(11)),
        coredump(60_000, 8),
        segfault(59_400, 8),
        stopped(60_100, "app.service", dumped(11)),
        kernel(
            90_000,
            "traps: app[9] trap divide error ip:1 sp:2 error:0 in app[561+1000]",
        ),
    ];
    let told = |sightings: Vec<Sighting>| {
        let drafts = joined(sightings).into_iter();
        let mut told: Vec<_> = drafts
            .map(|draft| (draft.crash.process.pid, draft.sightings.len()))
            .collect();
        told.sort_unstable();
        told
    };
    let expected = [(Some(7), 2), (Some(8), 3), (Some(9), 1)];
    for _ in 0..sightings.len() {
        sightings.rotate_left(1);
        assert_eq!(told(sightings.clone()), expected);
    }
}

#[test]
fn a_thread_is_known_by_the_core() {
    let mut dump = coredump(0, 7);
    if let Seen::Coredump(dump) = &mut dump.seen {
        dump.tid = Some(12);
    }
    assert_eq!(joined(vec![dump.clone(), segfault(-400, 12)]).len(), 1);
    assert_eq!(joined(vec![dump, segfault(-400, 13)]).len(), 2);
}

/// systemd-coredump writes the host's pid down, and the process in the core had its own.
#[test]
fn a_core_of_a_container_is_of_the_record_that_names_it() {
    let path = "/var/lib/systemd/coredump/core.app.zst";
    let mut notes = core(-500, 2, 6, -6);
    if let Seen::Core(core) = &mut notes.seen {
        (core.path, core.sender) = (path.to_owned(), Some(Sender { pid: 2, uid: 0 }));
    }
    let mut record = coredump(0, 4242);
    if let Seen::Coredump(dump) = &mut record.seen {
        (dump.tid, dump.signal) = (Some(4243), Some(Signal::ABRT));
    }
    let fault = kernel(
        -400,
        "audit: type=1701 audit(1.2:3): auid=0 uid=0 gid=0 ses=1 pid=4243 \
        comm=\"app\" exe=\"/opt/app\" sig=6 res=1",
    );
    let told = report(vec![fault, record, notes.clone()]);
    let [crash] = &told.crashes[..] else {
        panic!("{told:#?}")
    };
    assert_eq!(crash.process.pid, Some(4242), "the host's");
    assert_eq!(crash.process.tids, [4243], "the host's");
    assert!(crash.core.is_compressed && crash.process.unit.is_some());
    assert_eq!(crash.reason.as_ref().unwrap().number, -6);
    assert_eq!(crash.verdict.cause, CrashCause::Abort, "2 is itself");

    let mut of_record = notes;
    if let Seen::Core(core) = &mut of_record.seen {
        (core.is_of_record, core.path) = (true, "/somewhere/else".to_owned());
    }
    let told = report(vec![coredump(0, 4242), of_record]);
    assert_eq!(told.crashes.len(), 1, "it tells of no other: {told:#?}");
}

fn report(sightings: Vec<Sighting>) -> CrashReport {
    let facts = CrashFacts {
        sightings,
        ..CrashFacts::default()
    };
    crate::crash::crashes(facts, &CrashAsked::default(), at(1_000_000))
}

#[test]
fn another_signal_boot_or_time_is_another_crash() {
    let other_signal = vec![coredump(0, 7), core(0, 7, 6, -6)];
    assert_eq!(joined(other_signal).len(), 2);
    assert_eq!(joined(vec![coredump(0, 7), segfault(600_000, 7)]).len(), 2);
    let mut other_boot = segfault(-300, 7);
    other_boot.boot = Some(crate::identity::BootId(uuid::Uuid::from_u128(2)));
    assert_eq!(joined(vec![coredump(0, 7), other_boot]).len(), 2);
    let other_unit = stopped(100, "web.service", dumped(11));
    assert_eq!(joined(vec![coredump(0, 7), other_unit]).len(), 2);
}

#[test]
fn in_a_container_name_and_time_have_to_do() {
    let witnesses = vec![core(0, 7, 11, 1), segfault(-100, 29_434)];
    let (drafts, _) = crashes(witnesses.clone(), true);
    assert!(drafts.len() == 1 && drafts[0].is_guessed, "{drafts:#?}");
    assert_eq!(drafts[0].crash.process.pid, Some(7));
    assert_eq!(
        joined(witnesses).len(),
        2,
        "elsewhere pids are what they are"
    );
}

#[test]
fn what_is_no_crash_makes_none() {
    let killed = ExitStatus::Signaled {
        signal: Signal::KILL,
        core_dumped: false,
    };
    let mut live = core(0, 7, 11, 1);
    if let Seen::Core(core) = &mut live.seen {
        core.signal = None;
    }
    let sightings = vec![
        stopped(0, "app.service", killed),
        stopped(1_000, "app.service", ExitStatus::Exited { code: 1 }),
        result(1_001, "app.service", "exit-code"),
        live,
    ];
    let (drafts, not) = crashes(sightings, false);
    assert!(drafts.is_empty(), "{drafts:#?}");
    assert_eq!(not.len(), 1);
}

#[test]
fn a_shell_between_tells_of_a_crash_too() {
    let code = ExitStatus::Exited { code: 139 };
    let drafts = joined(vec![stopped(0, "app.service", code)]);
    assert_eq!(drafts[0].crash.signal, Some(Signal::SEGV));
    assert_eq!(drafts[0].crash.process.exe, None, "the shell did not crash");
}

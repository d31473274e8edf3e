//! What is odd about whom. Process 1 is systemd, 10 a shell in a login, 20 a service.

use super::*;

fn within(unit: &str, fact: ProcessFact) -> ProcessFact {
    ProcessFact {
        unit: Some(unit.parse().unwrap()),
        ..fact
    }
}

fn in_session(session: u32, fact: ProcessFact) -> ProcessFact {
    ProcessFact { session, ..fact }
}

fn in_state(state: char, fact: ProcessFact) -> ProcessFact {
    ProcessFact { state, ..fact }
}

fn in_container(id: &str, fact: ProcessFact) -> ProcessFact {
    ProcessFact {
        container: Some(id.to_owned()),
        ..fact
    }
}

fn host() -> Vec<ProcessFact> {
    vec![
        within("init.scope", process(1, 0)),
        within("session-1.scope", process(10, 9)),
        within("a.service", process(20, 1)),
    ]
}

fn odd(others: &[ProcessFact], pid: u32) -> Vec<Oddity> {
    let tree = tree([host(), others.to_vec()].concat());
    let found = tree
        .processes
        .into_iter()
        .find(|one| one.process.pid == pid);
    found.unwrap().oddities
}

#[test]
fn orphans_are_those_that_came_from_another_session() {
    let service = |fact| within("a.service", fact);
    let login = |fact| within("session-1.scope", fact);
    // (what it is about, the processes, the last of which is asked about; is it an orphan?)
    let cases: &[(&str, &[ProcessFact], bool)] = &[
        ("systemd started it", &[service(process(21, 1))], false),
        (
            "a worker",
            &[service(in_session(20, process(21, 20)))],
            false,
        ),
        (
            "left behind by a worker in the service",
            &[service(in_session(20, process(21, 1)))],
            true,
        ),
        (
            "the main process of a service that forks twice",
            &[within("b.service", in_session(29, process(30, 1)))],
            false,
        ),
        (
            "and what else is left in such a service",
            &[
                within("b.service", in_session(29, process(30, 1))),
                within("b.service", in_session(31, process(32, 1))),
            ],
            true,
        ),
        (
            "nohup in a login that is over",
            &[login(in_session(10, process(40, 1)))],
            true,
        ),
        (
            "even with a session of its own",
            &[login(process(40, 1))],
            true,
        ),
        (
            "taken by a subreaper",
            &[service(in_session(35, process(40, 20)))],
            true,
        ),
        (
            "its parent began a session after it had made it",
            &[
                service(in_session(21, process(21, 20))),
                service(in_session(20, process(22, 21))),
            ],
            false,
        ),
        (
            "a session outside the namespace",
            &[in_session(0, process(40, 20))],
            false,
        ),
        (
            "its parent is outside the namespace",
            &[in_session(5, process(40, 0))],
            false,
        ),
        (
            "a zombie that process 1 is about to bury",
            &[in_state('Z', login(process(40, 1)))],
            false,
        ),
        (
            "the monitor of a container",
            &[in_container("c", process(50, 49)), login(process(49, 1))],
            false,
        ),
        ("no unit, no systemd, a daemon", &[process(40, 1)], false),
        (
            "no unit, left behind",
            &[in_session(39, process(40, 1))],
            true,
        ),
    ];
    for (about, others, expected) in cases {
        let found = odd(others, others.last().unwrap().pid());
        assert_eq!(
            found.contains(&Oddity::Orphan),
            *expected,
            "{about}: {found:?}"
        );
    }
}

#[test]
fn a_process_in_another_service_than_its_parent_is_odd() {
    // (its unit, its container, its parent, is it odd?)
    let cases = [
        ("b.service", None, 20, true),
        ("b.service", None, 10, true),
        ("a.service", None, 20, false),
        ("b.service", None, 1, false),
        // A login, and a container that its daemon started.
        ("session-2.scope", None, 20, false),
        ("b.service", Some("c"), 20, false),
    ];
    for (unit, container, parent, expected) in cases {
        let fact = ProcessFact {
            container: container.map(str::to_owned),
            ..within(unit, process(30, parent))
        };
        let found = odd(&[fact], 30);
        let is_odd = found
            .iter()
            .any(|odd| matches!(odd, Oddity::OutsideUnit { .. }));
        assert_eq!(is_odd, expected, "{unit} {container:?} below {parent}");
    }
}

#[test]
fn states_and_programs_are_odd_for_themselves() {
    let deleted = ProcessFact {
        deleted_program: Some("/usr/sbin/nginx".to_owned()),
        ..process(30, 20)
    };
    let gone_first_thread = ProcessFact {
        threads: 4,
        ..in_state('Z', process(30, 20))
    };
    let path = "/usr/sbin/nginx".to_owned();
    let cases = [
        (in_state('Z', process(30, 20)), vec![Oddity::Zombie]),
        (gone_first_thread, vec![]),
        (
            in_state('D', process(30, 20)),
            vec![Oddity::Uninterruptible],
        ),
        (deleted, vec![Oddity::DeletedProgram { path }]),
        (process(30, 20), vec![]),
    ];
    for (fact, expected) in cases {
        assert_eq!(odd(&[fact], 30), expected);
    }
}

#[test]
fn totals_count_states_and_kernel_threads() {
    let kernel = |pid, state| ProcessFact {
        is_kernel_thread: true,
        session: 0,
        rss_bytes: 0,
        ..in_state(state, process(pid, 2))
    };
    let tree = tree(vec![
        process(1, 0),
        kernel(3, 'I'),
        kernel(4, 'D'),
        in_state('R', process(5, 1)),
        in_state('T', process(6, 1)),
        in_state('t', process(7, 1)),
        in_state('Z', process(8, 1)),
    ]);
    let expected = TreeTotals {
        processes: 7,
        kernel_threads: 2,
        running: 1,
        uninterruptible: 1,
        stopped: 2,
        zombies: 1,
        orphans: 0,
        rss_bytes: (1 + 5 + 6 + 7 + 8) << 20,
    };
    assert_eq!(tree.totals, expected);
    assert_eq!(tree.health(), Health::Problem);
}

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};

use super::*;
use crate::process_tree::{ProcessFact, ProcessFacts};

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1000 * SECOND;

/// Process 10 with a zombie, 11, that was one a second ago.
fn facts() -> ZombieFacts {
    let parent = ProcessFact::example(10, 1, "parent");
    let zombie = ProcessFact {
        state: 'Z',
        argv: Vec::new(),
        ..ProcessFact::example(11, 10, "child")
    };
    let processes = vec![ProcessFact::example(1, 0, "systemd"), parent, zombie];
    let earlier = processes.iter().map(|fact| {
        let earlier = Earlier {
            state: fact.state,
            cpu_ns: fact.cpu_ns,
        };
        (fact.process, earlier)
    });
    ZombieFacts {
        earlier: earlier.collect(),
        earlier_ns: NOW - SECOND,
        processes: ProcessFacts {
            at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
            since_boot_ns: NOW,
            processes,
            limits: Vec::new(),
        },
        zombies: BTreeMap::new(),
        parents: BTreeMap::new(),
        tasks: None,
    }
}

fn of(change: impl FnOnce(&mut ZombieFacts)) -> Zombies {
    let mut facts = facts();
    change(&mut facts);
    zombies(facts)
}

fn set_state(facts: &mut ZombieFacts, state: char, before: char) {
    let parent = &mut facts.processes.processes[1];
    parent.state = state;
    let earlier = facts.earlier.get_mut(&parent.process).unwrap();
    earlier.state = before;
}

#[test]
fn the_parents_state_tells_why_it_does_not_reap() {
    // (state, state a second before, cause, certainty, advice)
    let resume = ZombieAdvice::Continue { pid: 10 };
    let detach = ZombieAdvice::Detach { tracer_pid: None };
    let stack = ZombieAdvice::SeeStack { pid: 10 };
    let end = ZombieAdvice::EndParent { pid: 10 };
    let cases = [
        (
            'T',
            'T',
            ZombieCause::ParentStopped,
            Certainty::Measured,
            resume,
        ),
        (
            't',
            't',
            ZombieCause::ParentTraced,
            Certainty::Measured,
            detach,
        ),
        (
            'D',
            'D',
            ZombieCause::ParentUninterruptible,
            Certainty::Measured,
            stack.clone(),
        ),
        (
            'D',
            'S',
            ZombieCause::ParentUninterruptible,
            Certainty::Inferred,
            stack,
        ),
        (
            'S',
            'S',
            ZombieCause::ParentDoesNotWait,
            Certainty::Inferred,
            end,
        ),
    ];
    for (state, before, cause, certainty, advice) in cases {
        let report = of(|facts| set_state(facts, state, before));
        let parent = &report.parents[0];
        assert_eq!((parent.cause, parent.certainty), (cause, certainty));
        assert_eq!(parent.advice, [advice], "{state}");
        assert_eq!((report.zombies, report.fresh), (1, 0));
    }
}

#[test]
fn one_that_ended_just_now_is_no_problem() {
    let report = of(|facts| {
        let zombie = facts.processes.processes[2].process;
        facts.earlier.get_mut(&zombie).unwrap().state = 'S';
    });
    assert_eq!(
        (report.zombies, report.fresh, report.health()),
        (0, 1, Health::Fine)
    );
    assert_eq!(report.parents[0].cause, ZombieCause::JustEnded);
    assert_eq!(report.parents[0].zombies[0].dead_at_least_ms, 0);
}

#[test]
fn those_that_are_reaped_meanwhile_are_normal() {
    let report = of(|facts| {
        facts.processes.processes.pop();
    });
    assert_eq!(
        (report.zombies, report.reaped, report.health()),
        (0, 1, Health::Fine)
    );
    assert_eq!(report.parents, []);
}

#[test]
fn a_process_whose_first_thread_ended_is_no_zombie() {
    let report = of(|facts| facts.processes.processes[2].threads = 3);
    assert_eq!((report.zombies, report.headless), (0, 1));
}

#[test]
fn the_pid_of_a_zombie_that_was_reaped_may_be_used_again() {
    let report = of(|facts| facts.processes.processes[2].process.start_ns = NOW - 1);
    assert_eq!((report.zombies, report.fresh, report.reaped), (0, 1, 1));
}

#[test]
fn a_tracer_of_the_zombie_has_to_take_note_first() {
    let report = of(|facts| {
        let details = |tracer| ZombieDetails {
            tracer_pid: Some(tracer),
            exit: None,
        };
        facts.zombies.insert(11, details(1));
    });
    let parent = &report.parents[0];
    assert_eq!(parent.cause, ZombieCause::ZombieTraced);
    let tracer_pid = Some(1);
    assert_eq!(parent.advice, [ZombieAdvice::Detach { tracer_pid }]);
    let tracer = ZombieEvidence::Tracer {
        pid: 1,
        comm: Some("systemd".to_owned()),
    };
    assert!(parent.evidence.contains(&tracer), "{:?}", parent.evidence);
}

#[test]
fn a_parent_that_listens_is_reminded_before_its_unit_is_restarted() {
    let report = of(|facts| {
        facts.processes.processes[1].unit = "app.service".parse().ok();
        let child_signal = Some(ChildSignal {
            handling: Handling::Handler,
            is_blocked: false,
            is_pending: false,
        });
        let details = ParentDetails {
            child_signal,
            ..ParentDetails::default()
        };
        facts.parents.insert(10, details);
    });
    let unit = "app.service".parse().unwrap();
    let expected = [
        ZombieAdvice::Remind { pid: 10 },
        ZombieAdvice::RestartUnit { unit },
    ];
    assert_eq!(report.parents[0].advice, expected);
}

#[test]
fn process_1_is_never_to_be_ended() {
    let moved = |facts: &mut ZombieFacts| facts.processes.processes[2].parent_pid = 1;
    let report = of(moved);
    let parent = &report.parents[0];
    assert_eq!(
        (parent.cause, &parent.advice[..]),
        (ZombieCause::InitDoesNotReap, &[][..])
    );
    let in_container = |facts: &mut ZombieFacts| {
        let details = ParentDetails {
            pid_in_namespace: Some(1),
            ..ParentDetails::default()
        };
        facts.parents.insert(10, details);
        facts.processes.processes[1].container = Some("c".to_owned());
    };
    let report = of(in_container);
    let container = Some("c".to_owned());
    assert_eq!(report.parents[0].cause, ZombieCause::ContainerWithoutInit);
    assert_eq!(
        report.parents[0].advice,
        [ZombieAdvice::UseInit { container }]
    );
}

#[test]
fn a_parent_that_cannot_be_seen_leaves_the_cause_unknown() {
    let report = of(|facts| facts.processes.processes[2].parent_pid = 0);
    let parent = &report.parents[0];
    assert_eq!(
        (parent.cause, parent.certainty),
        (ZombieCause::Unknown, Certainty::Unknown)
    );
    assert_eq!((parent.state, parent.advice.len()), (None, 0));
}

#[test]
fn a_parent_that_computes_all_the_time_is_busy() {
    let report = of(|facts| facts.processes.processes[1].cpu_ns += SECOND);
    assert_eq!(report.parents[0].cause, ZombieCause::ParentBusy);
    let cpu = ZombieEvidence::Cpu { percent: 100.0 };
    assert!(report.parents[0].evidence.contains(&cpu));
}

#[test]
fn parents_with_many_zombies_come_first_and_their_lists_are_bounded() {
    let report = of(|facts| {
        for pid in 100..400 {
            let zombie = ProcessFact {
                state: 'Z',
                ..ProcessFact::example(pid, 1, "child")
            };
            let earlier = Earlier {
                state: 'Z',
                cpu_ns: 0,
            };
            facts.earlier.insert(zombie.process, earlier);
            facts.processes.processes.push(zombie);
        }
    });
    let first = &report.parents[0];
    assert_eq!(
        (first.process.pid, first.zombies.len(), first.omitted),
        (1, 200, 100)
    );
    assert_eq!(report.zombies, 301);
}

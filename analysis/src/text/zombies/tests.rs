use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, TimeDelta};
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    process::ExitStatus,
    process_tree::{ProcessFact, ProcessFacts},
    text::{Language, Style},
    zombies::{
        ChildSignal, Earlier, ParentDetails, TaskCount, ZombieDetails, ZombieFacts, zombies,
    },
};

const SECOND: u64 = 1_000_000_000;

#[test]
fn every_parent_is_told_with_why_and_what_to_do() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        let text = report().render(&page(&catalogue));
        for line in text.lines() {
            assert!(line.width() <= 80, "{line}");
        }
        insta::assert_snapshot!(language.tag(), text);
    }
}

#[test]
fn a_host_without_zombies_says_so() {
    let catalogue = Catalogue::of(Language::English);
    let report = zombies(facts(Vec::new()));
    let text = report.render(&page(&catalogue));
    assert_eq!(text, "2024-10-04 00:00:00: no zombies\n");
}

#[test]
fn hosts_with_the_same_careless_program_have_the_same_headline() {
    let catalogue = Catalogue::of(Language::English);
    assert_eq!(
        report().headline(&catalogue),
        "zombies of supervisor, app, \\u{1b}[2Jeditor"
    );
}

fn page(catalogue: &Catalogue) -> Page<'_> {
    Page {
        catalogue,
        style: Style::Plain,
        width: Some(80),
        zone: FixedOffset::east_opt(0).unwrap(),
        now: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
    }
}

fn facts(processes: Vec<ProcessFact>) -> ZombieFacts {
    let earlier = processes.iter().map(|fact| {
        let earlier = Earlier {
            state: fact.state,
            cpu_ns: fact.cpu_ns,
        };
        (fact.process, earlier)
    });
    ZombieFacts {
        earlier: earlier.collect(),
        earlier_ns: 8999 * SECOND,
        processes: ProcessFacts {
            at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
            since_boot_ns: 9000 * SECOND,
            processes,
            limits: Vec::new(),
        },
        zombies: BTreeMap::new(),
        parents: BTreeMap::new(),
        tasks: Some(TaskCount {
            cgroup: None,
            tasks: 415,
            limit: 4_194_304,
        }),
    }
}

/// A supervisor that does not ask, a program that is stopped, and a container without an init.
fn report() -> Zombies {
    let zombie = |pid, parent_pid, comm: &str| ProcessFact {
        state: 'Z',
        argv: Vec::new(),
        ..ProcessFact::example(pid, parent_pid, comm)
    };
    let mut processes = vec![
        ProcessFact {
            unit: "app.service".parse().ok(),
            ..ProcessFact::example(812, 1, "supervisor")
        },
        ProcessFact {
            state: 'T',
            ..ProcessFact::example(900, 1, "\u{1b}[2Jeditor")
        },
        zombie(901, 900, "make"),
        ProcessFact {
            container: Some("0123456789abcdef".to_owned()),
            ..ProcessFact::example(1000, 1, "app")
        },
        zombie(1001, 1000, "数据库备份"),
        zombie(1002, 1000, "sh"),
    ];
    processes.extend((0..7).map(|number| zombie(820 + number, 812, "worker")));
    let mut facts = facts(processes);
    let exits = [(820, 0x0b), (821, 0x0100)];
    for (pid, status) in exits {
        let exit = Some(ExitStatus::from_wait_status(status));
        let details = ZombieDetails {
            tracer_pid: None,
            exit,
        };
        facts.zombies.insert(pid, details);
    }
    let supervisor = ParentDetails {
        sleeps_in: Some("do_epoll_wait".to_owned()),
        child_signal: Some(ChildSignal {
            handling: Handling::Handler,
            is_blocked: false,
            is_pending: false,
        }),
        tasks: Some(TaskCount {
            cgroup: Some("/system.slice/app.service".to_owned()),
            tasks: 95,
            limit: 100,
        }),
        ..ParentDetails::default()
    };
    let init = ParentDetails {
        pid_in_namespace: Some(1),
        ..ParentDetails::default()
    };
    facts.parents = BTreeMap::from([(812, supervisor), (1000, init)]);
    zombies(facts)
}

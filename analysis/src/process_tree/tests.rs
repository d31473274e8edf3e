use proptest::prelude::*;

use super::*;
use crate::{order::MAX_REPORT_BYTES, report::Report, text::escape};

mod oddities;

const SECOND: u64 = 1_000_000_000;
/// When the facts of these tests were read, since boot.
const NOW: u64 = 1000 * SECOND;

/// A process that began `pid` seconds after the boot, in a session of its own.
fn process(pid: u32, parent_pid: u32) -> ProcessFact {
    ProcessFact {
        process: ProcessId {
            pid,
            start_ns: u64::from(pid) * SECOND,
        },
        parent_pid,
        session: pid,
        comm: format!("p{pid}"),
        argv: vec![format!("/bin/p{pid}")],
        state: 'S',
        is_kernel_thread: false,
        tty: 0,
        nice: 0,
        uid: Some(0),
        user: Some("root".to_owned()),
        unit: None,
        container: None,
        threads: 1,
        rss_bytes: u64::from(pid) << 20,
        virtual_bytes: 0,
        cpu_ns: SECOND,
        deleted_program: None,
    }
}

fn facts(processes: Vec<ProcessFact>) -> ProcessFacts {
    ProcessFacts {
        at: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000),
        since_boot_ns: NOW,
        processes,
        limits: Vec::new(),
    }
}

fn tree(processes: Vec<ProcessFact>) -> ProcessTree {
    process_tree(facts(processes), &ProcessTreeAsked::default()).unwrap()
}

/// The pids of a tree, each below its parent: `1(2 3(4))`.
fn shape(tree: &ProcessTree) -> String {
    let mut text = String::new();
    let mut depth = 0;
    for process in &tree.processes {
        let closed = (depth + 1_u32).saturating_sub(process.depth + 1);
        match (text.is_empty(), process.depth > depth) {
            (true, _) => {}
            (false, true) => text.push('('),
            (false, false) => text.push_str(&(")".repeat(closed as usize) + " ")),
        }
        text.push_str(&process.process.pid.to_string());
        depth = process.depth;
    }
    text + &")".repeat(depth as usize)
}

#[test]
fn processes_stand_below_their_parents_by_start() {
    // (what it is about, processes with their parents, the tree)
    type Case<'a> = (&'a str, &'a [(u32, u32)], &'a str);
    let cases: &[Case<'_>] = &[
        ("nothing", &[], ""),
        ("one", &[(1, 0)], "1"),
        (
            "given in any order",
            &[(4, 3), (3, 1), (2, 1), (1, 0), (5, 1)],
            "1(2 3(4) 5)",
        ),
        (
            "kernel threads have a root of their own",
            &[(1, 0), (2, 0), (3, 2), (4, 1)],
            "1(4) 2(3)",
        ),
        (
            "a parent that ended meanwhile leaves a root",
            &[(1, 0), (7, 6), (8, 7)],
            "1 7(8)",
        ),
        ("its own parent", &[(1, 0), (5, 5)], "1 5"),
        (
            "a parent that is younger has the pid of one that ended",
            &[(1, 0), (5, 9), (9, 1)],
            "1(9) 5",
        ),
    ];
    for (about, processes, expected) in cases {
        let made = processes.iter().map(|(pid, parent)| process(*pid, *parent));
        assert_eq!(shape(&tree(made.collect())), *expected, "{about}");
    }
}

#[test]
fn processes_of_one_tick_may_form_a_circle_and_all_stay() {
    let same_start = |pid, parent| {
        let mut fact = process(pid, parent);
        fact.process.start_ns = SECOND;
        fact
    };
    let made = [(5, 7), (6, 5), (7, 6), (8, 7)].map(|(pid, parent)| same_start(pid, parent));
    assert_eq!(shape(&tree(made.into())), "5(6(7(8)))");
}

#[test]
fn of_a_pid_that_was_used_again_the_later_process_stays() {
    let mut ended = process(5, 1);
    ended.process.start_ns = SECOND;
    ended.comm = "ended".to_owned();
    let tree = tree(vec![process(1, 0), process(5, 1), ended, process(6, 5)]);
    assert_eq!(shape(&tree), "1(5(6))");
    assert_eq!(tree.processes[1].comm, "p5");
    assert_eq!(tree.totals.processes, 3);
}

#[test]
fn one_process_is_asked_for_with_its_children_or_all_below() {
    let made = || {
        vec![
            process(1, 0),
            process(2, 1),
            process(3, 2),
            process(4, 3),
            process(5, 1),
        ]
    };
    let ask = |pid, recursive| {
        let asked = ProcessTreeAsked {
            pid: Some(pid),
            recursive,
            ipc: false,
        };
        process_tree(facts(made()), &asked)
    };
    let children = ask(2, false).unwrap();
    assert_eq!(shape(&children), "2(3)");
    assert_eq!(children.omitted, 1);
    assert_eq!(children.totals.processes, 3);
    assert_eq!(
        children.processes[0].subtree.rss_bytes,
        9 << 20,
        "all below"
    );
    let all = ask(2, true).unwrap();
    assert_eq!(shape(&all), "2(3(4))");
    assert_eq!((all.omitted, all.processes[0].parent_pid), (0, 1));
    assert_eq!(ask(9, true), Err(NoSuchProcess(9)));
}

#[test]
fn figures_are_those_of_ps() {
    let tree = tree(vec![process(1, 0), process(500, 1)]);
    let [init, child] = &tree.processes[..] else {
        panic!("two processes")
    };
    // A second of CPU in 500 seconds of life.
    assert_eq!((child.cpu_percent, child.cpu_ms), (0.2, 1000));
    assert_eq!(init.cpu_percent, 0.1);
    let expected = SubtreeSums {
        processes: 2,
        rss_bytes: 501 << 20,
        cpu_ms: 2000,
        cpu_percent: 0.3,
    };
    assert_eq!(init.subtree, expected);
    assert_eq!((tree.at - child.started_at).num_seconds(), 500);
}

#[test]
fn a_process_from_the_future_has_no_absurd_share() {
    let mut fact = process(2, 0);
    fact.process.start_ns = NOW + SECOND;
    fact.cpu_ns = 20_000_000;
    assert_eq!(tree(vec![fact]).processes[0].cpu_percent, 20.0);
}

#[test]
fn command_lines_are_scrubbed() {
    let mut fact = process(2, 0);
    fact.argv = ["mysql", "--password=geheim"].map(str::to_owned).into();
    let tree = tree(vec![fact]);
    assert!(!format!("{tree:?}").contains("geheim"), "{tree:?}");
}

#[test]
fn the_worst_report_fits_and_says_what_it_does_without() {
    let many = |number: u32, bytes: usize| {
        let made = (1..=number).map(|pid| ProcessFact {
            argv: vec!["\u{1b}\"x".repeat(bytes / 3)],
            deleted_program: Some("\u{7}".repeat(4000)),
            unit: format!("{}.service", "u".repeat(240)).parse().ok(),
            container: Some("c".repeat(64)),
            parent_pid: pid - 1,
            process: ProcessId {
                pid,
                start_ns: u64::MAX / 2,
            },
            rss_bytes: u64::MAX,
            cpu_ns: u64::MAX,
            ..process(1, 0)
        });
        tree(made.collect())
    };
    // (processes, bytes of each command line)
    for (number, bytes) in [(1, 4096), (600, 4096), (21_000, 30)] {
        let tree = many(number, bytes);
        let all = tree.omitted + u32::try_from(tree.processes.len()).unwrap();
        assert_eq!(all, number);
        let is_cut = tree.limits.iter().any(|limit| limit.why == "shortened");
        assert_eq!(
            is_cut,
            number > 1,
            "{number} with {bytes}: {:?}",
            tree.limits
        );
        let json = serde_json::to_string(&Report::from(tree)).unwrap();
        let length = escape::json(&json).len();
        assert!(length < MAX_REPORT_BYTES, "{number} with {bytes}: {length}");
    }
}

#[test]
fn a_host_with_twenty_thousand_processes_is_listed_in_full() {
    let made = (1..=20_000).map(|pid| process(pid, pid / 2));
    let tree = tree(made.collect());
    assert_eq!((tree.processes.len(), tree.omitted), (20_000, 0));
    assert_eq!(tree.limits, []);
}

/// Facts that contradict each other: few pids, so that they meet.
fn any_process() -> impl Strategy<Value = ProcessFact> {
    let number = || 0_u32..12;
    let state = prop_oneof![Just('R'), Just('S'), Just('Z'), Just('D'), Just('?')];
    let numbers = (number(), number(), number(), 0_u64..4, any::<u64>());
    let unit = prop::option::of(prop_oneof![Just("a.service"), Just("session-1.scope")]);
    (numbers, state, unit).prop_map(|((pid, parent_pid, session, start, large), state, unit)| {
        ProcessFact {
            process: ProcessId {
                pid,
                start_ns: start * SECOND,
            },
            session,
            state,
            unit: unit.map(|unit| unit.parse().unwrap()),
            rss_bytes: large,
            cpu_ns: large,
            ..process(pid, parent_pid)
        }
    })
}

proptest! {
    #[test]
    fn every_pid_is_there_once_and_the_roots_sum_up_to_the_totals(
        processes in prop::collection::vec(any_process(), 0..40),
        pid in prop::option::of(0_u32..12),
    ) {
        let mut pids: Vec<u32> = processes.iter().map(ProcessFact::pid).collect();
        pids.sort_unstable();
        pids.dedup();
        let asked = ProcessTreeAsked { pid, recursive: true, ipc: false };
        let closer = asked_for(&processes, &asked);
        let Ok(tree) = process_tree(facts(processes), &asked) else {
            prop_assert!(!pids.contains(&pid.unwrap()));
            return Ok(());
        };
        let mut listed: Vec<u32> = tree.processes.iter().map(|one| one.process.pid).collect();
        listed.sort_unstable();
        prop_assert!(listed.iter().all(|pid| closer.contains(pid)));
        match pid {
            None => prop_assert_eq!(&listed, &pids),
            Some(pid) => prop_assert_eq!(tree.processes[0].process.pid, pid),
        }
        let roots = || tree.processes.iter().filter(|one| one.depth == 0);
        let processes: u32 = roots().map(|root| root.subtree.processes).sum();
        prop_assert_eq!(processes, tree.totals.processes);
        prop_assert_eq!(processes as usize, listed.len());
        let rss = roots().fold(0_u64, |sum, root| sum.saturating_add(root.subtree.rss_bytes));
        prop_assert_eq!(rss, tree.totals.rss_bytes);
        // Each stands at most one level below the one before it, and below its parent.
        let mut above: Vec<u32> = Vec::new();
        for one in &tree.processes {
            prop_assert!(one.depth as usize <= above.len());
            above.truncate(one.depth as usize);
            if let Some(parent) = above.last() {
                prop_assert_eq!(*parent, one.parent_pid);
            }
            above.push(one.process.pid);
        }
    }
}

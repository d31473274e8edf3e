use chrono::{DateTime, TimeDelta};

use super::*;
use crate::{order::MAX_REPORT_BYTES, process_tree::ProcessFact, report::Report, text::escape};

const SECOND: u64 = 1_000_000_000;
/// The first reading, since boot; the last is ten seconds later.
const FIRST: u64 = 1000 * SECOND;

fn reading(since_boot_ns: u64, processes: Vec<ProcessFact>) -> ProcessReading {
    let since = TimeDelta::nanoseconds(i64::try_from(since_boot_ns).unwrap());
    ProcessReading {
        facts: ProcessFacts {
            at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + since,
            since_boot_ns,
            processes,
            limits: Vec::new(),
        },
        io: BTreeMap::new(),
    }
}

fn first(processes: Vec<ProcessFact>) -> ProcessReading {
    reading(FIRST, processes)
}

fn last(processes: Vec<ProcessFact>) -> ProcessReading {
    reading(FIRST + 10 * SECOND, processes)
}

fn example(pid: u32) -> ProcessFact {
    ProcessFact::example(pid, 1, &format!("p{pid}"))
}

fn glimpse(fact: &ProcessFact) -> Glimpse {
    Glimpse {
        process: fact.process,
        parent_pid: fact.parent_pid,
        comm: fact.comm.clone(),
        state: fact.state,
        cpu_ns: fact.cpu_ns,
    }
}

fn report(then: ProcessReading, between: &Between, now: ProcessReading) -> Processes {
    processes(then, between, now, None, &ProcessesAsked::default())
}

#[test]
fn figures_are_those_of_the_interval_and_of_the_life() {
    let busy = ProcessFact {
        cpu_ns: 6 * SECOND,
        rss_bytes: 5 << 20,
        ..example(10)
    };
    let mut now = last(vec![busy.clone()]);
    let moved = IoCounters {
        read_bytes: 1_000_000,
        written_bytes: 50_000,
    };
    now.io.insert(busy.process, moved);
    let mut then = first(vec![example(10)]);
    let before = IoCounters {
        read_bytes: 0,
        written_bytes: 50_000,
    };
    then.io.insert(busy.process, before);
    let report = report(then, &Between::default(), now);
    let one = &report.processes[0];
    assert_eq!(report.interval_ms, 10_000);
    // Five seconds of ten; six of the thousand that it lives.
    assert_eq!((one.cpu_percent, one.lifetime_cpu_percent), (50.0, 0.6));
    assert_eq!(one.rss_change_bytes, -(5 << 20));
    let io = IoUsage {
        read_bytes_per_s: 100_000,
        write_bytes_per_s: 0,
        read_bytes: 1_000_000,
        written_bytes: 0,
    };
    assert_eq!(one.io, Some(io));
    assert!(!one.is_new);
}

#[test]
fn a_pid_that_was_used_again_is_another_process() {
    let mut again = example(10);
    again.process.start_ns = FIRST + SECOND;
    again.cpu_ns = SECOND;
    let report = report(
        first(vec![example(10)]),
        &Between::default(),
        last(vec![again]),
    );
    assert_eq!((report.totals.began, report.totals.ended), (1, 1));
    assert!(report.processes[0].is_new);
    assert_eq!(report.processes[0].cpu_percent, 10.0);
    assert!(!report.ended[0].is_new);
}

#[test]
fn what_began_and_ended_between_two_readings_is_told_the_dearest_first() {
    let stays = example(10);
    let ends = ProcessFact {
        cpu_ns: 2 * SECOND,
        ..example(11)
    };
    let passes = ProcessFact {
        cpu_ns: 3 * SECOND,
        ..example(12)
    };
    let mut between = Between::default();
    between.note([&stays, &ends, &passes].map(glimpse).into_iter());
    let then = first(vec![stays.clone(), example(11)]);
    let report = report(then, &between, last(vec![stays]));
    let ended = report.ended.iter();
    let ended: Vec<_> = ended
        .map(|one| (one.process.pid, one.is_new, one.cpu_ms))
        .collect();
    assert_eq!(ended, [(12, true, 3000), (11, false, 1000)]);
    assert_eq!(report.readings, 3);
}

#[test]
fn waiting_for_a_device_is_counted_over_all_readings() {
    let waits = ProcessFact {
        state: 'D',
        ..example(10)
    };
    let mut between = Between::default();
    between.note([glimpse(&waits)].into_iter());
    between.note([glimpse(&example(10))].into_iter());
    let report = report(first(vec![waits.clone()]), &between, last(vec![waits]));
    assert_eq!(report.processes[0].uninterruptible_readings, 3);
    assert_eq!(report.readings, 4);
}

#[test]
fn daemons_have_no_terminal_and_stand_alone() {
    // (what it is about, process, is it a daemon?)
    let of = |change: &dyn Fn(&mut ProcessFact)| {
        let mut fact = ProcessFact::example(10, 5, "p");
        change(&mut fact);
        fact
    };
    let cases = [
        ("leads its session", of(&|_| ()), true),
        (
            "in the session of another",
            of(&|fact| fact.session = 5),
            false,
        ),
        (
            "a child of process 1",
            of(&|fact| (fact.session, fact.parent_pid) = (5, 1)),
            true,
        ),
        (
            "a shell on a terminal",
            of(&|fact| fact.tty = 0x8800),
            false,
        ),
        (
            "a kernel thread",
            of(&|fact| fact.is_kernel_thread = true),
            false,
        ),
        ("dead", of(&|fact| fact.state = 'Z'), false),
    ];
    for (about, fact, expected) in cases {
        let report = report(first(vec![]), &Between::default(), last(vec![fact]));
        assert_eq!(report.processes[0].is_daemon, expected, "{about}");
    }
}

#[test]
fn cpu_time_of_processes_that_nobody_saw_is_told() {
    let at = |since_boot_ns, process_cpu_ns, made| MachineReading {
        since_boot_ns,
        process_cpu_ns,
        made,
        cores: 4,
        memory_bytes: 1 << 30,
    };
    let busy = ProcessFact {
        cpu_ns: 3 * SECOND,
        ..example(10)
    };
    let machine = (at(FIRST, 0, 100), at(FIRST + 10 * SECOND, 9 * SECOND, 460));
    let report = processes(
        first(vec![example(10)]),
        &Between::default(),
        last(vec![busy]),
        Some(machine),
        &ProcessesAsked::default(),
    );
    let machine = report.machine.unwrap();
    assert_eq!(
        (machine.cpu_percent, machine.unseen_cpu_percent),
        (90.0, 70.0)
    );
    assert_eq!((machine.made, machine.sees_all), (360, false));
    assert_eq!(report.processes[0].memory_percent, Some(0.98));
}

#[test]
fn the_list_is_in_the_order_that_was_asked_for() {
    let with = |pid: u32, cpu_ns, rss_bytes, threads| ProcessFact {
        cpu_ns,
        rss_bytes,
        threads,
        ..example(pid)
    };
    let now = || {
        vec![
            with(1, 5, 1, 2),
            with(2, 9, 3, 1),
            with(3, 7 * SECOND, 2, 3),
        ]
    };
    // (order, pids)
    let cases = [
        (ProcessOrder::Cpu, [3, 1, 2]),
        (ProcessOrder::Memory, [2, 3, 1]),
        (ProcessOrder::Io, [1, 2, 3]),
        (ProcessOrder::Threads, [3, 1, 2]),
        (ProcessOrder::Age, [3, 2, 1]),
        (ProcessOrder::Pid, [1, 2, 3]),
    ];
    for (sort, expected) in cases {
        let asked = ProcessesAsked {
            sort,
            top: Some(2),
            ..ProcessesAsked::default()
        };
        let report = processes(first(now()), &Between::default(), last(now()), None, &asked);
        let pids: Vec<_> = report.processes.iter().map(|one| one.process.pid).collect();
        assert_eq!(
            (pids.as_slice(), report.omitted),
            (&expected[..2], 1),
            "{sort:?}"
        );
    }
}

#[test]
fn secrets_stay_on_the_host() {
    let mut fact = example(10);
    fact.argv = ["mysql", "--password=geheim"].map(str::to_owned).into();
    let ended = ProcessFact {
        process: example(11).process,
        ..fact.clone()
    };
    let report = report(first(vec![ended]), &Between::default(), last(vec![fact]));
    assert!(!format!("{report:?}").contains("geheim"), "{report:?}");
}

#[test]
fn the_worst_report_fits() {
    let many = (1..=25_000).map(|pid| ProcessFact {
        argv: vec!["\u{1b}\"x".repeat(400)],
        unit: format!("{}.service", "u".repeat(240)).parse().ok(),
        container: Some("c".repeat(64)),
        rss_bytes: u64::MAX,
        cpu_ns: u64::MAX,
        ..example(pid)
    });
    let report = report(first(vec![]), &Between::default(), last(many.collect()));
    let all = report.omitted + u32::try_from(report.processes.len()).unwrap();
    assert_eq!(all, 25_000);
    let json = serde_json::to_string(&Report::from(report)).unwrap();
    assert!(escape::json(&json).len() < MAX_REPORT_BYTES);
}

#[test]
fn a_length_of_time_must_be_one_that_can_be_measured() {
    for (duration_s, is_one) in [(0, false), (1, true), (600, true), (601, false)] {
        let asked = ProcessesAsked {
            duration_s,
            ..ProcessesAsked::default()
        };
        assert_eq!(asked.check().is_ok(), is_one, "{duration_s}");
    }
}

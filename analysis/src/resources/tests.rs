use chrono::{DateTime, TimeDelta};

use super::*;
use crate::{black_box::Sample, process_tree::ProcessFact, throttling::tests::held_back};

const SECOND: u64 = 1_000_000_000;
const MIB: u64 = 1 << 20;

fn process(pid: u32, rss_mib: u64, cpu_s: u64) -> ProcessFact {
    ProcessFact {
        process: ProcessId { pid, start_ns: 0 },
        parent_pid: 1,
        session: pid,
        comm: "worker".to_owned(),
        argv: vec!["/bin/worker".to_owned(), "--password=hunter2".to_owned()],
        state: 'S',
        is_kernel_thread: false,
        tty: 0,
        nice: 0,
        uid: Some(33),
        user: Some("www-data".to_owned()),
        unit: Some("web.service".parse().unwrap()),
        container: None,
        threads: 4,
        rss_bytes: rss_mib * MIB,
        virtual_bytes: 1 << 30,
        cpu_ns: cpu_s * SECOND,
        deleted_program: None,
    }
}

fn reading(second: u64, processes: Vec<ProcessFact>) -> ProcessFacts {
    ProcessFacts {
        at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
        since_boot_ns: second * SECOND,
        processes,
        limits: Vec::new(),
    }
}

/// Process 7 and four of its kind, watched for two seconds.
pub(crate) fn facts() -> ResourceFacts {
    let others = (8..12).map(|pid| process(pid, 40, 10));
    let before = reading(1000, vec![process(7, 50, 100)]);
    let after = reading(1002, others.chain([process(7, 50, 101)]).collect());
    ResourceFacts {
        pid: 7,
        before,
        after,
        io: None,
        memory: MemoryUse::default(),
        host_memory_bytes: Some(1000 * MIB),
        files: None,
        sockets: None,
        ceilings: Vec::new(),
        pressure: None,
        throttling: None,
        recording: Recording::default(),
        limits: Vec::new(),
    }
}

fn ceiling(kind: CeilingKind, used: u64, limit: u64) -> Ceiling {
    Ceiling {
        kind,
        used: Some(used),
        limit,
        hard_limit: None,
        percent: None,
    }
}

fn causes(report: &Resources) -> Vec<UseCause> {
    report
        .findings
        .iter()
        .map(|finding| finding.cause)
        .collect()
}

#[test]
fn rates_are_over_the_watch_and_secrets_are_not_told() {
    let report = resources(facts()).unwrap();
    assert_eq!(report.duration_ms, 2000);
    assert_eq!(report.cpu.now_percent, Some(50.0));
    assert!((report.cpu.life_percent - 10.08).abs() < 0.01);
    assert_eq!(report.memory.host_percent, Some(5.0));
    assert_eq!(
        (report.peers.count, report.peers.median_threads),
        (4, Some(4))
    );
    assert!(!format!("{report:?}").contains("hunter2"));
    assert_eq!(causes(&report), []);
    assert_eq!(report.health(), Health::Fine);
}

#[test]
fn a_process_that_ended_is_no_target_and_another_with_its_pid_has_no_rate() {
    let mut gone = facts();
    gone.after.processes.clear();
    assert_eq!(resources(gone), Err(NoSuchProcess(7)));
    let mut other = facts();
    other.before.processes[0].process.start_ns = 1;
    assert_eq!(resources(other).unwrap().cpu.now_percent, None);
}

#[test]
fn limits_are_told_before_they_are_reached() {
    // (kind, used, limit, cause, certainty)
    let near = Some((UseCause::LimitNear, Certainty::Measured));
    let reached = Some((UseCause::LimitReached, Certainty::Measured));
    let cases = [
        (CeilingKind::OpenFiles, 700, 1000, None),
        (CeilingKind::OpenFiles, 850, 1000, near),
        (CeilingKind::OpenFiles, 1000, 1000, reached),
        (CeilingKind::CgroupTasks, 99, 100, reached),
        (CeilingKind::CgroupMemory, 95, 100, None),
        (
            CeilingKind::CgroupMemory,
            99,
            100,
            Some((UseCause::LimitNear, Certainty::Inferred)),
        ),
        (CeilingKind::CgroupCpu, 100, 100, None),
        (CeilingKind::OpenFiles, 5, 0, None),
    ];
    for (kind, used, limit, expected) in cases {
        let mut facts = facts();
        facts.ceilings = vec![ceiling(kind, used, limit)];
        let report = resources(facts).unwrap();
        let found = report.findings.first();
        let found = found.map(|finding| (finding.cause, finding.certainty));
        assert_eq!(found, expected, "{kind:?} {used} of {limit}");
    }
}

#[test]
fn a_cpu_quota_is_told_where_it_is_felt() {
    let mut slow = facts();
    slow.throttling = Some(held_back());
    let report = resources(slow.clone()).unwrap();
    assert_eq!(causes(&report), [UseCause::CpuThrottled]);
    assert_eq!(report.findings[0].certainty, Certainty::Measured);
    // Somebody wanted it so.
    assert_eq!(report.health(), Health::Fine);
    slow.throttling.as_mut().unwrap().throttled_percent = 1.0;
    assert_eq!(causes(&resources(slow).unwrap()), []);
}

#[test]
fn a_leak_is_one_of_the_unit_since_it_started() {
    let mut leaking = facts();
    let sample = |step: i64| Sample {
        at: DateTime::UNIX_EPOCH + TimeDelta::minutes(5 * step),
        since_boot_ms: 0,
        run: 1,
        processes: 5,
        threads: 20,
        rss_bytes: (100 + u64::try_from(step).unwrap()) * MIB,
        memory_bytes: None,
        memory_limit_bytes: Some(400 * MIB),
        cpu_percent_hundredths: 0,
        main_pid: None,
        open_files: None,
    };
    leaking.recording.history = (0..200).map(sample).collect();
    let report = resources(leaking).unwrap();
    assert_eq!(causes(&report), [UseCause::MemoryGrows]);
    assert_eq!(report.health(), Health::Problem);
    // 12 MiB an hour, and 101 MiB to go.
    let hours = report.memory_trend.unwrap().reaches_limit_in_s.unwrap() / 3600;
    assert_eq!(hours, 8);
}

#[test]
fn one_that_differs_from_its_kind_is_told_and_is_no_problem() {
    let mut large = facts();
    let own = large.after.processes.last_mut().unwrap();
    own.rss_bytes = 400 * MIB;
    own.cpu_ns = 500 * SECOND;
    let report = resources(large.clone()).unwrap();
    assert_eq!(
        causes(&report),
        [UseCause::LargerThanPeers, UseCause::BusierThanPeers]
    );
    assert_eq!(report.health(), Health::Fine);
    // Two of a kind are no kind.
    large.after.processes.drain(..3);
    assert_eq!(causes(&resources(large).unwrap()), []);
}

#[test]
fn connections_that_are_not_closed_are_told() {
    let mut leaking = facts();
    leaking.sockets = Some(SocketUse {
        tcp_close_wait: 51,
        ..SocketUse::default()
    });
    let report = resources(leaking).unwrap();
    assert_eq!(causes(&report), [UseCause::ConnectionsNotClosed]);
}

use chrono::{DateTime, TimeDelta};

use super::*;
use crate::{
    process_tree::{ProcessFact, ProcessFacts},
    processes::{Between, ProcessReading, Processes, ProcessesAsked, processes},
    zombies::TaskCount,
};

const SECOND: u64 = 1_000_000_000;

/// Two seconds of a machine on which one process computes, and another waits for a disk.
fn list() -> Processes {
    let reading = |since_boot_ns, cpu_ns| {
        let busy = ProcessFact {
            cpu_ns,
            unit: "db.service".parse().ok(),
            ..ProcessFact::example(10, 1, "postgres")
        };
        let waits = ProcessFact {
            state: 'D',
            unit: "backup.service".parse().ok(),
            ..ProcessFact::example(11, 1, "rsync")
        };
        let large = ProcessFact {
            rss_bytes: 3 << 30,
            unit: "db.service".parse().ok(),
            ..ProcessFact::example(12, 10, "postgres")
        };
        ProcessReading {
            facts: ProcessFacts {
                at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
                since_boot_ns,
                processes: vec![busy, waits, large],
                limits: Vec::new(),
            },
            io: Default::default(),
        }
    };
    let (first, last) = (reading(100 * SECOND, 0), reading(102 * SECOND, 2 * SECOND));
    let asked = ProcessesAsked::default();
    processes(first, &Between::default(), last, None, &asked)
}

fn counters(seconds: u64) -> MachineCounters {
    MachineCounters {
        since_boot_ns: seconds * SECOND,
        ..MachineCounters::default()
    }
}

fn facts() -> MachineFacts {
    MachineFacts {
        before: counters(100),
        after: counters(102),
        state: MachineState {
            cores: 4,
            ..MachineState::default()
        },
        processes: list(),
    }
}

fn find(report: &Machine, resource: Resource) -> &ResourceFinding {
    let mut findings = report.findings.iter();
    let found = findings.find(|finding| finding.resource == resource);
    found.unwrap_or_else(|| panic!("{resource:?} in {report:?}"))
}

#[test]
fn thresholds_are_those_of_the_specification() {
    // (what it is about, resource, value, level)
    let cases = [
        (Resource::Cpu, 70.0, ResourceLevel::Fine),
        (Resource::Cpu, 70.1, ResourceLevel::Warning),
        (Resource::Cpu, 90.1, ResourceLevel::Critical),
        (Resource::Memory, 80.0, ResourceLevel::Fine),
        (Resource::Memory, 95.1, ResourceLevel::Critical),
        (Resource::DiskSpace, 80.1, ResourceLevel::Warning),
        (Resource::DiskSpace, 90.1, ResourceLevel::Critical),
        (Resource::Processes, 100.0, ResourceLevel::Fine),
        (Resource::Processes, 101.0, ResourceLevel::Notice),
        (Resource::TcpConnections, 1001.0, ResourceLevel::Notice),
    ];
    for (resource, value, level) in cases {
        let threshold = Threshold::of(resource);
        assert_eq!(threshold.level(value), level, "{resource:?} {value}");
        assert_eq!(
            threshold.source,
            ThresholdSource::Specification,
            "{resource:?}"
        );
    }
}

#[test]
fn the_worst_comes_first_with_those_that_use_it() {
    let mut facts = facts();
    let cpu = |busy| CpuCounters {
        busy,
        steal: 0,
        all: busy + 5,
    };
    (facts.before.cpu, facts.after.cpu) = (Some(cpu(0)), Some(cpu(795)));
    facts.after.cpu = Some(CpuCounters {
        all: 805,
        ..cpu(795)
    });
    facts.state.memory = Some((4 << 30, 700 << 20));
    let report = machine(facts);
    assert_eq!(report.health(), Health::Problem);
    let first = &report.findings[0];
    assert_eq!(
        (first.resource, first.level),
        (Resource::Cpu, ResourceLevel::Critical)
    );
    assert_eq!(first.certainty, Certainty::Measured);
    assert_eq!(first.processes[0].process.pid, 10);
    assert_eq!(first.processes.len(), 1, "the others did nothing");
    let memory = find(&report, Resource::Memory);
    assert_eq!(
        (memory.level, memory.value),
        (ResourceLevel::Warning, 82.91)
    );
    assert_eq!(memory.processes[0].process.pid, 12);
    let unit = memory.units[0].unit.as_ref().unwrap();
    assert_eq!(
        (unit.as_str(), memory.units[0].processes),
        ("db.service", 2)
    );
}

#[test]
fn what_waits_for_a_device_all_the_time_is_a_warning() {
    let report = machine(facts());
    let stuck = find(&report, Resource::Uninterruptible);
    assert_eq!((stuck.value, stuck.level), (1.0, ResourceLevel::Warning));
    assert_eq!(stuck.processes[0].comm, "rsync");
}

#[test]
fn file_systems_are_as_full_as_df_says() {
    let mut facts = facts();
    facts.state.mounts = vec![MountUse {
        mount_point: "/var".to_owned(),
        is_memory: false,
        total_bytes: 100,
        free_bytes: 10,
        // A twentieth is kept for root.
        available_bytes: 5,
        inodes: 50,
        free_inodes: 45,
    }];
    let report = machine(facts);
    let space = find(&report, Resource::DiskSpace);
    assert_eq!((space.value, space.level), (94.74, ResourceLevel::Critical));
    assert_eq!((space.used_bytes, space.total_bytes), (Some(90), Some(95)));
    let inodes = find(&report, Resource::Inodes);
    assert_eq!((inodes.value, inodes.name.as_deref()), (10.0, Some("/var")));
}

#[test]
fn of_file_systems_in_memory_the_fullest_stands_for_those_of_its_size() {
    let memory = |point: &str, total_bytes, free_bytes| MountUse {
        mount_point: point.to_owned(),
        is_memory: true,
        total_bytes,
        free_bytes,
        available_bytes: free_bytes,
        inodes: 100,
        free_inodes: 100,
    };
    let told = |mounts: Vec<MountUse>| {
        let mut facts = facts();
        facts.state.mounts = mounts;
        let findings = machine(facts).findings.into_iter();
        let of_space = findings.filter(|one| one.resource == Resource::DiskSpace);
        of_space.filter_map(|one| one.name).collect::<Vec<_>>()
    };
    let fine = [
        memory("/dev/shm", 1000, 900),
        memory("/run", 500, 499),
        memory("/run/user/0", 1000, 1000),
        memory("/tmp", 1000, 950),
    ];
    assert_eq!(told(fine.to_vec()), ["/dev/shm", "/run"]);
    // All that is short is told.
    let mut short = fine.to_vec();
    short.push(memory("/full", 1000, 10));
    short.push(memory("/fuller", 1000, 0));
    assert_eq!(told(short), ["/fuller", "/full", "/run"]);
    // Those that are alike do not leave each other out.
    let alike = vec![memory("/a", 1000, 1000), memory("/b", 1000, 1000)];
    assert_eq!(told(alike), ["/a"]);
    // Each disk has its own room, whatever its size.
    let mut disks = fine.to_vec();
    disks.iter_mut().for_each(|one| one.is_memory = false);
    assert_eq!(told(disks).len(), 4);
}

#[test]
fn rates_are_over_the_interval() {
    let mut facts = facts();
    let disk = |busy_ms| DiskCounters {
        name: "sda".to_owned(),
        busy_ms,
    };
    (facts.before.disks, facts.after.disks) = (vec![disk(0)], vec![disk(1900)]);
    let interface = |bytes, packets, lost| InterfaceCounters {
        name: "eth0".to_owned(),
        received_bytes: bytes,
        sent_bytes: 0,
        packets,
        lost,
        bits_per_s: Some(8_000_000),
    };
    facts.before.interfaces = vec![interface(0, 0, 0)];
    facts.after.interfaces = vec![interface(1_500_000, 995, 5)];
    let tcp = |sent_segments, sent_again| TcpCounters {
        established: 7,
        sent_segments,
        sent_again,
    };
    (facts.before.tcp, facts.after.tcp) = (Some(tcp(0, 0)), Some(tcp(200, 6)));
    (facts.before.swapped_in_pages, facts.after.swapped_in_pages) = (Some(0), Some(800));
    let report = machine(facts);
    // (resource, value, level)
    let cases = [
        (Resource::DiskBusy, 95.0, ResourceLevel::Warning),
        (Resource::NetworkUse, 75.0, ResourceLevel::Warning),
        (Resource::NetworkLoss, 0.5, ResourceLevel::Warning),
        (Resource::TcpRetransmits, 3.0, ResourceLevel::Warning),
        (Resource::TcpConnections, 7.0, ResourceLevel::Fine),
        (Resource::SwapIn, 400.0, ResourceLevel::Warning),
    ];
    for (resource, value, level) in cases {
        let finding = find(&report, resource);
        assert_eq!(
            (finding.value, finding.level),
            (value, level),
            "{resource:?}"
        );
    }
}

#[test]
fn a_few_packets_say_nothing_about_loss() {
    let mut facts = facts();
    let interface = |packets, lost| InterfaceCounters {
        name: "eth0".to_owned(),
        packets,
        lost,
        ..InterfaceCounters::default()
    };
    facts.before.interfaces = vec![interface(0, 0)];
    facts.after.interfaces = vec![interface(3, 1)];
    let report = machine(facts);
    let mut resources = report.findings.iter().map(|finding| finding.resource);
    assert!(
        !resources.any(|one| one == Resource::NetworkLoss),
        "{report:?}"
    );
}

#[test]
fn what_cannot_be_read_is_no_finding() {
    let report = machine(facts());
    let resources: Vec<_> = report.findings.iter().map(|one| one.resource).collect();
    let expected = [
        Resource::Uninterruptible,
        Resource::Processes,
        Resource::Zombies,
    ];
    assert_eq!(resources, expected);
}

#[test]
fn tasks_are_shares_of_what_there_may_be() {
    let mut facts = facts();
    facts.state.tasks = Some(TaskCount {
        cgroup: None,
        tasks: 970,
        limit: 1000,
    });
    facts.state.load = Some(8.0);
    let report = machine(facts);
    assert_eq!(
        find(&report, Resource::Tasks).level,
        ResourceLevel::Critical
    );
    let load = find(&report, Resource::Load);
    assert_eq!((load.value, load.level), (2.0, ResourceLevel::Warning));
    // Those that wait for devices load, too.
    let pids: Vec<_> = load.processes.iter().map(|one| one.process.pid).collect();
    assert_eq!(pids, [10, 11]);
}

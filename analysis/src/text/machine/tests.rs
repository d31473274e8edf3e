use chrono::{DateTime, FixedOffset, TimeDelta};
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    limitation::Limitation,
    machine::{
        CpuCounters, MachineCounters, MachineFacts, MachineState, MountUse, Pressure, machine,
    },
    process_tree::{ProcessFact, ProcessFacts},
    processes::{Between, ProcessReading, ProcessesAsked, processes},
    text::Language,
};

const SECOND: u64 = 1_000_000_000;

#[test]
fn what_is_short_is_told_with_those_that_use_it() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        for width in [80, 200] {
            let text = report().render(&page(&catalogue, width));
            for line in text.lines() {
                assert!(line.width() <= width, "{line}");
            }
            insta::assert_snapshot!(format!("{}_{width}", language.tag()), text);
        }
    }
}

#[test]
fn every_resource_has_its_words() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        for finding in report().findings {
            let name = finding.resource.name();
            assert!(catalogue.has(&format!("machine-means-{name}")), "{name}");
        }
        assert!(!report().headline(&catalogue).contains("machine-"));
    }
}

fn page(catalogue: &Catalogue, width: usize) -> Page<'_> {
    Page {
        catalogue,
        style: Style::Plain,
        width: Some(width),
        zone: FixedOffset::east_opt(0).unwrap(),
        now: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
    }
}

/// A database that computes and is large, and a disk that is full.
fn report() -> Machine {
    let reading = |since_boot_ns, cpu_ns| {
        let database = ProcessFact {
            cpu_ns,
            rss_bytes: 3 << 30,
            unit: "postgresql@15-main.service".parse().ok(),
            ..ProcessFact::example(812, 1, "postgres")
        };
        let container = ProcessFact {
            cpu_ns: cpu_ns / 4,
            container: Some("0123456789abcdef".to_owned()),
            argv: vec!["/opt/数据".to_owned(), "\u{1b}[2J".to_owned()],
            ..ProcessFact::example(900, 1, "app")
        };
        ProcessReading {
            facts: ProcessFacts {
                at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
                since_boot_ns,
                processes: vec![database, container],
                limits: vec![Limitation {
                    what: "mounts".to_owned(),
                    why: "remote".to_owned(),
                    count: 2,
                }],
            },
            io: Default::default(),
        }
    };
    let (first, last) = (
        reading(90_000 * SECOND, 0),
        reading(90_002 * SECOND, 2 * SECOND),
    );
    let counters = |seconds: u64, busy, all| MachineCounters {
        since_boot_ns: seconds * SECOND,
        cpu: Some(CpuCounters {
            busy,
            steal: 0,
            all,
        }),
        ..MachineCounters::default()
    };
    let mount = |mount_point: &str, free_bytes| MountUse {
        is_memory: false,
        mount_point: mount_point.to_owned(),
        total_bytes: 100 << 30,
        free_bytes,
        available_bytes: free_bytes,
        inodes: 1000,
        free_inodes: 900,
    };
    machine(MachineFacts {
        before: counters(90_000, 0, 0),
        after: counters(90_002, 750, 800),
        state: MachineState {
            cores: 4,
            load: Some(3.5),
            memory: Some((4 << 30, 700 << 20)),
            swap: Some((1 << 30, 1 << 30)),
            pressure: Some(Pressure {
                cpu: 12.5,
                memory: 0.0,
                io: 0.0,
            }),
            mounts: vec![mount("/", 60 << 30), mount("/var/lib/数据", 2 << 30)],
            ..MachineState::default()
        },
        processes: processes(
            first,
            &Between::default(),
            last,
            None,
            &ProcessesAsked::default(),
        ),
    })
}

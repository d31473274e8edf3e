use chrono::{DateTime, FixedOffset, TimeDelta};
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    monitor::{Critical, Monitor, Sample, Sampled},
    process::ProcessId,
    text::{Catalogue, Language},
};

#[test]
fn the_live_table_stays_on_the_screen_whatever_its_size() {
    for language in Language::ALL {
        for (columns, rows) in [(80, 24), (200, 50), (60, 12), (44, 8)] {
            let text = shown(language, columns, rows);
            assert!(text.lines().count() <= rows, "{columns}x{rows}:\n{text}");
            for line in text.lines() {
                assert!(line.width() <= columns, "{columns}x{rows}: {line}");
            }
            assert!(
                !text.ends_with('\n'),
                "what is behind the last line scrolls"
            );
        }
    }
}

#[test]
fn the_live_table_has_the_processes_and_what_happened() {
    insta::assert_snapshot!(shown(Language::English, 80, 14));
    insta::assert_snapshot!(shown(Language::Chinese, 80, 14));
}

fn at(second: u64) -> crate::Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second as i64)
}

/// Forty processes, of which a critical one ends and another becomes large.
fn shown(language: Language, columns: usize, rows: usize) -> String {
    let mut monitor = Monitor::new(vec![Critical::process(7, None)]);
    let mut happened = Vec::new();
    for look in 0..12_u64 {
        let process = |pid: u32| Sampled {
            process: ProcessId { pid, start_ns: 7 },
            comm: format!("worker-{pid}\u{1b}"),
            state: 'S',
            cpu_ns: look * u64::from(pid) * 10_000_000,
            rss_bytes: if pid == 9 && look == 11 {
                900 << 20
            } else {
                100 << 20
            },
            threads: 4,
        };
        let is_there = |pid: &u32| *pid != 7 || look < 11;
        let sample = Sample {
            at: at(look * 10),
            since_boot_ns: look * 10_000_000_000,
            processes: (1..=40).filter(is_there).map(process).collect(),
            units: Vec::new(),
        };
        happened.extend(monitor.take(&sample));
    }
    assert_eq!(happened.len(), 2, "{happened:?}");
    let catalogue = Catalogue::of(language);
    let page = Page {
        catalogue: &catalogue,
        style: Style::Plain,
        width: Some(columns),
        zone: FixedOffset::east_opt(0).unwrap(),
        now: at(110),
    };
    let cost = OwnCost {
        cpu_percent: 0.13,
        rss_bytes: 12 << 20,
    };
    screen(&monitor, &happened, cost, rows, &page)
}

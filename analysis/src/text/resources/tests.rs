use chrono::{DateTime, FixedOffset, TimeDelta};

use super::*;
use crate::{
    black_box::Sample,
    resources::{DescriptorUse, IoUse, MemoryUse, Pressure, SocketUse, resources, tests::facts},
    text::{Language, Style},
};

fn report() -> Resources {
    let mut facts = facts();
    let sample = |step: i64| Sample {
        at: DateTime::UNIX_EPOCH + TimeDelta::days(19_999) + TimeDelta::minutes(5 * step),
        since_boot_ms: 0,
        run: 1,
        processes: 5,
        threads: 20,
        rss_bytes: (100 + u64::try_from(step).unwrap_or(0)) << 20,
        memory_bytes: None,
        memory_limit_bytes: Some(400 << 20),
        cpu_percent_hundredths: 0,
        main_pid: None,
        open_files: None,
    };
    facts.recording.history = (0..200).map(sample).collect();
    facts.memory = MemoryUse {
        peak_rss_bytes: Some(64 << 20),
        swap_bytes: Some(0),
        ..MemoryUse::default()
    };
    facts.files = Some(DescriptorUse {
        open: 900,
        files: 100,
        sockets: 790,
        pipes: 8,
        other: 2,
    });
    facts.sockets = Some(SocketUse {
        tcp_established: 700,
        tcp_listening: 2,
        tcp_close_wait: 60,
        unix: 28,
        ..SocketUse::default()
    });
    facts.ceilings = vec![
        ceiling(CeilingKind::OpenFiles, Some(900), 1024),
        ceiling(CeilingKind::CgroupMemory, Some(300 << 20), 400 << 20),
        ceiling(CeilingKind::CoreSize, None, 0),
    ];
    facts.pressure = Some(Pressure {
        of_cgroup: false,
        cpu_percent: Some(1.5),
        memory_percent: Some(0.0),
        io_percent: None,
    });
    let mut report = resources(facts).unwrap();
    report.io = Some(IoUse {
        read_bytes: 1 << 30,
        written_bytes: 5 << 20,
        read_bytes_per_s: 0.0,
        written_bytes_per_s: 2048.0,
    });
    report
}

fn ceiling(kind: CeilingKind, used: Option<u64>, limit: u64) -> Ceiling {
    Ceiling {
        kind,
        used,
        limit,
        hard_limit: None,
        percent: None,
    }
}

fn text(language: Language, width: usize) -> String {
    let report = report();
    report.render(&Page {
        catalogue: Catalogue::built_in(language),
        style: Style::Plain,
        width: Some(width),
        zone: FixedOffset::east_opt(0).unwrap(),
        now: report.at,
    })
}

#[test]
fn what_was_found_stands_before_the_figures() {
    insta::assert_snapshot!("en_80", text(Language::English, 80));
    insta::assert_snapshot!("en_200", text(Language::English, 200));
}

#[test]
fn it_says_so_in_chinese() {
    insta::assert_snapshot!("zh-CN_80", text(Language::Chinese, 80));
}

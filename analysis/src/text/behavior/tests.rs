use chrono::{DateTime, FixedOffset};
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    behavior::{ErrorUse, ExecUse, FileUse, IoRates, Pace, PeerUse, Rates, SyscallUse},
    cause::Certainty,
    limitation::Limitation,
    process::ProcessId,
    text::Language,
};

#[test]
fn what_a_process_did_fits_80_columns_in_both_languages() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        let text = busy().render(&page(&catalogue));
        for line in text.lines() {
            assert!(line.width() <= 80, "{line}");
        }
        assert!(
            !text.contains("behavior-") && !text.contains("inspect-"),
            "{text}"
        );
        insta::assert_snapshot!(language.tag(), text);
    }
}

fn busy() -> Behavior {
    let odd = |cause, evidence: &str, baseline, found| OddBehavior {
        cause,
        certainty: Certainty::Measured,
        evidence: evidence.to_owned(),
        baseline,
        found,
    };
    let rates = |factor: f64| Rates {
        cpu_percent: 12.5 * factor,
        waits_per_s: (factor > 1.0).then_some(80.0),
        preemptions_per_s: None,
        minor_faults_per_s: 3.0,
        major_faults_per_s: 0.0,
        io: Some(IoRates {
            read_chars_bytes_per_s: 2e6 * factor,
            written_chars_bytes_per_s: 7e6 * factor,
            ..IoRates::default()
        }),
    };
    let limit = |what: &str, why: &str| Limitation {
        what: what.to_owned(),
        why: why.to_owned(),
        count: 1,
    };
    Behavior {
        at: DateTime::UNIX_EPOCH,
        process: ProcessId {
            pid: 7,
            start_ns: 1,
        },
        comm: "数据库\u{1b}".to_owned(),
        watched_ms: 60_000,
        has_ended: false,
        tool: Some("strace".to_owned()),
        rates: Some(rates(6.0)),
        life: Some(rates(1.0)),
        syscalls: vec![SyscallUse {
            name: "openat".to_owned(),
            calls: 60_000,
            errors: 59_000,
            time_ms: 810.0,
            per_second: 1000.0,
        }],
        errors: vec![ErrorUse {
            call: "openat".to_owned(),
            error: "ENOENT".to_owned(),
            count: 59_000,
        }],
        files: vec![FileUse {
            path: "/etc/数据\u{1b}[31m".to_owned(),
            opens: 3,
            writes: 3,
            written_bytes: 300,
            is_changed: true,
            ..FileUse::default()
        }],
        peers: vec![PeerUse {
            protocol: "tcp".to_owned(),
            address: "10.0.0.2:5432".to_owned(),
            connects: 2,
            sent_bytes: 400,
            received_bytes: 80_000,
            errors: 0,
        }],
        execs: vec![ExecUse {
            path: "/usr/bin/true".to_owned(),
            count: 4000,
        }],
        forks: Some(4000),
        omitted: 0,
        seen_children: 9,
        files_opened: 2,
        files_closed: 1,
        pace: Some(Pace {
            before_per_s: 1200.0,
            during_per_s: 300.0,
        }),
        odd: vec![
            odd(Odd::ForkStorm, "clone", 50.0, 66.6),
            odd(Odd::ErrorLoop, "openat", 50.0, 983.0),
            odd(Odd::BusyPolling, "epoll_wait", 1000.0, 20_000.0),
            odd(Odd::UnusualWrite, "/etc/passwd", 0.0, 1.0),
            odd(Odd::FileGrowth, "700", 5.0, 70.0),
            odd(Odd::CpuSurge, "cpu", 12.5, 75.0),
            odd(Odd::WriteSurge, "write", 7e6, 42e6),
        ],
        limits: vec![
            limit("syscalls", "cut"),
            limit("io", "Permission denied (os error 13)"),
        ],
    }
}

fn page(catalogue: &Catalogue) -> Page<'_> {
    Page {
        catalogue,
        style: Style::Plain,
        width: Some(80),
        zone: FixedOffset::east_opt(0).unwrap(),
        now: DateTime::UNIX_EPOCH,
    }
}

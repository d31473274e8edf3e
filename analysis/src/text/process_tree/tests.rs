use chrono::{DateTime, FixedOffset, TimeDelta};
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    limitation::Limitation,
    process::ProcessId,
    process_tree::{ProcessFact, ProcessFacts, ProcessTreeAsked, process_tree},
    text::Language,
};

const SECOND: u64 = 1_000_000_000;

/// A process that began `pid` seconds after the boot, in a session of its own.
fn process(pid: u32, parent_pid: u32, unit: &str, command: &str) -> ProcessFact {
    let argv: Vec<String> = command.split(' ').map(str::to_owned).collect();
    ProcessFact {
        process: ProcessId {
            pid,
            start_ns: u64::from(pid) * SECOND,
        },
        parent_pid,
        session: pid,
        comm: argv[0].rsplit('/').next().unwrap().to_owned(),
        argv,
        state: 'S',
        is_kernel_thread: false,
        tty: 0,
        nice: 0,
        uid: Some(0),
        user: Some("root".to_owned()),
        unit: unit.parse().ok(),
        container: None,
        threads: 1,
        rss_bytes: u64::from(pid) << 18,
        virtual_bytes: 0,
        cpu_ns: u64::from(pid) * SECOND / 8,
        deleted_program: None,
    }
}

fn kernel_thread(pid: u32, parent_pid: u32, comm: &str) -> ProcessFact {
    ProcessFact {
        comm: comm.to_owned(),
        argv: Vec::new(),
        is_kernel_thread: true,
        rss_bytes: 0,
        ..process(pid, parent_pid, "", "x")
    }
}

/// A host with one of everything that is odd.
fn facts() -> ProcessFacts {
    let web = "nginx.service";
    let zombie = ProcessFact {
        state: 'Z',
        argv: Vec::new(),
        rss_bytes: 0,
        ..process(310, 300, "app.service", "worker")
    };
    let deleted = ProcessFact {
        deleted_program: Some("/usr/sbin/nginx".to_owned()),
        ..process(
            200,
            1,
            web,
            "nginx: master process /usr/sbin/nginx -g daemon on;",
        )
    };
    let orphan = ProcessFact {
        session: 400,
        ..process(410, 1, "session-3.scope", "sleep 100000")
    };
    let hangs = ProcessFact {
        state: 'D',
        argv: Vec::new(),
        ..process(320, 300, "app.service", "备份")
    };
    let container = ProcessFact {
        container: Some("0123456789abcdef".repeat(4)),
        ..process(510, 500, "docker-1.scope", "redis-server *:6379")
    };
    let hostile = "数据库 \u{1b}[31m--数据目录=/数据/很长的路径/还要更长一些/直到放不下为止 --end";
    let processes = vec![
        process(1, 0, "init.scope", "/sbin/init"),
        kernel_thread(2, 0, "kthreadd"),
        kernel_thread(3, 2, "rcu_gp"),
        kernel_thread(4, 3, "kworker/0:1"),
        deleted,
        process(201, 200, web, "nginx: worker process"),
        process(202, 200, web, hostile),
        process(300, 1, "app.service", "/opt/app/supervisor --verbose"),
        zombie,
        hangs,
        process(330, 320, "backup.service", "tar -c /srv"),
        orphan,
        process(500, 1, "docker.service", "/usr/bin/containerd-shim-runc-v2"),
        container,
    ];
    let limit = |what: &str, why: &str, count| Limitation {
        what: what.to_owned(),
        why: why.to_owned(),
        count,
    };
    ProcessFacts {
        at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
        since_boot_ns: 1000 * SECOND,
        processes,
        limits: vec![
            limit("argv", "uninterruptible", 1),
            limit("program", "Permission denied (os error 13)", 41),
            limit("sockets", "a later \u{1b}version", 2),
        ],
    }
}

fn tree(asked: &ProcessTreeAsked) -> ProcessTree {
    process_tree(facts(), asked).unwrap()
}

fn page(catalogue: &Catalogue, width: Option<usize>) -> Page<'_> {
    Page {
        catalogue,
        style: Style::Plain,
        width,
        zone: FixedOffset::east_opt(8 * 3600).unwrap(),
        now: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_tree_fits_terminals_of_80_and_200_columns_in_both_languages() {
    let report = tree(&ProcessTreeAsked::default());
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        for width in [80, 200] {
            let text = render(&report, &page(&catalogue, Some(width)));
            for line in text.lines().filter(|line| line.contains(['├', '└'])) {
                assert!(line.width() <= width, "{width}: {line}");
            }
            insta::assert_snapshot!(format!("{}_{width}", language.tag()), text);
        }
    }
}

#[test]
fn a_part_of_the_tree_says_what_is_below() {
    let asked = ProcessTreeAsked {
        pid: Some(1),
        recursive: false,
    };
    let english = Catalogue::of(Language::English);
    let text = render(&tree(&asked), &page(&english, Some(100)));
    assert!(
        text.contains("\n6 more processes are below: --recursive\n"),
        "{text}"
    );
}

#[test]
fn kernel_threads_are_shown_to_those_who_ask_for_them() {
    let asked = ProcessTreeAsked {
        pid: Some(2),
        recursive: true,
    };
    let english = Catalogue::of(Language::English);
    let text = render(&tree(&asked), &page(&english, None));
    assert!(text.contains("└─ [rcu_gp]"), "{text}");
    assert!(!text.contains("not shown"), "{text}");
}

#[test]
fn a_pipe_gets_whole_command_lines_and_no_control_characters() {
    let english = Catalogue::of(Language::English);
    let text = render(&tree(&ProcessTreeAsked::default()), &page(&english, None));
    assert!(text.contains("--end\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_chain_of_thousands_is_drawn_with_numbers_for_its_levels() {
    let chain = (1..=5000).map(|pid| {
        let mut link = process(pid, pid - 1, "a.service", "x");
        link.process.start_ns = SECOND;
        link
    });
    let facts = ProcessFacts {
        processes: chain.collect(),
        limits: Vec::new(),
        ..facts()
    };
    let report = process_tree(facts, &ProcessTreeAsked::default()).unwrap();
    let english = Catalogue::of(Language::English);
    let text = render(&report, &page(&english, Some(80)));
    let last = text.lines().find(|line| line.contains("┆ 4999: x"));
    assert!(last.is_some_and(|line| line.width() <= 80), "{last:?}");
}

use chrono::{DateTime, FixedOffset, TimeDelta};
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    limitation::Limitation,
    process::ProcessId,
    process_tree::{
        IpcFacts, MappedMemory, Memory, Pipe, PipeEnd, ProcessFact, ProcessFacts, ProcessTreeAsked,
        SocketHolder, TcpSocket, TreeFacts, UnixSocket, process_tree,
    },
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

/// The same host, with one of each channel, and an update of a library that nobody noticed.
fn closer_facts() -> TreeFacts {
    let pipe = |pid, inode, writes: bool| PipeEnd {
        pid,
        pipe: Pipe::Unnamed { inode },
        reads: !writes,
        writes,
    };
    let named = |pid, writes| PipeEnd {
        pipe: Pipe::Named {
            device: 1,
            inode: 5,
            path: "/run/app/命令\u{1b}.fifo".to_owned(),
        },
        ..pipe(pid, 0, writes)
    };
    let holder = |(inode, pid)| SocketHolder { inode, pid };
    let unix = |inode, peer, path: Option<&str>| UnixSocket {
        inode,
        peer_inode: Some(peer),
        path: path.map(str::to_owned),
    };
    let tcp = |inode, local: &str, peer: &str| TcpSocket {
        namespace: 1,
        inode,
        local: local.parse().unwrap(),
        peer: peer.parse().unwrap(),
        listens: false,
    };
    let shared = |pid| MappedMemory {
        pid,
        memory: Memory::SysV { id: 65_537 },
        device: 1,
        bytes: 56 << 20,
    };
    let log = Some("/run/systemd/journal/stdout");
    let ipc = IpcFacts {
        pipes: vec![
            pipe(300, 4711, true),
            pipe(330, 4711, false),
            pipe(201, 4712, true),
            pipe(202, 4712, true),
            pipe(200, 4712, false),
            named(330, true),
            named(320, false),
        ],
        holders: [
            (11, 200),
            (11, 201),
            (12, 500),
            (13, 300),
            (14, 500),
            (15, 410),
            (16, 300),
        ]
        .into_iter()
        .chain([(21, 202), (22, 510)])
        .map(holder)
        .collect(),
        unix: vec![
            unix(11, 12, None),
            unix(12, 11, log),
            unix(13, 14, None),
            unix(14, 13, log),
            unix(15, 16, None),
            unix(16, 15, None),
        ],
        tcp: vec![
            tcp(21, "127.0.0.1:43210", "127.0.0.1:6379"),
            tcp(22, "127.0.0.1:6379", "127.0.0.1:43210"),
        ],
        memory: [200, 201, 202].map(shared).into(),
    };
    let ssl = "/usr/lib/x86_64-linux-gnu/libssl.so.3".to_owned();
    let all = (0..12).map(|number| format!("/usr/lib/libc-{number}.so.6"));
    TreeFacts {
        processes: facts(),
        deleted_libraries: [(1, vec![ssl]), (300, all.collect())].into(),
        ipc: Some(ipc),
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
fn how_processes_talk_and_what_they_run_fits_both_widths() {
    let report = process_tree(closer_facts(), &ProcessTreeAsked::default()).unwrap();
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        for width in [80, 200] {
            let text = render(&report, &page(&catalogue, Some(width)));
            let (_, text) = text.split_once("aiops analyze ptree 2\n").unwrap();
            let is_edge = |line: &&str| line.contains(['→', '↔']);
            let mut edges = text.lines().filter(is_edge);
            assert!(edges.all(|line| line.width() <= width), "{text}");
            insta::assert_snapshot!(format!("ipc_{}_{width}", language.tag()), text);
        }
    }
}

#[test]
fn silence_is_said() {
    let facts = TreeFacts {
        ipc: Some(IpcFacts::default()),
        ..facts().into()
    };
    let report = process_tree(facts, &ProcessTreeAsked::default()).unwrap();
    let english = Catalogue::of(Language::English);
    let text = render(&report, &page(&english, None));
    assert!(
        text.contains("\nNo pipe, socket or shared memory"),
        "{text}"
    );
}

#[test]
fn a_part_of_the_tree_says_what_is_below() {
    let asked = ProcessTreeAsked {
        pid: Some(1),
        recursive: false,
        ipc: false,
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
        ipc: false,
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

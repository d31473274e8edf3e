use chrono::{DateTime, FixedOffset, TimeDelta};
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::{
    limitation::Limitation,
    process_tree::{ProcessFact, ProcessFacts},
    processes::{
        Between, Glimpse, IoCounters, MachineReading, ProcessReading, ProcessesAsked, processes,
    },
    text::Language,
};

const SECOND: u64 = 1_000_000_000;
const FIRST: u64 = 90_000 * SECOND;

#[test]
fn the_list_says_what_is_worth_a_look() {
    let catalogue = Catalogue::of(Language::English);
    insta::assert_snapshot!(report().render(&page(&catalogue, Some(80))));
}

#[test]
fn there_is_room_for_all_figures_on_a_wide_terminal() {
    let catalogue = Catalogue::of(Language::English);
    insta::assert_snapshot!(report().render(&page(&catalogue, Some(200))));
}

#[test]
fn it_says_so_in_chinese() {
    let catalogue = Catalogue::of(Language::Chinese);
    insta::assert_snapshot!(report().render(&page(&catalogue, Some(80))));
}

#[test]
fn lines_fit() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        for width in [80, 150, 200] {
            let text = report().render(&page(&catalogue, Some(width)));
            for line in text.lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }
}

fn page(catalogue: &Catalogue, width: Option<usize>) -> Page<'_> {
    Page {
        catalogue,
        style: Style::Plain,
        width,
        zone: FixedOffset::east_opt(0).unwrap(),
        now: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
    }
}

fn process(pid: u32, comm: &str, command: &str) -> ProcessFact {
    ProcessFact {
        argv: command.split(' ').map(str::to_owned).collect(),
        unit: format!("{comm}.service").parse().ok(),
        ..ProcessFact::example(pid, 1, comm)
    }
}

fn reading(since_boot_ns: u64, processes: Vec<ProcessFact>, moved: u64) -> ProcessReading {
    let io = IoCounters {
        read_bytes: moved,
        written_bytes: moved * 40,
    };
    ProcessReading {
        io: [(processes[0].process, io)].into(),
        facts: ProcessFacts {
            at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
            since_boot_ns,
            processes,
            limits: vec![Limitation {
                what: "io".to_owned(),
                why: "Permission denied (os error 13)".to_owned(),
                count: 3,
            }],
        },
    }
}

/// A database that works, one that hangs, a zombie, a login, and a job that ended.
fn report() -> Processes {
    let database = process(
        812,
        "postgres",
        "/usr/lib/postgresql/15/bin/postgres -D /data",
    );
    let hangs = ProcessFact {
        state: 'D',
        ..process(
            4711,
            "backup",
            "/usr/bin/rsync -a /srv/ backup.example:/srv/",
        )
    };
    let zombie = ProcessFact {
        state: 'Z',
        argv: Vec::new(),
        rss_bytes: 0,
        parent_pid: 812,
        session: 812,
        ..process(5000, "sh", "x")
    };
    let login = ProcessFact {
        tty: 0x8801,
        user: Some("数据库管理员".to_owned()),
        unit: "session-3.scope".parse().ok(),
        ..process(6000, "bash", "-bash")
    };
    let job = process(7000, "job", "/usr/bin/job --nightly");
    let mut new = process(8000, "curl", "curl https://example.org/");
    new.process.start_ns = FIRST + 2 * SECOND;
    let mut between = Between::default();
    for _ in 0..8 {
        between.note([&hangs, &job].into_iter().map(|fact| Glimpse {
            process: fact.process,
            parent_pid: fact.parent_pid,
            comm: fact.comm.clone(),
            state: fact.state,
            cpu_ns: fact.cpu_ns + 3 * SECOND,
        }));
    }
    let before = vec![
        database.clone(),
        hangs.clone(),
        zombie.clone(),
        login.clone(),
        job,
    ];
    let busy = ProcessFact {
        cpu_ns: 58 * SECOND,
        rss_bytes: 3 << 30,
        threads: 7,
        ..database
    };
    let machine = |since_boot_ns, process_cpu_ns, made| MachineReading {
        since_boot_ns,
        process_cpu_ns,
        made,
        cores: 4,
        memory_bytes: 16 << 30,
    };
    processes(
        reading(FIRST, before, 0),
        &between,
        reading(
            FIRST + 60 * SECOND,
            vec![busy, hangs, zombie, login, new],
            5_000_000,
        ),
        Some((
            machine(FIRST, 0, 0),
            machine(FIRST + 60 * SECOND, 120 * SECOND, 4310),
        )),
        &ProcessesAsked::default(),
    )
}

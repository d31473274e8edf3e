use chrono::{FixedOffset, TimeDelta};

use super::*;
use crate::{
    black_box::{HostRecording, HostSample, MinutesBefore, Recording, Sample},
    crash::{
        Address, CrashAsked, CrashFacts, Examined, Module, Register, crashes, sighting::Seen,
        stack::Stack, testing::*,
    },
    log::LogLine,
    process::{ExitStatus, Signal},
    text::Language,
};

#[test]
fn the_kinds_of_crashes_are_a_table() {
    let report = report(&CrashAsked::default());
    insta::assert_snapshot!(rendered(&report, Language::English, 80));
    insta::assert_snapshot!(rendered(&report, Language::Chinese, 80));
    insta::assert_snapshot!(rendered(&report, Language::English, 200));
}

#[test]
fn the_newest_is_told_in_full() {
    let asked = CrashAsked {
        last: true,
        detail: true,
        ..CrashAsked::default()
    };
    let mut report = report(&asked);
    report.examine(examined());
    insta::assert_snapshot!(rendered(&report, Language::English, 80));
    insta::assert_snapshot!(rendered(&report, Language::Chinese, 80));
}

#[test]
fn nothing_is_a_result() {
    let asked = CrashAsked {
        name: Some("app".to_owned()),
        ..CrashAsked::default()
    };
    let killed = ExitStatus::Signaled {
        signal: Signal::KILL,
        core_dumped: false,
    };
    let facts = CrashFacts {
        sightings: vec![stopped(0, "app.service", killed)],
        ..CrashFacts::default()
    };
    let report = crashes(facts, &asked, at(60_000));
    insta::assert_snapshot!(rendered(&report, Language::English, 80));
    insta::assert_snapshot!(rendered(&report, Language::Chinese, 80));
}

#[test]
fn every_cause_and_state_has_words() {
    for language in Language::ALL {
        let catalogue = Catalogue::of(language);
        for cause in CrashCause::ALL {
            assert!(catalogue.has(&format!("crash-cause-{}", cause.name())));
        }
    }
}

#[test]
fn a_misspelled_unit_is_told_what_may_have_been_meant() {
    let mut none = crashes(CrashFacts::default(), &CrashAsked::default(), at(0));
    none.similar = vec!["pay.service".parse().unwrap()];
    let english = rendered(&none, Language::English, 80);
    assert!(
        english.contains("\nDid you mean pay.service?\n"),
        "{english}"
    );
    let chinese = rendered(&none, Language::Chinese, 80);
    assert!(chinese.contains("\n是否要查 pay.service？\n"), "{chinese}");
}

fn report(asked: &CrashAsked) -> CrashReport {
    let mut newest = core(3_600_000, 42, 6, -6);
    if let Seen::Core(core) = &mut newest.seen {
        core.comm = Some("pay\u{1b}[31m".to_owned());
        core.exe = Some("/usr/sbin/pay\u{1b}[31m".to_owned());
        core.is_truncated = true;
    }
    let mut stop = stopped(3_600_010, "pay.service", dumped(6));
    if let Seen::UnitStop(stop) = &mut stop.seen {
        stop.exe = Some("/usr/sbin/pay\u{1b}[31m".to_owned());
    }
    let facts = CrashFacts {
        sightings: vec![
            coredump(0, 7),
            segfault(-500, 7),
            stopped(100, "app.service", dumped(11)),
            coredump(60_000, 8),
            newest,
            stop,
        ],
        limits: vec![Limitation {
            what: "untrusted-entries".to_owned(),
            why: String::new(),
            count: 2,
        }],
        ..CrashFacts::default()
    };
    let mut report = crashes(facts, asked, at(7_200_000));
    report.since = report.at - TimeDelta::days(7);
    report
}

fn examined() -> Examined {
    let stack = "#0  raise ()\n#1  abort ()\n#2  __assert_fail (x=...) at assert.c:103\n\
                 #3  main (n=...) at pay.c:25\n";
    let line = |message: &str| LogLine {
        at: at(3_599_900),
        source: "pay".to_owned(),
        pid: Some(42),
        priority: Some(6),
        message: message.to_owned(),
    };
    Examined {
        stack: Stack::of_gdb(stack),
        instruction: Some("mov %eax,%ebp".to_owned()),
        registers: ["rip", "eflags", "fs_base", "rsp"]
            .map(|name| Register {
                name: name.to_owned(),
                value: Address(0x561c),
            })
            .to_vec(),
        modules: vec![Module {
            path: "/usr/sbin/pay".to_owned(),
            build_id: Some("93ac61ec5a8eb139".to_owned()),
            package: Some("pay".to_owned()),
            version: Some("1.2-3".to_owned()),
        }],
        log: vec![
            line("taking 3 EUR"),
            line("pay: pay.c:25: main: Assertion `n > 0' failed."),
        ],
        before: MinutesBefore::of(&recording(), &host(), at(3_600_000), Some(42)),
        limits: vec![Limitation {
            what: "core-cut".to_owned(),
            why: String::new(),
            count: 1,
        }],
        ..Examined::default()
    }
}

/// Ten minutes in which it leaked, at the end with more and more threads.
fn recording() -> Recording {
    let sample = |n: i64| {
        let late = (n - 40).max(0).unsigned_abs();
        Sample {
            at: at(3_596_000 - (119 - n) * 5000),
            since_boot_ms: 0,
            run: 7,
            processes: 1,
            threads: 4 + (late / 10) as u32,
            rss_bytes: (70 + 5 * late) << 20,
            memory_bytes: Some((80 + 5 * late) << 20),
            memory_limit_bytes: Some(512 << 20),
            cpu_percent_hundredths: 1200 + 40 * (n % 3) as u32,
            main_pid: Some(42),
            open_files: Some(23),
        }
    };
    Recording {
        recent: (0..120).map(sample).collect(),
        ..Recording::default()
    }
}

fn host() -> HostRecording {
    let sample = |n: i64| HostSample {
        at: at(3_570_000 - (59 - n) * 60_000),
        over_ms: 60_000,
        cores: 2,
        load_hundredths: 40 + 50 * (n - 55).max(0) as u32,
        cpu_wait_hundredths: Some(300 + 1500 * (n - 55).max(0) as u32),
        memory_wait_hundredths: Some(0),
        io_wait_hundredths: Some(120),
        memory_bytes: 4 << 30,
        memory_available_bytes: 1 << 30,
        swap_used_bytes: 0,
    };
    HostRecording {
        minutes: (0..60).map(sample).collect(),
        ..HostRecording::default()
    }
}

fn rendered(report: &CrashReport, language: Language, width: usize) -> String {
    let catalogue = Catalogue::of(language);
    let page = Page {
        catalogue: &catalogue,
        style: Style::Plain,
        width: Some(width),
        zone: FixedOffset::east_opt(0).unwrap(),
        now: report.at,
    };
    render(report, &page)
}

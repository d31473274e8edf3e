use chrono::{DateTime, TimeDelta};

use super::*;

const SECOND: u64 = 1_000_000_000;
/// Between two looks.
const EVERY_S: u64 = 10;

/// Looks at processes that a test makes, ten seconds apart.
struct Looks {
    monitor: Monitor,
    number: u64,
}

impl Looks {
    fn at(critical: Vec<Critical>) -> Self {
        Self {
            monitor: Monitor::new(critical),
            number: 0,
        }
    }

    fn look(&mut self, processes: Vec<Sampled>) -> Vec<What> {
        self.look_at(processes, Vec::new())
    }

    fn look_at(&mut self, processes: Vec<Sampled>, units: Vec<UnitState>) -> Vec<What> {
        self.number += 1;
        let seconds = self.number * EVERY_S;
        let sample = Sample {
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds as i64),
            since_boot_ns: seconds * SECOND,
            processes,
            units,
        };
        let happened = self.monitor.take(&sample);
        happened.into_iter().map(|one| one.what).collect()
    }
}

fn process(pid: u32) -> Sampled {
    Sampled {
        process: ProcessId { pid, start_ns: 7 },
        comm: "p".to_owned(),
        state: 'S',
        cpu_ns: 0,
        rss_bytes: 100 << 20,
        threads: 4,
    }
}

fn unit(active: &str, main_pid: Option<u32>, result: &str) -> UnitState {
    UnitState {
        unit: "a.service".parse().unwrap(),
        active: active.to_owned(),
        sub: "x".to_owned(),
        result: result.to_owned(),
        main_pid,
        restarts: 3,
    }
}

#[test]
fn a_critical_process_that_ends_is_told_once_with_the_result_of_its_unit() {
    let name: UnitName = "a.service".parse().unwrap();
    let mut looks = Looks::at(vec![Critical::process(7, Some(name.clone()))]);
    let active = || vec![unit("active", Some(7), "success")];
    let failed = || vec![unit("failed", None, "oom-kill")];
    assert_eq!(looks.look_at(vec![process(7), process(8)], active()), []);
    let ended = What::Ended {
        process: process(7).process,
        comm: "p".to_owned(),
        unit: Some(name),
        result: Some("oom-kill".to_owned()),
    };
    assert!(ended.is_an_end());
    assert_eq!(looks.look_at(vec![process(8)], failed()), [ended]);
    assert_eq!(looks.look_at(Vec::new(), failed()), [], "nobody named 8");
}

#[test]
fn a_zombie_and_a_pid_that_was_used_again_are_ends() {
    let zombie = Sampled {
        state: 'Z',
        threads: 1,
        ..process(7)
    };
    let mut again = process(7);
    again.process.start_ns = 8;
    for later in [zombie, again] {
        let mut looks = Looks::at(vec![Critical::process(7, None)]);
        assert_eq!(looks.look(vec![process(7)]), []);
        let happened = looks.look(vec![later]);
        assert!(matches!(happened[..], [What::Ended { result: None, .. }]));
    }
}

#[test]
fn what_is_not_there_at_the_beginning_is_told() {
    let name: UnitName = "a.service".parse().unwrap();
    let mut looks = Looks::at(vec![Critical::process(7, None), Critical::unit(name)]);
    let happened = looks.look_at(Vec::new(), vec![unit("inactive", None, "success")]);
    let is_told = matches!(happened[..], [What::NotThere { .. }, What::UnitDown { .. }]);
    assert!(is_told, "{happened:?}");
    assert_eq!(
        looks.look_at(Vec::new(), vec![unit("inactive", None, "")]),
        []
    );
}

#[test]
fn a_unit_goes_down_comes_up_and_is_restarted() {
    let mut looks = Looks::at(vec![Critical::unit("a.service".parse().unwrap())]);
    let all = || vec![process(7), process(8), process(9)];
    let mut look = |unit| looks.look_at(all(), vec![unit]);
    assert_eq!(look(unit("active", Some(7), "success")), []);
    let down = look(unit("failed", None, "signal"));
    assert!(matches!(&down[..], [What::UnitDown { result, .. }] if result == "signal"));
    let up = look(unit("active", Some(8), "success"));
    assert!(matches!(
        up[..],
        [What::UnitUp {
            main_pid: Some(8),
            ..
        }]
    ));
    assert!(!up[0].is_an_end());
    // Between two looks it ended and was started again.
    let restarted = look(unit("active", Some(9), "success"));
    let expected = matches!(restarted[..], [What::UnitRestarted { restarts: 3, .. }]);
    assert!(expected && restarted[0].is_an_end(), "{restarted:?}");
}

#[test]
fn a_critical_process_that_is_stopped_is_told_and_a_moment_of_waiting_is_not() {
    let in_state = |state| {
        vec![Sampled {
            state,
            ..process(7)
        }]
    };
    let mut looks = Looks::at(vec![Critical::process(7, None)]);
    let mut told = String::new();
    for state in "SDSDDDSTTS".chars() {
        for what in looks.look(in_state(state)) {
            match what {
                What::Held { state, .. } => told.push(state),
                other => panic!("{other:?}"),
            }
        }
        told.push('.');
    }
    assert_eq!(told, "....D...T...");
}

#[test]
fn far_off_what_was_usual_is_told_once() {
    let with = |rss_mib: u64| {
        vec![Sampled {
            rss_bytes: rss_mib << 20,
            ..process(7)
        }]
    };
    let mut looks = Looks::at(Vec::new());
    for number in 0..20 {
        assert_eq!(
            looks.look(with(100 + number % 3)),
            [],
            "a little up and down"
        );
    }
    let sudden = looks.look(with(900));
    let expected = What::Sudden {
        process: process(7).process,
        comm: "p".to_owned(),
        measure: Measure::RssBytes,
        usual: f64::from(101 << 20),
        now: f64::from(900 << 20),
    };
    assert_eq!(sudden, [expected]);
    assert_eq!(looks.look(with(910)), [], "still");
    for _ in 0..30 {
        assert_eq!(looks.look(with(900)), [], "it becomes what is usual");
    }
}

#[test]
fn that_a_job_begins_to_compute_is_news_only_of_critical_ones() {
    for (critical, told) in [(vec![], 0), (vec![Critical::process(7, None)], 1)] {
        let mut looks = Looks::at(critical);
        let mut cpu_ns = 0;
        let mut found = 0;
        for number in 0..12 {
            cpu_ns += if number < 10 { 0 } else { EVERY_S * SECOND };
            let busy = Sampled {
                cpu_ns,
                ..process(7)
            };
            found += looks.look(vec![busy]).len();
        }
        assert_eq!(found, told);
        assert_eq!(looks.monitor.rows(5)[0].cpu_percent, 100.0);
    }
}

#[test]
fn a_leak_is_told_once_when_it_is_clear() {
    let mut looks = Looks::at(Vec::new());
    let mut told = Vec::new();
    for number in 0..360 {
        let leaks = Sampled {
            rss_bytes: (100 << 20) + number * (1 << 20),
            ..process(7)
        };
        let stays = process(8);
        told.extend(looks.look(vec![leaks, stays]));
    }
    let [
        What::Grows {
            process,
            bytes_per_hour,
            watched_s,
            ..
        },
    ] = told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(process.pid, 7);
    let mib_per_hour = bytes_per_hour / f64::from(1 << 20);
    assert!((350.0..370.0).contains(&mib_per_hour), "{mib_per_hour}");
    assert!((1800..2400).contains(&watched_s), "{watched_s}");
}

#[test]
fn what_fills_a_cache_or_goes_up_and_down_is_no_leak() {
    /// Memory in MiB at a number of looks.
    type Memory = fn(f64) -> f64;
    let mib = |mib: f64| (mib * 1_048_576.0) as u64;
    let cases: [(&str, Memory); 3] = [
        ("a cache that fills", |n| 600.0 - 400.0 * (-n / 90.0).exp()),
        ("day and night", |n| 300.0 + 60.0 * (n / 100.0).sin()),
        ("steps that stay", |n| if n < 300.0 { 200.0 } else { 260.0 }),
    ];
    for (what, memory) in cases {
        let mut looks = Looks::at(Vec::new());
        for number in 0..1440 {
            let sampled = Sampled {
                rss_bytes: mib(memory(f64::from(number))),
                ..process(7)
            };
            let told = looks.look(vec![sampled]);
            let grows = told.iter().any(|what| matches!(what, What::Grows { .. }));
            assert!(!grows, "{what} after {number} looks: {told:?}");
        }
    }
}

#[test]
fn a_program_that_becomes_another_has_no_past() {
    let mut looks = Looks::at(Vec::new());
    for _ in 0..10 {
        looks.look(vec![process(7)]);
    }
    let other = Sampled {
        comm: "java".to_owned(),
        rss_bytes: 4 << 30,
        ..process(7)
    };
    assert_eq!(looks.look(vec![other]), []);
}

#[test]
fn critical_processes_come_first_then_the_busiest() {
    let mut looks = Looks::at(vec![Critical::process(9, None)]);
    let at = |pid, cpu_ns| Sampled {
        cpu_ns,
        ..process(pid)
    };
    looks.look(vec![at(7, 0), at(8, 0), at(9, 0)]);
    looks.look(vec![at(7, SECOND), at(8, 5 * SECOND), at(9, 0)]);
    let rows = looks.monitor.rows(2);
    let pids: Vec<_> = rows
        .iter()
        .map(|row| (row.process.pid, row.cpu_percent))
        .collect();
    assert_eq!(pids, [(9, 0.0), (8, 50.0)]);
    assert_eq!(looks.monitor.processes(), 3);
}

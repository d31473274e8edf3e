use std::collections::BTreeMap;

use chrono::DateTime;

use super::*;

#[test]
fn shares_of_functions_are_of_all_samples() {
    let report = profile(facts(&[
        ("main;parse;read", 30),
        ("main;parse", 50),
        ("main;main", 20),
    ]));
    assert_eq!(report.samples, 100);
    let share = |name: &str| {
        let found = report.functions.iter().find(|one| one.function == name);
        found
            .map(|one| (one.self_percent, one.total_percent))
            .unwrap()
    };
    assert_eq!(share("parse"), (50.0, 80.0));
    assert_eq!(share("read"), (30.0, 30.0));
    assert_eq!(
        share("main"),
        (20.0, 100.0),
        "it calls itself, and counts once"
    );
    assert_eq!(report.functions[0].function, "parse");
    assert_eq!(report.stacks[0].stack, "main;parse");
}

#[test]
fn rare_stacks_are_left_out_of_too_many_and_counted() {
    let names: Vec<String> = (0..MOST_STACKS + 10)
        .map(|number| format!("f{number}"))
        .collect();
    let stacks: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 2)).collect();
    let report = profile(facts(&stacks));
    assert_eq!(
        (
            report.stacks.len(),
            report.omitted_stacks,
            report.omitted_samples
        ),
        (MOST_STACKS, 10, 20)
    );
    assert_eq!(report.samples, 2 * stacks.len() as u64);
}

#[test]
fn a_picture_has_a_box_for_each_function_and_no_markup_of_the_host() {
    let svg = flame::svg(&profile(facts(&[
        ("main;<script>\u{1b}&", 30),
        ("main;parse", 70),
    ])));
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("main (100 samples, 100.0 %)"), "{svg}");
    assert!(svg.contains("parse (70 samples, 70.0 %)"), "{svg}");
    assert!(svg.contains("&lt;script&gt;\u{fffd}&amp;"), "{svg}");
    assert!(!svg.contains("<script") && !svg.contains('\u{1b}'), "{svg}");
    assert!(flame::svg(&profile(facts(&[]))).contains("0 samples"));
}

pub(crate) fn facts(stacks: &[(&str, u64)]) -> ProfileFacts {
    let stacks = stacks.iter().map(|(stack, samples)| {
        let frames: Vec<String> = stack.split(';').map(str::to_owned).collect();
        (frames, *samples)
    });
    ProfileFacts {
        at: DateTime::UNIX_EPOCH,
        process: crate::process::ProcessId {
            pid: 7,
            start_ns: 1,
        },
        comm: "app".to_owned(),
        sampled_ms: 30_000,
        tool: Some("perf".to_owned()),
        samples_per_s: 99,
        cpu_percent: Some(100.0),
        stacks: stacks.collect::<BTreeMap<_, _>>(),
        limits: Vec::new(),
    }
}

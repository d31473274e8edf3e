//! A question that is asked again and again, and the schema of what comes back.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use analysis::{question::Analysis, report::Report};
use rustix::process::{Pid, Signal, kill_process};

fn aiops(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aiops"));
    command.env_clear().env("LANG", "C").args(words);
    command
}

#[test]
fn a_question_is_asked_again_till_somebody_interrupts() {
    let me = std::process::id().to_string();
    let mut watch = aiops(&["analyze", "ptree", &me, "--watch=1s", "-o", "jsonl"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut moments = Vec::new();
    while moments.len() < 2 {
        let report: Report = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let Report::AnalyzePtree(tree) = report else {
            panic!("another report");
        };
        moments.push(tree.at);
    }
    assert!(moments[0] < moments[1]);
    let pid = Pid::from_child(&watch);
    kill_process(pid, Signal::INT).unwrap();
    // The code of the last answer: this process has no zombies.
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn every_report_has_a_schema() {
    let listed = aiops(&["schema"]).output().unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(names.lines().count(), Analysis::ALL.len());
    for name in names.lines() {
        let output = aiops(&["schema", name]).output().unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(schema["properties"].is_object(), "{name}: {schema}");
    }
}

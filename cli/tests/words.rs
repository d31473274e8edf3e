//! Help, man pages, and the words that shells complete.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::process::Command;

use support::{Fleet, json, problem};

const HOST: &str = r#"{"agent_id":"00000000-0000-0000-0000-000000000001","host_name":"db-03",
    "labels":{},"state":"joined","enrolled_at":"2026-01-01T00:00:00Z","last_heard_at":null,
    "certificate_expires_at":"2026-01-01T00:00:00Z","facts":null,"event_lag":null,
    "clock_offset_ms":null}"#;

fn fleet() -> Fleet {
    let evil = HOST.replace("db-03", "x\\u001b[2J");
    Fleet::start(move |request| match request.line.as_str() {
        line if line.starts_with("GET /api/v1/hosts?") => {
            json(format!("{{\"hosts\":[{HOST},{evil}],\"next\":null}}"))
        }
        line if line.starts_with("GET /api/v1/hosts/db-03/runs?") => json(
            r#"{"runs":[{"unit":"mysql.service"},{"unit":"nginx.service"},
            {"unit":"mysql.service"}]}"#,
        ),
        _ => problem(404, "no"),
    })
    .with_context()
}

/// The words that bash is offered for the last of these.
fn offered(fleet: &Fleet, words: &[&str]) -> Vec<String> {
    let mut command = fleet.aiops(&["--"]);
    command.args(words).env("COMPLETE", "bash");
    command.env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
    command
        .env("_CLAP_IFS", "\n")
        .env("_CLAP_COMPLETE_COMP_TYPE", "9");
    command.env("_CLAP_COMPLETE_SPACE", "true");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn names_of_hosts_units_and_contexts_are_offered_as_they_are() {
    let fleet = fleet();
    let hosts = offered(&fleet, &["aiops", "host", "show", "d"]);
    assert_eq!(hosts, ["db-03"], "and no name that a terminal would obey");
    assert_eq!(offered(&fleet, &["aiops", "--host", "db"]), ["db-03"]);
    let units = offered(
        &fleet,
        &["aiops", "--host", "db-03", "analyze", "restarts", "my"],
    );
    assert_eq!(units, ["mysql.service"]);
    let several = [
        "aiops",
        "--host",
        "db-03,h1",
        "diagnose",
        "start-failure",
        "ng",
    ];
    assert_eq!(offered(&fleet, &several), ["nginx.service"]);
    assert_eq!(offered(&fleet, &["aiops", "context", "use", ""])[0], "lab");
    assert!(offered(&fleet, &["aiops", "ana"]).contains(&"analyze".to_owned()));
}

#[test]
fn a_server_that_is_away_offers_nothing_and_says_nothing() {
    let fleet = Fleet::start(|_| problem(503, "away")).with_context();
    assert_eq!(
        offered(&fleet, &["aiops", "host", "show", "d"]),
        Vec::<String>::new()
    );
}

#[test]
fn each_shell_gets_a_script_that_it_can_read() {
    let fleet = fleet();
    for shell in ["bash", "zsh", "fish"] {
        let answer = fleet.ask(&["completions", shell]);
        assert_eq!(answer.exit, 0, "{answer:?}");
        assert!(answer.stdout.contains("COMPLETE"), "{answer:?}");
        if shell == "bash" {
            let read = Command::new("bash")
                .args(["-n", "-c", &answer.stdout])
                .status();
            assert!(read.unwrap().success());
        }
    }
}

#[test]
fn exit_codes_are_explained_in_both_languages() {
    let fleet = fleet();
    let english = fleet.ask(&["help", "exit-codes"]);
    let chinese = fleet.ask(&["help", "exit-codes", "--lang", "zh-CN"]);
    for code in ["0", "1", "2", "3", "4", "5", "6", "70", "130"] {
        let explained = |text: &str| {
            text.lines()
                .any(|line| line.trim_start().starts_with(&format!("{code}  ")))
        };
        assert!(explained(&english.stdout), "{code}: {english:?}");
        assert!(explained(&chinese.stdout), "{code}: {chinese:?}");
    }
    assert!(chinese.stdout.starts_with("aiops 的退出码"), "{chinese:?}");
}

#[test]
fn every_topic_of_help_is_there() {
    let fleet = fleet();
    let whole = fleet.ask(&["help"]);
    assert_eq!((whole.exit, whole.stderr.as_str()), (0, ""));
    assert!(whole.stdout.contains("analyze") && whole.stdout.contains("--host"));
    let one = fleet.ask(&["help", "analyze", "restarts"]);
    assert!(one.stdout.contains("aiops analyze restarts"), "{one:?}");
    let none = fleet.ask(&["help", "brew"]);
    assert_eq!(none.exit, 2);
    assert!(
        none.stderr
            .starts_with("error: there is no command `brew`\n"),
        "{none:?}"
    );
    let folder = fleet.folder.path().join("man");
    let written = fleet.ask(&["man", folder.to_str().unwrap()]);
    assert_eq!(written.exit, 0, "{written:?}");
    assert!(folder.join("aiops.1").exists() && folder.join("aiops-audit-verify.1").exists());
}

#[test]
fn a_code_is_explained_as_it_stands_in_a_log() {
    let fleet = fleet();
    // (words, what is told)
    let cases: [(&[&str], &str); 4] = [
        (&["137"], "128 + 9"),
        (&["signal", "11"], "SIGSEGV"),
        (&["-11"], "SIGSEGV"),
        (&["status=203/EXEC"], "ExecStart="),
    ];
    for (words, told) in cases {
        let output = fleet.aiops(&["explain"]).args(words).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains(told), "{text}");
    }
    let output = fleet.aiops(&["explain", "139", "-o", "json"]).output();
    let json: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    assert_eq!(json[1]["name"], "SIGSEGV");
    let output = fleet.aiops(&["explain", "blah"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

//! How the command ends, as a shell sees it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    net::TcpListener,
    process::{Command, Output},
};

/// `aiops` in an environment with nothing of this machine's user.
fn aiops(words: &[&str], config: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aiops"));
    command.env_clear().env("LANG", "C").args(words);
    if let Some(config) = config {
        command.env("AIOPS_CONFIG", config);
    }
    command.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn wrong_usage_is_2() {
    for words in [
        &["analyze", "restarts"][..],
        &["analyze", "restarts", "nginx", "--period", "yesterday"],
        &["analyze", "restarts", "../etc/passwd"],
        &["host", "list", "--lang", "tlh"],
        &["no-such-command"],
        // What the command would pass over.
        &["--host", "h1", "host", "list"],
        &["--host", "h1", "audit", "verify"],
        &["-l", "role=db", "context", "list"],
        &["analyze", "ptree", "--when-online"],
        &["host", "list", "--watch"],
        &["schema", "analyze-nothing"],
        &["diagnose", "start-failure", "nginx", "--timeout", "5s"],
    ] {
        let output = aiops(words, None);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{words:?}: {}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty(), "errors go to stderr");
    }
}

#[test]
fn no_server_configured_is_2_and_says_how_to_get_one() {
    let output = aiops(&["host", "list"], Some("/nonexistent/config.toml"));
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(
        text.starts_with("error: no server is configured: cannot read /nonexistent"),
        "{text}"
    );
    assert!(text.contains("\nhint: "), "{text}");
}

#[test]
fn a_server_that_does_not_answer_is_5() {
    // Bound, then let go: nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("ca.pem"), authority.cert.pem()).unwrap();
    let config = folder.path().join("config.toml");
    let text = format!(
        "current = 'lab'\n[contexts.lab]\nserver = 'https://{free}'\nca_file = 'ca.pem'\n\
         token = 'aiops_api_x'\n"
    );
    fs::write(&config, text).unwrap();
    let output = aiops(&["host", "list"], config.to_str());
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(
        text.contains(&format!("the server at https://{free} does not answer")),
        "{text}"
    );
    assert!(
        text.contains("Connection refused"),
        "the cause is told: {text}"
    );
}

#[test]
fn a_folder_without_a_journal_has_nothing_to_report() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().to_str().unwrap();
    let words = ["analyze", "restarts", "--all", "--journal", journal];
    let output = aiops(&words, None);
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{}",
        stderr(&output)
    );
    let words = ["analyze", "restarts", "nginx", "--journal", journal];
    assert_eq!(aiops(&words, None).status.code(), Some(3));
}

#[test]
fn no_such_process_is_3_in_both_languages() {
    // (language, the error)
    for (language, expected) in [
        (
            "en",
            "error: this machine: no report: no such target (there is no process 4194305)\n",
        ),
        ("zh-CN", "错误：本机：没有报告：目标不存在"),
    ] {
        // Greater than the kernel's largest.
        let words = ["analyze", "ptree", "4194305", "--lang", language];
        let output = aiops(&words, None);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).starts_with(expected), "{}", stderr(&output));
        assert!(stderr(&output).contains("`aiops collect processes`"));
    }
}

#[test]
fn a_pipe_gets_no_colour() {
    let folder = tempfile::tempdir().unwrap();
    let words = [
        "analyze",
        "restarts",
        "--all",
        "--journal",
        folder.path().to_str().unwrap(),
    ];
    let output = aiops(&words, None);
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

//! `aiops login` and `logout`: whom the command trusts, what it sends, and what it keeps.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
    sync::{Arc, OnceLock},
};

use sha2::{Digest as _, Sha256};
use support::{Answer, Fleet, Reply, Request, Running, json, problem, shown_till};

const TOKEN: &str = "aiops_api_secret";

/// A server with one account, `ann`, whose password is `correct horse`.
fn fleet() -> Fleet {
    let ca = Arc::new(OnceLock::<String>::new());
    let given = Arc::clone(&ca);
    let fleet = Fleet::start(move |request| match request.line.as_str() {
        "GET /ca.pem" => json(given.get().unwrap().as_str()),
        "POST /api/v1/login" if request.body.contains("correct horse") => Reply {
            headers: "Set-Cookie: other=1\r\nSet-Cookie: __Host-aiops_session=s3; Secure\r\n"
                .to_owned(),
            ..json(r#"{"name":"ann","role":"operator","via":"session","expires_at":null}"#)
        },
        "POST /api/v1/login/link" if request.body == r#"{"token":"once"}"# => Reply {
            headers: "Set-Cookie: __Host-aiops_session=s3; Secure\r\n".to_owned(),
            ..json(r#"{"name":"ann","role":"operator","via":"session","expires_at":null}"#)
        },
        "POST /api/v1/me/password" if has_session(request) => Reply {
            headers: "Set-Cookie: __Host-aiops_session=s4; Secure\r\n".to_owned(),
            ..done()
        },
        "POST /api/v1/login" => problem(401, "the name or the password is wrong"),
        "POST /api/v1/api-tokens" if has_session(request) => json(format!(
            r#"{{"secret":"{TOKEN}","name":"cli-ann","role":"operator","account":"ann",
                "created_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-31T00:00:00Z",
                "last_used_at":null}}"#
        )),
        "POST /api/v1/logout" if has_session(request) || is_renewed(request) => done(),
        "DELETE /api/v1/api-tokens/cli-ann" if has_token(request) => done(),
        _ => problem(403, "cross-site"),
    });
    ca.set(fleet.ca_pem.clone()).unwrap();
    fleet
}

fn done() -> Reply {
    Reply {
        status: 204,
        ..json("")
    }
}

fn has_session(request: &Request) -> bool {
    let host = &request.headers["host"];
    request.headers.get("cookie").map(String::as_str) == Some("__Host-aiops_session=s3")
        && request.headers.get("origin") == Some(&format!("https://{host}"))
        && !request.headers.contains_key("authorization")
}

/// The session that a new password began.
fn is_renewed(request: &Request) -> bool {
    request.headers.get("cookie").map(String::as_str) == Some("__Host-aiops_session=s4")
}

fn has_token(request: &Request) -> bool {
    request.headers.get("authorization") == Some(&format!("Bearer {TOKEN}"))
}

fn pin(fleet: &Fleet) -> String {
    format!("sha256:{:x}", Sha256::digest(&fleet.authority_key))
}

fn log_in(fleet: &Fleet, words: &[&str], password: &str) -> Answer {
    let url = fleet.url();
    let words = [&["login", url.as_str(), "--password-stdin"], words].concat();
    typed(fleet, &words, password)
}

/// Runs `aiops` with a line on its standard input.
fn typed(fleet: &Fleet, words: &[&str], line: &str) -> Answer {
    let mut command = fleet.aiops(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.stderr(Stdio::piped()).spawn().unwrap();
    // It may be gone before it reads, if it trusts nobody.
    let _ = writeln!(running.stdin.take().unwrap(), "{line}");
    running.wait_with_output().unwrap().into()
}

#[test]
fn a_login_leaves_a_token_and_no_session() {
    let fleet = fleet();
    let words = ["--ca-pin", &pin(&fleet), "--name", "prod", "--user", "ann"];
    let answer = log_in(&fleet, &words, "correct horse");
    let said = format!(
        "Logged in to {} as ann (operator); context `prod` is asked from now on, \
         until 2026-01-31 00:00:00.\n",
        fleet.url()
    );
    assert_eq!((answer.exit, answer.stderr.as_str()), (0, said.as_str()));
    let lines = fleet.lines();
    let expected = [
        "GET /ca.pem",
        "POST /api/v1/login",
        "POST /api/v1/api-tokens",
        "POST /api/v1/logout",
    ];
    assert_eq!(lines, expected);
    let wanted = fleet.requests.lock().unwrap()[2].body.clone();
    assert!(
        wanted.contains(r#""name":"cli-ann-"#) && wanted.contains(r#""ttl_s":2592000"#),
        "{wanted}"
    );
    let kept = fs::read_to_string(fleet.config()).unwrap();
    assert!(
        kept.contains(TOKEN) && !kept.contains("correct horse"),
        "{kept}"
    );
    let mode = fs::metadata(fleet.config()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let shown = fleet.ask(&["context", "show", "-o", "json"]);
    let expected = format!(
        "{{\n  \"name\": \"prod\",\n  \"current\": true,\n  \"server\": \"{}\",\n  \"user\": \"ann\"\n}}\n",
        fleet.url()
    );
    assert_eq!(shown.stdout, expected, "and no token");

    let answer = fleet.ask(&["logout"]);
    let said = format!(
        "Logged out: the token is removed on {}, and `prod` is forgotten.\n",
        fleet.url()
    );
    assert_eq!((answer.exit, answer.stderr), (0, said));
    assert_eq!(fleet.ask(&["context", "show"]).exit, 2, "it is gone");
}

#[test]
fn a_login_link_takes_the_place_of_a_password() {
    let fleet = fleet();
    let link = format!("{}/login#link=once", fleet.url());
    let answer = fleet.ask(&["login", &link, "--ca-pin", &pin(&fleet)]);
    assert_eq!(answer.exit, 0, "{answer:?}");
    let kept = fs::read_to_string(fleet.config()).unwrap();
    let server = format!("server = \"{}\"\n", fleet.url());
    assert!(kept.contains(&server) && !kept.contains("once"), "{kept}");
    assert!(kept.contains("[contexts.\"127.0.0.1\"]"), "{kept}");
}

#[test]
fn a_link_sets_the_password_of_later_logins_and_is_not_wasted_on_a_bad_one() {
    let fleet = fleet();
    let link = format!("{}/login#link=once", fleet.url());
    let set = |password: &str| {
        let words = ["login", &link, "--ca-pin", &pin(&fleet), "--set-password"];
        typed(
            &fleet,
            &[&words[..], &["--password-stdin"]].concat(),
            password,
        )
    };
    assert_eq!(set("short").exit, 2);
    assert_eq!(
        fleet.lines(),
        ["GET /ca.pem"],
        "the link is as good as before"
    );
    let answer = set("correct horse");
    assert_eq!(answer.exit, 0, "{answer:?}");
    let requests = fleet.requests.lock().unwrap();
    let sent = requests
        .iter()
        .find(|one| one.line.ends_with("/me/password"));
    assert_eq!(sent.unwrap().body, r#"{"old":null,"new":"correct horse"}"#);
    let last = requests.last().unwrap();
    assert!(
        last.line.ends_with("/logout") && is_renewed(last),
        "{last:?}"
    );
    drop(requests);
    let words = ["login", &fleet.url(), "--set-password"];
    assert_eq!(fleet.ask(&words).exit, 2, "only a link proves enough");
}

#[test]
fn a_person_at_a_terminal_is_asked_for_the_authority_and_the_password() {
    let fleet = fleet();
    let url = fleet.url();
    let mut terminal = fleet.on_a_terminal(&["login", &url, "--user", "ann", "--name", "prod"]);
    let mut running = Running(terminal.spawn().unwrap());
    let mut typed = running.0.stdin.take().unwrap();
    let mut seen = running.0.stdout.take().unwrap();
    let asked = shown_till(&mut seen, "[y/N]\r\n");
    assert!(asked.contains(&pin(&fleet)), "{asked}");
    assert_eq!(
        fleet.lines(),
        ["GET /ca.pem"],
        "nothing else till it is trusted"
    );
    typed.write_all(b"y\n").unwrap();
    shown_till(&mut seen, &format!("Password of ann on {url}:"));
    typed.write_all(b"correct horse\n").unwrap();
    shown_till(&mut seen, "context `prod` is asked from now on");
    assert_eq!(running.0.wait().unwrap().code(), Some(0));

    let mut terminal = fleet.on_a_terminal(&["login", &url, "--user", "ann"]);
    let mut running = Running(terminal.spawn().unwrap());
    let mut typed = running.0.stdin.take().unwrap();
    let mut seen = running.0.stdout.take().unwrap();
    shown_till(&mut seen, "[y/N]\r\n");
    typed.write_all(b"\n").unwrap();
    shown_till(&mut seen, "was not trusted: nothing was sent");
    assert_eq!(running.0.wait().unwrap().code(), Some(4));
}

#[test]
fn another_authority_gets_no_password() {
    let fleet = fleet();
    let wrong = format!("sha256:{}", "0".repeat(64));
    let answer = log_in(
        &fleet,
        &["--ca-pin", &wrong, "--user", "ann"],
        "correct horse",
    );
    assert_eq!(answer.exit, 4);
    let expected = format!(
        "error: {} has another authority than the one with the pin {wrong}: its pin is {}\n",
        fleet.url(),
        pin(&fleet)
    );
    assert!(answer.stderr.starts_with(&expected), "{answer:?}");
    assert_eq!(fleet.lines(), ["GET /ca.pem"]);
    assert!(!fleet.config().exists());
}

#[test]
fn without_a_pin_a_program_is_told_the_pin_and_a_person_is_asked() {
    let fleet = fleet();
    let answer = log_in(&fleet, &["--user", "ann"], "correct horse");
    assert_eq!(answer.exit, 4);
    let expected = format!("say --ca-pin {} if that is the right one", pin(&fleet));
    assert!(answer.stderr.contains(&expected), "{answer:?}");
    assert_eq!(fleet.lines(), ["GET /ca.pem"]);
}

#[test]
fn a_wrong_password_is_4_and_changes_nothing() {
    let fleet = fleet();
    let answer = log_in(
        &fleet,
        &["--ca-pin", &pin(&fleet), "--user", "ann"],
        "guess",
    );
    let expected = "error: the name or the password is wrong\nhint: do better\n";
    assert_eq!((answer.exit, answer.stderr.as_str()), (4, expected));
    assert!(!fleet.config().exists());
}

#[test]
fn a_password_never_goes_out_in_the_clear() {
    let fleet = fleet();
    let url = fleet.url().replace("https", "http");
    let answer = fleet.ask(&["login", &url, "--user", "ann", "--password-stdin"]);
    assert_eq!(answer.exit, 2, "{answer:?}");
    assert!(fleet.lines().is_empty());
}

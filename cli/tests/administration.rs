//! `aiops api`, `audit`, `account`, `token`, `context`: what is sent and what is printed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;

use analysis::audit::{Entry, START};
use support::{Fleet, Reply, json, problem};

fn chain(length: i64) -> Vec<Entry> {
    let mut previous = START.to_owned();
    let entry = |n| {
        let mut entry = Entry {
            n,
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            actor: "user:ann".to_owned(),
            action: "login".to_owned(),
            target: "evil\u{1b}[2J".to_owned(),
            detail: serde_json::json!({ "n": n }),
            previous: previous.clone(),
            hash: String::new(),
        };
        entry.hash = entry.computed_hash();
        previous.clone_from(&entry.hash);
        entry
    };
    (1..=length).map(entry).collect()
}

/// A server with this audit, two entries a page.
fn audited(entries: Vec<Entry>) -> Fleet {
    Fleet::start(move |request| {
        let query = request.line.split("after=").nth(1).unwrap();
        let after: i64 = query.split('&').next().unwrap().parse().unwrap();
        let behind = || entries.iter().filter(|entry| entry.n > after);
        let page: Vec<_> = behind().take(2).collect();
        let next = (behind().count() > 2).then(|| page[1].n);
        json(serde_json::json!({ "entries": page, "next": next }).to_string())
    })
    .with_context()
}

#[test]
fn a_whole_audit_is_followed_over_all_pages() {
    let entries = chain(5);
    let head = entries[4].hash.clone();
    let fleet = audited(entries);
    let answer = fleet.ask(&["audit", "verify"]);
    let expected = format!("The audit is whole: 5 entries, head {head}\n");
    assert_eq!((answer.exit, answer.stdout), (0, expected));
    let listed = fleet.ask(&["audit", "list"]);
    let first = "     1  2026-01-01 00:00:00  user:ann  login  evil\\u{1b}[2J  n: 1\n";
    assert!(listed.stdout.starts_with(first), "{listed:?}");
    assert_eq!(listed.stdout.lines().count(), 5);
    assert_eq!(fleet.ask(&["audit", "list", "--since", "1h"]).stdout, "");
}

#[test]
fn a_changed_audit_is_1_and_names_the_entry() {
    let mut entries = chain(5);
    entries[3].actor = "user:nobody".to_owned();
    let fleet = audited(entries);
    let answer = fleet.ask(&["audit", "verify"]);
    assert_eq!((answer.exit, answer.stdout.as_str()), (1, ""));
    let expected = "error: the audit is broken: entry 4 was changed\nhint: somebody changed";
    assert!(answer.stderr.starts_with(expected), "{answer:?}");
    let chinese = fleet.ask(&["audit", "verify", "--lang", "zh"]);
    let expected = "错误：审计记录已被破坏：第 4 条被改动\n提示：";
    assert!(chinese.stderr.starts_with(expected), "{chinese:?}");
}

#[test]
fn the_api_is_asked_as_it_is() {
    let fleet = Fleet::start(|request| match request.line.as_str() {
        "GET /api/v1/hosts?label=role=db" => json("{\"said\":\"\u{9b}2J\"}"),
        "POST /api/v1/echo" => json(request.body.as_str()),
        "DELETE /api/v1/api-tokens/x" => Reply {
            status: 204,
            ..json("")
        },
        "GET /api/v1/away" => problem(503, "the database is away"),
        _ => problem(404, "there is no such thing"),
    })
    .with_context();
    let answer = fleet.ask(&["api", "GET", "/hosts?label=role=db"]);
    let safe = "{\"said\":\"\\u009b2J\"}\n";
    assert_eq!((answer.exit, answer.stdout.as_str()), (0, safe));
    let answer = fleet.ask(&["api", "get", "/api/v1/hosts?label=role=db"]);
    assert_eq!(answer.exit, 0, "{answer:?}");
    let answer = fleet.ask(&["api", "POST", "/echo", "--data", "{\"a\":1}"]);
    assert_eq!(answer.stdout, "{\"a\":1}\n");
    let file = fleet.folder.path().join("body.json");
    fs::write(&file, "[2]").unwrap();
    let data = format!("@{}", file.display());
    assert_eq!(
        fleet.ask(&["api", "POST", "/echo", "--data", &data]).stdout,
        "[2]\n"
    );
    assert_eq!(fleet.ask(&["api", "DELETE", "/api-tokens/x"]).exit, 0);
    // (what is asked, the exit code)
    for (words, exit) in [
        (&["api", "GET", "/nothing"][..], 3),
        (&["api", "GET", "/away"], 5),
        (&["api", "GET", "hosts"], 2),
        (&["api", "BREW", "/hosts"], 2),
        (&["api", "POST", "/echo", "--data", "@/nonexistent"], 2),
    ] {
        let answer = fleet.ask(words);
        assert_eq!(
            (answer.exit, answer.stdout.as_str()),
            (exit, ""),
            "{answer:?}"
        );
        assert!(answer.stderr.starts_with("error: "), "{answer:?}");
    }
}

const ACCOUNT: &str = r#"{"name":"bob","role":"operator","has_password":false,
    "created_at":"2026-01-01T00:00:00Z","disabled_at":null}"#;

#[test]
fn accounts_and_tokens_are_made_and_taken_back() {
    let fleet = Fleet::start(|request| match request.line.as_str() {
        "GET /api/v1/accounts" => json(format!("{{\"accounts\":[{ACCOUNT}]}}")),
        "POST /api/v1/accounts" | "POST /api/v1/accounts/bob/login-link" => json(format!(
            "{{\"account\":{ACCOUNT},\"path\":\"/login#link=t0\",\
             \"expires_at\":\"2026-01-02T00:00:00Z\"}}"
        )),
        "PATCH /api/v1/accounts/bob" => json(ACCOUNT),
        "POST /api/v1/api-tokens" => json(
            r#"{"secret":"aiops_api_y","name":"ci","role":"viewer","account":"ann",
            "created_at":"2026-01-01T00:00:00Z","expires_at":null,"last_used_at":null}"#,
        ),
        "DELETE /api/v1/api-tokens/ci" => Reply {
            status: 204,
            ..json("")
        },
        _ => problem(404, "no"),
    })
    .with_context();
    let link = format!("{}/login#link=t0\n", fleet.url());
    let made = fleet.ask(&["account", "create", "bob", "--role", "operator"]);
    assert_eq!((made.exit, &made.stdout), (0, &link), "{made:?}");
    assert_eq!(fleet.ask(&["account", "link", "bob"]).stdout, link);
    let changed = fleet.ask(&["account", "set-role", "bob", "operator"]);
    assert_eq!(changed.stdout, "bob: operator\n");
    assert_eq!(fleet.ask(&["account", "disable", "bob"]).exit, 0);
    let listed = fleet.ask(&["account", "list"]).stdout;
    assert!(
        listed.contains("bob") && listed.contains("link"),
        "{listed}"
    );
    let token = fleet.ask(&["token", "create", "ci", "--ttl", "1d"]);
    assert_eq!((token.exit, token.stdout.as_str()), (0, "aiops_api_y\n"));
    assert_eq!(fleet.ask(&["token", "remove", "ci"]).exit, 0);
    assert_eq!(
        fleet.ask(&["token", "create", "ci", "--role", "god"]).exit,
        2
    );
    let bodies: Vec<_> = fleet
        .requests
        .lock()
        .unwrap()
        .iter()
        .map(|one| one.body.clone())
        .collect();
    let sent = |body: &str| assert!(bodies.iter().any(|one| one == body), "{body}: {bodies:?}");
    sent(r#"{"name":"bob","role":"operator"}"#);
    sent(r#"{"role":null,"disabled":true}"#);
    sent(r#"{"name":"ci","role":"viewer","ttl_s":86400}"#);
}

#[test]
fn contexts_are_listed_chosen_and_forgotten() {
    let fleet = Fleet::start(|_| problem(404, "no")).with_context();
    let text = fs::read_to_string(fleet.config()).unwrap();
    let other = "[contexts.b]\nserver = 'https://b:1'\nca_file = 'ca.pem'\ntoken = 'y'\n";
    fs::write(fleet.config(), text + other).unwrap();
    let listed = fleet.ask(&["context", "list"]);
    let expected = format!(
        "CURRENT  NAME  SERVER                   USER\n         b     https://b:1              -\n\
         *        lab   {}  -\n",
        fleet.url()
    );
    let columns = |text: &str| -> Vec<Vec<String>> {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        text.lines().map(words).collect()
    };
    assert_eq!(columns(&listed.stdout), columns(&expected));
    assert_eq!(fleet.ask(&["context", "use", "b"]).exit, 0);
    let shown = fleet.ask(&["context", "show", "-o", "jsonl"]).stdout;
    assert!(shown.contains("\"name\":\"b\",\"current\":true"), "{shown}");
    let named = fleet.ask(&["--context", "lab", "api", "GET", "/x"]);
    assert_eq!(
        named.exit, 3,
        "the server of the other context answered: {named:?}"
    );
    assert_eq!(fleet.ask(&["context", "remove", "b"]).exit, 0);
    let missing = fleet.ask(&["context", "use", "b"]);
    assert_eq!(missing.exit, 2);
    assert!(missing.stderr.contains("hint: choose one"), "{missing:?}");
}

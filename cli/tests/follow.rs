//! `aiops events --follow` over a server that cuts the stream.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use support::{Fleet, json, problem};

const EVENT: &str = r#"{"cursor":"c2","agent_id":"00000000-0000-0000-0000-000000000001",
"host_name":"db-03","epoch":1,"seq":2,"received_at":"2026-01-01T00:00:00Z","event":null}"#;

/// Reads the head of a request: the headers, one a line.
fn head(stream: &TcpStream) -> Vec<String> {
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    lines.take_while(|line| !line.is_empty()).collect()
}

/// Answers with a stream of these messages, and ends it.
fn answer(mut stream: &TcpStream, messages: &str) {
    let length = messages.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{messages}"
    )
    .unwrap();
}

/// Ended also when the test fails.
struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_stream_that_was_cut_goes_on_where_it_was_even_before_its_first_event() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("ca.pem"), authority.cert.pem()).unwrap();
    let address = server.local_addr().unwrap();
    let config = format!(
        "current = 'lab'\n[contexts.lab]\nserver = 'http://{address}'\nca_file = 'ca.pem'\n\
         token = 'aiops_api_x'\n"
    );
    let path = folder.path().join("config.toml");
    fs::write(&path, config).unwrap();
    let mut following = Following(
        Command::new(env!("CARGO_BIN_EXE_aiops"))
            .env_clear()
            .env("AIOPS_CONFIG", path)
            .args(["events", "--follow", "-o", "jsonl"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );

    let (stream, _) = server.accept().unwrap();
    let first = head(&stream);
    assert!(first[0].contains("/events/stream"), "{first:?}");
    // Where it is, and no event.
    answer(&stream, "id: c1\n\n");
    drop(stream);

    let (stream, _) = server.accept().unwrap();
    let second = head(&stream);
    let has_place = second
        .iter()
        .any(|line| line.to_lowercase() == "last-event-id: c1");
    assert!(has_place, "{second:?}");
    let event = EVENT.replace('\n', "");
    answer(&stream, &format!("id: c2\ndata: {event}\n\n"));
    drop(stream);
    let mut line = String::new();
    let mut printed = BufReader::new(following.0.stdout.take().unwrap());
    printed.read_line(&mut line).unwrap();
    assert!(line.contains("\"cursor\":\"c2\""), "{line}");
}

/// One of host `db-03`, received with cursor `c{seq}`.
fn event(seq: u32, at: &str) -> String {
    format!(
        r#"{{"cursor":"c{seq}","agent_id":"00000000-0000-0000-0000-000000000001",
        "host_name":"db-03","epoch":1,"seq":{seq},"received_at":"2026-01-01T10:00:00Z",
        "event":{{"at":"{at}","boot":"00000000-0000-0000-0000-000000000002",
        "kind":"clock-jumped","by_ms":1000}}}}"#
    )
}

#[test]
fn events_are_listed_by_the_hosts_clocks_and_followed_from_where_they_came() {
    // The second was kept by a host that was away.
    let listed = [
        event(1, "2026-01-01T09:59:58Z"),
        event(2, "2026-01-01T08:00:00Z"),
    ];
    let page = format!(r#"{{"events":[{}],"next":"c2"}}"#, listed.join(","));
    let fleet = Fleet::start(move |request| {
        if !request.line.contains("/events/stream") {
            return json(page.clone());
        }
        match request.headers.get("last-event-id").map(String::as_str) {
            Some("c2") => problem(403, "enough"),
            other => problem(400, &format!("asked behind {other:?}")),
        }
    })
    .with_context();
    let answer = fleet.ask(&["events", "--since", "1d"]);
    let hosts_times: Vec<&str> = answer.stdout.lines().map(|line| &line[..19]).collect();
    assert_eq!(
        hosts_times,
        ["2026-01-01 08:00:00", "2026-01-01 09:59:58"],
        "{answer:?}"
    );
    assert!(
        answer.stderr.starts_with("hint: there are later events"),
        "{answer:?}"
    );
    let followed = fleet.ask(&["events", "--since", "1d", "--follow"]);
    assert!(followed.stderr.contains("enough"), "{followed:?}");
}

#[test]
fn without_a_time_the_newest_events_are_listed() {
    let page = |events: &[String], next: &str| {
        format!(r#"{{"events":[{}],"next":{next}}}"#, events.join(","))
    };
    let first = [event(1, "2026-01-01T08:00:00Z")];
    let then = [
        event(2, "2026-01-01T09:00:00Z"),
        event(3, "2026-01-01T09:10:00Z"),
    ];
    let asked = Arc::new(AtomicUsize::new(0));
    let windows = Arc::clone(&asked);
    let fleet = Fleet::start(move |request| {
        if request.line.contains("after=c1") {
            return json(page(&then, "null"));
        }
        // The last minute and the last ten were quiet.
        match windows.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => json(page(&[], "null")),
            _ => json(page(&first, r#""c1""#)),
        }
    })
    .with_context();
    let answer = fleet.ask(&["events", "--limit", "2"]);
    let hosts_times: Vec<&str> = answer.stdout.lines().map(|line| &line[..19]).collect();
    assert_eq!(
        hosts_times,
        ["2026-01-01 09:00:00", "2026-01-01 09:10:00"],
        "{answer:?}"
    );
    assert!(
        answer.stderr.starts_with("hint: there are earlier events"),
        "{answer:?}"
    );
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

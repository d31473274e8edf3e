//! `aiops events --follow` over a server that cuts the stream.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

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

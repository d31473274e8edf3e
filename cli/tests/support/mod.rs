//! A small HTTPS server, and `aiops` as a shell runs it.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufReader, Read, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};
use rustls_pki_types::PrivateKeyDer;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET /api/v1/hosts?limit=1`.
    pub line: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// An answer.
pub struct Reply {
    pub status: u16,
    pub kind: &'static str,
    pub headers: String,
    pub body: String,
    /// Leave the connection open behind the body, as a stream does that has more to say.
    pub keep_open: bool,
}

pub fn json(body: impl Into<String>) -> Reply {
    Reply {
        status: 200,
        kind: "application/json",
        headers: String::new(),
        body: body.into(),
        keep_open: false,
    }
}

pub fn stream(messages: impl Into<String>) -> Reply {
    Reply {
        kind: "text/event-stream",
        ..json(messages)
    }
}

pub fn problem(status: u16, detail: &str) -> Reply {
    let body = format!(
        r#"{{"type":"x","title":"x","status":{status},"detail":"{detail}","hint":"do better"}}"#
    );
    Reply {
        status,
        kind: "application/problem+json",
        ..json(body)
    }
}

/// A server with an authority of its own. Its thread ends with the test.
pub struct Fleet {
    pub address: SocketAddr,
    pub ca_pem: String,
    /// The key of the authority, as the command pins it.
    pub authority_key: Vec<u8>,
    pub requests: Arc<Mutex<Vec<Request>>>,
    pub folder: tempfile::TempDir,
}

impl Fleet {
    /// Answers each request with what `answer` says.
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let authority_key = rcgen::KeyPair::generate().unwrap();
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_pem = authority.self_signed(&authority_key).unwrap().pem();
        let public = rcgen::PublicKeyData::subject_public_key_info(&authority_key);
        let issuer = rcgen::Issuer::new(authority, authority_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned()];
        let leaf = rcgen::CertificateParams::new(names).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let (tls, answer) = (Arc::new(tls), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (tls, answer, seen) = (tls.clone(), answer.clone(), seen.clone());
                thread::spawn(move || serve(stream.unwrap(), tls, &*answer, &seen));
            }
        });
        let fleet = Self {
            address,
            ca_pem,
            authority_key: public,
            requests,
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(fleet.folder.path().join("ca.pem"), &fleet.ca_pem).unwrap();
        fleet
    }

    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// Writes a context for this server.
    pub fn with_context(self) -> Self {
        let text = format!(
            "current = 'lab'\n[contexts.lab]\nserver = '{}'\nca_file = 'ca.pem'\n\
             token = 'aiops_api_x'\n",
            self.url()
        );
        fs::write(self.config(), text).unwrap();
        self
    }

    /// `aiops`, with nothing of this machine's user.
    pub fn aiops(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiops"));
        command
            .env_clear()
            .env("LANG", "C")
            .env("TZ", "UTC")
            .env("AIOPS_CONFIG", self.config())
            .stdin(Stdio::null())
            .args(words);
        command
    }

    /// Runs it to its end.
    pub fn ask(&self, words: &[&str]) -> Answer {
        self.aiops(words).output().unwrap().into()
    }

    /// `aiops` on a terminal of its own, which it shares with what is typed. What it prints comes
    /// out on stdout, as the terminal shows it.
    pub fn on_a_terminal(&self, words: &[&str]) -> Command {
        let line = [&["exec", env!("CARGO_BIN_EXE_aiops")], words].concat();
        let mut command = Command::new("script");
        command
            .env_clear()
            .envs([
                ("LANG", "C"),
                ("TZ", "UTC"),
                ("TERM", "xterm"),
                ("SHELL", "/bin/sh"),
            ])
            .env("PATH", "/usr/bin:/bin")
            .env("AIOPS_CONFIG", self.config())
            .args([
                "--quiet",
                "--return",
                "--command",
                &line.join(" "),
                "/dev/null",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    /// The request lines so far.
    pub fn lines(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| request.line.clone())
            .collect()
    }
}

/// How it ended and what it said.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Reads what a terminal shows till it ends with `end`.
pub fn shown_till(terminal: &mut impl Read, end: &str) -> String {
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains(end) {
        let mut byte = [0];
        let read = terminal.read(&mut byte).unwrap();
        assert_eq!(read, 1, "no {end:?}: {}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    String::from_utf8_lossy(&shown).into_owned()
}

/// Ended also when the test fails.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One connection, request by request, till the client goes.
fn serve(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    answer: &dyn Fn(&Request) -> Reply,
    seen: &Mutex<Vec<Request>>,
) {
    let connection = ServerConnection::new(tls).unwrap();
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(request) = read(&mut stream) {
        seen.lock().unwrap().push(request.clone());
        let reply = answer(&request);
        let is_stream = reply.kind == "text/event-stream";
        let length = match is_stream {
            true => "Connection: close\r\n".to_owned(),
            false => format!("Content-Length: {}\r\n", reply.body.len()),
        };
        let head = format!(
            "HTTP/1.1 {} x\r\nContent-Type: {}\r\n{length}{}\r\n",
            reply.status, reply.kind, reply.headers
        );
        let out = stream.get_mut();
        let written = out
            .write_all((head + &reply.body).as_bytes())
            .and_then(|()| out.flush());
        if reply.keep_open {
            // Till the client goes.
            let _ = stream.read(&mut [0]);
        }
        if written.is_err() || is_stream {
            let out = stream.get_mut();
            out.conn.send_close_notify();
            let _ = out.flush();
            return;
        }
    }
}

fn read(stream: &mut impl std::io::BufRead) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line) {
            Ok(0) | Err(_) => return None,
            Ok(_) if line.trim_end().is_empty() => break,
            Ok(_) => lines.push(line.trim_end().to_owned()),
        }
    }
    let pair = |line: &String| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    };
    let headers: BTreeMap<_, _> = lines.iter().skip(1).filter_map(pair).collect();
    let length = headers
        .get("content-length")
        .map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let line = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    Some(Request {
        line,
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}

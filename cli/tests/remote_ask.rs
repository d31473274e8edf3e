//! A question to hosts through the server: what is asked, what is printed, how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::Stdio,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use serde_json::{Value, json as value};
use support::{Fleet, Reply, Request, Running, json, problem, shown_till, stream};

const INQUIRY: &str = "00000000-0000-0000-0000-0000000000aa";

fn tree(zombies: u32) -> Value {
    value!({
        "analysis": "analyze-ptree", "at": "2026-01-01T00:00:00Z", "processes": [], "omitted": 0,
        "totals": {"processes": 1, "kernel_threads": 0, "running": 0, "uninterruptible": 0,
            "stopped": 0, "zombies": zombies, "orphans": 0, "rss_bytes": 0},
        "limits": [],
    })
}

fn order(host: u32, state: Value) -> Value {
    let mut order = value!({
        "order_id": format!("00000000-0000-0000-0000-0000000000b{host}"),
        "agent_id": format!("00000000-0000-0000-0000-0000000000c{host}"),
        "host_name": format!("h{host}"),
    });
    let fields = state.as_object().unwrap().clone();
    order.as_object_mut().unwrap().extend(fields);
    order
}

fn sent() -> Value {
    value!({"state": "sent"})
}

fn answered(zombies: u32) -> Value {
    value!({"state": "ended", "at": "2026-01-01T00:00:01Z", "outcome": "answered",
        "summary": {"health": if zombies > 0 { "problem" } else { "fine" }, "headline": {}},
        "report": tree(zombies)})
}

fn offline() -> Value {
    value!({"state": "ended", "at": "2026-01-01T00:00:01Z", "outcome": "offline",
        "since": "2026-01-01T14:02:00Z", "why": "lost"})
}

fn inquiry(orders: &[Value]) -> String {
    let inquiry = value!({
        "inquiry_id": INQUIRY, "question": {"analysis": "analyze-ptree"},
        "command": "analyze ptree", "requested_by": "ann", "requested_at": "2026-01-01T00:00:00Z", "orders": orders,
    });
    inquiry.to_string()
}

fn message(id: u32, order: &Value) -> String {
    format!("id: {id}\nevent: order\ndata: {order}\n\n")
}

/// A server whose hosts are as `asked` says, and then as the streams say, one after the other.
fn fleet(asked: Vec<Value>, streams: Vec<String>) -> Fleet {
    let next = AtomicUsize::new(0);
    let answer = move |request: &Request| -> Reply {
        let path = request.line.split(' ').nth(1).unwrap();
        match path.strip_prefix("/api/v1/inquiries") {
            Some("") => json(inquiry(&asked)),
            Some(path) if path.ends_with("/stream") => {
                stream(streams[next.fetch_add(1, Ordering::SeqCst)].as_str())
            }
            Some(path) if path.ends_with("/cancel") => Reply {
                status: 204,
                ..json("")
            },
            _ => problem(404, "there is no host `h9`"),
        }
    };
    Fleet::start(answer).with_context()
}

const DONE: &str = "event: done\ndata: {}\n\n";

#[test]
fn one_host_answers_as_this_machine_would() {
    let running = value!({"state": "running", "since": "2026-01-01T00:00:00Z",
        "progress": {"step": "reading-processes", "done": 0, "of": 0}});
    let messages = message(1, &order(1, running)) + &message(2, &order(1, answered(0))) + DONE;
    let fleet = fleet(vec![order(1, sent())], vec![messages]);
    let words = [
        "--host",
        "h1",
        "--timeout",
        "5s",
        "analyze",
        "ptree",
        "7",
        "-o",
        "json",
    ];
    let answer = fleet.ask(&words);
    assert_eq!((answer.exit, answer.stderr.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(report, tree(0), "the report alone, as without a server");
    let asked: Value = serde_json::from_str(&fleet.requests.lock().unwrap()[0].body).unwrap();
    let question = value!({"analysis": "analyze-ptree", "pid": 7, "recursive": false});
    let expected = value!({"question": question, "hosts": ["h1"], "labels": {}, "wait_s": null,
        "time_limit_ms": 5000});
    assert_eq!(asked, expected);
}

#[test]
fn a_stream_that_breaks_is_taken_up_behind_the_last_message() {
    let first = message(
        7,
        &order(
            1,
            value!({"state": "running",
        "since": "2026-01-01T00:00:00Z", "progress": null}),
        ),
    );
    let second = message(8, &order(1, answered(3)));
    let fleet = fleet(vec![order(1, sent())], vec![first, second]);
    let answer = fleet.ask(&["--host", "h1", "analyze", "ptree"]);
    assert_eq!(answer.exit, 1, "zombies are a problem: {answer:?}");
    let requests = fleet.requests.lock().unwrap();
    assert_eq!(requests[1].headers.get("last-event-id"), None);
    assert_eq!(requests[2].headers["last-event-id"], "7");
}

#[test]
fn a_host_that_is_off_is_told_at_once() {
    let fleet = fleet(vec![order(1, offline())], Vec::new());
    let answer = fleet.ask(&["--host", "h1", "analyze", "ptree"]);
    let expected = "error: h1: offline since 2026-01-01 14:02 (lost)\n\
         hint: --when-online lets the question wait for it\n";
    assert_eq!((answer.exit, answer.stderr.as_str()), (5, expected));
    assert_eq!(answer.stdout, "");
    let chinese = fleet.ask(&["--host", "h1", "analyze", "ptree", "--lang", "zh-CN"]);
    assert!(
        chinese
            .stderr
            .starts_with("错误：h1：自 2026-01-01 14:02 起离线（连接中断）\n提示："),
        "{chinese:?}"
    );
}

#[test]
fn a_host_that_refuses_is_4() {
    let refused = value!({"state": "ended", "at": "2026-01-01T00:00:01Z", "outcome": "refused",
        "by": "host", "reason": "policy", "detail": "deny\u{1b}[2J"});
    let fleet = fleet(vec![order(1, refused)], Vec::new());
    let answer = fleet.ask(&["--host", "h1", "analyze", "ptree"]);
    assert_eq!(answer.exit, 4);
    let expected =
        "error: h1: refused by the host: its policy does not allow it (deny\\u{1b}[2J)\n";
    assert!(answer.stderr.starts_with(expected), "{answer:?}");
}

#[test]
fn several_hosts_get_a_line_each_and_one_verdict() {
    let asked = vec![order(1, sent()), order(2, offline()), order(3, sent())];
    let messages = message(1, &order(3, answered(1))) + &message(2, &order(1, answered(0)));
    let fleet = fleet(asked, vec![messages.clone(), messages.clone(), messages]);
    let answer = fleet.ask(&["--host", "h1,h2", "--host", "h3", "analyze", "ptree"]);
    let expected = "h2  offline since 2026-01-01 14:02 (lost)\n\
         h3  zombies\n\
         h1  healthy\n\
         \n\
         1 host: healthy; 1: zombies\n\
         no answer: h2 offline since 2026-01-01 14:02 (lost)\n";
    assert_eq!((answer.exit, answer.stdout.as_str()), (6, expected));
    assert_eq!(answer.stderr, "", "no progress in a pipe");

    let words = ["-l", "role=db", "analyze", "ptree", "-o", "json"];
    let answer = fleet.ask(&words);
    assert_eq!(answer.exit, 6);
    let inquiry: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(inquiry["orders"][2]["outcome"], "answered");
    let requests = fleet.requests.lock().unwrap();
    let mut bodies = requests
        .iter()
        .filter(|request| request.line.starts_with("POST"));
    let last: Value = serde_json::from_str(&bodies.next_back().unwrap().body).unwrap();
    assert_eq!(last["labels"], value!({"role": "db"}));
    drop(requests);

    let answer = fleet.ask(&["--host", "h1,h2,h3", "analyze", "ptree", "-o", "jsonl"]);
    let hosts: Vec<Value> = answer
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<_> = hosts.iter().map(|host| &host["host_name"]).collect();
    assert_eq!(names, ["h2", "h3", "h1"], "as they come");
}

#[test]
fn a_question_that_waits_tells_how_to_look_again() {
    let queued = value!({"state": "queued", "until": "2099-01-01T00:00:00Z"});
    let fleet = fleet(vec![order(1, queued)], Vec::new());
    let answer = fleet.ask(&["--host", "h1", "--when-online=10m", "analyze", "ptree"]);
    assert_eq!(answer.exit, 0);
    let expected = format!("the question waits for one host as inquiry {INQUIRY}\n");
    assert_eq!(answer.stdout, expected);
    let expected = format!("hint: `aiops inquiry show {INQUIRY}` tells what came of it\n");
    assert_eq!(answer.stderr, expected);
    let asked: Value = serde_json::from_str(&fleet.requests.lock().unwrap()[0].body).unwrap();
    assert_eq!(asked["wait_s"], 600);
}

#[test]
fn ctrl_c_takes_the_question_back() {
    let messages = Reply {
        keep_open: true,
        ..stream(
            message(
                1,
                &order(
                    1,
                    value!({"state": "running",
            "since": "2026-01-01T00:00:00Z", "progress": null}),
                ),
            ) + &message(2, &order(2, answered(0))),
        )
    };
    let body = messages.body.clone();
    let fleet = Fleet::start(move |request| match request.line.as_str() {
        "POST /api/v1/inquiries" => json(inquiry(&[order(1, sent()), order(2, sent())])),
        line if line.ends_with("/stream") => Reply {
            keep_open: true,
            ..stream(body.as_str())
        },
        _ => Reply {
            status: 204,
            ..json("")
        },
    })
    .with_context();
    let mut asking = fleet.aiops(&["--host", "h1,h2", "analyze", "ptree"]);
    let asking = asking.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asking = Running(asking.spawn().unwrap());
    let mut line = String::new();
    let mut printed = BufReader::new(asking.0.stdout.take().unwrap());
    printed.read_line(&mut line).unwrap();
    assert_eq!(line, "h2  healthy\n", "it follows the stream by now");
    let pid = rustix::process::Pid::from_child(&asking.0);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(asking.0.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    let mut stderr = BufReader::new(asking.0.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    let expected =
        "error: interrupted: the question is cancelled on the hosts that have not answered\n";
    assert_eq!(said, expected);
    let cancel = format!("POST /api/v1/inquiries/{INQUIRY}/cancel");
    assert!(fleet.lines().contains(&cancel), "{:?}", fleet.lines());
}

#[test]
fn ctrl_c_while_the_server_thinks_takes_the_question_back_too() {
    let (asked, is_asked) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let may_go_on = Mutex::new(may_go_on);
    let fleet = Fleet::start(move |request| match request.line.as_str() {
        "POST /api/v1/inquiries" => {
            asked.send(()).unwrap();
            may_go_on.lock().unwrap().recv().unwrap();
            json(inquiry(&[order(1, sent())]))
        }
        _ => Reply {
            status: 204,
            ..json("")
        },
    })
    .with_context();
    let mut asking = fleet.aiops(&["--host", "h1", "analyze", "ptree"]);
    let mut asking = Running(asking.stderr(Stdio::piped()).spawn().unwrap());
    is_asked.recv().unwrap();
    let pid = rustix::process::Pid::from_child(&asking.0);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    go_on.send(()).unwrap();
    assert_eq!(asking.0.wait().unwrap().code(), Some(130));
    let cancel = format!("POST /api/v1/inquiries/{INQUIRY}/cancel");
    assert_eq!(fleet.lines().last(), Some(&cancel));
}

#[test]
fn a_terminal_shows_how_far_a_host_is() {
    let running = value!({"state": "running", "since": "2026-01-01T00:00:00Z",
        "progress": {"step": "reading-processes", "done": 3, "of": 7}});
    let body = message(1, &order(1, running));
    let fleet = Fleet::start(move |request| match request.line.as_str() {
        "POST /api/v1/inquiries" => json(inquiry(&[order(1, sent())])),
        line if line.ends_with("/stream") => Reply {
            keep_open: true,
            ..stream(body.as_str())
        },
        _ => Reply {
            status: 204,
            ..json("")
        },
    })
    .with_context();
    let mut terminal = fleet.on_a_terminal(&["--host", "h1", "analyze", "ptree"]);
    let mut running = Running(terminal.spawn().unwrap());
    let mut seen = running.0.stdout.take().unwrap();
    shown_till(&mut seen, "h1: runs: reading processes, 3 of 7");
    let mut typed = running.0.stdin.take().unwrap();
    typed.write_all(b"\x03").unwrap();
    shown_till(&mut seen, "error: interrupted");
    assert_eq!(running.0.wait().unwrap().code(), Some(130));
}

#[test]
fn a_server_that_breaks_is_70_whatever_was_asked() {
    let fleet = Fleet::start(|_| problem(500, "the server failed")).with_context();
    let words = |line: &'static str| line.split(' ').collect::<Vec<_>>();
    for line in [
        "--host h1 analyze ptree",
        "--host h1,h2 diagnose start-failure nginx",
        "--host h1 analyze restarts nginx",
        "--host h1,h2 analyze restarts nginx",
        "host list",
        "events",
        "inquiry list",
        "audit verify",
        "token list",
        "api GET /hosts",
    ] {
        let answer = fleet.ask(&words(line));
        assert_eq!(answer.exit, 70, "{line}: {answer:?}");
    }
}

#[test]
fn a_host_that_nobody_knows_is_3_in_the_servers_words() {
    let fleet = Fleet::start(|_| problem(404, "there is no host `h9`")).with_context();
    let answer = fleet.ask(&["--host", "h9", "analyze", "ptree"]);
    let expected = "error: there is no host `h9`\nhint: do better\n";
    assert_eq!((answer.exit, answer.stderr.as_str()), (3, expected));
}

#[test]
fn an_inquiry_is_shown_again_and_cancelled() {
    let asked = [order(1, answered(0)), order(2, offline())];
    let whole = inquiry(&asked);
    let fleet = Fleet::start(move |request| match request.line.as_str() {
        line if line.ends_with("/cancel") => Reply {
            status: 204,
            ..json("")
        },
        _ => json(whole.as_str()),
    })
    .with_context();
    let shown = fleet.ask(&["inquiry", "show", INQUIRY]);
    assert_eq!(shown.exit, 6, "{shown:?}");
    assert!(
        shown.stdout.starts_with("h1  healthy\nh2  offline since"),
        "{shown:?}"
    );
    let one = fleet.ask(&["--host", "h1", "inquiry", "show", INQUIRY, "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&one.stdout).unwrap(), tree(0));
    let nobody = fleet.ask(&["--host", "h7", "inquiry", "show", INQUIRY]);
    assert_eq!(nobody.exit, 3, "{nobody:?}");
    let cancelled = fleet.ask(&["inquiry", "cancel", INQUIRY]);
    assert_eq!(cancelled.exit, 0, "{cancelled:?}");
    let wrong = fleet.ask(&["inquiry", "show", "nonsense"]);
    assert_eq!(wrong.exit, 2);
}

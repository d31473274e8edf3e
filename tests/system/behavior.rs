//! What a process does for a while, on a real host, against what it was made to do.

use std::time::Duration;

use analysis::{
    behavior::{Behavior, Odd},
    report::Report,
};
use anyhow::{Result, bail, ensure};
use system::{Host, program, until};
use testhost::Pool;

const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// Looks for files that are not there, writes to one of its own and to one of the system, forks,
/// talks to a server; and says how often it went round.
const TARGET: &str = r#"
import os, socket, time
server = socket.create_server(("127.0.0.1", 7002))
client = socket.create_connection(("127.0.0.1", 7002))
peer, _ = server.accept()
number = 0
while True:
    for name in range(20):
        try:
            open("/nonexistent/%d" % name)
        except OSError:
            pass
    with open("/etc/changed-by-test", "a") as file:
        file.write("x" * 1000)
    client.send(b"y" * 500)
    peer.recv(500)
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)
    number += 1
    with open("/run/progress", "w") as file:
        file.write(str(number))
    time.sleep(0.02)
"#;

#[test]
fn what_a_process_does_is_told_and_it_goes_on() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    host.write("/run/target.py", TARGET)?;
    let unit = "[Service]\nEnvironment=PATH=/usr/bin:/bin\nExecStart=/usr/bin/env python3 /run/target.py\n";
    host.write("/etc/systemd/system/busy.service", unit)?;
    host.shell("systemctl daemon-reload && systemctl start busy")?
        .stdout()?;
    goes_on(host)?;
    let pid = host
        .exec(&["systemctl", "show", "-P", "MainPID", "busy"])?
        .stdout()?;
    let pid = pid.trim();

    let seen = watched(host, &format!("{pid} --duration 2s"))?;
    ensure!(seen.rates.is_some() && seen.watched_ms >= 2000, "{seen:#?}");
    ensure!(
        seen.peers
            .iter()
            .any(|peer| peer.address == "127.0.0.1:7002"),
        "{:#?}",
        seen.peers
    );
    match seen.tool.as_deref() {
        Some("perf") => {
            let opened = seen.syscalls.iter().find(|call| call.name == "openat");
            ensure!(
                opened.is_some_and(|call| call.errors * 10 >= call.calls * 8),
                "{opened:?}"
            );
            ensure!(odd(&seen, Odd::ErrorLoop), "{:#?}", seen.odd);
        }
        _ => {
            println!("perf cannot be used here: {:?}", seen.limits);
            ensure!(seen.limits.iter().any(|limit| limit.what == "syscalls"));
        }
    }
    goes_on(host)?;
    strace_tells_files_and_peers(host, pid)?;
    it_goes_on_though_we_are_killed(host, pid)
}

fn strace_tells_files_and_peers(host: &Host, pid: &str) -> Result<()> {
    let before = rounds(host)?;
    let seen = watched(host, &format!("--pid {pid} --duration 3s --strace"))?;
    let done = rounds(host)?.saturating_sub(before);
    if seen.tool.as_deref() != Some("strace") {
        println!("strace cannot be used here: {:?}", seen.limits);
        ensure!(seen.limits.iter().any(|limit| limit.what == "syscalls"));
        return Ok(());
    }
    let file = seen
        .files
        .iter()
        .find(|file| file.path == "/etc/changed-by-test");
    let Some(file) = file.filter(|file| file.is_changed && file.written_bytes > 0) else {
        bail!("it writes to a file of the system: {:#?}", seen.files)
    };
    // It wrote that much each time it went round; our count and its own are of nearly the same time.
    ensure!(
        file.written_bytes <= (done + 1) * 1000,
        "{file:?} in {done} rounds"
    );
    ensure!(odd(&seen, Odd::UnusualWrite), "{:#?}", seen.odd);
    ensure!(odd(&seen, Odd::ErrorLoop), "{:#?}", seen.odd);
    let peer = seen
        .peers
        .iter()
        .find(|peer| peer.address == "127.0.0.1:7002");
    ensure!(
        peer.is_some_and(|peer| peer.sent_bytes >= 500),
        "{:#?}",
        seen.peers
    );
    ensure!(
        seen.execs.iter().any(|exec| exec.path == "/bin/true"),
        "{:#?}",
        seen.execs
    );
    ensure!(seen.pace.is_some(), "what it cost: {seen:#?}");
    goes_on(host)
}

fn it_goes_on_though_we_are_killed(host: &Host, pid: &str) -> Result<()> {
    let line = format!(
        "aiops analyze behavior {pid} --strace >/dev/null 2>&1 & aiops=$!
         while kill -0 $aiops && ! grep -q '^TracerPid:.*[1-9]' /proc/{pid}/status; do :; done
         kill -9 $aiops; wait $aiops; true"
    );
    host.shell(&line)?.stdout()?;
    until("nobody holds it", SETTLED_WITHIN, || {
        let status = host.shell(&format!("cat /proc/{pid}/status"))?.stdout()?;
        Ok(status.contains("TracerPid:\t0").then_some(()))
    })?;
    goes_on(host)
}

fn odd(seen: &Behavior, odd: Odd) -> bool {
    seen.odd.iter().any(|found| found.cause == odd)
}

fn watched(host: &Host, arguments: &str) -> Result<Behavior> {
    let output = host.shell(&format!("aiops analyze behavior {arguments} -o json"))?;
    match serde_json::from_str(&output.stdout)? {
        Report::AnalyzeBehavior(report) => Ok(*report),
        Report::AnalyzeBehaviorTraced(report) => Ok(report.0),
        other => bail!("no behavior: {other:?}"),
    }
}

fn rounds(host: &Host) -> Result<u64> {
    let text = host
        .shell("cat /run/progress 2>/dev/null; true")?
        .stdout()?;
    Ok(text.trim().parse().unwrap_or(0))
}

fn goes_on(host: &Host) -> Result<()> {
    let before = rounds(host)?;
    until("it goes round", SETTLED_WITHIN, || {
        Ok((rounds(host)? > before).then_some(()))
    })
}

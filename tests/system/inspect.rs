//! What a process waits for, on a real host: each verdict of a process that was made to wait so,
//! and that it runs on afterwards.

use std::time::Duration;

use analysis::{
    cause::Certainty,
    inspection::{Doing, FileKind, Inspection, NamedProcess, WaitsFor},
    report::Report,
};
use anyhow::{Context, Result, bail, ensure};
use system::{Host, program, until};
use testhost::Pool;

const SETTLED_WITHIN: Duration = Duration::from_secs(30);
/// Rounds of killing the tool at another moment.
const KILLS: usize = 8;

/// (unit, what it runs)
const UNITS: &[(&str, &str)] = &[
    ("holder", "flock /run/app.lock sleep infinity"),
    ("waiter", "flock /run/app.lock true"),
    ("pipe", "bash -c 'read -r line < <(sleep infinity)'"),
    ("child", "bash -c 'sleep infinity; true'"),
    ("listener", "python3 /run/targets.py listen"),
    (
        "client",
        "bash -c 'exec 3<>/dev/tcp/127.0.0.1/7001; read -r line <&3'",
    ),
    ("spin", "bash -c 'while :; do :; done'"),
    ("idle", "sleep infinity"),
    ("stopped", "sleep infinity"),
    ("threads", "python3 /run/targets.py threads"),
];

/// A server that accepts and says nothing; and threads of which one counts.
const TARGETS: &str = r#"
import socket, sys, threading, time
def listen():
    server = socket.create_server(("127.0.0.1", 7001))
    peers = []
    while True:
        peers.append(server.accept())
def counting():
    number = 0
    while True:
        number += 1
        with open("/run/progress", "w") as file:
            file.write(str(number))
        time.sleep(0.01)
def waiting_for_ever():
    threading.Event().wait()
def threads():
    for _ in range(3):
        threading.Thread(target=waiting_for_ever).start()
    counting()
globals()[sys.argv[1]]()
"#;

#[test]
fn each_wait_is_called_by_its_name_and_the_process_runs_on() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    start(host)?;

    let waiter = inspect(host, "waiter", Doing::BlockedOnLock)?;
    ensure!(
        waiter.verdict.certainty == Certainty::Measured,
        "{waiter:#?}"
    );
    let holder = pid(host, "holder")?;
    let Some(WaitsFor::FileLock { path, holders, .. }) = &waiter.verdict.waits_for else {
        bail!("{:#?}", waiter.verdict)
    };
    ensure!(path.as_deref() == Some("/run/app.lock"), "{path:?}");
    ensure!(pids(holders) == [holder], "{holders:?} is not {holder}");

    let pipe = inspect(host, "pipe", Doing::BlockedOnPipe)?;
    let Some(WaitsFor::Pipe {
        is_read: true,
        others,
        ..
    }) = &pipe.verdict.waits_for
    else {
        bail!("{:#?}", pipe.verdict)
    };
    ensure!(others.iter().any(|one| one.comm == "sleep"), "{others:?}");

    let child = inspect(host, "child", Doing::BlockedOnChild)?;
    let Some(WaitsFor::Children { children }) = &child.verdict.waits_for else {
        bail!("{:#?}", child.verdict)
    };
    ensure!(
        children.iter().any(|one| one.comm == "sleep"),
        "{children:?}"
    );

    let client = inspect(host, "client", Doing::BlockedOnNetwork)?;
    let Some(WaitsFor::Socket { socket, .. }) = &client.verdict.waits_for else {
        bail!("{:#?}", client.verdict)
    };
    ensure!(
        socket.peer.as_deref() == Some("127.0.0.1:7001"),
        "{socket:?}"
    );
    ensure!(
        pids(&socket.others) == [pid(host, "listener")?],
        "{socket:?}"
    );

    let listener = inspect(host, "listener", Doing::Idle)?;
    let sockets = listener
        .files
        .iter()
        .filter(|file| file.kind == FileKind::Socket);
    ensure!(sockets.count() >= 2, "{:#?}", listener.files);
    inspect(host, "idle", Doing::Idle)?;
    inspect(host, "spin", Doing::Spinning)?;
    host.shell("systemctl kill -s STOP stopped")?.stdout()?;
    let stopped = inspect(host, "stopped", Doing::Stopped)?;
    ensure!(stopped.state == 'T', "{stopped:#?}");
    asleep_as_long_as_it_sleeps(host)?;
    agrees_with_ps(host, &listener)?;

    let none = host.exec(&["aiops", "inspect", "process", "4000000"])?;
    ensure!(none.status == 3, "{none:?}");
    others_may_look_too(host)?;
    stacks_are_read_and_the_process_runs_on(host)?;
    the_process_runs_on_though_we_are_killed(host)
}

fn start(host: &Host) -> Result<()> {
    host.write("/run/targets.py", TARGETS)?;
    for (name, command) in UNITS {
        let unit = format!("/etc/systemd/system/{name}.service");
        let path = "Environment=PATH=/usr/bin:/bin:/usr/sbin:/sbin";
        host.write(
            &unit,
            &format!("[Service]\n{path}\nExecStart=/usr/bin/env {command}\n"),
        )?;
    }
    host.shell("systemctl daemon-reload")?.stdout()?;
    for (name, _) in UNITS {
        host.exec(&["systemctl", "start", name])?.stdout()?;
        let wait = match *name {
            "holder" => "flock -n /run/app.lock true && exit 1; true",
            "listener" => "exec 3<>/dev/tcp/127.0.0.1/7001",
            _ => "true",
        };
        until("it is ready", SETTLED_WITHIN, || {
            Ok((host.shell(wait)?.status == 0).then_some(()))
        })?;
    }
    Ok(())
}

/// Asks until the verdict is as it should be: a process takes a moment to come to its wait.
fn inspect(host: &Host, unit: &str, doing: Doing) -> Result<Inspection> {
    let pid = pid(host, unit)?;
    let mut last = None;
    let found = until("the verdict is right", SETTLED_WITHIN, || {
        let report = report(host, pid, "")?;
        let is_right = report.verdict.cause == doing;
        last = Some(report.verdict.clone());
        Ok(is_right.then_some(report))
    });
    found.with_context(|| format!("{unit}: wanted {doing:?}, last found {last:#?}"))
}

fn report(host: &Host, pid: u32, more: &str) -> Result<Inspection> {
    let output = host.shell(&format!("aiops inspect process {pid} {more} -o json"))?;
    ensure!(output.status == 0 || output.status == 1, "{output:?}");
    match serde_json::from_str(&output.stdout)? {
        Report::InspectProcess(report) => Ok(*report),
        Report::InspectProcessStack(report) => Ok(report.0),
        other => bail!("no inspection: {other:?}"),
    }
}

/// The scheduler's clock, against the age of a process that has slept since it began.
fn asleep_as_long_as_it_sleeps(host: &Host) -> Result<()> {
    let idle = report(host, pid(host, "idle")?, "")?;
    let Some(asleep_ms) = idle.threads[0].asleep_ms else {
        // A kernel without /proc/PID/sched says so.
        ensure!(
            idle.limits.iter().any(|limit| limit.what == "asleep"),
            "{idle:#?}"
        );
        return Ok(());
    };
    let age_ms = (idle.at - idle.started_at).num_milliseconds();
    let off = age_ms - i64::try_from(asleep_ms)?;
    // It took that long to load libraries, at the most.
    ensure!(
        (-100..2000).contains(&off),
        "asleep {asleep_ms} of {age_ms} ms"
    );
    Ok(())
}

fn agrees_with_ps(host: &Host, report: &Inspection) -> Result<()> {
    let pid = report.process.pid;
    let columns = format!("ps -o state=,user=,ppid= -p {pid}; ls /proc/{pid}/fd | wc -l");
    let text = host.shell(&columns)?.stdout()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let parent = report.parent.as_ref().map(|parent| parent.pid.to_string());
    let ours = [
        report.state.to_string(),
        report.user.clone().unwrap_or_default(),
        parent.unwrap_or_default(),
        report.files.len().to_string(),
    ];
    ensure!(words == ours, "ps and ls: {words:?}, ours: {ours:?}");
    Ok(())
}

/// Without being root: less is known, and why is told.
fn others_may_look_too(host: &Host) -> Result<()> {
    let pid = pid(host, "waiter")?;
    let line = format!("setpriv --reuid=65534 --clear-groups aiops inspect process {pid} -o json");
    let output = host.shell(&line)?;
    let Report::InspectProcess(report) = serde_json::from_str(&output.stdout)? else {
        bail!("{output:?}")
    };
    ensure!(report.verdict.certainty != Certainty::Unknown || !report.limits.is_empty());
    let lacks = |what: &str| report.limits.iter().any(|limit| limit.what == what);
    ensure!(
        lacks("files") && lacks("kernel-stack"),
        "{:#?}",
        report.limits
    );
    Ok(())
}

fn stacks_are_read_and_the_process_runs_on(host: &Host) -> Result<()> {
    let pid = pid(host, "threads")?;
    let seen = report(host, pid, "--stack")?;
    let stacks = seen.stacks.context("they were asked for")?;
    if host.shell("command -v gdb")?.status == 0 {
        let tids: usize = stacks.stacks.iter().map(|stack| stack.tids.len()).sum();
        ensure!(tids == 4, "{stacks:#?}");
        ensure!(
            stacks.stacks.iter().any(|stack| stack.tids.len() == 3),
            "those alike: {stacks:#?}"
        );
    } else {
        println!("gdb is not installed here: no stacks were compared");
        ensure!(
            seen.limits.iter().any(|limit| limit.what == "stacks"),
            "{:#?}",
            seen.limits
        );
    }
    runs_on(host, pid)?;
    // A debugger could wake it, so none is started.
    let stopped = report(host, self::pid(host, "stopped")?, "--stack")?;
    ensure!(stopped.verdict.cause == Doing::Stopped, "{stopped:#?}");
    ensure!(report(host, stopped.process.pid, "")?.state == 'T');
    Ok(())
}

fn the_process_runs_on_though_we_are_killed(host: &Host) -> Result<()> {
    if host.shell("command -v gdb")?.status != 0 {
        println!("gdb is not installed here: nobody was killed");
        return Ok(());
    }
    let pid = pid(host, "threads")?;
    for round in 0..KILLS {
        let line = format!(
            "aiops inspect process {pid} --stack >/dev/null 2>&1 & aiops=$!
             while kill -0 $aiops; do
                 grep -q '^TracerPid:.*[1-9]' /proc/{pid}/status && break
             done
             for turn in $(seq {round}); do cat /proc/{pid}/stat >/dev/null; done
             kill -9 $aiops; wait $aiops; true"
        );
        host.shell(&line)?.stdout()?;
        runs_on(host, pid).with_context(|| format!("killed in round {round}"))?;
    }
    Ok(())
}

/// Nobody holds it, and it counts.
fn runs_on(host: &Host, pid: u32) -> Result<()> {
    until("it is set free", SETTLED_WITHIN, || {
        let status = host.shell(&format!("cat /proc/{pid}/status"))?.stdout()?;
        let is_free = status.contains("TracerPid:\t0");
        let is_stopped = status.contains("State:\tT") || status.contains("State:\tt");
        Ok((is_free && !is_stopped).then_some(()))
    })?;
    let progress = || -> Result<u64> {
        let text = host.shell("cat /run/progress")?.stdout()?;
        Ok(text.trim().parse().unwrap_or(0))
    };
    let before = progress()?;
    until("it counts", SETTLED_WITHIN, || {
        Ok((progress()? > before).then_some(()))
    })
}

fn pids(processes: &[NamedProcess]) -> Vec<u32> {
    processes.iter().map(|process| process.pid).collect()
}

fn pid(host: &Host, unit: &str) -> Result<u32> {
    let show = ["systemctl", "show", "-P", "MainPID", unit];
    Ok(host.exec(&show)?.stdout()?.trim().parse()?)
}

//! Real processes crash in real ways, and each crash is told once, with its cause, by what the
//! kernel, systemd and the core say of it. Where cores go belongs to the whole machine and is left
//! alone: that of systemd-coredump is told by entries like its own.

#[path = "crash/crasher.rs"]
mod crasher;

use analysis::{
    cause::Certainty,
    crash::{CoreState, Crash, CrashCause, CrashEvidence, CrashReport},
    process::Signal,
};
use anyhow::{Context, Result, bail, ensure};
use system::{
    Host,
    systemctl::{run, shown, until_shown},
};

use self::crasher::{asked, crash_in_debugger, has_gdb, host, keeps_cores, service};

/// What a program does, and what is to be said of it.
struct Case {
    how: &'static str,
    signal: u8,
    cause: CrashCause,
    certainty: Certainty,
    /// A function that has to be on the stack.
    function: &'static str,
}

const fn case(
    how: &'static str,
    signal: u8,
    cause: CrashCause,
    certainty: Certainty,
    function: &'static str,
) -> Case {
    Case {
        how,
        signal,
        cause,
        certainty,
        function,
    }
}

const CASES: [Case; 8] = [
    case(
        "null",
        11,
        CrashCause::NullDereference,
        Certainty::Inferred,
        "read_port",
    ),
    case(
        "deep",
        11,
        CrashCause::StackOverflow,
        Certainty::Inferred,
        "endless",
    ),
    case(
        "assert",
        6,
        CrashCause::Assertion,
        Certainty::Measured,
        "main",
    ),
    case(
        "divide",
        8,
        CrashCause::DivisionByZero,
        Certainty::Measured,
        "main",
    ),
    case(
        "trap",
        4,
        CrashCause::DeliberateTrap,
        Certainty::Measured,
        "main",
    ),
    case(
        "bus",
        7,
        CrashCause::MappedFileGone,
        Certainty::Inferred,
        "shortened_file",
    ),
    case(
        "call",
        31,
        CrashCause::ForbiddenSystemCall,
        Certainty::Measured,
        "forbidden_call",
    ),
    case(
        "large",
        25,
        CrashCause::ResourceLimit,
        Certainty::Measured,
        "large_file",
    ),
];

#[test]
fn each_way_to_crash_is_told_once_with_its_cause() -> Result<()> {
    let host = host()?;
    for case in &CASES {
        service(&host, case.how)?;
        host.shell(&format!("systemctl start {}", case.how))?;
        until_shown(&host, case.how, "ActiveState=failed")?;
        let report = asked(&host, "aiops", case.how)?;
        let [crash] = &report.crashes[..] else {
            bail!("{}: not one crash: {report:#?}", case.how)
        };
        agrees_with_systemd(&host, case, crash)?;
        if keeps_cores()? {
            looked_into(case, &report, crash)?;
        }
    }
    let all = asked(&host, "aiops", "")?;
    ensure!(all.groups.len() >= CASES.len(), "{all:#?}");
    Ok(())
}

/// Signal, process and time are those that systemd has on record.
fn agrees_with_systemd(host: &Host, case: &Case, crash: &Crash) -> Result<()> {
    ensure!(crash.signal == Some(Signal(case.signal)), "{crash:#?}");
    let status = shown(host, case.how, "ExecMainStatus")?;
    ensure!(status == case.signal.to_string(), "{}: {status}", case.how);
    let pid = shown(host, case.how, "ExecMainPID")?;
    ensure!(
        crash.process.pid.map(|pid| pid.to_string()) == Some(pid),
        "{crash:#?}"
    );
    let unit = crash.process.unit.as_ref().map(|unit| unit.as_str());
    ensure!(
        unit == Some(&*format!("{}.service", case.how)),
        "{crash:#?}"
    );
    ensure!(
        crash.process.exe.as_deref() == Some("/opt/crasher"),
        "{crash:#?}"
    );
    let line = format!(
        "journalctl -u {} -o json EXIT_STATUS={}",
        case.how, case.signal
    );
    let entry: serde_json::Value = serde_json::from_str(run(host, &line)?.trim())?;
    let journaled: i64 = entry["__REALTIME_TIMESTAMP"]
        .as_str()
        .context("a time")?
        .parse()?;
    let apart_ms = (crash.at.timestamp_micros() - journaled).abs() / 1000;
    ensure!(apart_ms < 1000, "{}: {apart_ms} ms off", case.how);
    Ok(())
}

/// What only the core has.
fn looked_into(case: &Case, report: &CrashReport, crash: &Crash) -> Result<()> {
    let verdict = (crash.verdict.cause, crash.verdict.certainty);
    let newest = report.newest.as_ref().context("the newest in full")?;
    ensure!(crash.core.state == CoreState::Kept, "{crash:#?}");
    ensure!(!newest.registers.is_empty(), "{newest:#?}");
    let exe = newest
        .modules
        .iter()
        .find(|module| module.path == "/opt/crasher");
    ensure!(
        exe.is_some_and(|exe| exe.build_id.is_some()),
        "{:#?}",
        newest.modules
    );
    if !has_gdb() {
        return Ok(());
    }
    ensure!(
        verdict == (case.cause, case.certainty),
        "{}: {crash:#?}",
        case.how
    );
    let stack = newest
        .stack
        .as_ref()
        .with_context(|| format!("{newest:#?}"))?;
    let mut names = stack
        .crashed()
        .filter_map(|frame| frame.function.as_deref());
    ensure!(
        names.any(|name| name == case.function),
        "{}: {stack:#?}",
        case.how
    );
    if case.how == "assert" {
        let said = crash.verdict.evidence.iter().any(|fact| {
            matches!(fact, CrashEvidence::LogLine { line } if line.message.contains("count == 77"))
        });
        ensure!(said, "the assertion itself: {crash:#?}");
    }
    Ok(())
}

#[test]
fn what_somebody_sends_is_no_crash() -> Result<()> {
    let host = host()?;
    service(&host, "wait")?;
    run(&host, "systemctl start wait")?;
    run(&host, "systemctl kill -s KILL wait")?;
    until_shown(&host, "wait", "ActiveState=failed")?;
    let report = asked(&host, "aiops", "wait")?;
    ensure!(
        report.crashes.is_empty() && report.not_crashes.len() == 1,
        "{report:#?}"
    );

    run(&host, "systemctl reset-failed wait; systemctl start wait")?;
    run(&host, "systemctl kill -s SEGV wait")?;
    until_shown(&host, "wait", "ActiveState=failed")?;
    let report = asked(&host, "aiops", "wait")?;
    let crash = report.crashes.first().context("a crash")?;
    if keeps_cores()? {
        let verdict = (crash.verdict.cause, crash.verdict.certainty);
        ensure!(
            verdict == (CrashCause::SentByProcess, Certainty::Measured),
            "{crash:#?}"
        );
        ensure!(
            crash.sender.is_some_and(|sender| sender.pid == 1),
            "{crash:#?}"
        );
    } else {
        ensure!(crash.verdict.certainty == Certainty::Inferred, "{crash:#?}");
    }
    Ok(())
}

#[test]
fn what_systemd_coredump_writes_is_joined_and_nobody_else_is_believed() -> Result<()> {
    let host = host()?;
    let id = "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1";
    let entry = |pid: u32| {
        format!(
            "{id}\\nCOREDUMP_PID={pid}\\nCOREDUMP_COMM=shop\\nCOREDUMP_EXE=/usr/bin/shop\\n\
             COREDUMP_SIGNAL=11\\nCOREDUMP_UID=0\\nCOREDUMP_UNIT=shop.service\\n\
             COREDUMP_CMDLINE=shop --password hunter2\\n\
             COREDUMP_FILENAME=/var/lib/systemd/coredump/core.shop.zst\\n\
             MESSAGE=Process {pid} (shop) of user 0 dumped core.\\n"
        )
    };
    let send = |runner: &str, entry: &str| {
        run(
            &host,
            &format!("printf '{entry}' | {runner} logger --journald"),
        )
    };
    send("", &entry(4001))?;
    send("", &entry(4002))?;
    send("setpriv --reuid=65534 --clear-groups", &entry(4003))?;
    run(&host, "journalctl --sync")?;
    let report = asked(&host, "aiops", "shop")?;
    let pids: Vec<_> = report
        .crashes
        .iter()
        .map(|crash| crash.process.pid)
        .collect();
    ensure!(pids == [Some(4002), Some(4001)], "{report:#?}");
    ensure!(
        report.groups.len() == 1 && report.groups[0].count == 2,
        "{:#?}",
        report.groups
    );
    let crash = &report.crashes[0];
    ensure!(crash.core.state == CoreState::Removed, "{crash:#?}");
    let command = crash.process.command.as_deref().unwrap_or_default();
    ensure!(!command.contains("hunter2"), "{command}");
    let untrusted = report
        .limits
        .iter()
        .find(|limit| limit.what == "untrusted-entries");
    ensure!(
        untrusted.is_some_and(|limit| limit.count == 1),
        "{:#?}",
        report.limits
    );

    // Who may read nothing is told so.
    let seen = asked(&host, "setpriv --reuid=65534 --clear-groups aiops", "shop")?;
    ensure!(
        seen.limits.iter().any(|limit| limit.what == "journal"),
        "{seen:#?}"
    );
    Ok(())
}

/// Where the kernel hands cores to is one setting for the whole machine, so that here somebody else
/// hands a real one over: a debugger, in which the process has crashed and is still there.
#[test]
fn what_systemd_coredump_keeps_is_unpacked_and_told_as_coredumpctl_tells_it() -> Result<()> {
    let host = host()?;
    crash_in_debugger(&host, "")?;
    let listed = &listed(&host)?;
    let info = run(&host, "coredumpctl info crasher --no-pager")?;

    let report = asked(&host, "aiops", "crasher --detail")?;
    let [crash] = &report.crashes[..] else {
        bail!("not one crash: {report:#?}")
    };
    let pid = crash.process.pid.context("a pid")?;
    ensure!(listed["pid"] == pid && listed["sig"] == 11, "{listed}");
    // coredumpctl lists when the entry was written, and shows this in full.
    let line = "journalctl -o cat --output-fields=COREDUMP_TIMESTAMP COREDUMP_COMM=crasher";
    let dumped_us: i64 = run(&host, line)?.trim().parse()?;
    let apart_us = crash.at.timestamp_micros() - dumped_us;
    ensure!(apart_us.abs() < 1_000_000, "{apart_us} us off");
    ensure!(listed["exe"] == crash.process.exe.as_deref().unwrap_or_default());
    let unit = crash.process.unit.as_ref().context("a unit")?;
    ensure!(info.contains(&format!("Unit: {unit}\n")), "{unit}: {info}");
    let core = &crash.core;
    let path = core.path.as_deref().context("a path")?;
    ensure!(
        info.contains(&format!("Storage: {path} (present)")),
        "{info}"
    );
    let size = run(&host, &format!("stat -c %s {path}"))?;
    ensure!(
        core.size_bytes == size.trim().parse().ok(),
        "{core:?} {size}"
    );
    ensure!(
        core.is_compressed && core.state == CoreState::Kept,
        "{core:?}"
    );
    ensure!(core.commands == [format!("coredumpctl debug {pid}")]);
    unpacked(&report, crash)?;
    let last = asked(&host, "aiops", "--last")?;
    ensure!(
        last.crashes[0] == *crash && last.newest == report.newest,
        "{last:#?}"
    );

    // What the program does, coredumpctl does where there is none.
    run(
        &host,
        "if [ -e /usr/bin/zstd ]; then mv /usr/bin/zstd /root/; fi",
    )?;
    let report = asked(&host, "aiops", "crasher --detail")?;
    unpacked(&report, &report.crashes[0])?;
    run(&host, &format!("rm {path}"))?;
    let gone = asked(&host, "aiops", "crasher --detail")?;
    ensure!(
        gone.crashes[0].core.state == CoreState::Removed,
        "{gone:#?}"
    );
    let info = run(&host, "coredumpctl info crasher --no-pager")?;
    ensure!(info.contains("(missing)"), "{info}");
    let left = run(&host, "ls -A /var/tmp /tmp")?;
    ensure!(!left.contains("aiops-core"), "{left}");
    Ok(())
}

/// It has another pid in its core than outside, where it is written down.
#[test]
fn a_crash_in_a_container_is_told_once_with_the_pid_of_the_host() -> Result<()> {
    let host = host()?;
    crash_in_debugger(&host, "unshare --pid --fork --mount-proc")?;
    let report = asked(&host, "aiops", "crasher --detail")?;
    let [crash] = &report.crashes[..] else {
        bail!("not one crash: {report:#?}")
    };
    ensure!(report.groups.len() == 1 && report.groups[0].count == 1);
    let pid = crash.process.pid.context("a pid")?;
    ensure!(listed(&host)?["pid"] == pid, "{crash:#?}");
    let unit = crash.process.unit.as_ref().map(|unit| unit.as_str());
    ensure!(unit == Some("shop.service"), "{crash:#?}");
    ensure!(crash.core.is_compressed, "{crash:#?}");
    unpacked(&report, crash)
}

/// Whoever owns the folder can put a pipe there, and to open it waits for ever.
#[test]
fn a_pipe_in_place_of_a_core_holds_nobody() -> Result<()> {
    let host = host()?;
    let path = "/var/lib/systemd/coredump/core.shop.zst";
    run(
        &host,
        &format!("mkdir -p /var/lib/systemd/coredump; mkfifo {path}"),
    )?;
    let entry = format!(
        "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1\\nCOREDUMP_PID=4001\\nCOREDUMP_COMM=shop\\n\
         COREDUMP_SIGNAL=11\\nCOREDUMP_FILENAME={path}\\nMESSAGE=It dumped core.\\n"
    );
    run(&host, &format!("printf '{entry}' | logger --journald"))?;
    let report = asked(&host, "timeout 60 aiops", "--last")?;
    let newest = report.newest.as_ref().context("the newest in full")?;
    let unread = newest.limits.iter().find(|limit| limit.what == "core");
    ensure!(
        unread.is_some_and(|limit| limit.why == "it is no regular file"),
        "{newest:#?}"
    );
    Ok(())
}

/// What coredumpctl says of the one crash.
fn listed(host: &Host) -> Result<serde_json::Value> {
    let line = "coredumpctl list --json=short crasher";
    let mut listed: serde_json::Value = serde_json::from_str(&run(host, line)?)?;
    Ok(listed[0].take())
}

/// What only the core has, which is compressed.
fn unpacked(report: &CrashReport, crash: &Crash) -> Result<()> {
    let newest = report.newest.as_ref().context("the newest in full")?;
    ensure!(
        newest.limits.iter().all(|limit| limit.what != "core"),
        "{newest:#?}"
    );
    let reason = crash
        .reason
        .as_ref()
        .and_then(|reason| reason.name.as_deref());
    ensure!(reason == Some("SEGV_MAPERR"), "{crash:#?}");
    ensure!(
        crash.verdict.cause == CrashCause::NullDereference,
        "{crash:#?}"
    );
    let stack = newest.stack.as_ref().context("a stack")?;
    let mut names = stack
        .crashed()
        .filter_map(|frame| frame.function.as_deref());
    ensure!(names.any(|name| name == "read_port"), "{stack:#?}");
    ensure!(!newest.registers.is_empty(), "{newest:#?}");
    Ok(())
}

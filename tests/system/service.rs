//! Units of a real host, against what the host's own tools say of them.

use std::time::Duration;

use analysis::{
    Timestamp,
    cause::{Certainty, StopCause},
    report::Report,
    service::{
        ServiceCause, ServiceReport,
        events::{Happened, UnitEvent},
        kind::UnitKind,
    },
    service_audit::AuditCheck,
};
use anyhow::{Context, Result, bail, ensure};
use system::{Host, program, systemctl::run, until};
use testhost::Pool;

const SETTLED_WITHIN: Duration = Duration::from_secs(30);

const FINE: &str = "[Unit]\nDescription=A fine one\n\
    [Service]\nExecStart=/bin/sh -c 'echo ready; exec sleep infinity'\nRestart=on-failure\n\
    MemoryMax=64M\nTasksMax=20\n[Install]\nWantedBy=multi-user.target\n";
const FAILS: &str = "[Service]\nExecStart=/bin/sh -c 'echo no database; exit 7'\n";
/// The interval is where systemd does not look for it.
const FLAPS: &str = "[Service]\nExecStart=/bin/sh -c 'sleep 0.2; exit 3'\nRestart=always\n\
    RestartSec=20ms\nStartLimitIntervalSec=0\n[Unit]\nStartLimitInterval=0\n";
const TIMER: &str = "[Timer]\nOnCalendar=2100-01-01 06:00:00\nUnit=fails.service\n";
const SOCKET: &str = "[Socket]\nListenStream=8099\n";

#[test]
fn units_are_what_systemctl_says() -> Result<()> {
    let host = host()?;
    for (file, text) in [
        ("fine.service", FINE),
        ("fails.service", FAILS),
        ("flaps.service", FLAPS),
        ("times.timer", TIMER),
        ("listens.socket", SOCKET),
        ("listens.service", "[Service]\nExecStart=/bin/cat\n"),
    ] {
        host.write(&format!("/etc/systemd/system/{file}"), text)?;
    }
    run(&host, "ln -s /dev/null /etc/systemd/system/nobodys.service")?;
    run(
        &host,
        "ln -s fine.service /etc/systemd/system/other.service",
    )?;
    run(
        &host,
        "systemctl daemon-reload; systemctl start fine flaps times.timer listens.socket",
    )?;

    fine(&host)?;
    times_are_told_after_a_restart(&host)?;
    waits(&host)?;
    fails(&host)?;
    flaps(&host)?;

    let masked = ask(&host, "nobodys", 1)?;
    ensure!(masked.verdict.cause == ServiceCause::Masked, "{masked:#?}");
    let absent = ask(&host, "fine1", 3)?;
    ensure!(
        absent.verdict.cause == ServiceCause::NotFound,
        "{absent:#?}"
    );
    let similar: Vec<_> = absent.similar.iter().map(|unit| unit.as_str()).collect();
    ensure!(similar.contains(&"fine.service"), "{similar:?}");
    Ok(())
}

fn fine(host: &Host) -> Result<()> {
    let report = ask(host, "other", 0)?;
    let shown = |property: &str| shown(host, "fine", property);
    ensure!(report.verdict.cause == ServiceCause::Running, "{report:#?}");
    let asked_as = report.asked_as.as_ref().map(|unit| unit.as_str());
    ensure!(report.unit.as_str() == "fine.service" && asked_as == Some("other.service"));
    ensure!(report.state.active_state == shown("ActiveState")?);
    ensure!(report.state.sub_state == shown("SubState")?);
    let main = report.main_process.as_ref().context("a main process")?;
    ensure!(
        main.process.pid.to_string() == shown("MainPID")?,
        "{main:?}"
    );
    let since = report.state.since.context("a time")?;
    is_near(since, &shown("ActiveEnterTimestamp")?)?;

    let used = report.resources.as_ref().context("resources")?;
    ensure!(
        used.memory_max_bytes == Some(64 << 20) && used.tasks_max == Some(20),
        "{used:?}"
    );
    ensure!(used.tasks.map(|tasks| tasks.to_string()) == Some(shown("TasksCurrent")?));
    let policy = report.policy.as_ref().context("a policy")?;
    ensure!(policy.restart == shown("Restart")? && policy.kill_mode == shown("KillMode")?);

    let id = shown("InvocationID")?;
    let journal = run(
        host,
        &format!("journalctl -o cat _SYSTEMD_INVOCATION_ID={id}"),
    )?;
    ensure!(journal.contains("ready"), "{journal}");
    let logged = report.log.iter().any(|line| line.message == "ready");
    ensure!(logged, "{:?}", report.log);
    let needed = run(host, "systemctl list-dependencies --plain fine")?;
    for one in &report.dependencies {
        ensure!(
            needed.contains(one.unit.as_str()),
            "{one:?} is not in {needed}"
        );
    }

    let score = run(host, "systemd-analyze security --no-pager fine.service")?;
    let hardening = report.hardening.as_ref().context("a score")?;
    let said = format!("{:.1} {}", hardening.exposure, hardening.level);
    ensure!(score.contains(&said), "{said} is not in {score}");
    Ok(())
}

/// AC 2: times within a second of systemd's own.
fn times_are_told_after_a_restart(host: &Host) -> Result<()> {
    let before = ask(host, "fine", 0)?;
    run(host, "systemctl restart fine")?;
    let report = until("the restart is on record", SETTLED_WITHIN, || {
        let report = ask(host, "fine", 0)?;
        let stopped = |event: &UnitEvent| matches!(event.what, Happened::Stopped { .. });
        Ok(report.events.iter().any(stopped).then_some(report))
    })?;
    ensure!(report.invocation_id != before.invocation_id);
    let [started, stopped, ..] = &report.events[..] else {
        bail!("{:#?}", report.events)
    };
    ensure!(
        matches!(started.what, Happened::Started { .. }),
        "{started:?}"
    );
    is_near(started.at, &shown(host, "fine", "ActiveEnterTimestamp")?)?;
    is_near(stopped.at, &shown(host, "fine", "InactiveEnterTimestamp")?)?;
    let Happened::Stopped { stop, .. } = &stopped.what else {
        bail!("{stopped:?}")
    };
    ensure!(stop.cause == StopCause::Manual, "{stop:?}");
    Ok(())
}

fn waits(host: &Host) -> Result<()> {
    let timer = ask(host, "times.timer", 0)?;
    ensure!(timer.verdict.cause == ServiceCause::Waiting, "{timer:#?}");
    let UnitKind::Timer { next_at, .. } = timer.kind else {
        bail!("{:?}", timer.kind)
    };
    let next = shown(host, "times.timer", "NextElapseUSecRealtime")?;
    is_near(next_at.context("a next time")?, &next)?;

    let socket = ask(host, "listens.socket", 0)?;
    let UnitKind::Socket { addresses, .. } = &socket.kind else {
        bail!("{:?}", socket.kind)
    };
    ensure!(addresses == &["[::]:8099 (Stream)"], "{addresses:?}");
    let service = ask(host, "listens", 0)?;
    ensure!(
        service.verdict.cause == ServiceCause::Waiting,
        "{service:#?}"
    );

    for unit in [
        "multi-user.target",
        "system.slice",
        "proc-sys-fs-binfmt_misc.automount",
    ] {
        let report = ask_of(host, unit)?;
        ensure!(
            report.state.active_state == shown(host, unit, "ActiveState")?,
            "{unit}"
        );
    }
    Ok(())
}

fn fails(host: &Host) -> Result<()> {
    run(host, "systemctl start fails || true")?;
    let report = until("the failure is on record", SETTLED_WITHIN, || {
        let report = ask_of(host, "fails")?;
        let is_told = report.verdict.stop_cause.is_some();
        Ok((report.state.active_state == "failed" && is_told).then_some(report))
    })?;
    let verdict = &report.verdict;
    ensure!(
        (verdict.cause, verdict.certainty) == (ServiceCause::Failed, Certainty::Measured)
            && verdict.stop_cause == Some(StopCause::ExitCode),
        "{verdict:?}"
    );
    ensure!(report.state.result == shown(host, "fails", "Result")?);
    let logged = report.log.iter().any(|line| line.message == "no database");
    ensure!(logged, "{:?}", report.log);
    // The timer is well; what it starts is not.
    let timer = ask(host, "times.timer", 1)?;
    ensure!(
        timer.verdict.cause == ServiceCause::StartedUnitFailed,
        "{timer:#?}"
    );
    Ok(())
}

fn flaps(host: &Host) -> Result<()> {
    until("it came back often", SETTLED_WITHIN, || {
        let restarts: u32 = shown(host, "flaps", "NRestarts")?.parse()?;
        Ok((restarts > 5).then_some(()))
    })?;
    let report = ask(host, "flaps", 1)?;
    let verdict = &report.verdict;
    ensure!(
        (verdict.cause, verdict.certainty) == (ServiceCause::RestartLoop, Certainty::Measured),
        "{report:#?}"
    );
    ensure!(
        report.activity.restarts_last_hour >= 3,
        "{:?}",
        report.activity
    );
    let ignored = report
        .audit
        .iter()
        .find(|finding| finding.check == AuditCheck::StartLimitIgnored)
        .context("the start limit in the wrong section")?;
    let line = ignored.place.as_ref().map(|place| place.line);
    ensure!(line == Some(5), "{ignored:?}");
    let verified = run(
        host,
        "systemd-analyze verify --man=no flaps.service 2>&1 || true",
    )?;
    ensure!(
        verified.contains("flaps.service:5: Unknown key"),
        "{verified}"
    );
    Ok(())
}

fn host() -> Result<Host> {
    testhost::requirements().map_err(|missing| anyhow::anyhow!("{missing}"))?;
    let host = Pool::new()?.boot(&["h1"])?.remove(0);
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    Ok(host)
}

fn shown(host: &Host, unit: &str, property: &str) -> Result<String> {
    let line = format!("TZ=UTC systemctl show --timestamp=us+utc --value -p {property} {unit}");
    Ok(run(host, &line)?.trim().to_owned())
}

/// Whether a time is within a second of systemd's: `Sat 2026-11-21 20:06:18.685983 UTC`.
fn is_near(at: Timestamp, systemd: &str) -> Result<()> {
    let words: Vec<&str> = systemd.split_whitespace().collect();
    let [_, date, clock, "UTC"] = words[..] else {
        bail!("no time: {systemd:?}")
    };
    let theirs = format!("{date}T{clock}Z").parse::<Timestamp>()?;
    let apart_ms = (at - theirs).num_milliseconds().abs();
    ensure!(apart_ms < 1000, "{at} is not {theirs}");
    Ok(())
}

/// Asks about a unit, and expects the exit code.
fn ask(host: &Host, unit: &str, code: i32) -> Result<ServiceReport> {
    let answer = host.exec(&["aiops", "analyze", "service", unit, "-o", "json"])?;
    ensure!(answer.status == code, "{unit}: {answer:?}");
    read(&answer.stdout)
}

fn ask_of(host: &Host, unit: &str) -> Result<ServiceReport> {
    let answer = host.exec(&["aiops", "analyze", "service", "--name", unit, "-o", "json"])?;
    read(&answer.stdout)
}

fn read(json: &str) -> Result<ServiceReport> {
    match serde_json::from_str(json).with_context(|| json.to_owned())? {
        Report::AnalyzeService(report) => Ok(*report),
        other => bail!("another report: {other:?}"),
    }
}

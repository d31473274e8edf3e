//! What `analyze restarts` counts and judges, against journalctl and systemctl.

use std::{collections::BTreeMap, time::Duration};

use analysis::{
    Timestamp,
    cause::StopCause,
    report::{Health, Report},
    restarts::{RecordSource, RestartReport, UnitRestarts},
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use system::{
    Host, Lab, program,
    systemctl::{run, until_shown},
    until,
};
use testhost::Pool;

const SETTLED_WITHIN: Duration = Duration::from_secs(30);
/// Where two lines of journald tell of one moment.
const ONE_MOMENT_MS: u64 = 250;

const APP: &str = "[Unit]
StartLimitIntervalSec=1h
StartLimitBurst=50
[Service]
ExecStart=/bin/sh -c 'echo open for business; exec sleep infinity'
Restart=on-abort
RestartSec=100ms
MemoryMax=16M
MemorySwapMax=0
TimeoutStopSec=1s
[Install]
Alias=shop.service
";
/// Instead of its program: (name of the drop-in, command, the result that systemd gives).
const ENDS: [(&str, &str, &str); 2] = [
    ("hungry", "tail /dev/zero", "oom-kill"),
    (
        "wrong",
        "/bin/sh -c 'echo no database >&2; exit 3'",
        "exit-code",
    ),
];

#[test]
fn counts_recovery_and_verdicts_are_those_of_the_machines_own_tools() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    host.write("/etc/systemd/system/app.service", APP)?;
    run(
        host,
        "systemctl daemon-reload && systemctl enable --now app",
    )?;
    crash(host)?;
    run(host, "systemctl restart shop")?;
    for (name, command, result) in ENDS {
        ends_with(host, name, command, result)?;
    }
    ignores_sigterm(host)?;
    // What systemd forgets: the counter of restarts, the last result, and, with the boot, all.
    run(host, "systemctl reset-failed && systemctl start app")?;
    host.reboot()?;
    run(host, "systemctl start app")?;

    let report = ask(host, "shop")?;
    let asked_as = report.asked_as.as_ref().map(|name| name.as_str());
    ensure!(asked_as == Some("shop.service"), "{report:#?}");
    ensure!(report.source == RecordSource::Journal && report.health() == Health::Problem);
    let unit = report.units.into_iter().next().context("one unit")?;
    ensure!(unit.unit.as_str() == "app.service", "{unit:#?}");
    let causes: BTreeMap<StopCause, u32> = unit
        .causes
        .iter()
        .map(|one| (one.cause, one.count))
        .collect();
    let expected = [
        (StopCause::Manual, 4),
        (StopCause::ExitCode, 1),
        (StopCause::Signal, 1),
        (StopCause::OomCgroup, 1),
        (StopCause::Timeout, 1),
        (StopCause::Reboot, 1),
    ];
    ensure!(causes == expected.into(), "{causes:?}: {unit:#?}");
    agrees_with_journalctl(host, &unit)?;
    agrees_with_systemctl(host, &unit)?;
    let crashed = unit.stops.iter().find(|row| row.cause == StopCause::Signal);
    let log = &crashed.context("a crash")?.log;
    let said = log.last().map(|line| line.message.as_str());
    ensure!(said == Some("open for business"), "{log:?}");
    let killed = unit
        .stops
        .iter()
        .find_map(|row| row.oom)
        .context("memory")?;
    ensure!(killed.limit_bytes == Some(16 << 20), "{killed:?}");
    Ok(())
}

#[test]
fn a_host_is_asked_for_what_its_server_does_not_know() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    h1.unit("app", APP)?;
    h1.run("systemctl enable --now app && systemctl restart app")?;
    let ask = |words: &str| {
        let line = format!("--host h1 analyze restarts {words} -o json");
        let words: Vec<&str> = line.split(' ').collect();
        lab.aiops.ask(&words)
    };
    until("the stop is in the ledger", SETTLED_WITHIN, || {
        let answer = ask("app --record ledger")?;
        let report = read(&answer.stdout).ok();
        let stops = report.and_then(|report| Some(report.units.first()?.stops.len()));
        Ok((stops == Some(1)).then_some(()))
    })?;
    // (what is typed, whose record answers)
    for (words, source) in [
        ("app", RecordSource::Ledger),
        ("app --record journal", RecordSource::Journal),
        // The ledger has units by their real names.
        ("shop", RecordSource::Journal),
    ] {
        let answer = ask(words)?;
        let report = read(&answer.stdout).with_context(|| format!("{words}: {answer:?}"))?;
        ensure!(report.source == source, "{words}: {report:#?}");
        let unit = report.units.first().context("one unit")?;
        ensure!(unit.stops.len() == 1, "{words}: {unit:#?}");
        let is_known = unit.policy.is_some();
        ensure!(is_known == (source == RecordSource::Journal), "{words}");
    }
    ensure!(ask("no-such-thing")?.exit == 3);
    Ok(())
}

/// More than is looked through for one run, and then a run that says little.
#[test]
fn the_last_lines_of_a_run_are_found_behind_a_loud_one() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    let unit = "[Service]\nLogRateLimitIntervalSec=0\nExecStart=/bin/sh -c \
                'if [ -e /loud ]; then exec seq 25000; else echo no licence; exit 3; fi'\n";
    host.write("/etc/systemd/system/app.service", unit)?;
    run(
        host,
        "systemctl daemon-reload && touch /loud && systemctl start app",
    )?;
    let is_logged = |line: &str| {
        until(&format!("the journal has {line}"), SETTLED_WITHIN, || {
            let lines = run(host, "journalctl -u app -n 20 -o cat")?;
            Ok(lines.contains(line).then_some(()))
        })
    };
    is_logged("25000")?;
    run(host, "rm /loud && systemctl start app")?;
    until_shown(host, "app", "ActiveState=failed")?;
    is_logged("no licence")?;
    let report = ask(host, "app")?;
    let stops = report.units.iter().flat_map(|unit| &unit.stops);
    let tails: Vec<_> = stops
        .filter(|stop| stop.cause != StopCause::Clean)
        .collect();
    ensure!(
        tails.len() == 1 && tails[0].log.iter().any(|line| line.message == "no licence"),
        "{tails:#?}"
    );
    Ok(())
}

fn crash(host: &Host) -> Result<()> {
    // An operator who does not ask systemd.
    run(host, "kill -SEGV $(systemctl show --value -p MainPID app)")?;
    until_shown(host, "app", "NRestarts=1")?;
    until_shown(host, "app", "ActiveState=active")
}

fn ends_with(host: &Host, name: &str, command: &str, result: &str) -> Result<()> {
    let drop_in = format!("/etc/systemd/system/app.service.d/{name}.conf");
    host.write(
        &drop_in,
        &format!("[Service]\nExecStart=\nExecStart={command}\n"),
    )?;
    run(host, "systemctl daemon-reload && systemctl restart app")?;
    until_shown(host, "app", &format!("Result={result}"))?;
    run(host, &format!("rm {drop_in} && systemctl daemon-reload"))?;
    run(host, "systemctl reset-failed app && systemctl start app")?;
    Ok(())
}

/// Stopped by somebody, and killed by systemd when it does not obey.
fn ignores_sigterm(host: &Host) -> Result<()> {
    let drop_in = "/etc/systemd/system/app.service.d/deaf.conf";
    let deaf = "[Service]\nExecStart=\nExecStart=/bin/sh -c 'trap \"\" TERM; echo deaf; while :; do sleep 1; done'\n";
    host.write(drop_in, deaf)?;
    run(host, "systemctl daemon-reload && systemctl restart app")?;
    until("it is deaf", SETTLED_WITHIN, || {
        let said = run(host, "journalctl -u app -o cat")?;
        Ok(said.lines().any(|line| line == "deaf").then_some(()))
    })?;
    run(host, "systemctl stop app")?;
    until_shown(host, "app", "Result=timeout")?;
    run(host, &format!("rm {drop_in} && systemctl daemon-reload")).map(drop)
}

/// When runs began and ended, as anybody can find out who reads the journal line by line.
#[derive(Debug, Default)]
struct Journaled {
    started_ms: Option<u64>,
    ended_ms: Option<u64>,
    /// A job stopped it.
    by_job: bool,
    failed: bool,
}

fn agrees_with_journalctl(host: &Host, unit: &UnitRestarts) -> Result<()> {
    let runs = journaled(host)?;
    let ended: Vec<_> = runs.iter().filter(|run| run.ended_ms.is_some()).collect();
    ensure!(
        ended.len() == unit.stops.len(),
        "{} stops: {runs:#?}",
        unit.stops.len()
    );
    let failed = ended.iter().filter(|run| run.failed).count();
    ensure!(failed == unit.failures as usize, "{failed}: {runs:#?}");
    for (run, row) in ended.iter().rev().zip(&unit.stops) {
        let (started, stopped) = (row.started_at.context("a start")?, row.stopped_at);
        near("a start", run.started_ms, ms(started))?;
        near("a stop", run.ended_ms, ms(stopped))?;
    }
    // By the definition: from the stop of what was not meant to stay down until the next is ready.
    let mut outages = Vec::new();
    for (run, next) in runs.iter().zip(runs.iter().skip(1)) {
        let (Some(ended), Some(started)) = (run.ended_ms, next.started_ms) else {
            continue;
        };
        let row = unit
            .stops
            .iter()
            .find(|row| ms(row.stopped_at).abs_diff(ended) < ONE_MOMENT_MS);
        if row.is_some_and(|row| !row.meant_to_last) {
            outages.push(started - ended);
        }
    }
    let mttr = outages.iter().sum::<u64>() / outages.len() as u64;
    ensure!(
        outages.len() == unit.recoveries_counted as usize,
        "{outages:?}: {unit:#?}"
    );
    near(
        "the time to recovery",
        Some(mttr),
        unit.mttr_ms.context("an MTTR")?,
    )
}

/// The runs of the unit, the oldest first.
fn journaled(host: &Host) -> Result<Vec<Journaled>> {
    const STARTED: &str = "39f53479d3a045ac8e11786248231fbf";
    const STOPPING: &str = "de5b426a63be47a7b6ac3eaac82e2f6f";
    const STOPPED: &str = "9d1aaa27d60140bd96365438aad20286";
    const SUCCEEDED: &str = "7ad2d189f7e94e70a38c781354912448";
    const FAILED: &str = "d9b373ed55a64feb8242e02dbe79a49c";
    let text = run(host, "journalctl -o json _PID=1 UNIT=app.service")?;
    let mut runs: Vec<(String, Journaled)> = Vec::new();
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let (id, invocation) = (field("MESSAGE_ID"), field("INVOCATION_ID"));
        if invocation.is_empty() {
            continue;
        }
        let at = field("__REALTIME_TIMESTAMP").parse::<u64>()? / 1000;
        if !runs.iter().any(|(known, _)| *known == invocation) {
            runs.push((invocation.clone(), Journaled::default()));
        }
        let (_, run) = runs
            .iter_mut()
            .find(|(known, _)| *known == invocation)
            .context("it was pushed")?;
        match id.as_str() {
            STARTED => run.started_ms = Some(at),
            STOPPING => run.by_job = true,
            STOPPED | SUCCEEDED => _ = run.ended_ms.get_or_insert(at),
            FAILED => {
                run.failed = true;
                run.ended_ms.get_or_insert(at);
            }
            _ => {}
        }
    }
    Ok(runs.into_iter().map(|(_, run)| run).collect())
}

/// The settings are systemd's, and what they are said to do is what systemd did.
fn agrees_with_systemctl(host: &Host, unit: &UnitRestarts) -> Result<()> {
    let check = unit.policy.as_ref().context("the settings")?;
    let policy = &check.policy;
    let ms = |ms: u64| format!("{ms}ms");
    for (property, ours) in [
        ("Restart", policy.restart.clone()),
        ("Type", policy.service_type.clone()),
        ("OOMPolicy", policy.oom_policy.clone()),
        ("RestartUSec", ms(policy.restart_delay_ms)),
        ("StartLimitBurst", policy.start_limit_burst.to_string()),
        (
            "MemoryMax",
            policy.memory_max_bytes.unwrap_or(0).to_string(),
        ),
    ] {
        let theirs = run(host, &format!("systemctl show --value -p {property} app"))?;
        ensure!(theirs.trim() == ours, "{property}: {theirs} {ours}");
    }
    ensure!(
        policy.start_limit_interval_ms == Some(3_600_000),
        "{policy:?}"
    );
    let told: BTreeMap<&str, (bool, bool)> = check
        .exits
        .iter()
        .map(|exit| {
            (
                exit.result.as_str(),
                (exit.would_restart, exit.restarted > 0),
            )
        })
        .collect();
    let expected = [
        ("exit-code", (false, false)),
        ("oom-kill", (false, false)),
        ("signal", (true, true)),
    ];
    let named = told.into_iter().map(|(result, told)| match result {
        "core-dump" => ("signal", told),
        other => (other, told),
    });
    let named: BTreeMap<_, _> = named.collect();
    ensure!(named == expected.into(), "{check:#?}");
    Ok(())
}

fn near(what: &str, theirs: Option<u64>, ours: u64) -> Result<()> {
    let theirs = theirs.with_context(|| format!("{what} is not in the journal"))?;
    ensure!(
        theirs.abs_diff(ours) <= ONE_MOMENT_MS,
        "{what}: {theirs} {ours}"
    );
    Ok(())
}

fn ms(at: Timestamp) -> u64 {
    at.timestamp_millis().unsigned_abs()
}

fn ask(host: &Host, unit: &str) -> Result<RestartReport> {
    let answer = host.shell(&format!(
        "aiops analyze restarts --service {unit} --period 7d -o json"
    ))?;
    read(&answer.stdout).with_context(|| format!("{answer:?}"))
}

fn read(text: &str) -> Result<RestartReport> {
    match serde_json::from_str(text)? {
        Report::AnalyzeRestarts(report) => Ok(*report),
        other => bail!("another report: {other:?}"),
    }
}

//! Every way in which a service can stop is told apart, on the host and from the server.

use std::{collections::BTreeMap, time::Duration};

use analysis::{
    Timestamp,
    cause::StopCause,
    restarts::{RecordSource, RestartReport, StopRow},
};
use anyhow::{Context, Result, ensure};
use system::{Lab, Member, until};

/// From the journal to the ledger, on a machine that is busy with other tests.
const STORED_WITHIN: Duration = Duration::from_secs(30);

const REBOOTED_WITHIN: Duration = Duration::from_secs(60);

/// A service that runs until something is done to it.
const STEADY: &str = "ExecStart=/bin/sleep infinity\nRestart=on-failure\nRestartSec=100ms";

#[test]
fn stops_are_told_apart_and_both_sides_say_the_same() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    let before: BTreeMap<&str, StopCause> = [
        ("crash", crash(h1)?),
        ("byhand", restarted_by_hand(h1)?),
        ("code", exit_code(h1)?),
        ("hog", out_of_memory(h1)?),
        ("dog", watchdog(h1)?),
        ("follower", dependency(h1)?),
        ("tidy", clean_exit(h1)?),
    ]
    .into();
    for (unit, cause) in &before {
        expect(&lab, unit, *cause)?;
    }
    let by_hand = &remote(&lab, "byhand")?.units[0].stops;
    let commands: Vec<_> = by_hand
        .iter()
        .filter_map(|stop| stop.actor.as_ref().map(|actor| actor.command.join(" ")))
        .collect();
    ensure!(
        commands == ["systemctl stop byhand", "systemctl restart hand"],
        "{by_hand:?}"
    );
    let actor = by_hand[0].actor.as_ref().context("somebody stopped it")?;
    ensure!(
        actor.uid == 0 && actor.user.as_deref() == Some("root"),
        "{actor:?}"
    );
    let crashed = newest(&remote(&lab, "crash")?).context("there is a stop")?;
    let killer = crashed
        .actor
        .context("somebody sent the signal")?
        .command
        .join(" ");
    ensure!(killer == "systemctl kill -s SEGV crash", "{killer}");
    let killed = newest(&remote(&lab, "hog")?).context("there is a stop")?;
    let memory = killed.oom.context("an OOM kill says how much was held")?;
    ensure!(
        memory.limit_bytes == Some(16 << 20) && memory.rss_bytes > 8 << 20,
        "{memory:?}"
    );
    Ok(())
}

#[test]
fn a_reboot_and_a_power_cut_end_what_ran() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    h1.unit(
        "server",
        "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n",
    )?;
    h1.run("systemctl enable --now server && systemctl enable aiops-agent")?;
    h1.until("server", "ActiveState", "active")?;
    h1.host().reboot()?;
    h1.until("server", "ActiveState", "active")?;
    expect(&lab, "server", StopCause::Reboot)?;
    h1.host().power_off()?;
    h1.host().boot()?;
    h1.until("server", "ActiveState", "active")?;
    reboots_by(h1, "systemctl isolate reboot.target")?;
    h1.until("server", "ActiveState", "active")?;
    until("the power cut is in the ledger", STORED_WITHIN, || {
        let report = remote(&lab, "server")?;
        let causes: Vec<_> = report.units[0]
            .stops
            .iter()
            .map(|stop| (stop.cause, stop.recovery_ms.is_some()))
            .collect();
        Ok((causes == [(StopCause::Reboot, true); 3]).then_some(()))
    })?;
    same_on_both_sides(&lab, "server")
}

/// Reboots a host in a way of which logind knows nothing.
fn reboots_by(member: &Member, command: &str) -> Result<()> {
    let before = member.host().boot_id()?;
    // It may be ended by the shutdown that it asks for.
    let asked = member.host().shell(command)?;
    until("the host has rebooted", REBOOTED_WITHIN, || {
        Ok((member.host().boot_id()? != before).then_some(()))
    })
    .with_context(|| {
        let jobs = member.host().shell("systemctl list-jobs");
        format!("{command}: {asked:?}; what is still to be done: {jobs:?}")
    })?;
    // Runs already, and is waited for till it is up.
    member.host().boot()
}

fn crash(h1: &Member) -> Result<StopCause> {
    h1.service("crash", STEADY)?;
    h1.run("systemctl start crash && systemctl kill -s SEGV crash")?;
    h1.until("crash", "NRestarts", "1")?;
    Ok(StopCause::Signal)
}

fn restarted_by_hand(h1: &Member) -> Result<StopCause> {
    h1.service("byhand", STEADY)?;
    // Under another name of it, as with mysql and mariadb.
    h1.run("ln -s byhand.service /etc/systemd/system/hand.service && systemctl daemon-reload")?;
    h1.run("systemctl start byhand && systemctl restart hand && systemctl stop byhand")?;
    Ok(StopCause::Manual)
}

fn exit_code(h1: &Member) -> Result<StopCause> {
    h1.service("code", "ExecStart=/bin/sh -c 'exit 3'")?;
    h1.run("systemctl start code")?;
    h1.until("code", "ActiveState", "failed")?;
    Ok(StopCause::ExitCode)
}

fn out_of_memory(h1: &Member) -> Result<StopCause> {
    h1.service(
        "hog",
        "ExecStart=/bin/sh -c 'tail /dev/zero'\nMemoryMax=16M\nMemorySwapMax=0",
    )?;
    h1.run("systemctl start hog")?;
    h1.until("hog", "ActiveState", "failed")?;
    Ok(StopCause::OomCgroup)
}

fn watchdog(h1: &Member) -> Result<StopCause> {
    let ready = "ExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep infinity'";
    h1.service(
        "dog",
        &format!("Type=notify\nNotifyAccess=all\nWatchdogSec=1\n{ready}"),
    )?;
    h1.run("systemctl start dog")?;
    h1.until("dog", "Result", "watchdog")?;
    Ok(StopCause::Watchdog)
}

fn dependency(h1: &Member) -> Result<StopCause> {
    h1.service("leader", STEADY)?;
    let bound = "[Unit]\nBindsTo=leader.service\nAfter=leader.service\n";
    h1.unit("follower", &format!("{bound}[Service]\n{STEADY}\n"))?;
    h1.run("systemctl start follower && systemctl stop leader")?;
    h1.until("follower", "ActiveState", "inactive")?;
    Ok(StopCause::Dependency)
}

fn clean_exit(h1: &Member) -> Result<StopCause> {
    h1.service("tidy", "ExecStart=/bin/sleep 0.2")?;
    h1.run("systemctl start tidy")?;
    h1.until("tidy", "ActiveState", "inactive")?;
    Ok(StopCause::Clean)
}

/// Waits till the server's newest stop of a unit has this cause, and compares with the host.
fn expect(lab: &Lab, unit: &str, cause: StopCause) -> Result<()> {
    let mut seen = None;
    let waited = until(
        &format!("{unit} stopped: {}", cause.name()),
        STORED_WITHIN,
        || {
            let report = remote(lab, unit)?;
            seen = newest(&report);
            Ok(seen
                .as_ref()
                .is_some_and(|stop| stop.cause == cause)
                .then_some(()))
        },
    );
    waited.with_context(|| format!("the ledger has {seen:?}\n{}", lab.member("h1").agent_log()))?;
    same_on_both_sides(lab, unit)
}

/// The host says with no server what the server says, as soon as all of it is stored.
fn same_on_both_sides(lab: &Lab, unit: &str) -> Result<()> {
    let words = format!("aiops analyze restarts {unit} --period 1d -o json");
    let mut compared = None;
    let waited = until("both sides say the same", STORED_WITHIN, || {
        let answer = lab.member("h1").host().shell(&words)?;
        let local: RestartReport =
            serde_json::from_str(&answer.stdout).with_context(|| format!("{words}: {answer:?}"))?;
        // What programs logged stays on their hosts.
        let without_log = |stop: StopRow| StopRow {
            log: Vec::new(),
            ..stop
        };
        let stops = |report: RestartReport| {
            let unit = report.units.into_iter().next()?;
            Some(unit.stops.into_iter().map(without_log).collect::<Vec<_>>())
        };
        let (here, there) = (stops(local), stops(remote(lab, unit)?));
        let same = here == there;
        compared = Some((here, there));
        Ok(same.then_some(()))
    });
    waited.with_context(|| format!("the host and the server: {compared:#?}"))
}

fn remote(lab: &Lab, unit: &str) -> Result<RestartReport> {
    let words = [
        "--host", "h1", "analyze", "restarts", unit, "--period", "1d", "--record", "ledger", "-o",
        "json",
    ];
    let answer = lab.aiops.ask(&words)?;
    // Until its first event is stored, the server does not know the unit.
    if answer.exit == 3 {
        return Ok(nothing());
    }
    serde_json::from_str(&answer.stdout).with_context(|| format!("{words:?}: {answer:?}"))
}

fn newest(report: &RestartReport) -> Option<StopRow> {
    report.units.first()?.stops.first().cloned()
}

fn nothing() -> RestartReport {
    RestartReport {
        similar: vec![],
        unit: None,
        asked_as: None,
        since: Timestamp::UNIX_EPOCH,
        until: Timestamp::UNIX_EPOCH,
        source: RecordSource::Ledger,
        record_begins_at: None,
        gaps: Vec::new(),
        units: Vec::new(),
        limits: Vec::new(),
    }
}

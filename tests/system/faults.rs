//! Cables, power, servers and certificates: what is accepted is kept, what is lost is declared.

use std::time::Duration;

use analysis::fleet::{HostState, OfflineReason};
use anyhow::{Result, ensure};
use system::{Lab, until};

const STORED_WITHIN: Duration = Duration::from_secs(60);

#[test]
fn a_cut_cable_and_a_killed_server_lose_nothing() -> Result<()> {
    let mut lab = Lab::start(&["h1"])?;
    lab.member("h1")
        .service("ticker", "Type=oneshot\nExecStart=/bin/true")?;
    tick(&lab, 10)?;
    lab.member("h1").host().cut()?;
    tick(&lab, 10)?;
    lab.member("h1").host().heal()?;
    tick(&lab, 10)?;
    lab.server.kill();
    tick(&lab, 10)?;
    lab.server.start_again()?;
    tick(&lab, 10)?;
    let mut counted = 0;
    until("all 50 starts are stored, each once", STORED_WITHIN, || {
        counted = starts(&lab)?;
        Ok((counted >= 50).then_some(()))
    })?;
    ensure!(counted == 50, "{counted} starts are stored: some twice");
    Ok(())
}

#[test]
fn a_host_that_stops_says_so_and_one_that_is_cut_is_missed() -> Result<()> {
    let lab = Lab::start(&["h1", "h2"])?;
    lab.member("h1").run("systemctl stop aiops-agent")?;
    lab.until_state("h1", "h1 said goodbye", |state| {
        matches!(
            state,
            HostState::Offline {
                reason: OfflineReason::AgentStopped,
                ..
            }
        )
    })?;
    lab.member("h2").host().power_off()?;
    lab.until_state("h2", "h2 is missed", |state| {
        matches!(
            state,
            HostState::Offline {
                reason: OfflineReason::Lost,
                ..
            }
        )
    })
}

#[test]
fn a_revoked_host_is_cut_and_stays_out() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let answer = lab
        .aiops
        .ask(&["host", "revoke", "h1", "--reason", "stolen"])?;
    ensure!(answer.exit == 0, "{answer:?}");
    let log = || {
        lab.member("h1")
            .run("journalctl -u aiops-agent -o cat --no-pager")
    };
    until("the agent is told", STORED_WITHIN, || {
        Ok(log()?.contains("revoked").then_some(()))
    })?;
    lab.until_state("h1", "h1 is revoked", |state| {
        matches!(state, HostState::Revoked { .. })
    })
}

/// Runs a oneshot service so many times.
fn tick(lab: &Lab, times: u32) -> Result<()> {
    let line = format!("for n in $(seq {times}); do systemctl start ticker; done");
    lab.member("h1").run(&line).map(drop)
}

fn starts(lab: &Lab) -> Result<usize> {
    let words = [
        "--host",
        "h1",
        "events",
        "--unit",
        "ticker",
        "--kind",
        "unit-started",
        "--since",
        "1d",
    ];
    let words = [&words[..], &["--limit", "1000", "-o", "jsonl"]].concat();
    let answer = lab.aiops.ask(&words)?;
    Ok(answer.stdout.lines().count())
}

//! Any host can be asked, from anywhere, and gives the answer that it gives at home.

use std::time::Instant;

use analysis::{
    fleet::HostState,
    inquiry::Inquiry,
    order::{OrderState, Outcome},
    report::Report,
    start_failure::{Culprit, StartCause, StartFailure},
};
use anyhow::{Context, Result, ensure};
use system::Lab;

/// What only a quick answer is: the limits of agents and servers are all longer.
const AT_ONCE_MS: u128 = 5_000;

#[test]
fn who_holds_the_port_is_told_from_afar_as_at_home() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    h1.blocked_nginx()?;
    let holder: u32 = h1.property("holder", "MainPID")?.parse()?;

    let afar = lab.aiops.ask(&[
        "--host",
        "h1",
        "diagnose",
        "start-failure",
        "nginx",
        "-o",
        "json",
    ])?;
    ensure!(afar.exit == 1, "{afar:?}");
    let afar = start_failure(&afar.stdout)?;
    ensure!(afar.verdict.cause == StartCause::PortInUse, "{afar:#?}");
    let Some(Culprit::Process(held)) = &afar.verdict.culprit else {
        anyhow::bail!("nobody is blamed: {afar:#?}")
    };
    ensure!(held.port == 80, "{held:?}");
    ensure!(
        held.process.map(|process| process.pid) == Some(holder),
        "{held:?} is not {holder}"
    );
    ensure!(
        held.unit.as_ref().map(|unit| unit.as_str()) == Some("holder.service"),
        "{held:?}"
    );

    let at_home = h1
        .host()
        .shell("aiops diagnose start-failure nginx -o json")?;
    let mut at_home = start_failure(&at_home.stdout)?;
    at_home.at = afar.at;
    ensure!(!afar.log_files.is_empty(), "{afar:#?}");
    ensure!(at_home == afar, "{at_home:#?}\n{afar:#?}");

    let text = lab.aiops.ask(&[
        "--host",
        "h1",
        "diagnose",
        "start-failure",
        "--name",
        "nginx",
    ])?;
    ensure!(
        text.stdout.contains(&holder.to_string()) && text.stdout.contains("holder.service"),
        "{text:?}"
    );
    Ok(())
}

#[test]
fn hosts_that_cannot_be_asked_are_named_at_once() -> Result<()> {
    let lab = Lab::start(&["h1", "h2", "h3"])?;
    let one = ["--host", "h1", "analyze", "ptree", "-o", "json"];
    let answered = lab.aiops.ask(&one)?;
    ensure!(answered.exit == 0, "{answered:?}");

    lab.member("h2").host().cut()?;
    let asked = ["--host", "h2", "analyze", "ptree"];
    let unnoticed = lab.aiops.ask(&asked)?;
    ensure!(unnoticed.exit == 5, "{unnoticed:?}");
    ensure!(unnoticed.stderr.contains("offline since"), "{unnoticed:?}");
    lab.until_state("h2", "h2 is off", |state| {
        matches!(state, HostState::Offline { .. })
    })?;
    let started = Instant::now();
    let off = lab.aiops.ask(&asked)?;
    ensure!(off.exit == 5, "{off:?}");
    ensure!(
        (off.stdout.clone() + &off.stderr).contains("offline since"),
        "{off:?}"
    );
    ensure!(
        started.elapsed().as_millis() < AT_ONCE_MS,
        "it waited for a host that is off"
    );

    let all = lab.aiops.ask(&[
        "--host", "h1,h2", "--host", "h3", "analyze", "ptree", "-o", "json",
    ])?;
    ensure!(all.exit == 6, "{all:?}");
    let inquiry: Inquiry = serde_json::from_str(&all.stdout)?;
    let answers: Vec<_> = inquiry
        .orders
        .iter()
        .map(|order| (order.host_name.as_str(), answered_with_tree(&order.state)))
        .collect();
    ensure!(
        answers == [("h1", true), ("h2", false), ("h3", true)],
        "{answers:?}"
    );

    let nobody = lab.aiops.ask(&["--host", "h9", "analyze", "ptree"])?;
    ensure!(nobody.exit == 3, "{nobody:?}");
    Ok(())
}

#[test]
fn a_host_says_no_and_somebody_can_read_it_later() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    h1.host()
        .write("/etc/aiops/policy.toml", "deny = [\"analyze-ptree\"]\n")?;
    let refused = lab.aiops.ask(&["--host", "h1", "analyze", "ptree"])?;
    ensure!(refused.exit == 4, "{refused:?}");
    h1.run("rm /etc/aiops/policy.toml")?;
    let allowed = lab.aiops.ask(&["--host", "h1", "analyze", "ptree"])?;
    ensure!(allowed.exit == 0, "{allowed:?}");

    let audit = lab.aiops.ask(&["audit", "list"])?;
    ensure!(
        audit.stdout.contains("order-refused") && audit.stdout.contains("inquiry-created"),
        "{audit:?}"
    );
    let verified = lab.aiops.ask(&["audit", "verify"])?;
    ensure!(verified.exit == 0, "{verified:?}");
    lab.server
        .sql("update audit set actor = 'user:nobody' where action = 'order-refused'")?;
    let broken = lab.aiops.ask(&["audit", "verify"])?;
    ensure!(broken.exit == 1, "{broken:?}");
    Ok(())
}

#[test]
fn a_question_waits_for_a_host_that_is_off() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = lab.member("h1");
    h1.run("systemctl stop aiops-agent")?;
    lab.until_state("h1", "h1 is off", |state| {
        matches!(state, HostState::Offline { .. })
    })?;
    let mut asking = lab
        .aiops
        .command(&[
            "--host",
            "h1",
            "--when-online=10m",
            "analyze",
            "ptree",
            "-o",
            "json",
        ])?
        .stdout(std::process::Stdio::piped())
        .spawn()?;
    system::until(
        "the question waits",
        std::time::Duration::from_secs(30),
        || {
            let waiting = lab
                .server
                .sql("select count(*) from host_order where state = 'queued'")?;
            Ok((waiting.trim() == "1").then_some(()))
        },
    )?;
    h1.run("systemctl start aiops-agent")?;
    lab.until_online("h1")?;
    system::until("it is answered", std::time::Duration::from_secs(60), || {
        let ended = lab
            .server
            .sql("select outcome ->> 'outcome' from host_order where state = 'ended'")?;
        Ok((ended.trim() == "answered").then_some(()))
    })?;
    // Whether the command waited for it or told how to look later, it ends.
    asking.wait().context("aiops ends")?;
    Ok(())
}

fn start_failure(json: &str) -> Result<StartFailure> {
    match serde_json::from_str(json).with_context(|| format!("no report: {json}"))? {
        Report::DiagnoseStartFailure(report) => Ok(*report),
        other => anyhow::bail!("another report: {other:?}"),
    }
}

fn answered_with_tree(state: &OrderState) -> bool {
    match state {
        OrderState::Ended {
            outcome: Outcome::Answered { report, .. },
            ..
        } => matches!(&**report, Report::AnalyzePtree(tree) if !tree.processes.is_empty()),
        _ => false,
    }
}

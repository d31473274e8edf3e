//! What the server has to know when all is well again, against what really ran.

use std::{collections::BTreeSet, time::Duration};

use analysis::{event::Fact, fleet::StoredEvent};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use system::{Lab, Member, until};

use crate::load::{LAST, UNITS, truth};

/// An agent that was away may wait up to a minute before it tries again, and then has much to tell.
const DRAINED_WITHIN: Duration = Duration::from_secs(150);

const DECLARED_WITHIN: Duration = Duration::from_secs(30);

/// The most that the command gives at once.
const PAGE: usize = 1_000;

/// Waits till the server has all that the host's journal tells, up to the last run of all.
///
/// The journal is read and stored in its order, so that nothing comes after its last entry.
pub fn until_drained(lab: &Lab, member: &Member) -> Result<()> {
    let what = format!("{} has told everything", member.name());
    let drained = until(&what, DRAINED_WITHIN, || {
        let told = invocations(lab, member, LAST, "unit-stopped")?.len() == 1;
        Ok((told && lag(member)? == Some(0)).then_some(()))
    });
    drained.with_context(|| format!("the agent says:\n{}", member.agent_log()))
}

/// Numbers that the agent has on disk and the server has not. `None`: it is not connected.
fn lag(member: &Member) -> Result<Option<u64>> {
    let answer = member
        .host()
        .exec(&["aiops-agent", "status", "-o", "json"])?;
    let status: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
    let online = status["connection"]["state"] == "online";
    Ok(status["spool"]["lag"].as_u64().filter(|_| online))
}

/// Every run is stored as one start and one stop, and is one row of the ledger.
pub fn nothing_lost_nothing_twice(lab: &Lab, member: &Member) -> Result<()> {
    let runs = truth(member)?;
    for (unit, cause) in UNITS {
        let mut ran: Vec<_> = runs.iter().filter(|run| run.unit == unit).collect();
        ran.sort_by(|one, other| one.invocation.cmp(&other.invocation));
        let ran: Vec<_> = ran.into_iter().map(|run| run.invocation.clone()).collect();
        ensure!(ran.len() > 5, "{unit} ran {} times: no load", ran.len());
        let stops = invocations(lab, member, unit, "unit-stopped,unit-start-failed")?;
        compare(member, unit, "stops", &ran, &stops)?;
        // A task that fails was never ready: systemd does not call that a start.
        if unit == "tick" || unit == "brief" {
            let starts = invocations(lab, member, unit, "unit-started")?;
            compare(member, unit, "starts", &ran, &starts)?;
        }
        let rows = ledger(lab, member, unit, cause)?;
        compare(member, unit, "rows of the ledger", &ran, &rows)?;
    }
    Ok(())
}

fn compare(member: &Member, unit: &str, what: &str, ran: &[String], told: &[String]) -> Result<()> {
    let known: BTreeSet<_> = told.iter().collect();
    let lost: Vec<_> = ran.iter().filter(|run| !known.contains(run)).collect();
    let doubled: Vec<_> = told.windows(2).filter(|two| two[0] == two[1]).collect();
    ensure!(
        ran == told,
        "{unit}: {} runs, {} {what}; lost: {lost:?}; twice: {doubled:?}\n{}",
        ran.len(),
        told.len(),
        journal_of(member, lost.first().map_or("", |lost| lost.as_str()))
    );
    Ok(())
}

/// What the host's own journal says about a run, for the message of a test that fails.
fn journal_of(member: &Member, invocation: &str) -> String {
    let fields = "MESSAGE,MESSAGE_ID,INVOCATION_ID,UNIT_RESULT,EXIT_STATUS,JOB_RESULT";
    let entries = format!("INVOCATION_ID={invocation} + _SYSTEMD_INVOCATION_ID={invocation}");
    let line = format!("journalctl -o export --output-fields={fields} {entries}");
    member.run(&line).unwrap_or_default()
}

/// The invocations of all events of one kind, sorted; one that is stored twice comes twice.
fn invocations(lab: &Lab, member: &Member, unit: &str, kind: &str) -> Result<Vec<String>> {
    let limit = PAGE.to_string();
    let whose = ["--host", member.name(), "events", "--unit", unit];
    let which = ["--kind", kind, "--since", "1d", "--limit", &limit];
    let answer = lab
        .aiops
        .ask(&[&whose[..], &which, &["-o", "jsonl"]].concat())?;
    ensure!([0, 3].contains(&answer.exit), "{answer:?}");
    let told: Result<Vec<_>> = answer.stdout.lines().map(invocation).collect();
    let mut told = told?;
    ensure!(
        told.len() < PAGE,
        "there is a second page: shorten the test"
    );
    told.sort();
    Ok(told)
}

fn invocation(line: &str) -> Result<String> {
    let stored: StoredEvent = serde_json::from_str(line).context("an event is JSON")?;
    let invocation = match stored.event.context("the server knows the kind")?.fact {
        Fact::UnitStarted(moment) => moment.invocation,
        Fact::UnitStopped(stopped) | Fact::UnitStartFailed(stopped) => stopped.invocation,
        other => anyhow::bail!("{other:?} was not asked for"),
    };
    let invocation = invocation.context("systemd names the invocation")?;
    Ok(invocation.0.simple().to_string())
}

/// The invocations of finished runs with this cause.
fn ledger(lab: &Lab, member: &Member, unit: &str, cause: &str) -> Result<Vec<String>> {
    let rows = lab.server.sql(&format!(
        "select replace(invocation_id::text, '-', '') from unit_run join agent using (agent_id)
         where host_name = '{}' and unit = '{unit}.service' and stopped_at is not null
         and started_at is not null and cause = '{cause}' order by 1",
        member.name()
    ))?;
    Ok(rows.lines().map(str::to_owned).collect())
}

/// Processes cannot be seen again: those that are missing have a gap that came after them.
///
/// An agent that starts declares what it missed as soon as it sees processes again, and the
/// kernel's buffer may still be full when the journal has been told.
pub fn losses_are_declared(lab: &Lab, member: &Member) -> Result<()> {
    let runs = truth(member)?;
    let mut last = None;
    let what = format!("all losses on {} are declared", member.name());
    let waited = until(&what, DECLARED_WITHIN, || {
        let seen = processes(lab, member)?;
        let missing = runs.iter().filter(|run| !seen.contains(&run.pid));
        last = missing.max_by(|one, other| one.at.total_cmp(&other.at));
        let declared = match last {
            Some(run) => gaps_since(lab, member, run.at)? > 0,
            None => true,
        };
        Ok(declared.then_some(()))
    });
    waited.with_context(|| format!("not {last:?}\n{}", around(lab, member)))
}

/// The pids of all processes whose end is stored.
fn processes(lab: &Lab, member: &Member) -> Result<BTreeSet<u32>> {
    let rows = lab.server.sql(&format!(
        "select pid from event join agent using (agent_id)
         where host_name = '{}' and kind = 'process-exited'",
        member.name()
    ))?;
    let pids: Result<_, _> = rows.lines().map(str::parse).collect();
    pids.context("pids are numbers")
}

fn gaps_since(lab: &Lab, member: &Member, at: f64) -> Result<u32> {
    let gaps = lab.server.sql(&format!(
        "select count(*) from gap join agent using (agent_id)
         where host_name = '{}' and at >= to_timestamp({at})",
        member.name()
    ))?;
    gaps.trim().parse().context("a count is a number")
}

/// What is declared, and what the agent says, for the message of a test that fails.
fn around(lab: &Lab, member: &Member) -> String {
    let gaps = lab.server.sql(&format!(
        "select extract(epoch from at), source, reason, lost, detail from gap
         join agent using (agent_id) where host_name = '{}' order by at desc limit 10",
        member.name()
    ));
    let said =
        "journalctl -u aiops-agent -o short-unix --no-pager | grep -v 'root asked' | tail -n 40";
    let said = member.run(said).unwrap_or_default();
    format!("{}\n{said}", gaps.unwrap_or_default())
}

//! Bad luck and bad company: full disks, vacuumed journals, wrong clocks, stolen identities. What
//! breaks the protocol itself is tested at the server (`server/tests/ingest_stream.rs`).

use std::{fs, process::Command, time::Duration};

use analysis::fleet::{Host, HostState};
use anyhow::{Context, Result, ensure};
use system::{Lab, Member, until};

const STORED_WITHIN: Duration = Duration::from_secs(60);

#[test]
fn a_full_disk_holds_events_back_and_loses_none() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = ticker(&lab, "h1")?;
    // Too small for a single segment.
    let mount = "mount -t tmpfs -o size=1m none /var/lib/aiops/spool";
    h1.run(&format!(
        "systemctl stop aiops-agent; {mount}; systemctl start aiops-agent"
    ))?;
    tick(h1, 10)?;
    until_logged(h1, "the spool takes no events", 1)?;
    ensure!(ticks(&lab, "h1")? == 0, "what is not durable is not sent");
    h1.run("mount -o remount,size=64m /var/lib/aiops/spool")?;
    until_logged(h1, "the spool takes events again", 1)?;
    until_stored(&lab, "h1", 10)
}

#[test]
fn a_journal_that_was_vacuumed_leaves_a_gap() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = ticker(&lab, "h1")?;
    tick(h1, 3)?;
    until_stored(&lab, "h1", 3)?;
    // Under the eyes of the reader, who has read all of it.
    h1.run(VACUUM)?;
    tick(h1, 3)?;
    until_stored(&lab, "h1", 6)?;
    ensure!(
        gaps(&lab, "h1", "journal-vacuumed")? == 0,
        "nothing is missing yet"
    );
    h1.run("systemctl stop aiops-agent")?;
    tick(h1, 3)?;
    h1.run(VACUUM)?;
    h1.run("systemctl start aiops-agent")?;
    until_gap(&lab, "h1", "journal-vacuumed")?;
    until_logged(
        h1,
        "the journal no longer has the entry that was read last",
        1,
    )?;
    tick(h1, 3)?;
    until_stored(&lab, "h1", 9)
}

#[test]
fn a_postgres_that_ends_takes_nothing_with_it() -> Result<()> {
    let mut lab = Lab::start(&["h1"])?;
    ticker(&lab, "h1")?;
    tick(lab.member("h1"), 5)?;
    lab.server.stop_postgres()?;
    lab.server.until_ended()?;
    let log = fs::read_to_string(lab.server.log())?;
    ensure!(log.contains("the private Postgres ended"), "{log}");
    tick(lab.member("h1"), 20)?;
    lab.server.start_again()?;
    until_stored(&lab, "h1", 25)
}

#[test]
fn a_stolen_identity_is_noticed_and_both_machines_are_stopped() -> Result<()> {
    let lab = Lab::start(&["h1", "h2"])?;
    let (h1, h2) = (ticker(&lab, "h1")?, lab.member("h2"));
    tick(h1, 3)?;
    until_stored(&lab, "h1", 3)?;
    let copy = h1.run("tar -C /var/lib -czf - aiops | base64 -w 0")?;
    h2.run("systemctl stop aiops-agent; rm -rf /var/lib/aiops")?;
    h2.host().write("/var/tmp/copy", &copy)?;
    h2.run("base64 -d /var/tmp/copy | tar -C /var/lib -xz; systemctl start aiops-agent")?;
    // Left alone, each of them comes back after a minute or two.
    for replaced in [h1, h2] {
        until_logged(replaced, "another stream has this agent's identity", 1)?;
        replaced.run("systemctl restart aiops-agent")?;
    }
    until_logged(h1, "another stream has this agent's identity", 2)?;
    h1.run("systemctl restart aiops-agent")?;
    // Under which name is chance: the registry has what the newest stream said.
    until("two machines are suspected", STORED_WITHIN, || {
        let suspected = |host: &Host| matches!(host.state, HostState::CloneSuspected { .. });
        Ok(lab.registry()?.iter().any(suspected).then_some(()))
    })?;
    until_logged(h1, "two machines use this agent's identity", 1)
}

#[test]
fn a_clock_ten_years_off_is_told_and_loses_nothing() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let h1 = ticker(&lab, "h1")?;
    h1.host()
        .put(&wrong_clock(&lab)?, "/usr/lib/wrong-clock.so")?;
    let drop_in = "/etc/systemd/system/aiops-agent.service.d/clock.conf";
    let preloaded = "[Service]\nEnvironment=LD_PRELOAD=/usr/lib/wrong-clock.so\n";
    h1.host().write(drop_in, preloaded)?;
    h1.run("systemctl daemon-reload && systemctl restart aiops-agent")?;
    tick(h1, 5)?;
    until_logged(h1, "expired", 1)?;
    h1.run(&format!("rm {drop_in} && systemctl daemon-reload"))?;
    tick(h1, 5)?;
    h1.run("systemctl restart aiops-agent")?;
    until_stored(&lab, "h1", 10)
}

/// All files that journald does not write to are removed.
const VACUUM: &str = "journalctl --sync && journalctl --rotate --vacuum-size=1 2>&1";

/// A library that makes a program believe that it is ten years later.
fn wrong_clock(lab: &Lab) -> Result<std::path::PathBuf> {
    let source = lab.server.folder().join("clock.c");
    let library = lab.server.folder().join("clock.so");
    fs::write(&source, CLOCK)?;
    let mut cc = Command::new("cc");
    let built = cc
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source]);
    ensure!(
        built.status().context("cannot run cc")?.success(),
        "cc failed"
    );
    Ok(library)
}

const CLOCK: &str = "
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    long failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME)
        now->tv_sec += 10 * 365 * 86400L;
    return failed;
}
";

fn ticker<'a>(lab: &'a Lab, name: &str) -> Result<&'a Member> {
    let member = lab.member(name);
    member.unit(
        "ticker",
        "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nExecStart=/bin/true\n",
    )?;
    Ok(member)
}

/// Runs a oneshot service so many times.
fn tick(member: &Member, times: u32) -> Result<()> {
    let line = format!("for n in $(seq {times}); do systemctl start ticker; done");
    member.run(&line).map(drop)
}

/// Waits till so many starts are stored, and not one more.
fn until_stored(lab: &Lab, name: &str, starts: usize) -> Result<()> {
    let mut stored = 0;
    let what = format!("{starts} starts on {name} are stored");
    let waited = until(&what, STORED_WITHIN, || {
        stored = ticks(lab, name)?;
        Ok((stored >= starts).then_some(()))
    });
    let member = lab.member(name);
    waited.with_context(|| format!("{stored} are; the agent says:\n{}", member.agent_log()))?;
    ensure!(stored == starts, "{stored} starts are stored: some twice");
    Ok(())
}

fn ticks(lab: &Lab, name: &str) -> Result<usize> {
    let starts = lab.server.sql(&format!(
        "select count(*) from event join agent using (agent_id)
         where host_name = '{name}' and kind = 'unit-started' and unit = 'ticker.service'"
    ))?;
    starts.trim().parse().context("a count is a number")
}

fn until_gap(lab: &Lab, name: &str, reason: &str) -> Result<()> {
    until(&format!("a gap says {reason}"), STORED_WITHIN, || {
        Ok((gaps(lab, name, reason)? > 0).then_some(()))
    })
    .with_context(|| lab.member(name).agent_log())
}

fn gaps(lab: &Lab, name: &str, reason: &str) -> Result<usize> {
    let found = lab.server.sql(&format!(
        "select count(*) from gap join agent using (agent_id)
         where host_name = '{name}' and reason = '{reason}'"
    ))?;
    found.trim().parse().context("a count is a number")
}

/// Waits till the agent has said something so many times.
fn until_logged(member: &Member, words: &str, times: usize) -> Result<()> {
    let line = "journalctl -u aiops-agent -o cat --no-pager";
    until(&format!("the agent says {words:?}"), STORED_WITHIN, || {
        let said = member.run(line)?.matches(words).count();
        Ok((said >= times).then_some(()))
    })
    .with_context(|| member.agent_log())
}

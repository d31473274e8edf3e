//! What the agent costs a host with 300 processes in 100 services, all sources on, beside what asking
//! `ps` costs: while it looks at what has just started, and when it has seen all.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use bench::{
    cost::{Purpose, cpu_of_threads, resident_by_purpose},
    figures::{beside, figure, load},
};
use system::{Lab, Member, until};

const SERVICES: usize = 100;
const PROCESSES_OF_A_SERVICE: usize = 3;
const WATCHED_FOR: Duration = Duration::from_secs(60);
/// What pollers usually take.
const PS_EVERY_S: f64 = 5.0;
const PS_CALLS: u32 = 40;
/// An agent that has just begun reads what was logged before.
const SETTLED_AFTER: Duration = Duration::from_secs(20);
const STARTED_WITHIN: Duration = Duration::from_secs(60);
/// It looks at each of these services once, which it spreads over minutes.
const SEEN_WITHIN: Duration = Duration::from_secs(900);

fn main() -> Result<()> {
    let lab = Lab::start(&["h1"])?;
    let host = lab.member("h1");
    populate(host)?;
    load("before");
    let agent = host.property("aiops-agent", "MainPID")?;
    let processes = host.run("ls -d /proc/[0-9]* | wc -l")?;
    println!(
        "a test host with {} processes, one short one a second",
        processes.trim()
    );
    thread::sleep(SETTLED_AFTER);
    let name = "agent, 100 services just started, CPU of one core";
    beside(name, &percent(cpu_share(host, &agent)?));
    all_are_seen(host)?;
    let quiet = cpu_share(host, &agent)?;
    figure("agent, CPU of one core", &percent(quiet), "<= 0.3 %");
    beside("ps -e each 5 s, CPU of one core", &percent(ps_share(host)?));
    report_memory(host, &agent)?;
    let rings = host.run("du -sk /run/aiops/black-box /var/lib/aiops/black-box | cut -f1")?;
    let rings = rings.split_whitespace().collect::<Vec<_>>().join(" and ");
    beside("black box, KiB in memory and on the disk", &rings);
    load("after");
    Ok(())
}

/// Waits until the agent has kept the good start of each service.
fn all_are_seen(host: &Member) -> Result<()> {
    until("all good starts are kept", SEEN_WITHIN, || {
        let count = host.run("ls /var/lib/aiops/good-starts | grep -c '^app-' || true")?;
        Ok((count.trim().parse::<usize>()? >= SERVICES).then_some(()))
    })
}

/// Services with the processes of a small host, and one that starts a short process each second.
fn populate(host: &Member) -> Result<()> {
    let sleepers = "sleep infinity & ".repeat(PROCESSES_OF_A_SERVICE - 1);
    let exec = format!("ExecStart=/bin/bash -c '{sleepers} exec sleep infinity'");
    for number in 0..SERVICES {
        host.service(&format!("app-{number}"), &exec)?;
    }
    host.service(
        "cron-like",
        "ExecStart=/bin/bash -c 'while :; do sleep 1; done'",
    )?;
    host.run(&format!(
        "systemctl start app-{{0..{}}} cron-like",
        SERVICES - 1
    ))?;
    let least = SERVICES * PROCESSES_OF_A_SERVICE;
    until("all processes run", STARTED_WITHIN, || {
        let count = host.run("pgrep -c sleep || true")?;
        Ok((count.trim().parse::<usize>()? >= least).then_some(()))
    })?;
    Ok(())
}

/// CPU that the agent uses in a minute. Unit: share of one core.
fn cpu_share(host: &Member, agent: &str) -> Result<f64> {
    let read = || -> Result<_> {
        Ok(cpu_of_threads(
            &host.run(&format!("cat /proc/{agent}/task/*/schedstat"))?,
        ))
    };
    let (started, before) = (Instant::now(), read()?);
    thread::sleep(WATCHED_FOR);
    let used = read()?.saturating_sub(before);
    Ok(used.as_secs_f64() / started.elapsed().as_secs_f64())
}

/// CPU of a `ps` each five seconds, fork and exec included. Unit: share of one core.
fn ps_share(host: &Member) -> Result<f64> {
    let times = host.run(&format!(
        "for ((i = 0; i < {PS_CALLS}; i++)); do ps -eo pid,ppid,stat,comm,rss,args >/dev/null; done; times"
    ))?;
    let children = times.lines().nth(1).context("times prints two lines")?;
    let seconds: f64 = children.split_whitespace().filter_map(seconds).sum();
    Ok(seconds / f64::from(PS_CALLS) / PS_EVERY_S)
}

/// Reads `0m1.234s`.
fn seconds(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}

fn report_memory(host: &Member, agent: &str) -> Result<()> {
    let resident = resident_by_purpose(&host.run(&format!("cat /proc/{agent}/smaps"))?);
    let kib = |kib: u64| format!("{kib} KiB");
    figure("agent, RSS", &kib(resident.values().sum()), "<= 20480 KiB");
    for (purpose, what) in [
        (Purpose::Own, "heap and stacks"),
        (Purpose::Code, "program and libraries"),
        (Purpose::Journal, "journal files being read"),
        (Purpose::RingBuffer, "ring buffer, mapped twice"),
    ] {
        let part = resident.get(&purpose).copied().unwrap_or(0);
        beside(&format!("  {what}"), &kib(part));
    }
    let threads = host.run(&format!("ls /proc/{agent}/task | wc -l"))?;
    beside("  threads", threads.trim());
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}

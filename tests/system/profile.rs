//! Where a process spends its time, on a real host: the function that spins is found.

use std::time::Duration;

use analysis::{profile::Profile, report::Report};
use anyhow::{Context, Result, bail, ensure};
use system::{Host, program, until};
use testhost::Pool;

const SETTLED_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn the_function_that_takes_the_time_is_found_and_drawn() -> Result<()> {
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    for (name, command) in [("spin", "md5sum /dev/zero"), ("idle", "sleep infinity")] {
        let unit = format!("/etc/systemd/system/{name}.service");
        let path = "Environment=PATH=/usr/bin:/bin";
        host.write(
            &unit,
            &format!("[Service]\n{path}\nExecStart=/usr/bin/env {command}\n"),
        )?;
    }
    host.shell("systemctl daemon-reload && systemctl start spin idle")?
        .stdout()?;

    let spin = pid(host, "spin")?;
    until("it is the program that spins", SETTLED_WITHIN, || {
        let comm = host.shell(&format!("cat /proc/{spin}/comm"))?.stdout()?;
        Ok((comm.trim() == "md5sum").then_some(()))
    })?;
    let seen = profiled(host, &format!("{spin} --duration 2s --svg /run/flame.svg"))?;
    let Some(tool) = &seen.tool else {
        println!("perf cannot be used here: {:?}", seen.limits);
        ensure!(
            seen.limits.iter().any(|limit| limit.what == "profile"),
            "{seen:#?}"
        );
        return Ok(());
    };
    ensure!(tool == "perf", "{tool}");
    ensure!(seen.samples > 10, "{seen:#?}");
    let counted: u64 = seen.stacks.iter().map(|stack| stack.samples).sum();
    ensure!(counted + seen.omitted_samples == seen.samples, "{seen:#?}");
    ensure!(
        seen.stacks
            .iter()
            .all(|stack| stack.stack.starts_with("md5sum")),
        "{seen:#?}"
    );
    // Which of its functions, depends on its symbols; but all of the time is somewhere.
    let own: f64 = seen
        .functions
        .iter()
        .map(|function| function.self_percent)
        .sum();
    ensure!((own - 100.0).abs() < 0.1, "{own}: {:#?}", seen.functions);
    let picture = host.shell("cat /run/flame.svg")?.stdout()?;
    ensure!(
        picture.starts_with("<svg") && picture.contains("md5sum"),
        "{picture}"
    );

    let idle = profiled(host, &format!("--pid {} --duration 1s", pid(host, "idle")?))?;
    ensure!(idle.samples == 0 && idle.tool.is_some(), "{idle:#?}");
    let left = host
        .shell("ls -d /tmp/aiops-* 2>/dev/null; true")?
        .stdout()?;
    ensure!(left.is_empty(), "it leaves nothing behind: {left}");
    let states = host.shell(&format!("ps -o state= -p {spin}"))?.stdout()?;
    ensure!(states.trim() == "R", "it runs on: {states}");
    Ok(())
}

fn profiled(host: &Host, arguments: &str) -> Result<Profile> {
    let output = host.shell(&format!("aiops profile {arguments} -o json"))?;
    let report = serde_json::from_str(&output.stdout).with_context(|| format!("{output:?}"))?;
    match report {
        Report::ProfileProcess(report) => Ok(*report),
        other => bail!("no profile: {other:?}"),
    }
}

fn pid(host: &Host, unit: &str) -> Result<u32> {
    let show = ["systemctl", "show", "-P", "MainPID", unit];
    Ok(host.exec(&show)?.stdout()?.trim().parse()?)
}

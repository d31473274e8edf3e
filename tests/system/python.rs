//! A Python process is told by its own functions, with py-spy, on a real host.

use std::{env, path::Path, time::Duration};

use analysis::{inspection::Frame, report::Report};
use anyhow::{Context, Result, bail, ensure};
use system::{Host, program, until};
use testhost::Pool;

const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// One thread that works, and one that waits.
const APP: &str = r#"
import threading
def waits_for_ever():
    threading.Event().wait()
def counts():
    number = 0
    while True:
        number += 1
threading.Thread(target=waits_for_ever).start()
open("/run/app.works", "w").close()
counts()
"#;

#[test]
fn a_python_process_is_told_by_its_functions() -> Result<()> {
    let py_spy = env::var_os("AIOPS_PY_SPY")
        .context("AIOPS_PY_SPY names no py-spy: `cargo xtask test` installs it")?;
    let pool = Pool::new()?;
    let host = &pool.boot(&["h1"])?[0];
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    host.put(Path::new(&py_spy), "/usr/bin/py-spy")?;
    let pid = start(host)?;

    let Report::InspectProcessStack(seen) = asked(host, &format!("inspect process {pid} --stack"))?
    else {
        bail!("no stacks");
    };
    let stacks = seen.0.stacks.context("no stacks")?;
    ensure!(stacks.tool.as_deref() == Some("py-spy"), "{stacks:#?}");
    for (function, lines) in [("waits_for_ever", 4..5), ("counts", 7..9)] {
        let mut frames = stacks.stacks.iter().flat_map(|stack| &stack.frames);
        let is_it = |frame: &Frame| {
            frame.function.as_deref() == Some(function)
                && frame.line.is_some_and(|line| lines.contains(&line))
        };
        ensure!(frames.any(is_it), "{function} is not there: {stacks:#?}");
    }

    let Report::ProfileProcess(seen) = asked(host, &format!("profile {pid} --duration 2s"))? else {
        bail!("no profile");
    };
    ensure!(seen.tool.as_deref() == Some("py-spy"), "{seen:#?}");
    let busiest = seen.functions.first().context("no functions")?;
    ensure!(busiest.function.starts_with("counts"), "{seen:#?}");
    ensure!(busiest.self_percent > 90.0, "{seen:#?}");
    let state = host.shell(&format!("ps -o state= -p {pid}"))?.stdout()?;
    ensure!(state.trim() == "R", "it runs on: {state}");
    Ok(())
}

fn start(host: &Host) -> Result<u32> {
    host.write("/run/app.py", APP)?;
    let unit = "[Service]\nExecStart=/usr/bin/python3 /run/app.py\n";
    host.write("/etc/systemd/system/app.service", unit)?;
    host.shell("systemctl daemon-reload && systemctl start app")?
        .stdout()?;
    until("it works", SETTLED_WITHIN, || {
        Ok((host.shell("test -e /run/app.works")?.status == 0).then_some(()))
    })?;
    let pid = host.exec(&["systemctl", "show", "-P", "MainPID", "app"])?;
    Ok(pid.stdout()?.trim().parse()?)
}

fn asked(host: &Host, words: &str) -> Result<Report> {
    let output = host.shell(&format!("aiops {words} -o json"))?;
    serde_json::from_str(&output.stdout).with_context(|| format!("{output:?}"))
}

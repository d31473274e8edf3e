//! The page in a real browser, against a real server with real hosts.

use std::{env, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use system::{Lab, Member, program};

#[test]
fn people_find_their_way_through_the_page() -> Result<()> {
    let lab = Lab::start(&["h1", "h2"])?;
    lab.member("h1").blocked_nginx()?;
    lab.member("h2")
        .service("steady", "ExecStart=/bin/sleep infinity")?;
    lab.member("h2")
        .run("systemctl start steady && systemctl kill -s SEGV steady")?;
    lab.member("h2").service(
        "busy",
        "ExecStart=/usr/bin/python3 -c \"while True: sum(range(1000))\"",
    )?;
    lab.member("h2").run("systemctl start busy")?;
    let link = lab.server.login_link("ops", "admin")?;
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    ensure!(
        web.join("node_modules/.bin/playwright").exists(),
        "web/node_modules is not there: `cargo xtask test --step page` installs it"
    );
    let pictures = program::folder()?.join("page-pictures");
    let mut drive = Command::new("npx");
    drive
        .current_dir(&web)
        .args(["--no-install", "playwright", "test"])
        .env("AIOPS_E2E_URL", lab.server.url())
        .env("AIOPS_E2E_LINK", link)
        .env("AIOPS_E2E_HOST", "h1")
        .env("AIOPS_E2E_UNIT", "nginx.service")
        .env("AIOPS_E2E_BUSY", profiled(lab.member("h2"))?)
        .env("AIOPS_E2E_PICTURES", &pictures)
        .env("CI", env::var_os("CI").unwrap_or("1".into()));
    let printed = program::printed(&mut drive)
        .with_context(|| format!("the server says:\n{}", lab.server.last_lines()))?;
    ensure!(printed.contains(" passed"), "no test ran:\n{printed}");
    Ok(())
}

/// The pid of the unit `busy`. Empty where perf is not there, or may not look.
fn profiled(member: &Member) -> Result<String> {
    let pid = member.property("busy", "MainPID")?;
    let can = member.run(&format!(
        "cd /tmp && perf record -q -e cpu-clock -o perf.data -p {pid} -- sleep 0.1 >&2 && echo can || true"
    ))?;
    Ok(match can.trim() {
        "can" => pid,
        _ => String::new(),
    })
}

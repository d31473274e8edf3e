//! Hosts with a program that crashes in the way that it is told to.

use std::{fs, process::Command, time::Duration};

use analysis::{crash::CrashReport, report::Report};
use anyhow::{Context, Result, bail, ensure};
use system::{
    Host, program,
    systemctl::{install, run},
};
use testhost::{Pool, debs, until};

const LISTED_WITHIN: Duration = Duration::from_secs(60);

/// Lets a program crash in a container that `container` makes, and hands its core to
/// systemd-coredump as the kernel does: with these arguments (core(5), systemd-coredump(8)) from
/// outside of it, the core on standard input, the process still there.
pub(super) fn crash_in_debugger(host: &Host, container: &str) -> Result<()> {
    ensure!(has_gdb(), "gdb is not installed");
    debs::unpack(host, &debs::download(&["systemd-coredump"])?)?;
    run(host, "systemctl start systemd-coredump.socket")?;
    host.write(
        "/opt/commands",
        "run\ngcore /var/tmp/handed-over\nshell touch /run/is-written\n\
         shell until [ -e /run/is-taken ]; do sleep 0.05; done\nkill\n",
    )?;
    host.write(
        "/opt/hand-over",
        &format!(
            "{container} gdb -nx -batch -x /opt/commands --args /opt/crasher null &\n\
             until [ -e /run/is-written ]; do sleep 0.05; done\n\
             /usr/lib/systemd/systemd-coredump $(pgrep -x crasher) 0 0 11 $(date +%s) \
             18446744073709551615 $(hostname) </var/tmp/handed-over\n\
             touch /run/is-taken\nwait\n"
        ),
    )?;
    let text = "[Service]\nType=oneshot\nExecStart=/bin/sh /opt/hand-over\n";
    install(host, "shop", text)?;
    run(host, "systemctl start shop && rm /var/tmp/handed-over")?;
    until("coredumpctl lists the crash", LISTED_WITHIN, || {
        let listed = host.shell("coredumpctl list crasher")?;
        Ok((listed.status == 0).then_some(()))
    })
}

pub(super) fn host() -> Result<Host> {
    testhost::requirements().map_err(|missing| anyhow::anyhow!("{missing}"))?;
    let host = Pool::new()?.boot(&["h1"])?.remove(0);
    host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
    let folder = tempfile::tempdir()?;
    let crasher = folder.path().join("crasher");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/system/crash/crasher.c");
    let made = Command::new("cc")
        .args(["-g", "-O0", "-o"])
        .args([crasher.as_os_str(), source.as_ref()])
        .status()?;
    ensure!(made.success(), "cc: {made}");
    host.put(&crasher, "/opt/crasher")?;
    Ok(host)
}

/// Whether cores are files where the process is, as the kernel does unless told otherwise.
pub(super) fn keeps_cores() -> Result<bool> {
    Ok(fs::read_to_string("/proc/sys/kernel/core_pattern")?.trim() == "core")
}

pub(super) fn has_gdb() -> bool {
    fs::exists("/usr/bin/gdb").unwrap_or(false)
}

/// A unit of which each crash has a folder of its own.
pub(super) fn service(host: &Host, how: &str) -> Result<()> {
    let text = format!(
        "[Service]\nExecStart=/opt/crasher {how}\nLimitCORE=infinity\nLimitFSIZE=64M\nStateDirectory={how}\n\
         WorkingDirectory=/var/lib/{how}\n"
    );
    install(host, how, &text)
}

pub(super) fn asked(host: &Host, aiops: &str, name: &str) -> Result<CrashReport> {
    let answer = host.shell(&format!(
        "journalctl --sync; {aiops} analyze crash {name} -o json"
    ))?;
    let report = serde_json::from_str(&answer.stdout).with_context(|| format!("{answer:?}"))?;
    match report {
        Report::AnalyzeCrash(report) => Ok(*report),
        other => bail!("another report: {other:?}"),
    }
}

//! A host's own systemd, as `systemctl` on it says.

use std::time::Duration;

use anyhow::{Context, Result};
use testhost::{Host, until};

/// What systemd does takes moments; the limit is for machines that are busy with other tests.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// Runs a line of shell that has to end well, and gives what it printed.
pub fn run(host: &Host, line: &str) -> Result<String> {
    let ended = host.shell(line)?;
    ended
        .stdout()
        .with_context(|| format!("{}: {line}", host.name()))
}

/// Installs a unit file, whole.
pub fn install(host: &Host, unit: &str, text: &str) -> Result<()> {
    host.write(&format!("/etc/systemd/system/{unit}.service"), text)?;
    run(host, "systemctl daemon-reload").map(drop)
}

pub fn shown(host: &Host, unit: &str, property: &str) -> Result<String> {
    let line = format!("systemctl show --value -p {property} {unit}");
    Ok(run(host, &line)?.trim().to_owned())
}

/// Waits till `systemctl show` has `Property=value`.
pub fn until_shown(host: &Host, unit: &str, wanted: &str) -> Result<()> {
    let (property, value) = wanted.split_once('=').context("a property and a value")?;
    let what = format!("{unit} on {}: {wanted}", host.name());
    until(&what, SETTLED_WITHIN, || {
        Ok((shown(host, unit, property)? == value).then_some(()))
    })
}

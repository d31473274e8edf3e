//! The test hosts of `up --hosts`: real systemd hosts with an agent and demo services.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow};
use testhost::{Host, Pool, debs};

use super::Places;
use super::command_line::write_with_mode;
use super::join::JoinCommand;
use crate::tell::tell;
use crate::workspace;

/// The pool and its network are the same each time: people see and type these addresses.
const POOL: (&str, &str) = ("aiops", "10.77.0");

/// Where the programs are put, so that they can be called by name in a host.
const PROGRAMS: &str = "/usr/local/bin";

/// Which demo services run where: host N takes line N, and after the last line the first again.
const PLAYBILL: &[&[&str]] = &[
    &[
        "demo-web",
        "demo-crash",
        "demo-leak",
        "demo-proxy",
        "demo-shop",
    ],
    &["demo-web", "demo-flaky", "demo-stuck", "demo-broken"],
    &["demo-web", "demo-api", "demo-maintenance.timer"],
];

pub struct Hosts {
    pool: Pool,
    hosts: Vec<Host>,
}

impl Hosts {
    /// Boots `h1`, `h2`, ...
    pub fn boot(count: u8) -> Result<Self> {
        let pool = Pool::named(POOL.0, POOL.1)?;
        let names: Vec<String> = (1..=count).map(|number| format!("h{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let hosts = pool.boot(&names)?;
        Ok(Self { pool, hosts })
    }

    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// The address at which the hosts reach this machine.
    pub fn base_ip(&self) -> Result<IpAddr> {
        self.pool
            .base_ip()
            .parse()
            .context("the pool's address is not one")
    }

    /// Installs agents and demo services in all hosts at once, joins the agents and starts all.
    pub fn furnish(&self, places: &Places, join: &JoinCommand) -> Result<()> {
        let demo = demo_files()?;
        let furnish = |(number, host): (usize, &Host)| {
            let services = PLAYBILL[number % PLAYBILL.len()];
            furnish_host(host, places, join, &demo, services)
                .with_context(|| format!("cannot furnish {}", host.name()))
        };
        thread::scope(|scope| {
            let numbered = self.hosts.iter().enumerate();
            let started: Vec<_> = numbered
                .map(|one| scope.spawn(move || furnish(one)))
                .collect();
            started
                .into_iter()
                .try_for_each(|one| one.join().map_err(|_| anyhow!("a thread panicked"))?)
        })
    }

    /// Writes a script that runs a command in a host: `on h1 systemctl status`.
    pub fn write_door(&self, door: &Path) -> Result<()> {
        let script = workspace::root().join("tests/testhost/testhost");
        let text = format!(
            "#!/bin/sh\n# on HOST COMMAND...: runs a command as root in a host\n\
             host=$1; shift\nTESTHOST_POOL={} TESTHOST_NET={} exec bash '{}' exec \"$host\" -- \"$@\"\n",
            POOL.0,
            POOL.1,
            script.display()
        );
        write_with_mode(door, &text, 0o755)
    }
}

fn furnish_host(
    host: &Host,
    places: &Places,
    join: &JoinCommand,
    demo: &[PathBuf],
    services: &[&str],
) -> Result<()> {
    for program in ["aiops-agent", "aiops"] {
        host.put(&places.program(program), &format!("{PROGRAMS}/{program}"))?;
    }
    for file in demo {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let is_script = file.extension().is_some_and(|extension| extension == "sh");
        let destination = if is_script {
            format!("/usr/lib/aiops-demo/{name}")
        } else {
            unit_path(&name)
        };
        host.put(file, &destination)?;
    }
    let has_nginx = services.contains(&"demo-proxy") && furnish_nginx(host);
    // The agent first: it is there before there is something to see.
    let mut command = vec!["aiops-agent"];
    command.extend(join.arguments().iter().map(String::as_str));
    command.push("--install");
    host.exec(&command)?.stdout().context("it cannot join")?;
    host.exec(&["systemctl", "daemon-reload"])?.stdout()?;
    let mut start = vec!["systemctl", "start", "--no-block"];
    start.extend(services);
    start.extend(has_nginx.then_some("nginx"));
    host.exec(&start)?.stdout().map(drop)
}

/// Debian's nginx wants the port that `demo-proxy` holds, and fails to start. The demo does without
/// it if need be.
fn furnish_nginx(host: &Host) -> bool {
    let after =
        "[Unit]\n# When it has found its port taken, so does nginx.\nAfter=demo-shop.service\n";
    let furnished = debs::unpack_nginx(host)
        .and_then(|()| host.write("/etc/systemd/system/nginx.service.d/demo.conf", after));
    if let Err(error) = &furnished {
        tell(format_args!(
            "{} goes without nginx: {error:#}",
            host.name()
        ));
    }
    furnished.is_ok()
}

fn unit_path(name: &str) -> String {
    format!("/etc/systemd/system/{name}")
}

/// The units and scripts of the demo services.
fn demo_files() -> Result<Vec<PathBuf>> {
    let folder = workspace::root().join("deploy/demo");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let files = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    let wanted = |file: &PathBuf| {
        let extension = file.extension().unwrap_or_default();
        ["service", "timer", "sh"]
            .iter()
            .any(|wanted| extension == *wanted)
    };
    Ok(files.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_that_is_started_has_a_unit_file() {
        let files = demo_files().unwrap();
        for service in PLAYBILL.iter().copied().flatten() {
            let name = if service.contains('.') {
                (*service).to_owned()
            } else {
                format!("{service}.service")
            };
            assert!(
                files.iter().any(|file| file.ends_with(&name)),
                "{name} is missing"
            );
        }
    }
}

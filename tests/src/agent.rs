//! A host of the lab with an agent.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use testhost::{Host, until};

use crate::{program, systemctl};

/// A host of the lab with an agent.
#[derive(Debug)]
pub struct Member {
    host: Host,
}

const SETTLED_WITHIN: Duration = Duration::from_secs(30);

impl Member {
    /// Installs the agent as the product's unit has it, and joins it.
    pub fn join(host: Host, command: &[String]) -> Result<Self> {
        host.put(&program::path("aiops-agent")?, "/usr/bin/aiops-agent")?;
        host.put(&program::path("aiops")?, "/usr/bin/aiops")?;
        let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/aiops-agent.service");
        host.put(&unit, "/etc/systemd/system/aiops-agent.service")?;
        let mut join = vec!["aiops-agent"];
        join.extend(command.iter().map(String::as_str));
        join.extend(["--state-dir", "/var/lib/aiops"]);
        host.exec(&join)?
            .stdout()
            .context("the agent cannot join")?;
        let member = Self { host };
        member.run("systemctl daemon-reload && systemctl start aiops-agent")?;
        Ok(member)
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    pub fn name(&self) -> &str {
        self.host.name()
    }

    /// Runs a line of shell that has to end well, and gives what it printed.
    pub fn run(&self, line: &str) -> Result<String> {
        systemctl::run(&self.host, line)
    }

    /// Lets systemd start the agent again at once when it was killed; the product waits 5 s.
    pub fn restart_at_once(&self) -> Result<()> {
        let path = "/etc/systemd/system/aiops-agent.service.d/at-once.conf";
        let text = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=200ms\n";
        self.host.write(path, text)?;
        self.run("systemctl daemon-reload").map(drop)
    }

    /// Installs a service. `settings` are lines of its `[Service]` section.
    pub fn service(&self, name: &str, settings: &str) -> Result<()> {
        self.unit(name, &format!("[Service]\n{settings}\n"))
    }

    /// Unpacks Debian's nginx and starts it, while the service `holder` holds its port 80.
    pub fn blocked_nginx(&self) -> Result<()> {
        testhost::debs::unpack_nginx(&self.host)?;
        self.service(
            "holder",
            "ExecStart=/usr/bin/systemd-socket-activate --listen=80 /bin/cat",
        )?;
        self.run("systemctl start holder")?;
        until("port 80 is held", SETTLED_WITHIN, || {
            let sockets = self.run("cat /proc/net/tcp /proc/net/tcp6")?;
            Ok(sockets.contains(":0050 ").then_some(()))
        })?;
        let started = self.host.exec(&["systemctl", "start", "nginx"])?;
        ensure!(started.status != 0, "nginx started: {started:?}");
        self.until("nginx", "ActiveState", "failed")
    }

    /// Installs a unit file, whole.
    pub fn unit(&self, name: &str, text: &str) -> Result<()> {
        systemctl::install(&self.host, name, text)
    }

    /// Waits till `systemctl show` gives this value for a property of a unit.
    pub fn until(&self, unit: &str, property: &str, value: &str) -> Result<()> {
        systemctl::until_shown(&self.host, unit, &format!("{property}={value}"))
    }

    pub fn property(&self, unit: &str, property: &str) -> Result<String> {
        systemctl::shown(&self.host, unit, property)
    }

    /// What the agent logged last, for the message of a test that fails.
    pub fn agent_log(&self) -> String {
        self.run("journalctl -u aiops-agent -n 30 --no-pager -o cat")
            .unwrap_or_default()
    }
}

//! The parts of a fleet: their start, and keeping an eye on them.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::config::{self, Addresses};
use super::hosts::Hosts;
use super::join::JoinCommand;
use super::{Places, command_line};
use crate::child::Part;
use crate::run::{captured, checked};
use crate::stop::Stop;

/// The server makes its Postgres at the first start, which is most of this.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// From the start of the agents to the first word of each with the server.
const ONLINE_LIMIT: Duration = Duration::from_secs(30);

/// All that runs; it ends in the order of the fields: an agent without its server would complain.
pub struct Fleet {
    pub agent: Part,
    pub hosts: Option<Hosts>,
    pub server: Part,
}

pub fn start_server(places: &Places, addresses: &Addresses, stop: &Stop) -> Result<Part> {
    let file = places.server_config();
    fs::write(&file, config::server(addresses, &places.server_data)?)
        .with_context(|| format!("cannot write {}", file.display()))?;
    let program = places.program("aiops-server");
    let config = file
        .to_str()
        .context("the path of the checkout is not UTF-8")?;
    let log = places.state.join("server.log");
    let mut server = Part::start("the server", &program, &["run", "--config", config], log)?;
    stop.wait_for("the server is ready", READY_LIMIT, || {
        still_runs(&mut server)?;
        let mut health = Command::new("timeout");
        health
            .arg("5")
            .arg(&program)
            .args(["health", "--config", config]);
        Ok(checked(&mut health).is_ok().then_some(()))
    })
    .with_context(|| format!("see {}", server.log().display()))?;
    Ok(server)
}

pub fn start_agent(places: &Places, join: &JoinCommand) -> Result<Part> {
    let program = places.program("aiops-agent");
    let state = places.state.join("agent");
    let state = state
        .to_str()
        .context("the path of the checkout is not UTF-8")?;
    let mut command = Command::new(&program);
    command.args(join.arguments()).args(["--state-dir", state]);
    checked(&mut command).context("this machine cannot join")?;
    let log = places.state.join("agent.log");
    Part::start("the agent", &program, &["run", "--state-dir", state], log)
}

/// # Errors
///
/// If a part has ended, with the end of its log.
fn still_runs(part: &mut Part) -> Result<()> {
    match part.ended()? {
        None => Ok(()),
        Some(status) => bail!(
            "{} ended ({status}); the last lines of {}:\n{}",
            part.name(),
            part.log().display(),
            part.last_lines()
        ),
    }
}

impl Fleet {
    /// Returns when we are to end.
    ///
    /// # Errors
    ///
    /// If a part ends before: half a fleet looks healthy.
    pub fn watch(&mut self, stop: &Stop) -> Result<()> {
        while !stop.is_wanted() {
            still_runs(&mut self.server)?;
            still_runs(&mut self.agent)?;
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    pub fn wait_till_online(&mut self, places: &Places, stop: &Stop) -> Result<()> {
        let all = self.hosts.as_ref().map_or(0, Hosts::len) + 1;
        stop.wait_for("all hosts are online", ONLINE_LIMIT, || {
            still_runs(&mut self.server)?;
            still_runs(&mut self.agent)?;
            let mut list = Command::new(places.state.join("aiops"));
            let hosts = captured(list.args(["host", "list", "--output", "json"]))?;
            Ok((command_line::count_online(&hosts) == all).then_some(()))
        })
    }
}

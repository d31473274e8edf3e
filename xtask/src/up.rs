//! `cargo xtask up`: a whole fleet on this machine, until Ctrl-C.

mod command_line;
mod config;
mod fleet;
mod guide;
mod hosts;
mod join;
mod progress;

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::account::Account;
use crate::child::Orphanage;
use crate::lock::{Attempt, Lock};
use crate::packages::{self, POSTGRES, UTIL_LINUX};
use crate::page;
use crate::refuge;
use crate::stop::Stop;
use crate::tell::{print, tell};
use crate::workspace;
use config::Addresses;
use fleet::{Fleet, start_agent, start_server};
use hosts::Hosts;
use join::JoinCommand;
use progress::step;

#[derive(clap::Args)]
pub struct Args {
    /// Boot so many real systemd hosts with agents and demo services as well (needs root)
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=50))]
    hosts: u8,
    /// Only name the missing packages
    #[arg(long)]
    no_install: bool,
    /// Build nothing and start the programs in this folder
    #[arg(long, hide = true)]
    programs: Option<PathBuf>,
}

/// Where things are.
pub(crate) struct Places {
    /// The state of everything; made anew by each `up`.
    state: PathBuf,
    /// The server's data: in `state`, unless the account of its Postgres cannot enter there.
    server_data: PathBuf,
    /// The folder with our release binaries.
    programs: PathBuf,
}

impl Places {
    fn choose(args: &Args, target: &Path) -> Result<Self> {
        let state = target.join("up");
        let account = Account::without_root("postgres")?;
        let server_data = refuge::usable(&state.join("server"), account.as_ref(), usize::MAX)?;
        let programs = args
            .programs
            .clone()
            .unwrap_or_else(|| target.join("release"));
        Ok(Self {
            state,
            server_data,
            programs,
        })
    }

    fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    fn agent_state(&self) -> PathBuf {
        self.state.join("agent")
    }

    fn server_config(&self) -> PathBuf {
        self.state.join("server.toml")
    }
}

pub fn run(args: &Args) -> Result<()> {
    let target = workspace::target();
    let _lock = match Lock::attempt(&target.join("up.lock"))? {
        Attempt::Taken(lock) => lock,
        Attempt::HeldBy(pid) => bail!("{}", already_running(pid)),
    };
    provide(args)?;
    let places = Places::choose(args, &target)?;
    let stop = Stop::on_signals().context("cannot catch signals")?;
    // Dropped after all that may leave something: what is left would outlive us.
    let _orphanage = Orphanage::open()?;
    if args.programs.is_none() {
        build(&stop)?;
    }
    start_and_watch(args, &places, &stop)
}

fn already_running(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!(
            "`cargo xtask up` is running already (pid {pid}): end it with Ctrl-C or `kill {pid}`"
        ),
        None => "`cargo xtask up` is running already".to_owned(),
    }
}

fn provide(args: &Args) -> Result<()> {
    let mut missing = packages::missing(&[POSTGRES, UTIL_LINUX]);
    if args.programs.is_none() {
        missing.extend(packages::missing(&page::NEEDS));
    }
    if args.hosts > 0
        && let Err(lacking) = testhost::requirements()
    {
        missing.extend(lacking.packages);
    }
    packages::provide(&missing, !args.no_install)?;
    if args.hosts > 0 {
        testhost::requirements().context("--hosts")?;
    }
    Ok(())
}

fn build(stop: &Stop) -> Result<()> {
    step("building the page", || {
        page::install(|npm| stop.run(npm))?;
        stop.run(page::script("build"))
    })?;
    let mut cargo = workspace::cargo();
    cargo.args([
        "build",
        "--release",
        "--package",
        "agent",
        "--package",
        "server",
        "--package",
        "cli",
    ]);
    cargo.env("SQLX_OFFLINE", "true");
    // Its own progress bar says more than ours could.
    stop.run(cargo).context("cannot build")
}

fn start_and_watch(args: &Args, places: &Places, stop: &Stop) -> Result<()> {
    let mut fleet = start(args, places, stop)?;
    let outcome = fleet.watch(stop);
    tell("ending everything");
    outcome
}

fn start(args: &Args, places: &Places, stop: &Stop) -> Result<Fleet> {
    make_folders(places)?;
    let hosts = match args.hosts {
        0 => None,
        count => Some(step("booting the test hosts", || Hosts::boot(count))?),
    };
    let ip = hosts
        .as_ref()
        .map_or(Ok(Ipv4Addr::LOCALHOST.into()), Hosts::base_ip)?;
    let addresses = Addresses::choose(ip)?;
    let server = step("starting the server and its Postgres", || {
        start_server(places, &addresses, stop)
    })?;
    let join = step("making a join token", || {
        JoinCommand::create(places, u32::from(args.hosts) + 1)
    })?;
    let agent = step("starting the agent of this machine", || {
        start_agent(places, &join)
    })?;
    command_line::write(places, &addresses)?;
    let login_link = command_line::login_link(places)?;
    let mut fleet = Fleet {
        agent,
        hosts,
        server,
    };
    if let Some(hosts) = &fleet.hosts {
        step("starting agents and demo services in the hosts", || {
            hosts.furnish(places, &join)
        })?;
        hosts.write_door(&places.state.join("on"))?;
    }
    step("waiting for the hosts to be online", || {
        fleet.wait_till_online(places, stop)
    })?;
    print(guide::text(
        places,
        &addresses,
        &login_link,
        fleet.hosts.as_ref().map_or(0, Hosts::len),
    ));
    Ok(fleet)
}

/// Removes what the last `up` has left.
fn make_folders(places: &Places) -> Result<()> {
    for folder in [&places.state, &places.server_data] {
        if folder.exists() {
            fs::remove_dir_all(folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    for folder in [&places.state, &places.server_data] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    Ok(())
}

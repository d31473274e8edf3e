//! A server of the lab, with a Postgres of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use testhost::until;

use crate::program::{self, Program};

/// The first start makes a database, on a machine that may be busy with other tests.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// The file with the key that signs orders, in the server's data.
const ORDER_KEY: &str = "order-key.pem";
/// HTTPS and gRPC of a server; those of a replica are beside them.
const PORTS: (u16, u16) = (8443, 9443);
const REPLICA_PORTS: (u16, u16) = (8444, 9444);

/// A server and its data, in a folder that goes with it.
#[derive(Debug)]
pub struct Server {
    running: Program,
    folder: tempfile::TempDir,
    address: String,
    ports: (u16, u16),
}

#[derive(Serialize)]
struct Config<'a> {
    /// `None`: a Postgres of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    database_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<Orders>,
    data_dir: &'a Path,
    public_names: [&'a str; 2],
    stop_grace: &'a str,
    listen: Listen,
}

#[derive(Serialize)]
struct Orders {
    key_file: PathBuf,
}

#[derive(Serialize)]
struct Listen {
    http: String,
    agents: String,
}

impl Server {
    /// Starts a server on an address of this machine, and waits till it is ready.
    pub fn start(address: &str) -> Result<Self> {
        Self::start_with(address, PORTS, None)
    }

    /// Starts another server on the same database, with the same key for orders.
    pub fn replica(&self) -> Result<Self> {
        let socket = self.postmaster_line(4)?;
        let database = format!("postgres://postgres@localhost/aiops?host={socket}");
        let key = self.folder.path().join("server").join(ORDER_KEY);
        let shared = (database, Orders { key_file: key });
        Self::start_with(&self.address, REPLICA_PORTS, Some(shared))
    }

    fn start_with(
        address: &str,
        ports: (u16, u16),
        shared: Option<(String, Orders)>,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("aiops-lab-").tempdir()?;
        // Postgres runs as another user and has to get through.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.path(), open)?;
        let (database_url, orders) = shared.unzip();
        let config = Config {
            database_url,
            orders,
            data_dir: &folder.path().join("server"),
            public_names: [address, "127.0.0.1"],
            stop_grace: "1s",
            listen: Listen {
                http: format!("{address}:{}", ports.0),
                agents: format!("{address}:{}", ports.1),
            },
        };
        fs::write(folder.path().join("server.toml"), toml::to_string(&config)?)?;
        let running = launch(folder.path())?;
        let mut server = Self {
            running,
            folder,
            address: address.to_owned(),
            ports,
        };
        server.wait_till_ready()?;
        Ok(server)
    }

    /// Kills it, its Postgres too, without a last word.
    pub fn kill(&mut self) {
        self.running.kill();
    }

    /// Starts it again after [`Server::kill`], with the same data.
    pub fn start_again(&mut self) -> Result<()> {
        self.running = launch(self.folder.path())?;
        self.wait_till_ready()
    }

    /// Stops its Postgres in the hard way: nothing is written, nobody gets a last word.
    pub fn stop_postgres(&self) -> Result<()> {
        let postmaster = Pid::from_raw(self.postmaster_line(0)?.parse()?);
        let postmaster = postmaster.context("no process has the pid 0")?;
        Ok(kill_process(postmaster, Signal::QUIT)?)
    }

    /// Waits till it has ended by itself.
    pub fn until_ended(&mut self) -> Result<()> {
        until("the server ends", READY_WITHIN, || {
            Ok(self.running.has_ended()?.then_some(()))
        })
    }

    /// Asks its database as Postgres' own `psql` does; rows are lines, columns end with `|`.
    pub fn sql(&self, query: &str) -> Result<String> {
        let socket = self.postmaster_line(4)?;
        let connection = ["-h", &socket, "-U", "postgres", "-d", "aiops"];
        let mut psql = Command::new("psql");
        psql.args(connection).args(["-AtXqc", query]);
        program::printed(&mut psql)
    }

    fn postmaster_line(&self, number: usize) -> Result<String> {
        let path = self
            .folder
            .path()
            .join("server/postgres/data/postmaster.pid");
        let text = fs::read_to_string(path).context("its Postgres does not run")?;
        let line = text.lines().nth(number).context("the pid file is whole")?;
        Ok(line.trim().to_owned())
    }

    fn wait_till_ready(&mut self) -> Result<()> {
        let folder = self.folder.path().to_owned();
        let running = &mut self.running;
        until("the server is ready", READY_WITHIN, || {
            running.still_runs()?;
            Ok(admin(&folder, &["health"])?
                .output()?
                .status
                .success()
                .then_some(()))
        })
    }

    /// Runs an administrator's command and gives what it printed.
    pub fn admin(&self, words: &[&str]) -> Result<String> {
        program::printed(&mut admin(self.folder.path(), words)?)
    }

    /// The words of `aiops-agent join ...` for so many hosts.
    pub fn join_command(&self, uses: usize) -> Result<Vec<String>> {
        let uses = uses.to_string();
        let line = self.admin(&[
            "token",
            "create",
            "--uses",
            &uses,
            "--ttl",
            "1h",
            "--print-join",
        ])?;
        let (_, words) = line
            .split_once("aiops-agent ")
            .context("no join command was printed")?;
        Ok(words.split_whitespace().map(str::to_owned).collect())
    }

    /// Makes an account, and gives the link with which it logs in once.
    pub fn login_link(&self, name: &str, role: &str) -> Result<String> {
        let printed = self.admin(&["account", "create", name, "--role", role])?;
        let link = printed
            .split_whitespace()
            .find(|word| word.contains("/login#link="));
        link.map(str::to_owned)
            .with_context(|| format!("no link in {printed:?}"))
    }

    pub fn url(&self) -> String {
        format!("https://{}:{}", self.address, self.ports.0)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// What it logged last, for the message of a test that fails.
    pub fn last_lines(&self) -> String {
        self.running.last_lines()
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }
}

fn launch(folder: &Path) -> Result<Program> {
    let run = admin(folder, &["run"])?;
    Program::start(&run, &folder.join("server.log"))
}

fn admin(folder: &Path, words: &[&str]) -> Result<Command> {
    let mut command = Command::new(program::path("aiops-server")?);
    command
        .args(words)
        .arg("--config")
        .arg(folder.join("server.toml"));
    Ok(command)
}

//! A Postgres of our own: its data in a folder, a unix socket in the same folder, no network.
//!
//! For development and tests only: it does not wait for the disk, so a power cut may cost the data.
//! (The server has its own way to start a private Postgres, which does.)

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::account::Account;
use crate::run::checked;
use crate::tell::tell;

/// How long Postgres may take to answer after its start.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Who ends a Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It ends when the value is dropped or when this process dies.
    Ours,
    /// It runs on until [`Postgres::stop`].
    UntilStopped,
}

/// A Postgres that runs.
pub struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    account: Option<Account>,
    child: Option<Child>,
}

impl Postgres {
    /// Starts a Postgres in `folder`, and makes its data there if there is none. One that already
    /// runs in the folder is taken as it is.
    ///
    /// # Errors
    ///
    /// If no Postgres is installed, or it does not answer within [`START_LIMIT`].
    pub fn start(folder: &Path, lifetime: Lifetime) -> Result<Self> {
        let programs = programs()?;
        let account = Account::without_root("postgres")?;
        let folder = reachable(folder, account.as_ref());
        let mut postgres = Self {
            folder,
            programs,
            account,
            child: None,
        };
        if !postgres.answers() {
            postgres.create_data()?;
            postgres.launch(lifetime)?;
        }
        Ok(postgres)
    }

    /// The Postgres that runs in `folder`, if one does.
    pub fn running(folder: &Path) -> Result<Option<Self>> {
        let account = Account::without_root("postgres")?;
        let folder = reachable(folder, account.as_ref());
        let postgres = Self {
            folder,
            programs: programs()?,
            account,
            child: None,
        };
        Ok(postgres.answers().then_some(postgres))
    }

    /// Removes the data in `folder`; a Postgres that runs there is ended.
    pub fn discard(folder: &Path) -> Result<()> {
        if let Some(running) = Self::running(folder)? {
            running.stop()?;
        }
        let folder = reachable(folder, Account::without_root("postgres")?.as_ref());
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", folder.display()))
            }
            _ => Ok(()),
        }
    }

    /// Where a database of this Postgres is found; both sqlx and psql understand it.
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgres:///{database}?host={folder}&user=postgres")
    }

    /// Makes `database` anew, with every migration of the folder `migrations` applied to it.
    pub fn recreate(&self, database: &str, migrations: &Path) -> Result<()> {
        let drop = format!("drop database if exists {database} with (force)");
        let create = format!("create database {database}");
        checked(self.psql("postgres").args(["-c", &drop, "-c", &create]))?;
        for file in sql_files(migrations)? {
            checked(
                self.psql(database)
                    .arg("--single-transaction")
                    .arg("--file")
                    .arg(&file),
            )
            .with_context(|| format!("cannot apply {}", file.display()))?;
        }
        Ok(())
    }

    /// Ends this Postgres and waits until it is gone. Its data stays.
    pub fn stop(mut self) -> Result<()> {
        self.shut_down("fast")
    }

    fn shut_down(&mut self, mode: &str) -> Result<()> {
        let mut stop = self.as_account(&self.programs.join("pg_ctl"));
        stop.args(["stop", "--wait", "--mode", mode, "--pgdata"])
            .arg(self.data());
        let stopped = checked(&mut stop);
        if let Some(mut child) = self.child.take() {
            if stopped.is_err() {
                child.kill().context("cannot kill Postgres")?;
            }
            child.wait().context("cannot wait for Postgres")?;
        }
        stopped
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn create_data(&self) -> Result<()> {
        let data = self.data();
        if data_fits(&data, &self.programs) {
            return Ok(());
        }
        if data.exists() {
            fs::remove_dir_all(&data)
                .with_context(|| format!("cannot remove {}", data.display()))?;
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .with_context(|| format!("cannot make {}", self.folder.display()))?;
        if let Some(account) = &self.account {
            chown(&self.folder, Some(account.uid), Some(account.gid))?;
        }
        let mut initdb = self.as_account(&self.programs.join("initdb"));
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]);
        checked(initdb.args(["--no-sync", "--pgdata"]).arg(&data))
    }

    fn launch(&mut self, lifetime: Lifetime) -> Result<()> {
        let log_file = self.folder.join("log");
        let log = File::create(&log_file)
            .with_context(|| format!("cannot write {}", log_file.display()))?;
        let mut postgres = self.as_account(&self.programs.join("postgres"));
        if lifetime == Lifetime::Ours {
            // setpriv, which runs the program that follows, sets this after the change of user.
            postgres = self.as_account(Path::new("setpriv"));
            postgres
                .arg("--pdeathsig=INT")
                .arg(self.programs.join("postgres"));
        }
        postgres
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(&self.folder);
        for setting in [
            "listen_addresses=",
            "fsync=off",
            "full_page_writes=off",
            "max_connections=200",
        ] {
            postgres.args(["-c", setting]);
        }
        // Its own group: Ctrl-C in the terminal is for us, and we end it in order.
        postgres
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.child = Some(postgres.spawn().context("cannot run postgres")?);
        self.wait_till_it_answers(&log_file)?;
        if lifetime == Lifetime::UntilStopped {
            self.child = None;
        }
        Ok(())
    }

    fn wait_till_it_answers(&mut self, log_file: &Path) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while !self.answers() {
            let child = self.child.as_mut().expect("launch has just set it");
            let ended = child.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(log_file).unwrap_or_default();
                bail!(
                    "Postgres does not start in {}:\n{log}",
                    self.folder.display()
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        let mut ask = Command::new(self.programs.join("pg_isready"));
        ask.arg("--quiet").arg("--host").arg(&self.folder);
        ask.status().is_ok_and(|status| status.success())
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"])
            .arg(self.url(database));
        psql.env("PGOPTIONS", "--client-min-messages=warning");
        psql
    }

    /// A command as the account that Postgres runs as: it refuses to be root.
    fn as_account(&self, program: &Path) -> Command {
        let mut command = match &self.account {
            Some(account) => account.command(program),
            None => Command::new(program),
        };
        command.current_dir("/");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.child.is_some()
            && let Err(error) = self.shut_down("immediate")
        {
            tell(format_args!("warning: {error:#}"));
        }
    }
}

/// The folder with the programs of the newest Postgres of this machine.
fn programs() -> Result<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = installed
        .map(|version| version.path().join("bin"))
        .filter(|folder| folder.join("initdb").exists())
        .max_by_key(|folder| major_version(folder));
    newest.context("no Postgres is installed: apt-get install postgresql")
}

/// 15 for `/usr/lib/postgresql/15/bin`.
fn major_version(programs: &Path) -> Option<u32> {
    programs.parent()?.file_name()?.to_str()?.parse().ok()
}

/// Is there data which these programs can run on?
fn data_fits(data: &Path, programs: &Path) -> bool {
    let version = fs::read_to_string(data.join("PG_VERSION")).unwrap_or_default();
    // postgresql.conf is there only if initdb went through.
    data.join("postgresql.conf").exists() && version.trim().parse().ok() == major_version(programs)
}

/// `folder`, or one in its stead where Postgres cannot use it: because its account may not enter
/// (a checkout in /root), or because the path of the socket is longer than the kernel allows.
fn reachable(folder: &Path, account: Option<&Account>) -> PathBuf {
    let socket = folder.join(".s.PGSQL.5432.lock");
    let entered = account.is_none_or(|account| account.can_enter(folder));
    if entered && socket.as_os_str().len() < 100 {
        return folder.to_owned();
    }
    let name = folder.to_string_lossy().replace('/', "-");
    let end = name.char_indices().rev().nth(50).map_or(0, |(at, _)| at);
    PathBuf::from(format!("/var/tmp/aiops{}", &name[end..]))
}

/// The SQL files of a folder in the order of their names, which is the order of the migrations.
fn sql_files(folder: &Path) -> Result<Vec<PathBuf>> {
    ensure!(folder.is_dir(), "{} is missing", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    Ok(files)
}

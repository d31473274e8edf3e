//! A Postgres of our own: its data in a folder, a unix socket in the same folder, no network.
//!
//! For development and tests only: it does not wait for the disk, so a power cut may cost the data.
//! (The server has its own way to start a private Postgres, which does.)

mod programs;
mod schema;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::account::Account;
use crate::refuge::{LONGEST_SOCKET_FOLDER, usable};
use crate::run::checked;
use crate::tell::tell;
use programs::{data_fits, programs};

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
        let folder = usable(folder, account.as_ref(), LONGEST_SOCKET_FOLDER)?;
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
        let folder = usable(folder, account.as_ref(), LONGEST_SOCKET_FOLDER)?;
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
        let account = Account::without_root("postgres")?;
        let folder = usable(folder, account.as_ref(), LONGEST_SOCKET_FOLDER)?;
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn it_ends_with_its_value_or_when_it_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        open_to_all(folder.path());
        let folder = folder.path().join("pg");
        drop(Postgres::start(&folder, Lifetime::Ours).unwrap());
        assert!(Postgres::running(&folder).unwrap().is_none());

        drop(Postgres::start(&folder, Lifetime::UntilStopped).unwrap());
        let still = Postgres::running(&folder)
            .unwrap()
            .expect("it was to run on");
        still.stop().unwrap();
        assert!(Postgres::running(&folder).unwrap().is_none());
    }

    /// The account of Postgres must be able to enter.
    pub(super) fn open_to_all(folder: &Path) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

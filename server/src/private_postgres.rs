//! A Postgres of the server's own, for when the configuration names none.
//!
//! Its data is in the server's data folder, and it listens on a unix socket only, in a folder that
//! only its own account (and root) can enter: that is why it asks for no password. It is a child
//! of the server and ends with it, however the server ends. It syncs to disk like any Postgres.

mod account;
mod folder;
mod leftover;
mod process;
mod programs;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;
use tracing::{info, warn};

use account::Account;
use folder::Folder;
use process::Process;
use programs::Programs;

/// The database in it.
const DATABASE: &str = "aiops";

/// After a crash Postgres first repeats its log, which takes minutes when it wrote much.
const START_LIMIT: Duration = Duration::from_secs(300);

/// How long a shutdown in order may take before Postgres is told to end at once.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Why there is no private Postgres.
#[derive(Debug, thiserror::Error)]
pub enum PrivatePostgresError {
    #[error("no database_url is configured, and no Postgres is installed to run a private one")]
    NotInstalled,
    #[error("{} holds data of PostgreSQL {major}, which is not installed", folder.display())]
    OtherVersion { folder: PathBuf, major: u32 },
    #[error(
        "this machine has none of the users postgres, aiops and nobody, and Postgres refuses to run as root"
    )]
    NoAccount,
    #[error("the user {user} cannot enter {}, so Postgres cannot run there", folder.display())]
    CannotEnter { user: String, folder: PathBuf },
    #[error("another aiops-server runs in {}", .0.display())]
    InUse(PathBuf),
    #[error("cannot use {}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("cannot run {program}")]
    Run { program: String, source: io::Error },
    #[error("initdb failed: {0}")]
    Initdb(String),
    #[error("the private Postgres does not start: {0}")]
    DoesNotStart(String),
    #[error("the private Postgres does not answer")]
    Connect(#[from] sqlx::Error),
}

impl PrivatePostgresError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotInstalled => {
                "`apt-get install postgresql` (or your system's package of that name), or set `database_url`"
            }
            Self::OtherVersion { major, .. } => {
                return Some(format!("apt-get install postgresql-{major}"));
            }
            Self::NoAccount => "useradd --system aiops",
            Self::CannotEnter { .. } => "set `data_dir` to a folder such as /var/lib/aiops-server",
            Self::InUse(_) => "stop it first, or give this one a `data_dir` of its own",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// A Postgres that runs as our child.
pub struct PrivatePostgres {
    process: Process,
    folder: Folder,
}

impl PrivatePostgres {
    /// Starts Postgres with its data below `data_dir`, and makes the data if there is none.
    ///
    /// # Errors
    ///
    /// [`PrivatePostgresError`], whose hint says what to do.
    pub async fn start(data_dir: &Path) -> Result<Self, PrivatePostgresError> {
        let account = Account::for_postgres()?;
        let folder = Folder::open(data_dir, account.as_ref())?;
        let programs = Programs::find(folder.major_version())?;
        leftover::end(&folder.data()).await;
        if !folder.has_data() {
            info!(folder = %folder.data().display(), "making the data of the private Postgres");
            programs.initdb(&folder, account.as_ref()).await?;
        }
        let command = programs.postgres(&folder, account.as_ref());
        let mut process = Process::spawn(command)?;
        match timeout(START_LIMIT, process.ready()).await {
            Ok(true) => {}
            Ok(false) => return Err(PrivatePostgresError::DoesNotStart(process.last_lines())),
            Err(_) => {
                let waited = format!("not ready after {} s", START_LIMIT.as_secs());
                return Err(PrivatePostgresError::DoesNotStart(waited));
            }
        }
        create_database(folder.socket()).await?;
        Ok(Self { process, folder })
    }

    /// How to connect to the Postgres that a running server keeps below `data_dir`. `None`: none
    /// runs there.
    pub fn running(data_dir: &Path) -> Option<PgConnectOptions> {
        let socket = leftover::socket_of_running(&folder::data_in(data_dir))?;
        Some(options(&socket, DATABASE))
    }

    pub fn options(&self) -> PgConnectOptions {
        options(self.folder.socket(), DATABASE)
    }

    /// Waits until Postgres has ended, which it does by itself only if something is wrong.
    pub async fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended().await
    }

    /// Ends Postgres in order and waits until it is gone.
    pub async fn stop(mut self) {
        self.process.tell(process::Ending::Fast);
        if timeout(STOP_LIMIT, self.process.ended()).await.is_err() {
            warn!("the private Postgres does not stop; it will recover at its next start");
            self.process.tell(process::Ending::Immediate);
            self.process.ended().await;
        }
        self.folder.remove_socket();
    }
}

async fn create_database(socket: &Path) -> Result<(), PrivatePostgresError> {
    let mut connection = options(socket, "postgres").connect().await?;
    let exists = sqlx::query("select from pg_database where datname = $1")
        .bind(DATABASE)
        .fetch_optional(&mut connection)
        .await?;
    if exists.is_none() {
        sqlx::query("create database aiops")
            .execute(&mut connection)
            .await?;
    }
    Ok(connection.close().await?)
}

fn options(socket: &Path, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(5432)
        .username("postgres")
        .database(database)
}

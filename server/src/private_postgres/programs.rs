//! The programs of an installed Postgres.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::PrivatePostgresError;
use super::account::Account;
use super::folder::Folder;

/// The folder with `initdb` and `postgres` of one version.
pub struct Programs {
    folder: PathBuf,
    major: u32,
}

impl Programs {
    /// The newest ones, or those that made the data.
    pub fn find(made_by: Option<(PathBuf, u32)>) -> Result<Self, PrivatePostgresError> {
        let installed = candidates().into_iter().filter_map(Self::at).collect();
        Self::choose(installed, made_by)
    }

    fn choose(
        installed: Vec<Self>,
        made_by: Option<(PathBuf, u32)>,
    ) -> Result<Self, PrivatePostgresError> {
        let fitting = match &made_by {
            Some((_, major)) => installed.into_iter().find(|found| found.major == *major),
            None => installed.into_iter().max_by_key(|found| found.major),
        };
        fitting.ok_or(match made_by {
            Some((folder, major)) => PrivatePostgresError::OtherVersion { folder, major },
            None => PrivatePostgresError::NotInstalled,
        })
    }

    fn at(folder: PathBuf) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let said = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let major = major_version(&String::from_utf8_lossy(&said.stdout))?;
        Some(Self { folder, major })
    }

    /// Makes the data, whole or not at all.
    pub async fn initdb(
        &self,
        folder: &Folder,
        account: Option<&Account>,
    ) -> Result<(), PrivatePostgresError> {
        let unfinished = folder.unfinished_data();
        let mut initdb = as_account(account, "KILL", &self.folder.join("initdb"));
        initdb
            .args(["--username=postgres", "--auth=trust"])
            .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(&unfinished);
        let failed = |path: &Path, source| PrivatePostgresError::Folder {
            path: path.to_owned(),
            source,
        };
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(|source| failed(&unfinished, source))?;
        }
        let output = tokio::task::spawn_blocking(move || initdb.output()).await;
        let output = output.expect("running a program does not panic");
        let output = output.map_err(|source| PrivatePostgresError::Run {
            program: "initdb".into(),
            source,
        })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(PrivatePostgresError::Initdb(said));
        }
        fs::rename(&unfinished, folder.data()).map_err(|source| failed(&folder.data(), source))
    }

    /// The command that becomes Postgres.
    pub fn postgres(&self, folder: &Folder, account: Option<&Account>) -> Command {
        // INT makes Postgres shut down in order: also when the server was killed.
        let mut postgres = as_account(account, "INT", &self.folder.join("postgres"));
        postgres
            .arg("-D")
            .arg(folder.data())
            .arg("-k")
            .arg(folder.socket());
        for setting in [
            "listen_addresses=",
            "port=5432",
            "unix_socket_permissions=0700",
            "logging_collector=off",
            "log_destination=stderr",
            "log_line_prefix=",
            "lc_messages=C",
            // What the pool of one server and the administrator's commands need.
            "max_connections=100",
        ] {
            postgres.args(["-c", setting]);
        }
        postgres
    }
}

/// A command that runs as `account` and gets `signal` when its parent dies.
fn as_account(account: Option<&Account>, signal: &str, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(account) = account {
        command
            .arg(format!("--reuid={}", account.uid))
            .arg(format!("--regid={}", account.gid))
            .arg("--clear-groups");
    }
    // setpriv sets it behind the change of user, which would clear it again.
    command
        .arg(format!("--pdeathsig={signal}"))
        .arg("--")
        .arg(program);
    // In a group of its own: Ctrl-C in the terminal is for us, and we end it in order.
    command.process_group(0);
    command.env_clear().env("LC_ALL", "C").env("PATH", path());
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn path() -> OsString {
    env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into())
}

/// Every folder in which distributions put the programs.
fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::split_paths(&path()).collect();
    for (parent, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")] {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let versions = entries.filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let version = name.strip_prefix(prefix);
            version.is_some_and(|version| version.parse::<u32>().is_ok())
        });
        folders.extend(versions.map(|entry| entry.path().join("bin")));
    }
    folders
}

/// 15 of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_version(said: &str) -> Option<u32> {
    let version = said.split_once("(PostgreSQL) ")?.1;
    let digits = version.find(|c: char| !c.is_ascii_digit());
    version[..digits.unwrap_or(version.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_programs_are_taken_or_those_that_made_the_data() {
        let installed = |majors: &[u32]| -> Vec<Programs> {
            let programs = majors.iter().map(|major| Programs {
                folder: PathBuf::new(),
                major: *major,
            });
            programs.collect()
        };
        let chosen = |majors: &[u32], made_by: Option<u32>| {
            let made_by = made_by.map(|major| (PathBuf::from("/data"), major));
            Programs::choose(installed(majors), made_by).map(|programs| programs.major)
        };
        assert_eq!(chosen(&[15, 17, 16], None).unwrap(), 17);
        assert_eq!(chosen(&[15, 17], Some(15)).unwrap(), 15);
        // What one can do about it is in the hint, with the name of the package.
        let none = chosen(&[], None).unwrap_err();
        assert!(
            none.hint().unwrap().contains("apt-get install postgresql`"),
            "{none}"
        );
        let other = chosen(&[17], Some(15)).unwrap_err();
        assert_eq!(other.hint().unwrap(), "apt-get install postgresql-15");
    }

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        let cases: &[(&str, Option<u32>)] = &[
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                Some(15),
            ),
            ("postgres (PostgreSQL) 17devel\n", Some(17)),
            ("postgres (PostgreSQL) 18", Some(18)),
            ("not found", None),
        ];
        for (said, expected) in cases {
            assert_eq!(major_version(said), *expected, "{said:?}");
        }
    }
}

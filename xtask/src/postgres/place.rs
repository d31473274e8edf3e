//! Where the programs of Postgres are, and where its data can be.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::account::Account;

/// The kernel takes 107 bytes; what follows the folder is `/.s.PGSQL.5432`.
const LONGEST_FOLDER: usize = 90;

/// The folder with the programs of the newest Postgres of this machine.
pub fn programs() -> Result<PathBuf> {
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
pub fn data_fits(data: &Path, programs: &Path) -> bool {
    let version = fs::read_to_string(data.join("PG_VERSION")).unwrap_or_default();
    // postgresql.conf is there only if initdb went through.
    data.join("postgresql.conf").exists() && version.trim().parse().ok() == major_version(programs)
}

/// `folder`, or one in its stead where Postgres cannot use it: because its account may not enter
/// (a checkout in /root), or because the path of the socket is longer than the kernel allows.
pub fn reachable(folder: &Path, account: Option<&Account>) -> PathBuf {
    let entered = account.is_none_or(|account| account.can_enter(folder));
    if entered && folder.as_os_str().len() <= LONGEST_FOLDER {
        return folder.to_owned();
    }
    let name = folder.to_string_lossy().replace('/', "-");
    let end = name.char_indices().rev().nth(50).map_or(0, |(at, _)| at);
    PathBuf::from(format!("/var/tmp/aiops{}", &name[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_postgres_cannot_use_is_replaced() {
        let nobody = Account {
            uid: 65534,
            gid: 65534,
        };
        let fine = Path::new("/tmp/checkout/target/dev-pg");
        assert_eq!(reachable(fine, Some(&nobody)), fine);

        let long = PathBuf::from(format!("/tmp/{}/target/dev-pg", "long".repeat(30)));
        let other = reachable(&long, None);
        assert!(
            other.as_os_str().len() <= LONGEST_FOLDER,
            "{}",
            other.display()
        );
        assert!(
            other.starts_with("/var/tmp") && other.to_string_lossy().ends_with("-target-dev-pg")
        );
    }

    #[test]
    fn data_of_another_version_does_not_fit() {
        let data = tempfile::tempdir().unwrap();
        let programs = Path::new("/usr/lib/postgresql/15/bin");
        assert!(!data_fits(data.path(), programs), "there is none");
        fs::write(data.path().join("PG_VERSION"), "15\n").unwrap();
        assert!(!data_fits(data.path(), programs), "initdb was interrupted");
        fs::write(data.path().join("postgresql.conf"), "").unwrap();
        assert!(data_fits(data.path(), programs));
        assert!(!data_fits(
            data.path(),
            Path::new("/usr/lib/postgresql/17/bin")
        ));
    }
}

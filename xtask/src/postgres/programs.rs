//! The programs of Postgres, and whether data is theirs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

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

#[cfg(test)]
mod tests {
    use super::*;

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

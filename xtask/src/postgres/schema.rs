//! Databases with our schema.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Postgres;
use crate::run::checked;

impl Postgres {
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

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"])
            .arg(self.url(database));
        psql.env("PGOPTIONS", "--client-min-messages=warning");
        psql
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::Lifetime;
    use crate::postgres::tests::open_to_all;

    #[test]
    fn a_database_is_made_anew_with_the_migrations_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let migrations = tempfile::tempdir().unwrap();
        fs::write(
            migrations.path().join("0002_b.sql"),
            "insert into it values (2)",
        )
        .unwrap();
        fs::write(
            migrations.path().join("0001_a.sql"),
            "create table it (n int)",
        )
        .unwrap();
        fs::write(migrations.path().join("README.md"), "no SQL").unwrap();
        open_to_all(folder.path());

        let postgres = Postgres::start(&folder.path().join("pg"), Lifetime::Ours).unwrap();
        for _ in 0..2 {
            postgres.recreate("it", migrations.path()).unwrap();
            let mut count = postgres.psql("it");
            count.args(["--tuples-only", "--no-align", "-c", "select sum(n) from it"]);
            assert_eq!(crate::run::captured(&mut count).unwrap(), "2\n");
        }
        fs::write(migrations.path().join("0003_c.sql"), "nonsense").unwrap();
        let refused = format!(
            "{:#}",
            postgres.recreate("it", migrations.path()).unwrap_err()
        );
        assert!(
            refused.contains("0003_c.sql") && refused.contains("syntax error"),
            "{refused}"
        );
    }
}

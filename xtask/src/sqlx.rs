//! `cargo xtask sqlx`: the query data in `.sqlx`, from which sqlx checks queries without a database.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

use crate::postgres::{Lifetime, Postgres};
use crate::run::checked;
use crate::workspace;

/// A database of its own: `pg` may be in use by somebody while this one is made anew.
const DATABASE: &str = "aiops_queries";

#[derive(clap::Args)]
pub struct Args {
    /// Only compare .sqlx with the queries, and fail if it is out of date
    #[arg(long)]
    check: bool,
}

type QueryData = BTreeMap<OsString, Vec<u8>>;

pub fn run(args: &Args) -> Result<()> {
    let postgres = Postgres::start(&workspace::target().join("dev-pg"), Lifetime::Ours)?;
    let committed = workspace::root().join(".sqlx");
    let old = read(&committed)?;
    let new = prepare(&postgres)?;
    if args.check {
        ensure!(old == new, "{}", difference(&old, &new));
        return Ok(());
    }
    write(&committed, &old, &new)?;
    eprintln!("{} queries in .sqlx", new.len());
    Ok(())
}

/// Compiles the server against a database with our schema; sqlx's macros leave their data behind.
fn prepare(postgres: &Postgres) -> Result<QueryData> {
    postgres.recreate(DATABASE, &workspace::root().join("migrations"))?;
    let fresh = workspace::target().join("sqlx");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir_all(&fresh)?;
    // The macros run only where cargo compiles, and it does not know that we wait for them.
    touch(&workspace::root().join("server"))?;
    let mut check = workspace::cargo();
    check.args(["check", "--quiet", "--package", "server", "--all-targets"]);
    check
        .env("DATABASE_URL", postgres.url(DATABASE))
        .env("SQLX_OFFLINE_DIR", &fresh);
    check.env("SQLX_OFFLINE", "false");
    checked(&mut check)?;
    read(&fresh)
}

/// Marks the sources of all targets of a crate as changed.
fn touch(crate_folder: &Path) -> Result<()> {
    for folder in ["src", "src/bin", "tests", "benches", "examples"] {
        let Ok(entries) = fs::read_dir(crate_folder.join(folder)) else {
            continue;
        };
        for file in entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
        {
            fs::File::options()
                .append(true)
                .open(&file)
                .and_then(|opened| opened.set_modified(SystemTime::now()))
                .with_context(|| format!("cannot touch {}", file.display()))?;
        }
    }
    Ok(())
}

fn read(folder: &Path) -> Result<QueryData> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(QueryData::new());
    };
    let files = entries.map(|entry| {
        let entry = entry?;
        Ok((entry.file_name(), fs::read(entry.path())?))
    });
    files.collect()
}

fn write(folder: &Path, old: &QueryData, new: &QueryData) -> Result<()> {
    fs::create_dir_all(folder)?;
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    for (name, data) in new
        .iter()
        .filter(|(name, data)| old.get(*name) != Some(data))
    {
        fs::write(folder.join(name), data)?;
    }
    Ok(())
}

fn difference(old: &QueryData, new: &QueryData) -> String {
    let missing = new.keys().filter(|name| !old.contains_key(*name)).count();
    let stale = old.keys().filter(|name| !new.contains_key(*name)).count();
    let changed = new
        .iter()
        .filter(|(name, data)| old.get(*name).is_some_and(|old| old != *data))
        .count();
    format!(
        ".sqlx is out of date ({missing} missing, {stale} no longer used, {changed} changed): \
         run `cargo xtask sqlx` and commit .sqlx"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_in_numbers() {
        let data = |names: &[(&str, &str)]| -> QueryData {
            names
                .iter()
                .map(|(name, data)| ((*name).into(), data.as_bytes().to_vec()))
                .collect()
        };
        let text = difference(
            &data(&[("a", "1"), ("b", "1")]),
            &data(&[("b", "2"), ("c", "1"), ("d", "1")]),
        );
        assert!(
            text.contains("2 missing, 1 no longer used, 1 changed"),
            "{text}"
        );
    }
}

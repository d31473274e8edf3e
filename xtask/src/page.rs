//! The page in `web/`: its packages from npm, and the folder that goes into the server's binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::packages::{CHROMIUM, NODEJS, NPM, Package};
use crate::workspace;

/// What building the page takes.
pub const NEEDS: [Package; 2] = [NODEJS, NPM];
/// What driving it takes as well.
pub const DRIVES: [Package; 1] = [CHROMIUM];

/// Says that the packages in `node_modules` are those of the lock file beside it.
const INSTALLED: &str = "node_modules/.aiops-lock";

pub fn folder() -> PathBuf {
    workspace::root().join("web")
}

/// Installs the packages of the lock file, if that has not been done, with `run`.
pub fn install(run: impl FnOnce(Command) -> Result<()>) -> Result<()> {
    let folder = folder();
    let lock = fs::read(folder.join("package-lock.json"))
        .context("the page has no web/package-lock.json")?;
    if is_installed(&folder, &lock) {
        return Ok(());
    }
    run(npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"])).context("npm ci")?;
    fs::write(folder.join(INSTALLED), lock).context("cannot note what npm installed")
}

/// `npm run SCRIPT` in `web/`.
pub fn script(name: &str) -> Command {
    npm(&["run", "--silent", name])
}

fn npm(arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder()).args(arguments);
    npm
}

fn is_installed(folder: &Path, lock: &[u8]) -> bool {
    fs::read(folder.join(INSTALLED)).is_ok_and(|installed| installed == lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_anew_when_the_lock_file_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_installed(folder.path(), b"1"));
        fs::create_dir(folder.path().join("node_modules")).unwrap();
        fs::write(folder.path().join(INSTALLED), "1").unwrap();
        assert!(is_installed(folder.path(), b"1"));
        assert!(!is_installed(folder.path(), b"2"));
    }
}

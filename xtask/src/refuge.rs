//! Folders for a Postgres that cannot use one in the checkout.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::account::Account;

/// The kernel takes 107 bytes; what follows the folder is `/.s.PGSQL.5432`.
pub const LONGEST_SOCKET_FOLDER: usize = 90;

/// `folder`, or one in its stead where it cannot be used: because `account` may not enter (root's
/// checkout in /root), or because its path is longer than `longest` bytes.
///
/// # Errors
///
/// If the folder in its stead is not ours alone.
pub fn usable(folder: &Path, account: Option<&Account>, longest: usize) -> Result<PathBuf> {
    let entered = account.is_none_or(|account| account.can_enter(folder));
    if entered && folder.as_os_str().len() <= longest {
        return Ok(folder.to_owned());
    }
    Ok(refuge()?.join(name_of(folder)))
}

/// A short name for a folder: the end of its path, which tells more than its start.
fn name_of(folder: &Path) -> String {
    let name = folder.to_string_lossy().replace('/', "-");
    let start = name.char_indices().rev().nth(50).map_or(0, |(at, _)| at);
    name[start..].trim_start_matches('-').to_owned()
}

/// A folder of ours outside the checkout, which any account can enter if we are root.
fn refuge() -> Result<PathBuf> {
    let uid = rustix::process::geteuid();
    let (folder, mode) = if uid.is_root() {
        (PathBuf::from("/var/lib/aiops-dev"), 0o755)
    } else {
        (
            PathBuf::from(format!("/var/tmp/aiops-dev-{}", uid.as_raw())),
            0o700,
        )
    };
    let made = DirBuilder::new().mode(mode).create(&folder);
    // Anybody can make a folder in /var/tmp before us.
    let found = fs::symlink_metadata(&folder).ok();
    let ours = found.is_some_and(|found| found.is_dir() && found.uid() == uid.as_raw());
    ensure!(
        ours,
        "cannot use {}: {}",
        folder.display(),
        made.err()
            .map_or("it is another's".to_owned(), |error| error.to_string())
    );
    folder
        .canonicalize()
        .context("cannot find the folder just made")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_be_used_is_taken() {
        let nobody = Account {
            uid: 65534,
            gid: 65534,
        };
        let fine = Path::new("/tmp/checkout/target/dev-pg");
        assert_eq!(
            usable(fine, Some(&nobody), LONGEST_SOCKET_FOLDER).unwrap(),
            fine
        );
    }

    #[test]
    fn another_has_a_short_name_that_tells_whose_it_is() {
        assert_eq!(
            name_of(Path::new("/root/aiops/target/up/server")),
            "root-aiops-target-up-server"
        );
        let long = format!("/{}/target/dev-pg", "é".repeat(100));
        let name = name_of(Path::new(&long));
        assert!(name.ends_with("é-target-dev-pg"), "{name}");
        assert_eq!(name.chars().count(), 51);
    }
}

//! Whether we may read the journal at all. libsystemd passes over files that it may not open, so
//! a journal that is forbidden looks like an empty one.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::CollectError;

/// Where journald keeps its files: on disk, and until `/var` is there.
const SYSTEM_DIRECTORIES: [&str; 2] = ["/var/log/journal", "/run/log/journal"];

/// Finds out whether there is a journal, and one that may be read.
pub(super) fn check(directory: Option<&Path>) -> Result<(), CollectError> {
    let directories: Vec<PathBuf> = match directory {
        Some(directory) => vec![directory.to_owned()],
        None => SYSTEM_DIRECTORIES.iter().map(PathBuf::from).collect(),
    };
    let mut denied = None;
    for directory in &directories {
        match readable(directory) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => denied = Some(error),
        }
    }
    Err(denied.unwrap_or(CollectError::NoJournal))
}

/// Whether a journal file stands in `directory` or a folder of it, as journald nests them, and
/// can be opened.
///
/// # Errors
///
/// [`CollectError::JournalDenied`] if files may not be opened, unless another one may.
fn readable(directory: &Path) -> Result<bool, CollectError> {
    let mut denied = None;
    for path in journal_files(directory)? {
        match File::open(&path) {
            Ok(_) => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => denied = Some(path),
            // Rotated or vacuumed in this moment.
            Err(_) => {}
        }
    }
    match denied {
        Some(path) => Err(CollectError::JournalDenied { path }),
        None => Ok(false),
    }
}

fn journal_files(directory: &Path) -> Result<Vec<PathBuf>, CollectError> {
    let mut files = Vec::new();
    for path in entries(directory)? {
        if path.is_dir() {
            files.extend(
                entries(&path)?
                    .into_iter()
                    .filter(|path| is_system_journal(path)),
            );
        } else if is_system_journal(&path) {
            files.push(path);
        }
    }
    Ok(files)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, CollectError> {
    match fs::read_dir(directory) {
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(CollectError::JournalDenied {
                path: directory.to_owned(),
            })
        }
        Err(_) => Ok(Vec::new()),
    }
}

/// Everybody may read the journal of their own user; that one says nothing about units.
fn is_system_journal(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_journal = name.ends_with(".journal") || name.ends_with(".journal~");
    is_journal && !name.starts_with("user-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_missing_until_it_has_a_file_of_the_system() {
        let root = tempfile::tempdir().unwrap();
        let outcome = || check(Some(root.path()));
        assert!(matches!(outcome(), Err(CollectError::NoJournal)));
        let machine = root.path().join("5f0d3a7bb0de4f6d8a6a9a2c0f1f6a11");
        fs::create_dir(&machine).unwrap();
        fs::write(machine.join("user-1000.journal"), "").unwrap();
        assert!(matches!(outcome(), Err(CollectError::NoJournal)));
        fs::write(machine.join("system.journal"), "").unwrap();
        assert!(outcome().is_ok());
    }
}

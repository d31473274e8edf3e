//! The paths that a log complains about, as they are now.

use std::path::Path;

use analysis::start_failure::facts::{FileState, FilesystemFact, PlaceFact};
use rustix::fs::{StatVfsMountFlags, statvfs};

use super::files;

/// Paths that are looked at.
const MOST: usize = 4;

/// Looks at paths of a unit whose `/` is `root`. What hangs (a file system of another machine) is
/// given up by whoever runs this with a limit.
pub(super) fn at(root: &str, paths: Vec<String>) -> Vec<PlaceFact> {
    let paths = paths.into_iter().filter(|path| path.starts_with('/'));
    paths.take(MOST).map(|path| place(root, path)).collect()
}

fn place(root: &str, path: String) -> PlaceFact {
    let is_missing =
        |path: &Path| files::state(root, &path.to_string_lossy()) == FileState::Missing;
    let above = Path::new(&path).ancestors().skip(1);
    let missing: Vec<&Path> = above.take_while(|folder| is_missing(folder)).collect();
    let there = Path::new(&path)
        .ancestors()
        .find(|path| !is_missing(path))
        .unwrap_or(Path::new("/"));
    PlaceFact {
        state: files::state(root, &path),
        missing_folder: missing
            .first()
            .map(|folder| folder.to_string_lossy().into_owned()),
        filesystem: filesystem(&files::place(root, &there.to_string_lossy())),
        path,
    }
}

fn filesystem(path: &Path) -> Option<FilesystemFact> {
    let seen = statvfs(path).ok()?;
    Some(FilesystemFact {
        bytes: seen.f_blocks.saturating_mul(seen.f_frsize),
        free_bytes: seen.f_bavail.saturating_mul(seen.f_frsize),
        inodes: seen.f_files,
        free_inodes: seen.f_favail,
        read_only: seen.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_its_folder() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("there"), "").unwrap();
        let root = root.path().to_str().unwrap();
        let found = at(
            root,
            ["/there", "/none/file", "relative"].map(Into::into).into(),
        );
        let folders: Vec<_> = found
            .iter()
            .map(|place| place.missing_folder.as_deref())
            .collect();
        assert_eq!(folders, [None, Some("/none")]);
        assert!(
            found
                .iter()
                .all(|place| place.filesystem.is_some_and(|seen| seen.bytes > 0))
        );
    }
}

//! Which path the id of a cgroup stands for.
//!
//! The id of a v2 cgroup is the inode of its directory. The directories are read once, then the
//! BPF source tells of each that comes and goes: the path of a unit that lived for milliseconds is
//! known although nothing of it can be looked up any more.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::{DirEntryExt, MetadataExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use analysis::event::Placement;

use super::procfs;

/// More directories than this are not remembered; their processes are looked up in /proc.
const MAX_DIRECTORIES: usize = 65_536;
/// Deeper than any real tree; ends the walk if a parent was told wrongly.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
struct Directory {
    parent: u64,
    name: String,
}

/// The directories of the v2 hierarchy below the agent's root, and what their paths name.
#[derive(Debug, Default)]
pub(super) struct Cgroups {
    root: Option<u64>,
    directories: HashMap<u64, Directory>,
    placements: HashMap<u64, Arc<Placement>>,
    /// Whether v1 hierarchies exist: then `/` in v2 says nothing about a process.
    has_v1: bool,
}

impl Cgroups {
    /// Reads the directories that exist.
    pub(super) fn read() -> Self {
        let mut cgroups = Self {
            has_v1: procfs::has_cgroup_v1(),
            ..Self::default()
        };
        cgroups.read_again();
        cgroups
    }

    /// Reads the directories anew, after news of them were lost.
    pub(super) fn read_again(&mut self) {
        self.directories.clear();
        self.placements.clear();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let Some(top) = mount_of_v2(&mounts) else {
            return;
        };
        // Unreadable directories are looked up process by process: nothing to report.
        self.root = fs::metadata(&top).ok().map(|meta| meta.ino());
        if let Some(root) = self.root {
            let _ = self.read_below(&top, root, 0);
        }
    }

    fn read_below(&mut self, path: &Path, id: u64, depth: usize) -> io::Result<()> {
        if depth >= MAX_DEPTH {
            return Ok(());
        }
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                let name = entry.file_name().to_string_lossy().into_owned();
                self.made(entry.ino(), id, name);
                // Gone meanwhile: the news of that is on its way.
                let _ = self.read_below(&entry.path(), entry.ino(), depth + 1);
            }
        }
        Ok(())
    }

    /// Takes in a new directory. Those outside the agent's root are not ours.
    pub(super) fn made(&mut self, id: u64, parent: u64, name: String) {
        let is_ours = Some(parent) == self.root || self.directories.contains_key(&parent);
        if is_ours && self.directories.len() < MAX_DIRECTORIES {
            self.directories.insert(id, Directory { parent, name });
        }
    }

    pub(super) fn gone(&mut self, id: u64) {
        self.directories.remove(&id);
        self.placements.remove(&id);
    }

    /// What the cgroup names. `None`: it is not known, or says nothing.
    pub(super) fn placement(&mut self, id: u64) -> Option<Arc<Placement>> {
        if let Some(known) = self.placements.get(&id) {
            return Some(Arc::clone(known));
        }
        let path = self.path(id)?;
        if self.has_v1 && path == "/" {
            return None;
        }
        Some(self.remember(id, &path))
    }

    /// Keeps what /proc said about a process of this cgroup, where that holds for all of them.
    pub(super) fn learn(&mut self, id: u64, path: &str) -> Arc<Placement> {
        if self.has_v1 || self.placements.len() >= MAX_DIRECTORIES {
            return Arc::new(Placement::of_cgroup(path));
        }
        self.remember(id, path)
    }

    fn remember(&mut self, id: u64, path: &str) -> Arc<Placement> {
        let placement = Arc::new(Placement::of_cgroup(path));
        self.placements.insert(id, Arc::clone(&placement));
        placement
    }

    fn path(&self, id: u64) -> Option<String> {
        let mut names = Vec::new();
        let mut at = id;
        while Some(at) != self.root {
            let directory = self.directories.get(&at)?;
            names.push(directory.name.as_str());
            at = directory.parent;
            if names.len() > MAX_DEPTH {
                return None;
            }
        }
        names.reverse();
        Some(format!("/{}", names.join("/")))
    }
}

/// Where the whole of the v2 hierarchy, as far as the reader's root, is mounted.
fn mount_of_v2(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(3);
        let (root, mount_point) = (left.next()?, left.next()?);
        (right.starts_with("cgroup2 ") && root == "/").then(|| PathBuf::from(mount_point))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Cgroups {
        let mut cgroups = Cgroups {
            root: Some(1),
            ..Cgroups::default()
        };
        cgroups.made(10, 1, "system.slice".to_owned());
        cgroups.made(11, 10, "a.service".to_owned());
        cgroups
    }

    #[test]
    fn ids_become_paths_and_units() {
        let placement = tree().placement(11).unwrap();
        assert_eq!(placement.cgroup, "/system.slice/a.service");
        assert_eq!(placement.unit.as_ref().unwrap().as_str(), "a.service");
    }

    #[test]
    fn directories_outside_the_root_are_not_ours() {
        let mut cgroups = tree();
        cgroups.made(21, 20, "foreign".to_owned());
        assert_eq!(cgroups.placement(21), None);
    }

    #[test]
    fn a_directory_that_went_is_forgotten() {
        let mut cgroups = tree();
        cgroups.placement(11);
        cgroups.gone(11);
        assert_eq!(cgroups.placement(11), None);
    }

    #[test]
    fn the_root_says_nothing_where_v1_exists() {
        let mut cgroups = tree();
        assert_eq!(cgroups.placement(1).unwrap().cgroup, "/");
        let mut hybrid = Cgroups {
            has_v1: true,
            ..tree()
        };
        assert_eq!(hybrid.placement(1), None);
    }

    #[test]
    fn the_mount_of_the_whole_hierarchy_is_found() {
        let mounts = "\
30 29 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
31 29 0:27 /../.. /mnt/x rw shared:9 - cgroup2 cgroup2 rw
32 29 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw";
        let found = mount_of_v2(mounts);
        assert_eq!(found, Some(PathBuf::from("/sys/fs/cgroup/unified")));
    }
}

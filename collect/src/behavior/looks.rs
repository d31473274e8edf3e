//! Looks at open files, sockets and children, now and then.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::sockets::InUse;

/// Files and peers that are kept; more than a report lists.
const MOST: usize = 2000;
/// Open files that are looked at each time.
const MOST_OPEN: usize = 2000;

pub(super) struct Looks {
    folder: PathBuf,
    at_begin: BTreeSet<(i32, String)>,
    /// Paths that were open at one look or another.
    pub(super) files: BTreeSet<String>,
    pub(super) peers: BTreeSet<(String, String)>,
    pub(super) children: BTreeSet<u32>,
    /// At the end and not at the beginning, and the other way round.
    pub(super) opened: u32,
    pub(super) closed: u32,
}

impl Looks {
    pub(super) fn begin(pid: u32) -> Self {
        let mut looks = Self {
            folder: PathBuf::from(format!("/proc/{pid}")),
            at_begin: BTreeSet::new(),
            files: BTreeSet::new(),
            peers: BTreeSet::new(),
            children: BTreeSet::new(),
            opened: 0,
            closed: 0,
        };
        looks.at_begin = looks.look();
        looks
    }

    pub(super) fn end(&mut self) {
        let now = self.look();
        let count = |left: usize| u32::try_from(left).unwrap_or(u32::MAX);
        self.opened = count(now.difference(&self.at_begin).count());
        self.closed = count(self.at_begin.difference(&now).count());
    }

    /// The files that are open now.
    pub(super) fn look(&mut self) -> BTreeSet<(i32, String)> {
        let mut open = BTreeSet::new();
        let mut sockets = BTreeSet::new();
        let listed = fs::read_dir(self.folder.join("fd")).into_iter().flatten();
        for file in listed.flatten().take(MOST_OPEN) {
            let fd = file.file_name().to_str().and_then(|name| name.parse().ok());
            let (Some(fd), Ok(target)) = (fd, fs::read_link(file.path())) else {
                continue;
            };
            let target = target.to_string_lossy().into_owned();
            let inode = target
                .strip_prefix("socket:[")
                .and_then(|rest| rest.strip_suffix(']'));
            sockets.extend(inode.and_then(|inode| inode.parse::<u64>().ok()));
            if target.starts_with('/') && self.files.len() < MOST {
                self.files.insert(target.clone());
            }
            open.insert((fd, target));
        }
        self.look_at_sockets(&sockets);
        self.look_at_children();
        open
    }

    fn look_at_sockets(&mut self, inodes: &BTreeSet<u64>) {
        if inodes.is_empty() {
            return;
        }
        for (_, socket, _) in InUse::of(&self.folder, inodes).sockets {
            if let Some(peer) = socket.peer
                && self.peers.len() < MOST
            {
                self.peers.insert((socket.protocol.to_owned(), peer));
            }
        }
    }

    fn look_at_children(&mut self) {
        let threads = fs::read_dir(self.folder.join("task")).into_iter().flatten();
        for thread in threads.flatten() {
            let text = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let pids = text
                .split_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok());
            self.children.extend(pids);
        }
    }
}

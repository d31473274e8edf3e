//! Which processes hold a socket: their folders of open files name its inode.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    time::Instant,
};

use super::process_folders;

/// Processes that are noted for one socket: the workers of a server share it.
const MOST_HOLDERS: usize = 256;

/// The processes that hold sockets, by the sockets' inodes.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) pids: BTreeMap<u64, Vec<u32>>,
    /// Processes whose open files nobody but root may see.
    denied: u32,
    out_of_time: bool,
}

impl Held {
    /// Why a holder may be missing.
    pub(super) fn why_not(&self) -> &'static str {
        match self {
            Self {
                out_of_time: true, ..
            } => "too many processes for the time that there was",
            Self { denied: 0, .. } => "no process of this host's pid namespace holds it",
            _ => "Permission denied (os error 13)",
        }
    }
}

pub(super) fn of(root: &Path, inodes: &BTreeSet<u64>, until: Instant) -> Held {
    let mut held = Held::default();
    for (pid, folder) in process_folders(root) {
        if Instant::now() >= until {
            held.out_of_time = true;
            break;
        }
        match open_sockets(&folder, inodes) {
            Ok(found) => {
                for inode in found {
                    let pids = held.pids.entry(inode).or_default();
                    if pids.len() < MOST_HOLDERS {
                        pids.push(pid);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => held.denied += 1,
            // It ended meanwhile.
            Err(_) => {}
        }
    }
    held
}

fn open_sockets(folder: &Path, inodes: &BTreeSet<u64>) -> io::Result<BTreeSet<u64>> {
    let mut found = BTreeSet::new();
    for file in fs::read_dir(folder.join("fd"))?.flatten() {
        let Ok(target) = fs::read_link(file.path()) else {
            continue;
        };
        let inode = target.to_str().and_then(|text| {
            text.strip_prefix("socket:[")?
                .strip_suffix(']')?
                .parse()
                .ok()
        });
        found.extend(inode.filter(|inode| inodes.contains(inode)));
    }
    Ok(found)
}

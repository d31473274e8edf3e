//! Who is at the other end of pipes and sockets.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    time::Instant,
};

use analysis::inspection::{EndFact, FileFact, NamedProcess};

use super::{ENDS_WITHIN, Reader, files::Info};
use crate::sockets::InUse;

/// Ends that are noted; a pipe that everybody inherited has many.
const MOST_ENDS: usize = 2000;

impl Reader {
    /// Fills in the sockets among the files. Gives the sockets at the other ends, with the fds of
    /// ours, as far as they are of this host.
    pub(super) fn sockets(&mut self, files: &mut [FileFact]) -> BTreeMap<String, Vec<i32>> {
        let mut own: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (at, file) in files.iter().enumerate() {
            own.entry(socket_inode(&file.target).unwrap_or(0))
                .or_default()
                .push(at);
        }
        own.remove(&0);
        if own.is_empty() {
            return BTreeMap::new();
        }
        let root = self.path("");
        let inodes: BTreeSet<u64> = own.keys().copied().collect();
        let Some(read) = self.in_time("sockets", move || InUse::of(&root, &inodes)) else {
            return BTreeMap::new();
        };
        for why in read.unreadable {
            self.lacks("sockets", why);
        }
        let mut others: BTreeMap<String, Vec<i32>> = BTreeMap::new();
        for (inode, socket, other) in read.sockets {
            for at in own.get(&inode).into_iter().flatten() {
                let file = &mut files[*at];
                file.socket = Some(socket.clone());
                if let Some(other) = other {
                    others
                        .entry(format!("socket:[{other}]"))
                        .or_default()
                        .push(file.fd);
                }
            }
        }
        others
    }

    /// Looks through the open files of all processes for the other ends.
    pub(super) fn ends(
        &mut self,
        files: &mut [FileFact],
        sockets: BTreeMap<String, Vec<i32>>,
    ) -> Vec<EndFact> {
        let is_pipe = |file: &&FileFact| file.is_named_pipe || file.target.starts_with("pipe:[");
        let pipes = files.iter().filter(is_pipe).map(|file| file.target.clone());
        let wanted: BTreeSet<String> = pipes.chain(sockets.keys().cloned()).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let until = Instant::now() + ENDS_WITHIN;
        let mut ends = Vec::new();
        let mut denied = 0;
        for pid in pids(&self.root) {
            if ends.len() >= MOST_ENDS || Instant::now() >= until {
                self.lacks("other-ends", "deadline");
                break;
            }
            match open_ends(&self.root, pid, &wanted) {
                Ok(found) if found.is_empty() => {}
                Ok(found) => {
                    let Some(process) = self.named(pid) else {
                        continue;
                    };
                    ends.extend(found.into_iter().map(|(target, is_writable)| EndFact {
                        target,
                        process: process.clone(),
                        is_writable,
                    }));
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => denied += 1,
                // It ended meanwhile.
                Err(_) => {}
            }
        }
        for _ in 0..denied {
            self.lacks("other-ends", "Permission denied (os error 13)");
        }
        for end in &ends {
            for fd in sockets.get(&end.target).into_iter().flatten() {
                name(files, *fd, &end.process);
            }
        }
        ends
    }
}

fn name(files: &mut [FileFact], fd: i32, process: &NamedProcess) {
    let file = files.iter_mut().find(|file| file.fd == fd);
    if let Some(socket) = file.and_then(|file| file.socket.as_mut())
        && !socket.others.contains(process)
    {
        socket.others.push(process.clone());
    }
}

fn socket_inode(target: &str) -> Option<u64> {
    target
        .strip_prefix("socket:[")?
        .strip_suffix(']')?
        .parse()
        .ok()
}

fn pids(root: &Path) -> Vec<u32> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name());
    names
        .filter_map(|name| name.to_str()?.parse().ok())
        .collect()
}

fn open_ends(root: &Path, pid: u32, wanted: &BTreeSet<String>) -> io::Result<Vec<(String, bool)>> {
    let folder = root.join(pid.to_string());
    let mut found = Vec::new();
    for file in fs::read_dir(folder.join("fd"))?.flatten() {
        let Ok(target) = fs::read_link(file.path()) else {
            continue;
        };
        let Some(target) = target.to_str().filter(|target| wanted.contains(*target)) else {
            continue;
        };
        let info = Info::read(&folder.join("fdinfo").join(file.file_name()));
        if info.is_writable {
            found.push((target.to_owned(), true));
        }
        if info.is_readable {
            found.push((target.to_owned(), false));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

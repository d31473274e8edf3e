//! The pipes and sockets that a process has open.

use std::mem::MaybeUninit;

use analysis::process_tree::Pipe;
use rustix::{
    fd::OwnedFd,
    fs::{AtFlags, FileType, Mode, OFlags, RawDir, StatxFlags, openat, readlinkat, statat, statx},
    io::Errno,
};

/// Open files of one process that are looked at.
const MOST_FILES: usize = 50_000;

#[derive(Debug, Default)]
pub(super) struct Ends {
    /// With: it reads, it writes.
    pub(super) pipes: Vec<(Pipe, bool, bool)>,
    pub(super) sockets: Vec<u64>,
    /// Number of its network namespace, if it has sockets.
    pub(super) namespace: Option<u64>,
}

/// Reads them from the directory of a process.
pub(super) fn ends(directory: &OwnedFd) -> Result<Ends, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let files = openat(directory, c"fd", flags, Mode::empty())?;
    let mut names = [MaybeUninit::uninit(); 8 * 1024];
    let mut listing = RawDir::new(&files, &mut names);
    let mut ends = Ends::default();
    let mut link = Vec::new();
    let mut left = MOST_FILES;
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let name = entry.file_name();
        let target = match readlinkat(&files, name, std::mem::take(&mut link)) {
            Ok(target) => target,
            // Root may list them, and yet not follow them without the right to debug.
            Err(denied @ (Errno::ACCESS | Errno::PERM)) => return Err(denied),
            // Closed meanwhile, or `.` and `..`.
            Err(_) => continue,
        };
        let text = target.to_str().unwrap_or_default();
        if let Some(inode) = numbered(text, "socket:[") {
            ends.sockets.push(inode);
        } else if let Some(inode) = numbered(text, "pipe:[") {
            ends.pipe(&files, name, Pipe::Unnamed { inode });
        } else if text.starts_with('/')
            && let Some(pipe) = named_pipe(&files, name, text)
        {
            ends.pipe(&files, name, pipe);
        }
        link = target.into_bytes();
        left -= 1;
        if left == 0 {
            break;
        }
    }
    if !ends.sockets.is_empty() {
        let link = readlinkat(directory, c"ns/net", link);
        ends.namespace = link
            .ok()
            .and_then(|link| numbered(link.to_str().ok()?, "net:["));
    }
    Ok(ends)
}

impl Ends {
    fn pipe(&mut self, files: &OwnedFd, name: &std::ffi::CStr, pipe: Pipe) {
        // The link itself has the rights with which the file was opened.
        let Ok(status) = statat(files, name, AtFlags::SYMLINK_NOFOLLOW) else {
            return;
        };
        let mode = Mode::from_raw_mode(status.st_mode);
        let (reads, writes) = (mode.contains(Mode::RUSR), mode.contains(Mode::WUSR));
        self.pipes.push((pipe, reads, writes));
    }
}

/// What is open there, if it is a named pipe. Asks no other machine for it, which may hang: the
/// type of an open file is known here.
fn named_pipe(files: &OwnedFd, name: &std::ffi::CStr, path: &str) -> Option<Pipe> {
    let wanted = StatxFlags::TYPE | StatxFlags::INO;
    let status = statx(files, name, AtFlags::STATX_DONT_SYNC, wanted).ok()?;
    let mode = status.stx_mode.into();
    (FileType::from_raw_mode(mode) == FileType::Fifo).then(|| Pipe::Named {
        device: u64::from(status.stx_dev_major) << 32 | u64::from(status.stx_dev_minor),
        inode: status.stx_ino,
        path: path.to_owned(),
    })
}

fn numbered(link: &str, kind: &str) -> Option<u64> {
    link.strip_prefix(kind)?.strip_suffix(']')?.parse().ok()
}

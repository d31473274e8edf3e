//! Open files, with what they are on.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use analysis::inspection::{FileFact, MOST_FILES, Mount};
use rustix::fs::{FileType, stat};

use super::Reader;

/// A file system whose server may be gone: to ask it about a file may hang.
const REMOTE: [&str; 9] = [
    "nfs", "cifs", "smb", "fuse", "9p", "ceph", "afs", "autofs", "virtiofs",
];

impl Reader {
    /// The files, and how many there are beside them.
    pub(super) fn files(&mut self) -> (Vec<FileFact>, u32) {
        let folder = self.path("");
        let read = move || read(&folder);
        match self.in_time("files", read) {
            Some(Ok(files)) => files,
            Some(Err(error)) => {
                self.lacks("files", error.to_string());
                (Vec::new(), 0)
            }
            None => (Vec::new(), 0),
        }
    }
}

fn read(folder: &Path) -> io::Result<(Vec<FileFact>, u32)> {
    let mounts = mounts(&fs::read(folder.join("mountinfo")).unwrap_or_default());
    let listed = fs::read_dir(folder.join("fd"))?;
    let names = listed.flatten().map(|entry| entry.file_name());
    let mut fds: Vec<i32> = names
        .filter_map(|name| name.to_str()?.parse().ok())
        .collect();
    fds.sort_unstable();
    let omitted = fds.len().saturating_sub(MOST_FILES);
    fds.truncate(MOST_FILES);
    let files = fds.into_iter().filter_map(|fd| file(folder, fd, &mounts));
    Ok((files.collect(), u32::try_from(omitted).unwrap_or(u32::MAX)))
}

fn file(folder: &Path, fd: i32, mounts: &BTreeMap<u64, Mount>) -> Option<FileFact> {
    let link: PathBuf = folder.join(format!("fd/{fd}"));
    let target = fs::read_link(&link).ok()?;
    let target = target.to_string_lossy().into_owned();
    let info = Info::read(&folder.join(format!("fdinfo/{fd}")));
    let mount = info.mount.and_then(|id| mounts.get(&id)).cloned();
    let is_path = target.starts_with('/');
    let is_local = mount.as_ref().is_some_and(|mount| {
        !REMOTE
            .iter()
            .any(|remote| mount.fs_type.starts_with(remote))
    });
    let status = match is_path && is_local {
        true => stat(&link).ok(),
        false => None,
    };
    let kind = status.map(|status| FileType::from_raw_mode(status.st_mode));
    Some(FileFact {
        fd,
        target,
        is_writable: info.is_writable,
        is_readable: info.is_readable,
        is_named_pipe: kind == Some(FileType::Fifo),
        // Kernels before 5.14 do not say it there.
        inode: info.inode.or(status.map(|status| status.st_ino)),
        mount: mount.filter(|_| is_path),
        socket: None,
    })
}

/// What `fdinfo` says.
#[derive(Default)]
pub(super) struct Info {
    pub(super) is_readable: bool,
    pub(super) is_writable: bool,
    mount: Option<u64>,
    inode: Option<u64>,
}

impl Info {
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim())
        };
        let flags = field("flags:").and_then(|flags| u32::from_str_radix(flags, 8).ok());
        // `O_ACCMODE`: 0 read, 1 write, 2 both.
        let mode = flags.map(|flags| flags & 3);
        Self {
            is_readable: matches!(mode, Some(0 | 2)),
            is_writable: matches!(mode, Some(1 | 2)),
            mount: field("mnt_id:").and_then(|id| id.parse().ok()),
            inode: field("ino:").and_then(|inode| inode.parse().ok()),
        }
    }
}

/// `27 1 254:0 / /srv rw,relatime shared:1 - ext4 /dev/vda rw`, by the first number.
fn mounts(text: &[u8]) -> BTreeMap<u64, Mount> {
    let text = String::from_utf8_lossy(text);
    let mount = |line: &str| {
        let (head, tail) = line.split_once(" - ")?;
        let mut head = head.split(' ');
        let id = head.next()?.parse().ok()?;
        let device = head.nth(1)?.to_owned();
        let point = unescaped(head.nth(1)?);
        let mut tail = tail.split(' ');
        let mount = Mount {
            point,
            device,
            fs_type: tail.next()?.to_owned(),
            source: unescaped(tail.next()?),
        };
        Some((id, mount))
    };
    text.lines().filter_map(mount).collect()
}

/// The kernel writes spaces and the like in octal.
fn unescaped(path: &str) -> String {
    const ESCAPES: [(&str, &str); 4] = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ];
    ESCAPES
        .iter()
        .fold(path.to_owned(), |path, (from, to)| path.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_known_by_their_number() {
        let text = b"27 1 254:0 / /my\\040data rw,relatime shared:1 - ext4 /dev/vda rw\nbroken\n";
        let mounts = mounts(text);
        let mount = &mounts[&27];
        assert_eq!(
            (mount.point.as_str(), mount.device.as_str()),
            ("/my data", "254:0")
        );
        assert_eq!(
            (mount.fs_type.as_str(), mount.source.as_str()),
            ("ext4", "/dev/vda")
        );
        assert_eq!(mounts.len(), 1);
    }
}

//! What a process has mapped: libraries that are no longer on the disk, and memory that it shares.

use std::collections::{BTreeMap, BTreeSet};

use analysis::process_tree::Memory;
use rustix::{
    fd::OwnedFd,
    fs::{Mode, OFlags, openat},
    io::{Errno, read},
};

/// Some 10,000 mappings. Few programs have more, and the libraries are not the last of them.
const MOST_BYTES: usize = 1024 * 1024;
/// The kernel gives a page at a time, whatever the buffer holds.
const A_READ: usize = 4096;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mapped {
    pub(super) deleted_libraries: BTreeSet<String>,
    /// By what it is and the device it lies on, in bytes.
    pub(super) memory: BTreeMap<(Memory, u64), u64>,
}

/// Reads it from the directory of a process.
pub(super) fn mapped(directory: &OwnedFd) -> Result<Mapped, Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = openat(directory, c"maps", flags, Mode::empty())?;
    let mut text = Vec::new();
    let mut buffer = [0; A_READ];
    while text.len() < MOST_BYTES {
        match read(&file, &mut buffer)? {
            0 => break,
            length => text.extend_from_slice(&buffer[..length]),
        }
    }
    Ok(parse(&text))
}

fn parse(text: &[u8]) -> Mapped {
    let mut mapped = Mapped::default();
    for line in text.split(|byte| *byte == b'\n') {
        mapped.note(line);
    }
    mapped
}

impl Mapped {
    /// `7f00-7f10 r-xp 00001000 fe:01 4711    /usr/lib/libx.so.1 (deleted)`.
    fn note(&mut self, line: &[u8]) -> Option<()> {
        // Most have none, or one that matters to nobody here.
        let at = line.iter().position(|byte| *byte == b'/')?;
        let path = &line[at..];
        let head = std::str::from_utf8(&line[..at]).ok()?;
        let mut words = head.split_ascii_whitespace();
        let range = words.next()?;
        let rights = words.next()?.as_bytes();
        let deleted = path.strip_suffix(b" (deleted)");
        if rights.get(2) == Some(&b'x') && deleted.is_some_and(is_library) {
            let path = String::from_utf8_lossy(deleted?).into_owned();
            self.deleted_libraries.insert(path);
        }
        if rights.get(3) != Some(&b's') {
            return None;
        }
        let (major, minor) = words.nth(1)?.split_once(':')?;
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        let device = number(major)? << 32 | number(minor)?;
        let memory = memory(deleted.unwrap_or(path), words.next()?.parse().ok()?)?;
        let (begin, end) = range.split_once('-')?;
        let bytes = number(end)?.checked_sub(number(begin)?)?;
        *self.memory.entry((memory, device)).or_default() += bytes;
        Some(())
    }
}

/// By its name: code that was made at run time is mapped from deleted files, too.
fn is_library(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let name = String::from_utf8_lossy(name);
    (name.ends_with(".so") || name.contains(".so.")) && !path.starts_with(b"/memfd:")
}

/// Memory that processes share on purpose. Not the files that many map for other reasons.
fn memory(path: &[u8], inode: u64) -> Option<Memory> {
    let text = String::from_utf8_lossy(path);
    if text.starts_with("/SYSV") {
        return Some(Memory::SysV { id: inode });
    }
    if let Some(name) = text.strip_prefix("/memfd:") {
        let name = name.to_owned();
        return Some(Memory::Memfd { name, inode });
    }
    if text == "/dev/zero" {
        return Some(Memory::Anonymous { inode });
    }
    let is_posix = text.starts_with("/dev/shm/") || text.starts_with("/run/shm/");
    is_posix.then(|| Memory::Posix {
        path: text.into_owned(),
        inode,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_run_and_are_gone_are_named_once() {
        let found = parse(
            b"55d0-55d1 r-xp 00001000 fe:01 1    /usr/bin/app (deleted)\n\
              7f00-7f01 r--p 00000000 fe:01 2    /usr/lib/libssl.so.3 (deleted)\n\
              7f01-7f02 r-xp 00001000 fe:01 2    /usr/lib/libssl.so.3 (deleted)\n\
              7f02-7f03 r-xp 00001000 fe:01 2    /usr/lib/libssl.so.3 (deleted)\n\
              7f03-7f04 r-xp 00000000 fe:01 3    /usr/lib/libc.so.6\n\
              7f04-7f05 r-xp 00000000 fe:01 4    /opt/my plugins/a.so (deleted)\n\
              7f05-7f06 r-xp 00000000 fe:01 5    /tmp/ffiabc123 (deleted)\n\
              7f06-7f07 rw-p 00000000 fe:01 5    /usr/lib/data.so (deleted)\n\
              7f07-7f08 rw-p 00000000 00:00 0\n\
              7ffc-7ffd r-xp 00000000 00:00 0    [vdso]\n\
              broken\n",
        );
        let expected = ["/opt/my plugins/a.so", "/usr/lib/libssl.so.3"];
        assert_eq!(Vec::from_iter(&found.deleted_libraries), expected);
        assert_eq!(found.memory, BTreeMap::new());
    }

    #[test]
    fn shared_memory_is_told_from_files() {
        let found = parse(
            b"1000-3000 rw-s 00000000 00:01 7     /SYSV0000002a (deleted)\n\
              3000-4000 rw-s 00000000 00:19 8     /dev/shm/ring\n\
              5000-6000 rw-s 00001000 00:19 8     /dev/shm/ring\n\
              6000-7000 rw-s 00000000 00:01 9     /memfd:pool (deleted)\n\
              7000-8000 rw-s 00000000 00:01 10    /dev/zero (deleted)\n\
              8000-9000 rw-p 00000000 00:19 8     /dev/shm/ring\n\
              9000-a000 r--s 00000000 fe:01 11    /usr/share/fonts.cache\n\
              a000-b000 rw-s 00000000 00:0f 12    anon_inode:[perf_event]\n",
        );
        let path = "/dev/shm/ring".to_owned();
        let name = "pool".to_owned();
        let expected = [
            ((Memory::SysV { id: 7 }, 1), 0x2000),
            ((Memory::Posix { path, inode: 8 }, 0x19), 0x2000),
            ((Memory::Memfd { name, inode: 9 }, 1), 0x1000),
            ((Memory::Anonymous { inode: 10 }, 1), 0x1000),
        ];
        assert_eq!(found.memory, BTreeMap::from(expected));
    }
}

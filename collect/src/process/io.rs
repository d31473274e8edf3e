//! What processes read and write, for those whose counters may be read.

use std::{collections::BTreeMap, io};

use analysis::{limitation::Limitation, process::ProcessId, processes::IoCounters};
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{CWD, Mode, OFlags, openat},
    io::{Errno, read},
};

use super::procfs_root::Procfs;

/// `io` has seven lines, each of a name and a number.
const IO_BYTES: usize = 512;

impl Procfs {
    /// The counters of these processes, by paths relative to one open directory. Of those that end
    /// meanwhile there are none; how many may not be read is the limitation.
    pub fn io(
        &self,
        processes: impl Iterator<Item = ProcessId>,
    ) -> (BTreeMap<ProcessId, IoCounters>, Option<Limitation>) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(root) = openat(CWD, &self.root, flags, Mode::empty()) else {
            return (BTreeMap::new(), None);
        };
        let mut found = BTreeMap::new();
        let mut denied: Option<(Errno, u32)> = None;
        let mut buffer = [0; IO_BYTES];
        for process in processes {
            match read_io(&root, process.pid, &mut buffer) {
                Ok(length) => {
                    found.extend(parse(&buffer[..length]).map(|counters| (process, counters)));
                }
                Err(error @ (Errno::ACCESS | Errno::PERM)) => {
                    denied.get_or_insert((error, 0)).1 += 1;
                }
                // It ended meanwhile, or the kernel does not count.
                Err(_) => {}
            }
        }
        let limitation = denied.map(|(error, count)| Limitation {
            what: "io".to_owned(),
            why: io::Error::from(error).to_string(),
            count,
        });
        (found, limitation)
    }
}

fn read_io(root: &OwnedFd, pid: u32, buffer: &mut [u8]) -> Result<usize, Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = openat(root.as_fd(), format!("{pid}/io"), flags, Mode::empty())?;
    read(&file, buffer)
}

fn parse(bytes: &[u8]) -> Option<IoCounters> {
    let text = std::str::from_utf8(bytes).ok()?;
    let number = |name: &str| -> Option<u64> {
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(name))?;
        value.trim().parse().ok()
    };
    let written: u64 = number("write_bytes:")?;
    Some(IoCounters {
        read_bytes: number("read_bytes:")?,
        // What was written to a file that was deleted before it reached the disk.
        written_bytes: written.saturating_sub(number("cancelled_write_bytes:").unwrap_or(0)),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_what_reached_storage_counts() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("7")).unwrap();
        let text = "rchar: 900\nwchar: 800\nsyscr: 7\nsyscw: 6\nread_bytes: 4096\n\
                    write_bytes: 8192\ncancelled_write_bytes: 4096\n";
        fs::write(root.path().join("7/io"), text).unwrap();
        let processes = [7, 8].map(|pid| ProcessId { pid, start_ns: 0 });
        let (found, limitation) = Procfs::at(root.path()).io(processes.into_iter());
        let expected = IoCounters {
            read_bytes: 4096,
            written_bytes: 4096,
        };
        assert_eq!(found, BTreeMap::from([(processes[0], expected)]));
        assert_eq!(limitation, None);
        assert_eq!(parse(b"rchar: 1\nread_bytes: x\n"), None);
    }
}

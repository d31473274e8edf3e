//! What the kernel charges a service with. It is asked each few seconds: the file stays open.

use std::fs::File;

use crate::cgroups::{Cgroups, number};

/// So seldom is looked whether the limit is another one.
const READS_OF_A_LIMIT: u32 = 12;

/// The cgroup of a service, as it was opened.
pub(super) struct Charged {
    run: Option<u64>,
    used: Option<File>,
    limit_bytes: Option<u64>,
    reads: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// The number of its directory. `None`: it is not to be seen.
    pub(super) run: Option<u64>,
    pub(super) memory_bytes: Option<u64>,
    pub(super) memory_limit_bytes: Option<u64>,
}

impl Charged {
    pub(super) fn open(cgroups: &Cgroups, path: &str) -> Self {
        Self {
            run: cgroups.run(path),
            used: cgroups.memory_used(path),
            limit_bytes: cgroups.memory_limit(path),
            reads: 0,
        }
    }

    /// Reads it. The file of a cgroup that is no more cannot be read: then there may be another
    /// one at its place, which is another run.
    pub(super) fn read(&mut self, cgroups: &Cgroups, path: &str) -> Reading {
        self.reads += 1;
        let mut used_bytes = self.used.as_ref().and_then(number);
        if used_bytes.is_none() || self.reads >= READS_OF_A_LIMIT {
            *self = Self::open(cgroups, path);
            used_bytes = self.used.as_ref().and_then(number);
        }
        Reading {
            run: self.run,
            memory_bytes: used_bytes,
            memory_limit_bytes: self.limit_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_limit_that_is_set_meanwhile_is_seen_within_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let mount = folder.path().display();
        let cgroups = Cgroups::of(&format!("30 24 0:26 / {mount} rw - cgroup2 cgroup2 rw"));
        let unit = folder.path().join("a.service");
        fs::create_dir(&unit).unwrap();
        fs::write(unit.join("memory.current"), "4096\n").unwrap();
        let mut charged = Charged::open(&cgroups, "/a.service");
        assert_eq!(
            charged.read(&cgroups, "/a.service").memory_limit_bytes,
            None
        );
        fs::write(unit.join("memory.max"), "8192\n").unwrap();
        fs::write(unit.join("memory.current"), "5000\n").unwrap();
        let readings: Vec<_> = (1..READS_OF_A_LIMIT)
            .map(|_| charged.read(&cgroups, "/a.service"))
            .collect();
        assert!(
            readings
                .iter()
                .all(|reading| reading.memory_bytes == Some(5000))
        );
        let last = readings.last().unwrap();
        assert_eq!(last.memory_limit_bytes, Some(8192));
        fs::remove_dir_all(&unit).unwrap();
        assert_eq!(
            Charged::open(&cgroups, "/a.service").read(&cgroups, "/a.service"),
            Reading::default()
        );
    }
}

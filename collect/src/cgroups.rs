//! What the kernel says of a cgroup, of whatever version the hierarchies are.

use std::{
    fs::{self, File},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

/// No limit, as cgroup v1 writes it: a number of pages close to the largest.
const UNLIMITED: u64 = 1 << 60;

/// The hierarchies of this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cgroups {
    /// Where units have their directories.
    units: Option<PathBuf>,
    memory: Option<Memory>,
    unified: Option<PathBuf>,
    /// Of version 1, where the CPU is shared out by that.
    cpu: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Memory {
    mount: PathBuf,
    used: &'static str,
    limit: &'static str,
}

impl Cgroups {
    pub(crate) fn of_this_host() -> Self {
        Self::of(&fs::read_to_string("/proc/self/mountinfo").unwrap_or_default())
    }

    pub(crate) fn of(mountinfo: &str) -> Self {
        let mut cgroups = Self::default();
        let mut version_2 = None;
        for line in mountinfo.lines() {
            let Some((place, kind)) = line.split_once(" - ") else {
                continue;
            };
            let mount = place.split(' ').nth(4).map(PathBuf::from);
            let mut kind = kind.split(' ');
            let (Some(mount), Some(name)) = (mount, kind.next()) else {
                continue;
            };
            let options: Vec<&str> = kind.nth(1).unwrap_or_default().split(',').collect();
            match name {
                "cgroup2" => version_2 = Some(mount),
                "cgroup" if options.contains(&"name=systemd") => cgroups.units = Some(mount),
                "cgroup" if options.contains(&"cpu") => cgroups.cpu = Some(mount),
                "cgroup" if options.contains(&"memory") => {
                    cgroups.memory = Some(Memory {
                        mount,
                        used: "memory.usage_in_bytes",
                        limit: "memory.limit_in_bytes",
                    });
                }
                _ => {}
            }
        }
        cgroups.unified.clone_from(&version_2);
        if let Some(mount) = version_2 {
            cgroups.units.get_or_insert(mount.clone());
            cgroups.memory.get_or_insert(Memory {
                mount,
                used: "memory.current",
                limit: "memory.max",
            });
        }
        cgroups
    }

    /// The directory of a cgroup of version 2. `None`: there is no such hierarchy.
    pub(crate) fn unified(&self, path: &str) -> Option<PathBuf> {
        self.unified.as_ref().map(|mount| below(mount, path))
    }

    /// Where version 1 shares out the CPU. `None`: version 2 does.
    pub(crate) fn cpu_of_version_1(&self) -> Option<&Path> {
        self.cpu.as_deref()
    }

    /// CPU that a cgroup of version 2 may use, in percent of one core. `None`: as much as there is,
    /// or not known.
    pub(crate) fn cpu_limit_percent(&self, path: &str) -> Option<u64> {
        let text = fs::read_to_string(self.unified(path)?.join("cpu.max")).ok()?;
        let (quota, period) = text.trim().split_once(' ')?;
        let (quota, period): (u64, u64) = (quota.parse().ok()?, period.parse().ok()?);
        Some(quota * 100 / period.max(1))
    }

    /// The number of the directory of a cgroup: another one for each run of a unit. `None`: it is
    /// gone, or not to be seen.
    pub(crate) fn run(&self, path: &str) -> Option<u64> {
        let directory = below(self.units.as_ref()?, path);
        fs::metadata(directory).ok().map(|meta| meta.ino())
    }

    /// The file with the memory that is charged, for [`number`].
    pub(crate) fn memory_used(&self, path: &str) -> Option<File> {
        let memory = self.memory.as_ref()?;
        File::open(below(&memory.mount, path).join(memory.used)).ok()
    }

    /// The limit of it. `None`: no limit, or not known.
    pub(crate) fn memory_limit(&self, path: &str) -> Option<u64> {
        let memory = self.memory.as_ref()?;
        let file = File::open(below(&memory.mount, path).join(memory.limit)).ok()?;
        number(&file).filter(|limit| *limit < UNLIMITED)
    }
}

/// The number in a file of a cgroup, as it is now. `None`: the cgroup is gone, or it is no number.
pub(crate) fn number(file: &File) -> Option<u64> {
    const MOST_DIGITS: usize = 32;
    let mut buffer = [0; MOST_DIGITS];
    let length = file.read_at(&mut buffer, 0).ok()?;
    let text = str::from_utf8(buffer.get(..length)?).ok()?;
    text.trim().parse().ok()
}

fn below(mount: &Path, path: &str) -> PathBuf {
    mount.join(path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchies_are_found_on_hosts_of_all_kinds() {
        let unified = "30 24 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate";
        let hybrid = "31 29 0:26 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n\
            32 29 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
            34 29 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
            33 29 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
        let found = Cgroups::of(unified);
        assert_eq!(found.units, Some("/sys/fs/cgroup".into()));
        assert_eq!(found.memory.unwrap().used, "memory.current");
        assert_eq!(found.cpu, None);
        let found = Cgroups::of(hybrid);
        assert_eq!(found.cpu, Some("/sys/fs/cgroup/cpu,cpuacct".into()));
        assert_eq!(found.units, Some("/sys/fs/cgroup/systemd".into()));
        let memory = found.memory.unwrap();
        assert_eq!(memory.mount, Path::new("/sys/fs/cgroup/memory"));
        assert_eq!(memory.used, "memory.usage_in_bytes");
        assert_eq!(Cgroups::of("nonsense\n - \n"), Cgroups::default());
    }

    #[test]
    fn limits_are_numbers_below_the_largest() {
        let folder = tempfile::tempdir().unwrap();
        let cgroups = Cgroups::of(&format!(
            "30 24 0:26 / {} rw - cgroup2 cgroup2 rw",
            folder.path().display()
        ));
        let unit = folder.path().join("system.slice/a.service");
        fs::create_dir_all(&unit).unwrap();
        fs::write(unit.join("memory.current"), "4096\n").unwrap();
        for (text, limit) in [
            ("max\n", None),
            ("9223372036854771712\n", None),
            ("8192\n", Some(8192)),
        ] {
            fs::write(unit.join("memory.max"), text).unwrap();
            let used = cgroups.memory_used("/system.slice/a.service");
            assert_eq!(used.as_ref().and_then(number), Some(4096));
            let found = cgroups.memory_limit("/system.slice/a.service");
            assert_eq!(found, limit, "{text:?}");
        }
        assert!(cgroups.run("/system.slice/a.service").is_some());
        assert_eq!(cgroups.run("/system.slice/gone.service"), None);
    }
}

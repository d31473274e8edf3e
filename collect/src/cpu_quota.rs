//! The CPU quota of a control group, and of those above it, while one looks.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use analysis::throttling::{QuotaReading, Throttling, throttling};

use crate::cgroups::Cgroups;

/// A look that has begun.
#[derive(Debug)]
pub(crate) struct QuotaWatch {
    files: Files,
    cgroup: String,
    before: Vec<QuotaReading>,
    begun: Instant,
}

impl QuotaWatch {
    /// Of the control group that a process is in now.
    pub(crate) fn of_process(pid: u32) -> Self {
        let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        let files = Files::of_this_host();
        let cgroup = files.own_line(&text).unwrap_or_default();
        Self::begin(files, cgroup)
    }

    /// Of a control group by its path: `/system.slice/nginx.service`. Empty: of none.
    pub(crate) fn of_cgroup(cgroup: &str) -> Self {
        Self::begin(Files::of_this_host(), cgroup)
    }

    fn begin(files: Files, cgroup: &str) -> Self {
        Self {
            before: files.readings(cgroup),
            files,
            cgroup: cgroup.to_owned(),
            begun: Instant::now(),
        }
    }

    /// Whether there is anything to wait for.
    pub(crate) fn has_quota(&self) -> bool {
        !self.before.is_empty()
    }

    /// What happened since. `None`: there is no quota, or it cannot be read.
    pub(crate) fn end(&self) -> Option<Throttling> {
        let after = self.files.readings(&self.cgroup);
        let window_ns = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        throttling(&self.before, &after, window_ns)
    }
}

/// Where the files are, and of which version.
#[derive(Clone, Debug)]
struct Files {
    root: Option<PathBuf>,
    is_version_1: bool,
}

impl Files {
    fn of_this_host() -> Self {
        let cgroups = Cgroups::of_this_host();
        let version_1 = cgroups.cpu_of_version_1();
        Self {
            is_version_1: version_1.is_some(),
            root: version_1.map_or_else(|| cgroups.unified("/"), |root| Some(root.to_owned())),
        }
    }

    /// The path of a process's control group, from its `/proc/PID/cgroup`.
    fn own_line<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let is_meant = match self.is_version_1 {
                true => controllers.split(',').any(|name| name == "cpu"),
                false => controllers.is_empty(),
            };
            is_meant.then_some(path)
        })
    }

    /// Of all that have a quota, its own first.
    fn readings(&self, cgroup: &str) -> Vec<QuotaReading> {
        let Some(root) = &self.root else {
            return Vec::new();
        };
        let own_and_above = Path::new(cgroup).ancestors().filter_map(Path::to_str);
        own_and_above
            .filter(|cgroup| cgroup.starts_with('/'))
            .filter_map(|cgroup| {
                let folder = root.join(cgroup.trim_start_matches('/'));
                self.reading(&folder, cgroup)
            })
            .collect()
    }

    fn reading(&self, folder: &Path, cgroup: &str) -> Option<QuotaReading> {
        let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
        // Without a quota it says `max 100000`, or -1.
        let (quota, period) = match self.is_version_1 {
            true => (read("cpu.cfs_quota_us")?, read("cpu.cfs_period_us")?),
            false => {
                let limit = read("cpu.max")?;
                let (quota, period) = limit.split_once(' ')?;
                (quota.to_owned(), period.to_owned())
            }
        };
        let counts = read("cpu.stat")?;
        let count = |name: &str| -> Option<u64> {
            let mut lines = counts.lines().filter_map(|line| line.split_once(' '));
            lines.find(|(key, _)| *key == name)?.1.parse().ok()
        };
        Some(QuotaReading {
            cgroup: cgroup.to_owned(),
            quota_us: quota.trim().parse().ok()?,
            period_us: period.trim().parse().ok().filter(|period| *period > 0)?,
            periods: count("nr_periods")?,
            throttled_periods: count("nr_throttled")?,
            throttled_us: match self.is_version_1 {
                true => count("throttled_time")? / 1000,
                false => count("throttled_usec")?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quotas_of_a_group_and_of_those_above_it_are_read() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, limit: &str, throttled: u64| {
            let folder = root.path().join(path);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("cpu.max"), limit).unwrap();
            let counts = format!(
                "usage_usec 7\nnr_periods 90\nnr_throttled {throttled}\nthrottled_usec 1000\n"
            );
            fs::write(folder.join("cpu.stat"), counts).unwrap();
        };
        write("a.slice", "20000 100000\n", 10);
        write("a.slice/b.service", "max 100000\n", 20);
        let files = Files {
            root: Some(root.path().into()),
            is_version_1: false,
        };
        let names = |cgroup: &str| {
            let read = files.readings(cgroup);
            read.into_iter().map(|one| one.cgroup).collect::<Vec<_>>()
        };
        assert_eq!(names("/a.slice/b.service"), ["/a.slice"]);
        write("a.slice/b.service", "50000 100000\n", 20);
        assert_eq!(
            names("/a.slice/b.service"),
            ["/a.slice/b.service", "/a.slice"]
        );
        assert_eq!(names("/other"), [""; 0]);

        let watch = QuotaWatch::begin(files.clone(), "/a.slice/b.service");
        write("a.slice", "20000 100000\n", 15);
        let told = watch.end().unwrap();
        assert!(watch.has_quota());
        // No time was added that it was held back for, so its own is told.
        assert_eq!(
            (told.cgroup.as_str(), told.quota_us),
            ("/a.slice/b.service", 50_000)
        );
        assert_eq!(QuotaWatch::of_cgroup("").end(), None);
    }

    #[test]
    fn version_1_has_other_files_and_nanoseconds() {
        let root = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| fs::write(root.path().join(file), text).unwrap();
        write("cpu.cfs_quota_us", "20000\n");
        write("cpu.cfs_period_us", "100000\n");
        write(
            "cpu.stat",
            "nr_periods 9\nnr_throttled 4\nthrottled_time 7000000\n",
        );
        let files = Files {
            root: Some(root.path().into()),
            is_version_1: true,
        };
        let read = files.readings("/");
        assert_eq!((read[0].throttled_us, read[0].quota_us), (7000, 20_000));
        let text = "4:memory:/m\n2:cpu,cpuacct:/c\n0::/u\n";
        assert_eq!(files.own_line(text), Some("/c"));
        write("cpu.cfs_quota_us", "-1\n");
        assert_eq!(files.readings("/"), []);
    }

    #[test]
    fn this_process_can_be_asked() {
        let watch = QuotaWatch::of_process(std::process::id());
        // Where we have none there is nothing to tell.
        assert_eq!(watch.end().is_some(), watch.has_quota());
    }
}

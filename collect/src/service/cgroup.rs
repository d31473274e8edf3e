//! What the kernel itself counts for a unit, beside what systemd hands on.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use analysis::{resources::Pressure, service::resources::UnitResources, throttling::Throttling};

use crate::{cpu_quota::QuotaWatch, resources::pressure_of_cgroup};

/// Where the cgroups are, of version 2. Hosts with version 1 have no such files there.
const ROOT: &str = "/sys/fs/cgroup";

/// Some periods of a CPU quota. What else is read takes as long.
const LOOK: Duration = Duration::from_millis(500);

/// Counts of a cgroup. `None`: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    anonymous_bytes: Option<u64>,
    peak_bytes: Option<u64>,
    oom_kills: Option<u64>,
    /// The lowest limit of it and of those above it.
    memory_max_bytes: Option<u64>,
    memory_high_bytes: Option<u64>,
    pressure: Option<Pressure>,
}

impl Counts {
    /// Adds what systemd did not say.
    pub(super) fn complete(self, resources: &mut UnitResources) {
        let lower =
            |of_unit: Option<u64>, above: Option<u64>| of_unit.into_iter().chain(above).min();
        resources.memory_anonymous_bytes = self.anonymous_bytes;
        resources.memory_peak_bytes = resources.memory_peak_bytes.or(self.peak_bytes);
        resources.oom_kills = self.oom_kills;
        resources.pressure = self.pressure;
        resources.memory_max_bytes = lower(resources.memory_max_bytes, self.memory_max_bytes);
        resources.memory_high_bytes = lower(resources.memory_high_bytes, self.memory_high_bytes);
    }
}

/// The counts of a cgroup, by systemd's path for it: `/system.slice/nginx.service`.
pub(super) fn counts(group: &str) -> Counts {
    counts_below(Path::new(ROOT), group)
}

/// What its CPU quota does while one looks. `None`: it has none, or none that can be read.
pub(super) async fn throttling(group: &str) -> Option<Throttling> {
    let watch = QuotaWatch::of_cgroup(group);
    if watch.has_quota() {
        tokio::time::sleep(LOOK).await;
    }
    watch.end()
}

fn counts_below(root: &Path, group: &str) -> Counts {
    if group.is_empty() {
        return Counts::default();
    }
    let folder = root.join(group.trim_start_matches('/'));
    Counts {
        anonymous_bytes: field(&folder, "memory.stat", "anon"),
        peak_bytes: number(&folder, "memory.peak"),
        oom_kills: field(&folder, "memory.events", "oom_kill"),
        memory_max_bytes: lowest(root, &folder, "memory.max"),
        memory_high_bytes: lowest(root, &folder, "memory.high"),
        pressure: pressure_of_cgroup(&folder),
    }
}

fn lowest(root: &Path, folder: &Path, file: &str) -> Option<u64> {
    let above: Vec<PathBuf> = folder
        .ancestors()
        .take_while(|folder| *folder != root)
        .map(Path::to_owned)
        .collect();
    above.iter().filter_map(|folder| number(folder, file)).min()
}

fn number(folder: &Path, file: &str) -> Option<u64> {
    fs::read_to_string(folder.join(file))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// One line of a file of names and numbers.
fn field(folder: &Path, file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(folder.join(file)).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(key, _)| *key == name)?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_limit_above_it_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("web.slice/memory.max", "1000\n");
        write("web.slice/memory.high", "max\n");
        write("web.slice/a.service/memory.max", "2000\n");
        write(
            "web.slice/a.service/memory.events",
            "low 0\noom 2\noom_kill 1\n",
        );
        write("web.slice/a.service/memory.stat", "anon 700\nfile 5\n");
        let expected = Counts {
            anonymous_bytes: Some(700),
            peak_bytes: None,
            oom_kills: Some(1),
            memory_max_bytes: Some(1000),
            memory_high_bytes: None,
            pressure: None,
        };
        assert_eq!(counts_below(root.path(), "/web.slice/a.service"), expected);
        assert_eq!(counts_below(root.path(), "/none"), Counts::default());
        assert_eq!(counts_below(root.path(), ""), Counts::default());
    }
}

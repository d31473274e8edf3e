//! How many processes and threads there are, and how many there may be.

use std::{fs, path::Path};

use analysis::zombies::TaskCount;

/// Of the whole machine: pids are the first thing that zombies use up.
pub(crate) fn tasks_of_machine(procfs: &Path) -> Option<TaskCount> {
    let number = |file: &str| -> Option<u64> {
        let text = fs::read_to_string(procfs.join(file)).ok()?;
        text.trim().parse().ok()
    };
    let load = fs::read_to_string(procfs.join("loadavg")).ok()?;
    // `0.52 0.58 0.59 2/415 4711`: running tasks, and all.
    let (_, all) = load.split_ascii_whitespace().nth(3)?.split_once('/')?;
    let threads = number("sys/kernel/threads-max").unwrap_or(u64::MAX);
    Some(TaskCount {
        cgroup: None,
        tasks: all.parse().ok()?,
        limit: number("sys/kernel/pid_max")?.min(threads),
    })
}

/// Of the control group of a process, or the one above it, that has the least room. `None`: none
/// of them has a limit.
pub(crate) fn tasks_of_cgroups(cgroupfs: &Path, cgroups: &str) -> Option<TaskCount> {
    // The hierarchy that counts tasks: version 1 has one for it, version 2 a single one.
    let path_of = |hierarchy: &str| {
        cgroups.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let is_meant = controllers.split(',').any(|name| name == hierarchy);
            is_meant.then_some(path)
        })
    };
    let (root, path) = match path_of("pids") {
        Some(path) => (cgroupfs.join("pids"), path),
        None => (cgroupfs.to_owned(), path_of("")?),
    };
    let number = |path: &str, file: &str| -> Option<u64> {
        let file = root.join(path.trim_start_matches('/')).join(file);
        fs::read_to_string(file).ok()?.trim().parse().ok()
    };
    let above = Path::new(path).ancestors().filter_map(Path::to_str);
    let counted = above.filter_map(|path| {
        Some(TaskCount {
            cgroup: Some(path.to_owned()),
            tasks: number(path, "pids.current")?,
            // Without a limit it says `max`.
            limit: number(path, "pids.max")?,
        })
    });
    // Per thousand: the order is all that counts.
    counted.max_by_key(|count| u128::from(count.tasks) * 1000 / u128::from(count.limit.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_with_the_least_room_counts() {
        let root = tempfile::tempdir().unwrap();
        let group = |path: &str, tasks: &str, limit: &str| {
            let folder = root.path().join(path);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("pids.current"), tasks).unwrap();
            fs::write(folder.join("pids.max"), limit).unwrap();
        };
        group("a.slice", "90\n", "100\n");
        group("a.slice/b.service", "5\n", "50\n");
        group("a.slice/b.service/c", "5\n", "max\n");
        let tasks = tasks_of_cgroups(root.path(), "0::/a.slice/b.service/c\n").unwrap();
        let expected = TaskCount {
            cgroup: Some("/a.slice".to_owned()),
            tasks: 90,
            limit: 100,
        };
        assert_eq!(tasks, expected);
        assert_eq!(tasks_of_cgroups(root.path(), "0::/other\n"), None);
        group("pids/d", "7", "8");
        let old = tasks_of_cgroups(root.path(), "4:cpu,pids:/d\n0::/a.slice\n").unwrap();
        assert_eq!((old.tasks, old.limit), (7, 8));
    }

    #[test]
    fn this_machine_has_tasks() {
        let tasks = tasks_of_machine(Path::new("/proc")).unwrap();
        assert!(tasks.tasks > 0 && tasks.tasks < tasks.limit, "{tasks:?}");
    }
}

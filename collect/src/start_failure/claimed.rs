//! The process that a program takes for its other self.

use std::{fs, path::Path};

use analysis::{
    placement::unit_of_cgroup,
    start_failure::claim::{Claim, ClaimedProcess, RunningProcess, pid_in},
};
use chrono::TimeDelta;

use super::files;
use crate::{host::ClockReading, process::Procfs, small_file};

/// A pid file is that small.
const MOST_BYTES: u64 = 4096;

/// Looks for the process that is meant: by the file that holds its number, or else by the log.
pub(super) fn process(root: &str, claim: Claim) -> Option<ClaimedProcess> {
    let in_file = claim.path.and_then(|path| {
        let bytes = small_file::read(&files::place(root, &path), MOST_BYTES)?;
        Some((path, pid_in(std::str::from_utf8(&bytes).ok()?)?))
    });
    let (path, pid) = match in_file {
        Some((path, pid)) => (Some(path), pid),
        None => (None, claim.pid?),
    };
    Some(ClaimedProcess {
        pid,
        path,
        process: running(Path::new("/proc"), pid),
    })
}

/// `None`: there is none, or it has ended and only its parent does not know.
fn running(proc: &Path, pid: u32) -> Option<RunningProcess> {
    let folder = proc.join(pid.to_string());
    let read = |name: &str| fs::read(folder.join(name)).unwrap_or_default();
    let comm = String::from_utf8_lossy(&read("comm")).trim_end().to_owned();
    if comm.is_empty() {
        return None;
    }
    let arguments = read("cmdline");
    let arguments = arguments.split(|byte| *byte == 0).take(3);
    let names = arguments.filter_map(|word| {
        let word = std::str::from_utf8(word).ok()?;
        Some(word.rsplit('/').next()?.to_owned())
    });
    let cgroup = String::from_utf8_lossy(&read("cgroup")).into_owned();
    let mut paths = cgroup.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let began = Procfs::at(proc).stat(pid).ok().map(|stat| stat.start_ns);
    let now = ClockReading::now();
    Some(RunningProcess {
        names: names.filter(|name| !name.is_empty()).collect(),
        unit: paths.find_map(unit_of_cgroup),
        since: began.and_then(|ns| {
            let since_boot = TimeDelta::nanoseconds(i64::try_from(ns).ok()?);
            Some(now.booted_at() + since_boot)
        }),
        comm,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_in_the_file_comes_first() {
        let root = tempfile::tempdir().unwrap();
        let own = std::process::id();
        fs::write(root.path().join("x.pid"), format!("{own}\n")).unwrap();
        let root = root.path().to_str().unwrap();
        let claim = |path: Option<&str>, pid| Claim {
            path: path.map(Into::into),
            pid,
        };
        let found = process(root, claim(Some("/x.pid"), Some(4_000_000))).unwrap();
        assert_eq!((found.pid, found.path.as_deref()), (own, Some("/x.pid")));
        assert!(found.process.unwrap().since.unwrap() <= ClockReading::now().wall);
        let found = process(root, claim(Some("/none.pid"), Some(4_194_305))).unwrap();
        assert_eq!((found.path, found.process), (None, None));
        assert_eq!(process(root, claim(Some("/none.pid"), None)), None);
    }
}

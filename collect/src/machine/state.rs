//! What there is, and what of it is in use.

use std::{fs, path::Path, thread::available_parallelism};

use analysis::{
    limitation::Limitation,
    machine::{MachineState, Pressure},
};

use super::mounts::mounts;
use crate::start_failure::files::View;
use crate::tasks::tasks_of_machine;

/// Reads it. What this kernel does not tell is left out, or among the limits.
pub(super) fn state() -> MachineState {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let memory = text("/proc/meminfo");
    let total = kib(&memory, "MemTotal:");
    let mountinfo = fs::read_to_string("/proc/1/mountinfo");
    let mountinfo = mountinfo.unwrap_or_else(|_| text("/proc/self/mountinfo"));
    let (mounts, mut limits) = mounts(&mountinfo, &View::of_manager(Path::new("/proc")));
    let pressure = pressure(Path::new("/proc/pressure"));
    if pressure.is_none() {
        limits.push(Limitation {
            what: "pressure".to_owned(),
            why: "no-psi".to_owned(),
            count: 1,
        });
    }
    MachineState {
        cores: cores(&text("/proc/stat")),
        load: text("/proc/loadavg")
            .split(' ')
            .next()
            .and_then(|load| load.parse().ok()),
        memory: total.zip(available(&memory)),
        cgroup_memory: cgroup_memory(Path::new("/sys/fs/cgroup"), total.unwrap_or(u64::MAX)),
        swap: kib(&memory, "SwapTotal:").zip(kib(&memory, "SwapFree:")),
        pressure,
        mounts,
        tasks: tasks_of_machine(Path::new("/proc")),
        limits,
    }
}

/// Those that the machine has, whatever part of them we may use.
pub(crate) fn cores(stat: &str) -> u32 {
    let is_core = |line: &&str| {
        let number = line.strip_prefix("cpu");
        number.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    match u32::try_from(stat.lines().filter(is_core).count()) {
        Ok(0) | Err(_) => available_parallelism().map_or(1, |cores| cores.get() as u32),
        Ok(cores) => cores,
    }
}

fn kib(memory: &str, name: &str) -> Option<u64> {
    let line = memory.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(number.saturating_mul(1024))
}

/// Kernels before 3.14 do not say what is available.
fn available(memory: &str) -> Option<u64> {
    kib(memory, "MemAvailable:").or_else(|| {
        let parts = ["MemFree:", "Buffers:", "Cached:"].map(|name| kib(memory, name));
        parts.into_iter().sum()
    })
}

/// Limit and use of the group that is the root of what can be seen here: that of a container. The
/// root of a whole machine has none.
fn cgroup_memory(cgroupfs: &Path, machine_bytes: u64) -> Option<(u64, u64)> {
    let number = |file: &str| -> Option<u64> {
        let text = fs::read_to_string(cgroupfs.join(file)).ok()?;
        text.trim().parse().ok()
    };
    let (limit, used) = match number("memory.max") {
        Some(limit) => (limit, number("memory.current")?),
        None => (
            number("memory/memory.limit_in_bytes")?,
            number("memory/memory.usage_in_bytes")?,
        ),
    };
    // Version 1 says "no limit" with a number that is larger than any machine.
    (limit < machine_bytes).then_some((limit, used))
}

/// Share of the last minute in which somebody waited. `None`: the kernel does not watch it.
fn pressure(folder: &Path) -> Option<Pressure> {
    let some = |name: &str| -> Option<f64> {
        let text = fs::read_to_string(folder.join(name)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
        let minute = line
            .split(' ')
            .find_map(|word| word.strip_prefix("avg60="))?;
        minute.parse().ok()
    };
    Some(Pressure {
        cpu: some("cpu")?,
        memory: some("memory")?,
        io: some("io")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_kernels_do_not_say_what_is_available() {
        let new = "MemTotal: 100 kB\nMemFree: 7 kB\nMemAvailable: 50 kB\n";
        assert_eq!(available(new), Some(50 * 1024));
        let old = "MemTotal: 100 kB\nMemFree: 7 kB\nBuffers: 1 kB\nCached: 2 kB\n";
        assert_eq!(available(old), Some(10 * 1024));
        assert_eq!(available("MemFree: 7 kB\n"), None);
    }

    #[test]
    fn only_a_real_limit_of_the_group_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(cgroup_memory(root.path(), 1000), None);
        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("memory/memory.usage_in_bytes", "70\n");
        assert_eq!(cgroup_memory(root.path(), 1000), None);
        write("memory.max", "100\n");
        write("memory.current", "70\n");
        assert_eq!(cgroup_memory(root.path(), 1000), Some((100, 70)));
    }

    #[test]
    fn pressure_is_that_of_the_last_minute() {
        let root = tempfile::tempdir().unwrap();
        let line = "some avg10=1.00 avg60=2.50 avg300=3.00 total=7\nfull avg10=0 avg60=0\n";
        for name in ["cpu", "memory"] {
            fs::write(root.path().join(name), line).unwrap();
        }
        assert_eq!(pressure(root.path()), None);
        fs::write(root.path().join("io"), line).unwrap();
        assert_eq!(pressure(root.path()).unwrap().io, 2.5);
    }
}

//! What each service uses now: one scan of the processes, and a file or two for each service.

use std::{collections::BTreeMap, fs, mem, sync::Arc};

use analysis::{black_box::Sample, identity::UnitName, process::ProcessId};

use super::charged::Charged;
use crate::{
    CollectError,
    cgroups::Cgroups,
    host::ClockReading,
    process::{ProcessStat, Procfs},
};

/// How often a process is asked for its cgroup: systemd moves it there after it began.
const LOOKS: u8 = 2;

/// Kernels before 6.2 do not say how many files are open: they are counted, but no more than these.
const MOST_COUNTED: usize = 1000;

/// Remembers what there was at the last pass.
pub(super) struct Sampler {
    procfs: Procfs,
    cgroups: Cgroups,
    known: BTreeMap<ProcessId, Known>,
    charged: BTreeMap<Arc<Service>, Charged>,
    found: Vec<ProcessStat>,
    last_ns: Option<u64>,
}

struct Known {
    service: Option<Arc<Service>>,
    looks: u8,
    cpu_ns: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Service {
    unit: UnitName,
    /// Of the service itself, from the root of the hierarchies.
    cgroup: String,
}

#[derive(Default)]
struct Sums {
    processes: u32,
    threads: u32,
    rss_bytes: u64,
    cpu_ns: u64,
    oldest_ns: u64,
    oldest_pid: u32,
}

impl Sampler {
    pub(super) fn new() -> Self {
        Self {
            procfs: Procfs::at("/proc"),
            cgroups: Cgroups::of_this_host(),
            known: BTreeMap::new(),
            charged: BTreeMap::new(),
            found: Vec::new(),
            last_ns: None,
        }
    }

    /// A sample of each service that has processes.
    ///
    /// # Errors
    ///
    /// If the processes cannot be listed.
    pub(super) fn pass(&mut self) -> Result<Vec<(UnitName, Sample)>, CollectError> {
        self.procfs.scan(&mut self.found)?;
        let now = ClockReading::now();
        let sums = self.sums();
        let elapsed_ns = self.last_ns.map(|last| now.since_boot_ns - last);
        self.last_ns = Some(now.since_boot_ns);
        let mut before = mem::take(&mut self.charged);
        let sample = |(service, sums): (Arc<Service>, Sums)| {
            let known = before.remove(&service);
            let mut charged =
                known.unwrap_or_else(|| Charged::open(&self.cgroups, &service.cgroup));
            let reading = charged.read(&self.cgroups, &service.cgroup);
            let sample = Sample {
                at: now.wall,
                since_boot_ms: now.since_boot_ns / 1_000_000,
                // Without a directory to be seen, the oldest process stands for the run.
                run: reading.run.unwrap_or(sums.oldest_ns),
                processes: sums.processes,
                threads: sums.threads,
                rss_bytes: sums.rss_bytes,
                memory_bytes: reading.memory_bytes,
                memory_limit_bytes: reading.memory_limit_bytes,
                cpu_percent_hundredths: elapsed_ns.map_or(0, |ns| share(sums.cpu_ns, ns)),
                main_pid: Some(sums.oldest_pid),
                open_files: open_files(sums.oldest_pid),
            };
            let unit = service.unit.clone();
            self.charged.insert(service, charged);
            (unit, sample)
        };
        Ok(sums.into_iter().map(sample).collect())
    }

    fn sums(&mut self) -> BTreeMap<Arc<Service>, Sums> {
        let is_first = self.last_ns.is_none();
        let mut before = mem::take(&mut self.known);
        let mut sums: BTreeMap<Arc<Service>, Sums> = BTreeMap::new();
        for stat in self.found.iter().filter(|stat| !stat.is_kernel_thread) {
            let cpu_ns = stat.user_ns.saturating_add(stat.system_ns);
            let mut known = before.remove(&stat.id()).unwrap_or(Known {
                service: None,
                looks: 0,
                // All of what a new process used it used since the last pass.
                cpu_ns: if is_first { cpu_ns } else { 0 },
            });
            if known.looks < LOOKS {
                known.looks += 1;
                known.service = self.service(stat.pid).map(Arc::new);
            }
            if let Some(service) = &known.service {
                let sums = sums.entry(Arc::clone(service)).or_default();
                sums.processes += 1;
                sums.threads += stat.threads;
                sums.rss_bytes += stat.rss_bytes;
                sums.cpu_ns += cpu_ns.saturating_sub(known.cpu_ns);
                let is_oldest = sums.oldest_ns == 0 || stat.start_ns < sums.oldest_ns;
                if is_oldest {
                    sums.oldest_ns = stat.start_ns;
                    sums.oldest_pid = stat.pid;
                }
            }
            known.cpu_ns = cpu_ns;
            self.known.insert(stat.id(), known);
        }
        sums
    }

    fn service(&self, pid: u32) -> Option<Service> {
        // One that ended meanwhile belongs nowhere.
        let placement = self.procfs.placement(pid).ok()?;
        let unit = placement.unit?;
        if !unit.as_str().ends_with(".service") {
            return None;
        }
        let cgroup = service_part(&placement.cgroup, &unit)?.to_owned();
        Some(Service { unit, cgroup })
    }
}

/// `None`: too many to be counted each time, or not ours to count.
fn open_files(pid: u32) -> Option<u32> {
    let folder = format!("/proc/{pid}/fd");
    let told = fs::metadata(&folder).ok()?.len();
    if told > 0 {
        return u32::try_from(told).ok();
    }
    let listed = fs::read_dir(&folder).ok()?.take(MOST_COUNTED).count();
    (listed < MOST_COUNTED).then_some(listed as u32)
}

/// The path of the unit itself: what is below it is its own affair.
fn service_part<'a>(cgroup: &'a str, unit: &UnitName) -> Option<&'a str> {
    let mut end = 0;
    for part in cgroup.split('/') {
        end += part.len();
        if part.strip_prefix('_').unwrap_or(part) == unit.as_str() {
            return cgroup.get(..end);
        }
        end += 1;
    }
    None
}

/// Hundredths of a percent.
fn share(part_ns: u64, whole_ns: u64) -> u32 {
    let share = u128::from(part_ns) * 10_000 / u128::from(whole_ns.max(1));
    u32::try_from(share).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read as _,
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn a_path_ends_at_its_unit() {
        let unit: UnitName = "a.service".parse().unwrap();
        for (cgroup, path) in [
            ("/system.slice/a.service", Some("/system.slice/a.service")),
            (
                "/system.slice/a.service/worker/1",
                Some("/system.slice/a.service"),
            ),
            ("/system.slice/b.service", None),
            ("/", None),
        ] {
            assert_eq!(service_part(cgroup, &unit), path, "{cgroup}");
        }
    }

    #[test]
    fn open_files_are_those_that_are_listed() {
        // Another process, which has nothing else open and opens nothing meanwhile.
        let open = "for n in 1 2 3 4 5; do eval \"exec $((n + 2))</dev/null\"; done; echo; read _";
        let mut shell = Command::new("sh");
        let shell = shell
            .args(["-c", open])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut line = [0];
        shell
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut line)
            .unwrap();
        let listed = fs::read_dir(format!("/proc/{}/fd", shell.id()))
            .unwrap()
            .count();
        let counted = open_files(shell.id());
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert!(listed >= 8, "{listed}");
        assert_eq!(counted, u32::try_from(listed).ok());
        assert_eq!(open_files(u32::MAX), None);
    }

    #[test]
    fn a_share_is_of_one_core() {
        assert_eq!(share(1_000_000, 4_000_000), 2_500);
        assert_eq!(share(8, 4), 20_000);
        assert_eq!(share(1, 0), 10_000);
    }
}

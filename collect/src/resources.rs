//! What one process uses, and what it may use.

mod ceilings;
mod descriptors;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use analysis::{
    limitation::Limitation,
    order::{Failure, Progress, Step},
    process_tree::{NoSuchProcess, ProcessFacts},
    processes::IoCounters,
    resources::{MemoryUse, Pressure, ResourceFacts, Resources, ResourcesAsked, resources},
};
use procfs::{Current as _, Meminfo, process::Process};

use crate::{
    CollectError, NoAnswer,
    black_box::Folders,
    cgroups::Cgroups,
    cpu_quota::QuotaWatch,
    host::Host,
    process::{Procfs, most_telling_cgroup},
    processes::blocking,
};

/// Answers `analyze process`.
pub(crate) async fn of_process(
    asked: ResourcesAsked,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Resources, NoAnswer> {
    let told = |step, done, of| progress(Progress { step, done, of });
    told(Step::ReadingProcesses, 0, 0);
    let pid = asked.pid;
    let (before, io_before) = blocking(move || reading(pid)).await?;
    let quota = QuotaWatch::of_process(pid);
    for second in 0..asked.duration_s {
        told(Step::Watching, second, asked.duration_s);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    told(Step::Concluding, 0, 0);
    let facts = blocking(move || {
        let (after, io_after) = reading(pid)?;
        let throttling = quota.end();
        let facts = rest(&asked, before, after, io_before.zip(io_after));
        Ok(ResourceFacts {
            throttling,
            ..facts
        })
    });
    resources(facts.await?).map_err(|NoSuchProcess(pid)| NoAnswer {
        reason: Failure::NoSuchTarget,
        detail: format!("there is no process {pid}"),
    })
}

fn reading(pid: u32) -> Result<(ProcessFacts, Option<IoCounters>), CollectError> {
    let procfs = Procfs::at("/proc");
    let mut facts = procfs.tree_facts(&mut Host::at("/").users())?;
    let own = facts.processes.iter().find(|fact| fact.pid() == pid);
    let own = own.map(|fact| fact.process);
    let (io, denied) = procfs.io(own.into_iter());
    // What is not known of other processes is not missed here, but for those of a kind.
    facts.limits = denied.into_iter().collect();
    Ok((facts, io.into_values().next()))
}

fn rest(
    asked: &ResourcesAsked,
    before: ProcessFacts,
    mut after: ProcessFacts,
    io: Option<(IoCounters, IoCounters)>,
) -> ResourceFacts {
    let mut limits = std::mem::take(&mut after.limits);
    let mut missing = |what: &str, why: String| {
        limits.push(Limitation {
            what: what.to_owned(),
            why,
            count: 1,
        });
    };
    let own = after.processes.iter().find(|fact| fact.pid() == asked.pid);
    let recording = own
        .and_then(|own| own.unit.as_ref())
        .map(|unit| Folders::of_this_host().recording(unit))
        .unwrap_or_default();
    if own.is_some_and(|own| own.unit.is_some()) && recording.recent.is_empty() {
        missing("black-box", "no-recording".to_owned());
    }
    let process = i32::try_from(asked.pid).ok();
    let process = process.and_then(|pid| Process::new(pid).ok());
    let (files, sockets) = match process.as_ref().map(descriptors::of) {
        Some(Ok(found)) => found,
        Some(Err(error)) => {
            missing("descriptors", error.to_string());
            (None, None)
        }
        None => (None, None),
    };
    let cgroup = fs::read_to_string(format!("/proc/{}/cgroup", asked.pid));
    let cgroup = cgroup.unwrap_or_default();
    ResourceFacts {
        pid: asked.pid,
        io,
        memory: process
            .as_ref()
            .map(|process| memory(process, asked.pss, &mut missing))
            .unwrap_or_default(),
        host_memory_bytes: Meminfo::current().ok().map(|memory| memory.mem_total),
        ceilings: ceilings::of(process.as_ref(), own, files, &cgroup),
        files,
        sockets,
        pressure: pressure(&cgroup),
        throttling: None,
        recording,
        limits,
        before,
        after,
    }
}

fn memory(process: &Process, pss: bool, missing: &mut impl FnMut(&str, String)) -> MemoryUse {
    let bytes = |kib: Option<u64>| kib.map(|kib| kib * 1024);
    let mut memory = match process.status() {
        Ok(status) => MemoryUse {
            peak_rss_bytes: bytes(status.vmhwm),
            anonymous_bytes: bytes(status.rssanon),
            file_bytes: bytes(status.rssfile),
            shared_bytes: bytes(status.rssshmem),
            swap_bytes: bytes(status.vmswap),
            ..MemoryUse::default()
        },
        Err(_) => MemoryUse::default(),
    };
    if pss {
        match process.smaps_rollup() {
            Ok(rollup) => {
                let maps = rollup.memory_map_rollup.0;
                let pss = maps.iter().filter_map(|map| map.extension.map.get("Pss"));
                memory.pss_bytes = Some(pss.sum());
            }
            Err(error) => missing("pss", error.to_string()),
        }
    }
    memory
}

/// Of the cgroup, else of the machine.
fn pressure(cgroup: &str) -> Option<Pressure> {
    let own = Cgroups::of_this_host().unified(most_telling_cgroup(cgroup));
    let of_cgroup = own.and_then(|folder| pressure_of_cgroup(&folder));
    of_cgroup.or_else(|| read_pressure(false, |of| Path::new("/proc/pressure").join(of)))
}

/// `None`: the kernel does not watch it.
pub(crate) fn pressure_of_cgroup(folder: &Path) -> Option<Pressure> {
    read_pressure(true, |of| folder.join(of + ".pressure"))
}

fn read_pressure(of_cgroup: bool, file: impl Fn(String) -> PathBuf) -> Option<Pressure> {
    let some = |of: &str| -> Option<f64> {
        let text = fs::read_to_string(file(of.to_owned())).ok()?;
        let line = text.lines().find(|line| line.starts_with("some "))?;
        let share = line
            .split(' ')
            .find_map(|field| field.strip_prefix("avg60="))?;
        share.parse().ok()
    };
    let pressure = Pressure {
        of_cgroup,
        cpu_percent: some("cpu"),
        memory_percent: some("memory"),
        io_percent: some("io"),
    };
    pressure.memory_percent.map(|_| pressure)
}

#[cfg(test)]
mod tests {
    use analysis::resources::CeilingKind;

    use super::*;

    #[tokio::test]
    async fn this_process_is_told_with_what_it_may_use() {
        let asked = ResourcesAsked {
            pid: std::process::id(),
            duration_s: 1,
            pss: true,
        };
        let report = of_process(asked, &|_| ()).await.unwrap();
        let memory = report.memory;
        assert!(memory.pss_bytes.unwrap() > 0 && memory.peak_rss_bytes >= Some(memory.rss_bytes));
        assert!(report.cpu.now_percent.is_some());
        let files = report.files.unwrap();
        assert!(files.open > 2, "{files:?}");
        let listed = std::fs::read_dir("/proc/self/fd").unwrap().count();
        let open = usize::try_from(files.open).unwrap();
        assert!(open.abs_diff(listed) < 20, "{open} {listed}");
        let ceiling = report.ceilings.iter();
        let mut files = ceiling.filter(|one| one.kind == CeilingKind::OpenFiles);
        assert!(files.all(|one| one.percent.unwrap() > 0.0));
    }

    #[tokio::test]
    async fn a_process_that_is_not_there_is_no_target() {
        let asked = ResourcesAsked {
            pid: u32::MAX,
            duration_s: 1,
            pss: false,
        };
        let none = of_process(asked, &|_| ()).await.unwrap_err();
        assert_eq!(none.reason, Failure::NoSuchTarget);
    }
}

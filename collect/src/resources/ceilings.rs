//! What a process may use: its own limits, and those of its cgroup.

use std::path::Path;

use analysis::{
    process_tree::ProcessFact,
    resources::{Ceiling, CeilingKind, DescriptorUse},
};
use procfs::process::{Limit, LimitValue, Process};

use crate::{
    cgroups::{Cgroups, number},
    process::most_telling_cgroup,
    tasks::tasks_of_cgroups,
};

/// The ceilings that are set. `cgroup`: what `/proc/PID/cgroup` says.
pub(super) fn of(
    process: Option<&Process>,
    own: Option<&ProcessFact>,
    files: Option<DescriptorUse>,
    cgroup: &str,
) -> Vec<Ceiling> {
    let mut ceilings = Vec::new();
    if let Some(limits) = process.and_then(|process| process.limits().ok()) {
        let own_cpu_s = own.map(|own| own.cpu_ns / 1_000_000_000);
        let rows = [
            (
                CeilingKind::OpenFiles,
                limits.max_open_files,
                files.map(|files| u64::from(files.open)),
            ),
            // Counted over all processes of the user, which the kernel does not tell.
            (CeilingKind::Processes, limits.max_processes, None),
            (
                CeilingKind::AddressSpace,
                limits.max_address_space,
                own.map(|own| own.virtual_bytes),
            ),
            (CeilingKind::LockedMemory, limits.max_locked_memory, None),
            (CeilingKind::CpuTime, limits.max_cpu_time, own_cpu_s),
            (CeilingKind::CoreSize, limits.max_core_file_size, None),
        ];
        ceilings.extend(
            rows.into_iter()
                .filter_map(|(kind, limit, used)| row(kind, limit, used)),
        );
    }
    let cgroups = Cgroups::of_this_host();
    let path = most_telling_cgroup(cgroup);
    let plain = |kind, used, limit| Ceiling {
        kind,
        used,
        limit,
        hard_limit: None,
        percent: None,
    };
    if let Some(limit) = cgroups.memory_limit(path) {
        let used = cgroups.memory_used(path).as_ref().and_then(number);
        ceilings.push(plain(CeilingKind::CgroupMemory, used, limit));
    }
    if let Some(tasks) = tasks_of_cgroups(Path::new("/sys/fs/cgroup"), cgroup) {
        ceilings.push(plain(
            CeilingKind::CgroupTasks,
            Some(tasks.tasks),
            tasks.limit,
        ));
    }
    if let Some(limit) = cgroups.cpu_limit_percent(path) {
        ceilings.push(plain(CeilingKind::CgroupCpu, None, limit));
    }
    ceilings
}

/// `None`: it is not set.
fn row(kind: CeilingKind, limit: Limit, used: Option<u64>) -> Option<Ceiling> {
    let number = |value: LimitValue| match value {
        LimitValue::Value(value) => Some(value),
        LimitValue::Unlimited => None,
    };
    Some(Ceiling {
        kind,
        used,
        limit: number(limit.soft_limit)?,
        hard_limit: number(limit.hard_limit),
        percent: None,
    })
}

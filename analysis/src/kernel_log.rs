//! The lines of the kernel log that say why a process died.
//!
//! The kernel promises no format, but these lines have been stable since 4.19; what is not
//! understood is passed over. A process chooses its own name, so names are cut out by what stands
//! around them and are never searched for words.

pub mod fault;

use crate::cause::OomConstraint;

/// One line that we understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelLine {
    /// `memory: usage 20480kB, limit 20480kB, failcnt 44`: the limit of the cgroup that ran out.
    OomLimit { limit_bytes: u64 },
    /// `oom-kill:constraint=...,task_memcg=...,task=...,pid=...`: the victim was chosen.
    OomChosen {
        constraint: OomConstraint,
        /// Path of the victim's cgroup from the root of the hierarchy.
        cgroup: String,
        comm: String,
        pid: u32,
    },
    /// `... Killed process 23056 (tail) total-vm:..., anon-rss:..., file-rss:..., shmem-rss:...`.
    OomKilled {
        constraint: OomConstraint,
        pid: u32,
        comm: String,
        /// Anonymous, file and shared memory together.
        rss_bytes: u64,
    },
    /// `crasher[2736]: segfault at ...`, `traps: crasher[2736] trap ...`.
    Fault { pid: u32, comm: String },
}

impl KernelLine {
    pub fn parse(line: &str) -> Option<Self> {
        oom_chosen(line)
            .or_else(|| oom_killed(line))
            .or_else(|| oom_limit(line))
            .or_else(|| fault(line))
    }
}

fn oom_chosen(line: &str) -> Option<KernelLine> {
    let rest = line.strip_prefix("oom-kill:constraint=")?;
    let (constraint, rest) = rest.split_once(',')?;
    let (_, rest) = rest.split_once("task_memcg=")?;
    // The first `,task=` ends the path: whatever a name contains, the path is a true beginning.
    let (cgroup, rest) = rest.split_once(",task=")?;
    let (rest, _uid) = rest.rsplit_once(",uid=")?;
    let (comm, pid) = rest.rsplit_once(",pid=")?;
    Some(KernelLine::OomChosen {
        constraint: constraint_named(constraint),
        cgroup: cgroup.to_owned(),
        comm: comm.to_owned(),
        pid: pid.parse().ok()?,
    })
}

fn constraint_named(name: &str) -> OomConstraint {
    match name {
        "CONSTRAINT_MEMCG" => OomConstraint::Cgroup,
        // None, or the NUMA nodes that cpusets and policies leave.
        _ => OomConstraint::System,
    }
}

fn oom_killed(line: &str) -> Option<KernelLine> {
    let (reason, rest) = line.split_once("Killed process ")?;
    let constraint = match reason {
        "Memory cgroup out of memory: " => OomConstraint::Cgroup,
        "Out of memory: " | "Out of memory (oom_kill_allocating_task): " => OomConstraint::System,
        _ => return None,
    };
    let (pid, rest) = rest.split_once(" (")?;
    let (comm, sizes) = rest.rsplit_once(") total-vm:")?;
    let size = |name: &str| -> Option<u64> {
        let (_, rest) = sizes.split_once(name)?;
        kilobytes(rest)
    };
    let rss_bytes = size("anon-rss:")?
        .saturating_add(size("file-rss:")?)
        .saturating_add(size("shmem-rss:").unwrap_or(0));
    Some(KernelLine::OomKilled {
        constraint,
        pid: pid.parse().ok()?,
        comm: comm.to_owned(),
        rss_bytes,
    })
}

fn oom_limit(line: &str) -> Option<KernelLine> {
    let rest = line.strip_prefix("memory: usage ")?;
    let (_, rest) = rest.split_once(", limit ")?;
    let limit_bytes = kilobytes(rest)?;
    Some(KernelLine::OomLimit { limit_bytes })
}

/// Reads `20480kB...`.
fn kilobytes(text: &str) -> Option<u64> {
    let (number, _) = text.split_once("kB")?;
    number.parse::<u64>().ok()?.checked_mul(1024)
}

/// What stands behind `name[pid]` in the lines about faults that end a process.
const FAULTS: [&str; 4] = [
    ": segfault at ",
    " trap ",
    " general protection fault ",
    ": bad frame in ",
];

fn fault(line: &str) -> Option<KernelLine> {
    let line = line.strip_prefix("traps: ").unwrap_or(line);
    let head = FAULTS
        .iter()
        .filter_map(|mark| line.split_once(&format!("]{mark}")))
        .map(|(head, _)| head)
        .min_by_key(|head| head.len())?;
    let (comm, pid) = head.rsplit_once('[')?;
    // A name has at most 15 bytes; a longer one is a driver that prints the same words.
    (comm.len() <= 15).then_some(())?;
    Some(KernelLine::Fault {
        pid: pid.parse().ok()?,
        comm: comm.to_owned(),
    })
}

#[cfg(test)]
mod tests;

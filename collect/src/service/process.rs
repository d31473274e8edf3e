//! The main process of a service.

use std::fs;

use analysis::{process::ProcessId, scrub::scrub_arguments, service::MainProcess};

use crate::{
    host::{ClockReading, Host},
    process::{CommandLine, Procfs},
};

/// What can be said of a process. `None`: it is gone.
pub(super) fn main(pid: u32) -> Option<MainProcess> {
    let details = Procfs::at("/proc").details(pid).ok()?;
    let argv = match details.command_line {
        CommandLine::Arguments { argv, .. } => scrub_arguments(argv),
        CommandLine::Withheld(_) => Vec::new(),
    };
    Some(MainProcess {
        process: ProcessId {
            pid,
            start_ns: details.stat.start_ns,
        },
        comm: details.stat.comm,
        argv,
        user: Host::at("/").users().name(details.uid).map(str::to_owned),
        started_at: Some(ClockReading::now().wall_at(details.stat.start_ns)),
        open_files: open_files(pid),
        open_files_max: open_files_max(pid),
    })
}

/// Nobody but root may look into the folder of another user's process.
fn open_files(pid: u32) -> Option<u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    u64::try_from(entries.count()).ok()
}

/// The soft limit: `Max open files            1024                 524288               files`.
fn open_files_max(pid: u32) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

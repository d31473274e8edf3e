//! Who the process is, and its family.

use std::{collections::BTreeSet, fs};

use analysis::inspection::{NamedProcess, ProcessAtWork};

use super::Reader;
use crate::{
    CollectError,
    host::{ClockReading, Host},
    process::{CommandLine, Procfs, Withheld},
};

/// Children that are named.
const MOST_CHILDREN: usize = 100;

impl Reader {
    pub(super) fn process(&mut self, now: &ClockReading) -> Result<ProcessAtWork, CollectError> {
        let procfs = Procfs::at(&self.root);
        let details = procfs.details(self.pid)?;
        let argv = match details.command_line {
            CommandLine::Arguments { argv, .. } => argv,
            CommandLine::Withheld(why) => {
                self.lacks("argv", withheld(why));
                Vec::new()
            }
        };
        let tracer = self.tracer().and_then(|pid| self.named(pid));
        let mut users = Host::at("/").users();
        Ok(ProcessAtWork {
            process: details.stat.id(),
            comm: details.stat.comm.clone(),
            argv,
            user: Some(
                users
                    .name(details.uid)
                    .map_or_else(|| details.uid.to_string(), str::to_owned),
            ),
            unit: details.placement.unit,
            container: details.placement.container,
            parent: self.named(details.stat.parent_pid),
            started_at: now.wall_at(details.stat.start_ns),
            state: details.stat.state.letter(),
            is_kernel_thread: details.stat.is_kernel_thread,
            tracer,
        })
    }

    fn tracer(&self) -> Option<u32> {
        let status = fs::read(self.path("status")).ok()?;
        let status = String::from_utf8_lossy(&status);
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("TracerPid:"))?;
        line.trim().parse().ok().filter(|pid| *pid > 0)
    }

    pub(super) fn named(&self, pid: u32) -> Option<NamedProcess> {
        let comm = fs::read(self.root.join(pid.to_string()).join("comm")).ok()?;
        Some(NamedProcess {
            pid,
            comm: String::from_utf8_lossy(comm.trim_ascii_end()).into_owned(),
        })
    }

    /// Children belong to the thread that forked them.
    pub(super) fn children(&self, tids: impl Iterator<Item = u32>) -> Vec<NamedProcess> {
        let mut pids = BTreeSet::new();
        for tid in tids {
            let path = self.path(format!("task/{tid}/children"));
            let text = fs::read_to_string(path).unwrap_or_default();
            pids.extend(
                text.split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
        let pids = pids.into_iter().take(MOST_CHILDREN);
        pids.filter_map(|pid| self.named(pid)).collect()
    }
}

fn withheld(why: Withheld) -> &'static str {
    match why {
        Withheld::Uninterruptible => "uninterruptible",
        Withheld::Deadline => "deadline",
        Withheld::TooManyStuck | Withheld::NoThread => "too-many-stuck",
        Withheld::Denied => "Permission denied (os error 13)",
    }
}

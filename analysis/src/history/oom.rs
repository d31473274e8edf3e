//! Puts together what the kernel says about an OOM kill in several lines.

use super::moment::Moment;
use crate::{
    cause::OomConstraint,
    event::{Fact, OomKilled, ProcessFaulted},
    journal::JournalEntry,
    kernel_log::KernelLine,
    placement::unit_of_cgroup,
};

#[derive(Clone, Debug, Default)]
pub(super) struct KernelTrack {
    /// Paths in the kernel's lines that do not begin with it are other machines' (containers').
    pub cgroup_root: String,
    limit: Option<(u64, Moment)>,
    victim: Option<(Victim, Moment)>,
}

#[derive(Clone, Debug)]
struct Victim {
    cgroup: String,
    constraint: OomConstraint,
}

impl KernelTrack {
    pub fn clear(&mut self) {
        self.limit = None;
        self.victim = None;
    }

    pub fn read(&mut self, entry: &JournalEntry, now: Moment) -> Option<Fact> {
        // Programs may write to /dev/kmsg too; what they write carries another identifier,
        // or none: only the kernel's own facility gets this one.
        if entry.field("SYSLOG_IDENTIFIER") != Some("kernel") {
            return None;
        }
        match KernelLine::parse(entry.message())? {
            KernelLine::OomLimit { limit_bytes } => {
                self.limit = Some((limit_bytes, now));
                None
            }
            KernelLine::OomChosen {
                constraint, cgroup, ..
            } => {
                self.victim = Some((Victim { cgroup, constraint }, now));
                None
            }
            KernelLine::OomKilled {
                constraint,
                pid,
                comm,
                rss_bytes,
            } => self.killed(now, (pid, comm, rss_bytes), constraint),
            KernelLine::Fault { pid, comm } => Some(Fact::ProcessFaulted(ProcessFaulted {
                pid,
                comm,
                line: bounded(entry.message()),
            })),
        }
    }

    /// The path from the host's own root: `/pool/web10` is not within `/pool/web1`.
    fn own_path<'a>(&self, full_path: &'a str) -> Option<&'a str> {
        let own = full_path.strip_prefix(self.cgroup_root.trim_end_matches('/'))?;
        (own.is_empty() || own.starts_with('/')).then_some(own)
    }

    /// With `memory.oom.group` one choice is followed by the kills of a whole cgroup.
    fn killed(
        &mut self,
        now: Moment,
        (pid, comm, rss_bytes): (u32, String, u64),
        constraint: OomConstraint,
    ) -> Option<Fact> {
        let victim = self.victim.as_ref().filter(|(_, at)| at.is_near(now));
        let full_path = victim.map_or("", |(victim, _)| victim.cgroup.as_str());
        let cgroup = if full_path.is_empty() {
            String::new()
        } else {
            self.own_path(full_path)?.to_owned()
        };
        let limit = self.limit.filter(|(_, at)| at.is_near(now));
        let of_cgroup = constraint == OomConstraint::Cgroup;
        Some(Fact::OomKilled(OomKilled {
            pid: Some(pid),
            comm,
            constraint: victim.map_or(constraint, |(victim, _)| victim.constraint),
            unit: unit_of_cgroup(&cgroup),
            cgroup: bounded(&cgroup),
            rss_bytes,
            limit_bytes: limit.map(|(bytes, _)| bytes).filter(|_| of_cgroup),
        }))
    }
}

/// Host data is as long as somebody makes it; a record has an end.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(512).collect()
}

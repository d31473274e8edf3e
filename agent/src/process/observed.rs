//! What a source saw, before anything is looked up or remembered.

use analysis::{
    event::Killer,
    process::{ExitStatus, ProcessId},
};

/// A process as a source saw it at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) process: ProcessId,
    pub(super) parent_pid: u32,
    /// `None`: it ended before the source could ask.
    pub(super) uid: Option<u32>,
    pub(super) comm: Comm,
    /// When, in nanoseconds since boot.
    pub(super) at_ns: u64,
    /// Id of its cgroup in the v2 hierarchy. `None`: the source does not say.
    pub(super) cgroup: Option<u64>,
}

/// The kernel's name of a program, up to 15 bytes and a NUL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Comm([u8; 16]);

impl Comm {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut name = [0; 16];
        let length = bytes.len().min(name.len());
        name[..length].copy_from_slice(&bytes[..length]);
        Self(name)
    }

    /// The name; bytes that are no UTF-8 are replaced.
    pub(super) fn text(&self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0);
        String::from_utf8_lossy(&self.0[..end.unwrap_or(self.0.len())]).into_owned()
    }
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Observed {
    Forked(Seen),
    Executed(Seen, Arguments),
    Exited(Seen, Ending),
    /// The process was sent a signal that ends it unless something intervenes.
    Signaled(ProcessId, Killer),
    CgroupMade {
        id: u64,
        parent: u64,
        name: String,
    },
    CgroupGone {
        id: u64,
    },
}

/// What a program was started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) login_uid: Option<u32>,
    pub(super) session: Option<u32>,
    /// Not scrubbed of secrets.
    pub(super) argv: Vec<String>,
    pub(super) truncated: bool,
}

/// How a process ended; `None` is what the source cannot tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) status: Option<ExitStatus>,
    pub(super) cpu_ns: Option<u64>,
    pub(super) max_rss_bytes: Option<u64>,
    pub(super) oom_killed: bool,
}

/// Splits arguments as the kernel keeps them, each ended by NUL.
pub(super) fn split_arguments(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes
        .split(|byte| *byte == 0)
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect()
}

/// `-1` is how the kernel says that nobody logged in.
pub(super) fn unless_unset(id: u32) -> Option<u32> {
    (id != u32::MAX).then_some(id)
}

//! Programs by which people and scripts ask systemd for something.

use analysis::{Timestamp, event::ProcessExecuted};

/// An execution of `systemctl` or one of its like, with what led to it.
///
/// systemd writes nowhere who asked it for a job, so this is the only witness. The ancestors are
/// those at the moment of the exec: the source keeps a table, and does not ask /proc afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecSeen {
    pub event: ProcessExecuted,
    pub at: Timestamp,
    /// Names of the ancestors' programs, the parent first, at most [`MAX_ANCESTORS`].
    pub ancestors: Vec<String>,
}

/// `apt` starts `dpkg`, which starts a maintainer script, which starts `deb-systemd-invoke`, which
/// starts `systemctl`: eight are enough to find the person's shell above that.
pub const MAX_ANCESTORS: usize = 8;

/// Whether the program asks systemd for jobs.
pub(super) fn is_requester(event: &ProcessExecuted) -> bool {
    let called = event.argv.first().map_or("", String::as_str);
    let called = called.rsplit('/').next().unwrap_or(called);
    [called, &event.comm]
        .iter()
        .any(|name| matches!(*name, "systemctl" | "service"))
}

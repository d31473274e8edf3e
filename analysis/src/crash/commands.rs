//! The commands with which somebody looks at a core, ready to copy.

use super::{CoreState, Crash};
use crate::shell::word;

/// Where a debugger finds the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorePlace {
    File(String),
    /// In it, once it is unpacked.
    Compressed(String),
    None,
    /// It is there, and is not given to a debugger: why.
    Refused(&'static str),
}

impl CorePlace {
    pub fn of(crash: &Crash) -> Self {
        let core = &crash.core;
        match (&core.path, core.state) {
            (Some(path), _) if path.ends_with(".crash") => Self::Refused(
                "it is in a report of apport, and is not unpacked; the command above does that",
            ),
            (Some(path), CoreState::Kept | CoreState::Truncated | CoreState::Unknown) => {
                match core.is_compressed {
                    true => Self::Compressed(path.clone()),
                    false => Self::File(path.clone()),
                }
            }
            _ => Self::None,
        }
    }
}

pub(super) fn add(crash: &mut Crash) {
    let core = &mut crash.core;
    if !matches!(
        core.state,
        CoreState::Kept | CoreState::Truncated | CoreState::Unknown
    ) {
        return;
    }
    let Some(path) = core.path.as_deref() else {
        return;
    };
    let pid = crash.process.pid;
    core.commands = if path.ends_with(".crash") {
        let folder = "/tmp/crash";
        vec![format!("apport-unpack {} {folder}", word(path))]
    } else if path.starts_with("/var/lib/systemd/coredump/")
        && let Some(pid) = pid
    {
        vec![format!("coredumpctl debug {pid}")]
    } else {
        let exe = crash
            .process
            .exe
            .as_deref()
            .filter(|exe| exe.starts_with('/'));
        match exe {
            Some(exe) => vec![format!("gdb {} {}", word(exe), word(path))],
            None => vec![format!("gdb -c {}", word(path))],
        }
    };
}

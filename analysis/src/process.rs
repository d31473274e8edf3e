//! Processes: identity, and how they ended.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A process within one boot of one host. The pid alone names nobody: pids are used again.
///
/// The full identity of a process is (boot id, pid, start time).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub struct ProcessId {
    /// The pid (thread group id) in the pid namespace of the agent.
    pub pid: u32,
    /// Start of the process in nanoseconds since boot, suspended time included (`CLOCK_BOOTTIME`).
    /// Zero where only the pid is known.
    pub start_ns: u64,
}

/// How a process ended. Source: the status that `wait` gives to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum ExitStatus {
    /// It called exit, with this code.
    Exited { code: u8 },
    /// A signal ended it; `core_dumped` says that the kernel was asked to write a core.
    Signaled { signal: Signal, core_dumped: bool },
}

impl ExitStatus {
    /// Reads the kernel's encoding: low 7 bits signal, bit 7 core flag, next byte exit code.
    pub fn from_wait_status(status: u32) -> Self {
        match status & 0x7f {
            0 => Self::Exited {
                code: (status >> 8 & 0xff) as u8,
            },
            signal => Self::Signaled {
                signal: Signal(signal as u8),
                core_dumped: status & 0x80 != 0,
            },
        }
    }

    pub fn is_success(self) -> bool {
        self == Self::Exited { code: 0 }
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code } => write!(f, "exit {code}"),
            Self::Signaled {
                signal,
                core_dumped: false,
            } => write!(f, "{signal}"),
            Self::Signaled {
                signal,
                core_dumped: true,
            } => write!(f, "{signal} (core)"),
        }
    }
}

/// A signal by its Linux number (the numbers of x86, arm and most others; 1 to 64).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
pub struct Signal(pub u8);

const SIGNAL_NAMES: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

impl Signal {
    pub const ABRT: Self = Self(6);
    pub const KILL: Self = Self(9);
    pub const SEGV: Self = Self(11);
    pub const TERM: Self = Self(15);

    /// The name with its `SIG`, if it is not a real-time signal.
    pub fn name(self) -> Option<&'static str> {
        SIGNAL_NAMES
            .get(usize::from(self.0).checked_sub(1)?)
            .copied()
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None if self.0 >= 34 => write!(f, "SIGRTMIN+{}", self.0 - 34),
            None => write!(f, "signal {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_statuses_are_read_as_the_kernel_writes_them() {
        let killed = |signal, core_dumped| ExitStatus::Signaled {
            signal,
            core_dumped,
        };
        let cases = [
            (0x0000, ExitStatus::Exited { code: 0 }),
            (0x0700, ExitStatus::Exited { code: 7 }),
            (0xff00, ExitStatus::Exited { code: 255 }),
            (0x0009, killed(Signal::KILL, false)),
            (0x008b, killed(Signal::SEGV, true)),
        ];
        for (status, expected) in cases {
            assert_eq!(
                ExitStatus::from_wait_status(status),
                expected,
                "{status:#x}"
            );
        }
    }

    #[test]
    fn signals_have_their_names() {
        assert_eq!(Signal(31).to_string(), "SIGSYS");
        assert_eq!(Signal(36).to_string(), "SIGRTMIN+2");
        assert_eq!(Signal(0).to_string(), "signal 0");
    }
}

//! What an exit code is agreed to mean, and by whom.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::process::{ExitStatus, Signal};

/// Who gives an exit code its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// C and all that came after it.
    Libc,
    Shell,
    /// systemd itself, before or instead of the program (systemd.exec(5)).
    Systemd,
    /// `sysexits.h` of BSD.
    Sysexits,
    /// The Linux Standard Base, for init scripts.
    Lsb,
    Go,
    Java,
    Python,
    Rust,
    /// `timeout` of the GNU core utilities.
    Timeout,
}

impl Origin {
    /// The stable name: `sysexits`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Libc => "libc",
            Self::Shell => "shell",
            Self::Systemd => "systemd",
            Self::Sysexits => "sysexits",
            Self::Lsb => "lsb",
            Self::Go => "go",
            Self::Java => "java",
            Self::Python => "python",
            Self::Rust => "rust",
            Self::Timeout => "timeout",
        }
    }
}

/// One meaning of an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitMeaning {
    pub code: u8,
    /// As systemd prints it (`EXEC`), or a word of ours.
    pub name: &'static str,
    pub origin: Origin,
    /// The signal that ended the program that a shell reports with this code.
    pub signal: Option<Signal>,
}

const SHELL: [(u8, &str); 2] = [(126, "NOT_EXECUTABLE"), (127, "NOT_FOUND")];

const LSB: [(u8, &str); 6] = [
    (2, "INVALIDARGUMENT"),
    (3, "NOTIMPLEMENTED"),
    (4, "NOPERMISSION"),
    (5, "NOTINSTALLED"),
    (6, "NOTCONFIGURED"),
    (7, "NOTRUNNING"),
];

/// From 64 on, without a hole.
const SYSEXITS: [&str; 15] = [
    "USAGE",
    "DATAERR",
    "NOINPUT",
    "NOUSER",
    "NOHOST",
    "UNAVAILABLE",
    "SOFTWARE",
    "OSERR",
    "OSFILE",
    "CANTCREAT",
    "IOERR",
    "TEMPFAIL",
    "PROTOCOL",
    "NOPERM",
    "CONFIG",
];

/// From 200 on; what is empty has no meaning.
const SYSTEMD: [&str; 45] = [
    "CHDIR",
    "NICE",
    "FDS",
    "EXEC",
    "MEMORY",
    "LIMITS",
    "OOM_ADJUST",
    "SIGNAL_MASK",
    "STDIN",
    "STDOUT",
    "CHROOT",
    "IOPRIO",
    "TIMERSLACK",
    "SECUREBITS",
    "SETSCHEDULER",
    "CPUAFFINITY",
    "GROUP",
    "USER",
    "CAPABILITIES",
    "CGROUP",
    "SETSID",
    "CONFIRM",
    "STDERR",
    "",
    "PAM",
    "NETWORK",
    "NAMESPACE",
    "NO_NEW_PRIVILEGES",
    "SECCOMP",
    "SELINUX_CONTEXT",
    "PERSONALITY",
    "APPARMOR",
    "ADDRESS_FAMILIES",
    "RUNTIME_DIRECTORY",
    "",
    "CHOWN",
    "SMACK_PROCESS_LABEL",
    "KEYRING",
    "STATE_DIRECTORY",
    "CACHE_DIRECTORY",
    "LOGS_DIRECTORY",
    "CONFIGURATION_DIRECTORY",
    "NUMA_POLICY",
    "CREDENTIALS",
    "BPF",
];

const RUNTIMES: [(u8, &str, Origin); 10] = [
    (2, "PANIC", Origin::Go),
    (1, "EXCEPTION", Origin::Java),
    (3, "OUT_OF_MEMORY", Origin::Java),
    (1, "EXCEPTION", Origin::Python),
    (2, "USAGE", Origin::Python),
    (120, "FLUSH", Origin::Python),
    (101, "PANIC", Origin::Rust),
    (124, "TIMED_OUT", Origin::Timeout),
    (125, "FAILED", Origin::Timeout),
    (137, "KILLED", Origin::Timeout),
];

/// Everything that `code` is agreed to mean, what concerns most programs first.
pub fn exit_meanings(code: u8) -> Vec<ExitMeaning> {
    let meaning = |name, origin| ExitMeaning {
        code,
        name,
        origin,
        signal: None,
    };
    let mut meanings = Vec::new();
    match code {
        0 => meanings.push(meaning("SUCCESS", Origin::Libc)),
        1 => meanings.push(meaning("FAILURE", Origin::Libc)),
        _ => {}
    }
    meanings.extend(systemd(code).map(|name| meaning(name, Origin::Systemd)));
    meanings.extend(sysexits(code).map(|name| meaning(name, Origin::Sysexits)));
    let named = |table: &[(u8, &'static str)]| {
        let found = table.iter().find(|(known, _)| *known == code);
        found.map(|(_, name)| *name)
    };
    meanings.extend(named(&SHELL).map(|name| meaning(name, Origin::Shell)));
    meanings.extend(shell_signal(code).map(|signal| ExitMeaning {
        signal: Some(signal),
        ..meaning("SIGNAL", Origin::Shell)
    }));
    meanings.extend(named(&LSB).map(|name| meaning(name, Origin::Lsb)));
    let of_runtimes = RUNTIMES.iter().filter(|(known, ..)| *known == code);
    meanings.extend(of_runtimes.map(|(_, name, origin)| meaning(name, *origin)));
    meanings
}

/// The signal that a shell means with the exit code 128 + n.
fn shell_signal(code: u8) -> Option<Signal> {
    let signal = Signal(code.checked_sub(128)?);
    let is_real_time = (34..=64).contains(&signal.0);
    (signal.name().is_some() || is_real_time).then_some(signal)
}

fn sysexits(code: u8) -> Option<&'static str> {
    let at = code.checked_sub(64)?;
    SYSEXITS.get(usize::from(at)).copied()
}

fn systemd(code: u8) -> Option<&'static str> {
    if code == 255 {
        return Some("EXCEPTION");
    }
    let name = SYSTEMD.get(usize::from(code.checked_sub(200)?)).copied()?;
    (!name.is_empty()).then_some(name)
}

/// The code that systemd or `sysexits.h` calls `name`: `EXEC`, `EX_CONFIG`.
pub(super) fn named(name: &str) -> Option<u8> {
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("EXIT_").unwrap_or(&name);
    let name = name.strip_prefix("EX_").unwrap_or(name);
    let is_it = |code: &u8| systemd(*code).or(sysexits(*code)) == Some(name);
    (!name.is_empty()).then(|| (64..=255).find(is_it)).flatten()
}

/// How a process ended, in the words of no language, with what the number is agreed to mean:
/// `exit 203/EXEC`, `exit 137 (128+9: SIGKILL)`.
pub fn short(status: ExitStatus) -> String {
    let ExitStatus::Exited { code } = status else {
        return status.to_string();
    };
    let name = systemd(code).filter(|_| code != 255).or(sysexits(code));
    match (name, shell_signal(code)) {
        (Some(name), _) => format!("exit {code}/{name}"),
        (None, Some(signal)) => format!("exit {code} (128+{}: {signal})", signal.0),
        (None, None) => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_systemd_shells_and_sysexits_say() {
        // (code, who, name)
        let cases = [
            (203, Origin::Systemd, "EXEC"),
            (217, Origin::Systemd, "USER"),
            (226, Origin::Systemd, "NAMESPACE"),
            (235, Origin::Systemd, "CHOWN"),
            (244, Origin::Systemd, "BPF"),
            (64, Origin::Sysexits, "USAGE"),
            (78, Origin::Sysexits, "CONFIG"),
            (126, Origin::Shell, "NOT_EXECUTABLE"),
            (2, Origin::Lsb, "INVALIDARGUMENT"),
            (101, Origin::Rust, "PANIC"),
        ];
        for (code, origin, name) in cases {
            let found = exit_meanings(code);
            let is_it = |one: &ExitMeaning| (one.origin, one.name) == (origin, name);
            assert!(found.iter().any(is_it), "{code}: {found:?}");
        }
        for code in [8, 63, 79, 223, 234, 250] {
            assert_eq!(exit_meanings(code), [], "{code}");
        }
    }

    #[test]
    fn a_shell_adds_128_to_the_signal() {
        let signal = |code| {
            let found = exit_meanings(code);
            found.iter().find_map(|one| one.signal)
        };
        assert_eq!(signal(137), Some(Signal::KILL));
        assert_eq!(signal(139), Some(Signal::SEGV));
        assert_eq!(signal(128 + 34), Some(Signal(34)));
        assert_eq!(signal(128 + 33), None);
        assert_eq!(signal(128), None);
    }

    #[test]
    fn the_short_form_tells_what_everybody_agrees_on() {
        let exit = |code| short(ExitStatus::Exited { code });
        assert_eq!(exit(0), "exit 0");
        assert_eq!(exit(2), "exit 2");
        assert_eq!(exit(203), "exit 203/EXEC");
        assert_eq!(exit(78), "exit 78/CONFIG");
        assert_eq!(exit(139), "exit 139 (128+11: SIGSEGV)");
        assert_eq!(exit(255), "exit 255");
    }
}

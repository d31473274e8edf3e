//! What signals and exit codes mean, for every report that shows one.
//!
//! Only what is agreed on: by the kernel, by shells, by systemd, by `sysexits.h`, by the runtimes of
//! some languages. What a code means to one program is in that program's manual. The words stand in
//! the catalogues: `signal-segv`, `si-code-segv-maperr`, `exit-systemd-exec`.

mod asked;
mod exit_codes;
mod signal_codes;
mod signals;

pub use asked::{Asked, asked};
pub use exit_codes::{ExitMeaning, Origin, exit_meanings, short};
pub use signal_codes::{SignalCode, signal_code, signal_code_named, signal_codes};
pub use signals::{DefaultAction, default_action, is_of_crash, signal_named};

/// The results that systemd gives to a unit that failed (`Result=`).
pub const UNIT_RESULTS: [&str; 10] = [
    "core-dump",
    "exec-condition",
    "exit-code",
    "oom-kill",
    "protocol",
    "resources",
    "signal",
    "start-limit-hit",
    "timeout",
    "watchdog",
];

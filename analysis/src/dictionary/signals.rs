//! What a signal does to a process that has said nothing about it. Source: signal(7).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::process::Signal;

/// What a signal does to a process that has said nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultAction {
    Terminate,
    /// Ends it, and asks the kernel for a core dump.
    CoreDump,
    Ignore,
    Stop,
    Continue,
}

impl DefaultAction {
    /// The stable name: `core-dump`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "terminate",
            Self::CoreDump => "core-dump",
            Self::Ignore => "ignore",
            Self::Stop => "stop",
            Self::Continue => "continue",
        }
    }
}

pub fn default_action(signal: Signal) -> DefaultAction {
    match signal.0 {
        // QUIT, ILL, TRAP, ABRT, BUS, FPE, SEGV, XCPU, XFSZ, SYS.
        3..=8 | 11 | 24 | 25 | 31 => DefaultAction::CoreDump,
        // CHLD, URG, WINCH.
        17 | 23 | 28 => DefaultAction::Ignore,
        18 => DefaultAction::Continue,
        // STOP, TSTP, TTIN, TTOU.
        19..=22 => DefaultAction::Stop,
        _ => DefaultAction::Terminate,
    }
}

/// Whether a process that this signal ends has crashed: it, or the kernel for it, found that it
/// cannot go on. SIGQUIT leaves a core too, but is what somebody sends.
pub fn is_of_crash(signal: Signal) -> bool {
    default_action(signal) == DefaultAction::CoreDump && signal != Signal(3)
}

/// Reads `SIGSEGV`, `segv`, `SIGRTMIN+2`.
pub fn signal_named(text: &str) -> Option<Signal> {
    let text = text.to_ascii_uppercase();
    let name = text.strip_prefix("SIG").unwrap_or(&text);
    if let Some(offset) = name.strip_prefix("RTMIN") {
        let offset: u8 = match offset.strip_prefix('+') {
            Some(offset) => offset.parse().ok()?,
            None if offset.is_empty() => 0,
            None => return None,
        };
        return (offset <= 30).then(|| Signal(34 + offset));
    }
    let name = match name {
        "IOT" => "ABRT",
        "POLL" => "IO",
        "CLD" => "CHLD",
        other => other,
    };
    (1..=31).map(Signal).find(|signal| {
        let known = signal.name().and_then(|known| known.strip_prefix("SIG"));
        known == Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_known_by_name() {
        let cases = [
            ("SIGSEGV", Some(11)),
            ("segv", Some(11)),
            ("SIGIOT", Some(6)),
            ("SIGRTMIN+2", Some(36)),
            ("SIGRTMIN+31", None),
            ("SIG", None),
            ("", None),
            ("SIGSEGV2", None),
        ];
        for (text, number) in cases {
            assert_eq!(signal_named(text), number.map(Signal), "{text:?}");
        }
    }

    #[test]
    fn what_somebody_sends_is_no_crash() {
        for signal in [Signal::KILL, Signal::TERM, Signal(3), Signal(1), Signal(2)] {
            assert!(!is_of_crash(signal), "{signal}");
        }
        for signal in [Signal::SEGV, Signal::ABRT, Signal(31), Signal(5)] {
            assert!(is_of_crash(signal), "{signal}");
        }
    }
}

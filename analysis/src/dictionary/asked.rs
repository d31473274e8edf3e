//! What somebody wants explained, as it stands in a log or in another report.

use super::{SignalCode, UNIT_RESULTS, exit_codes, signal_code_named, signal_named};
use crate::{cause::StopCause, process::Signal, start_failure::StartCause};

/// What somebody wants explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Signal(Signal),
    SignalCode(SignalCode),
    /// A number can be an exit code and a signal.
    Number(u8),
    /// `Result=` of a unit.
    UnitResult(&'static str),
    /// Why a start failed.
    StartCause(StartCause),
    /// Why a run ended.
    StopCause(StopCause),
}

/// Reads `137`, `SIGSEGV`, `segv`, `11`, `-11`, `203/EXEC`, `EXEC`, `11/SEGV`, `SEGV_MAPERR`,
/// `core-dump`, `port-in-use`, `oom-cgroup`. `None`: it is none of these.
pub fn asked(text: &str) -> Option<Asked> {
    let text = text.trim();
    // As in logs: `status=203/EXEC`, `signal 11`, `exit 1`.
    let text = text.rsplit_once('=').map_or(text, |(_, value)| value);
    let word = text.to_ascii_lowercase();
    if let Some(rest) = word.strip_prefix("signal ") {
        return rest.trim().parse().ok().and_then(signal).map(Asked::Signal);
    }
    let text = word.strip_prefix("exit ").unwrap_or(text).trim();
    if let Some((number, name)) = text.split_once('/') {
        let number: u8 = number.parse().ok()?;
        // systemd names a signal without its SIG: `status=11/SEGV`.
        return match signal_named(name) {
            Some(signal) if signal.0 == number => Some(Asked::Signal(signal)),
            _ => Some(Asked::Number(number)),
        };
    }
    if let Some(number) = text.strip_prefix('-') {
        // As Python's subprocess has it.
        return number.parse().ok().and_then(signal).map(Asked::Signal);
    }
    if let Ok(number) = text.parse() {
        return Some(Asked::Number(number));
    }
    let cause = StartCause::ALL.iter().find(|cause| cause.name() == word);
    let ended_by = StopCause::ALL.iter().find(|cause| cause.name() == word);
    let result = UNIT_RESULTS.iter().find(|known| **known == word);
    signal_named(text)
        .map(Asked::Signal)
        .or_else(|| signal_code_named(text).map(Asked::SignalCode))
        .or_else(|| exit_codes::named(text).map(Asked::Number))
        .or_else(|| result.map(|result| Asked::UnitResult(result)))
        .or_else(|| cause.map(|cause| Asked::StartCause(*cause)))
        .or_else(|| ended_by.map(|cause| Asked::StopCause(*cause)))
}

fn signal(number: u8) -> Option<Signal> {
    (1..=64).contains(&number).then_some(Signal(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_logs_is_understood() {
        let cases = [
            ("137", Some(Asked::Number(137))),
            ("11", Some(Asked::Number(11))),
            ("SIGSEGV", Some(Asked::Signal(Signal::SEGV))),
            ("segv", Some(Asked::Signal(Signal::SEGV))),
            ("-11", Some(Asked::Signal(Signal::SEGV))),
            ("203/EXEC", Some(Asked::Number(203))),
            ("status=203/EXEC", Some(Asked::Number(203))),
            ("11/SEGV", Some(Asked::Signal(Signal::SEGV))),
            ("signal 9", Some(Asked::Signal(Signal::KILL))),
            ("exit 1", Some(Asked::Number(1))),
            ("NAMESPACE", Some(Asked::Number(226))),
            ("EX_CONFIG", Some(Asked::Number(78))),
            ("core-dump", Some(Asked::UnitResult("core-dump"))),
            (
                "port-in-use",
                Some(Asked::StartCause(StartCause::PortInUse)),
            ),
            ("oom-cgroup", Some(Asked::StopCause(StopCause::OomCgroup))),
            ("256", None),
            ("-0", None),
            ("rm -rf /", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(asked(text), expected, "{text:?}");
        }
        let Some(Asked::SignalCode(code)) = asked("SEGV_MAPERR") else {
            panic!("no code")
        };
        assert_eq!(code.number, 1);
    }
}

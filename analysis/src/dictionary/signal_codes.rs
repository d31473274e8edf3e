//! Why a signal was sent: `si_code` of `siginfo_t`. Source: sigaction(2), `asm-generic/siginfo.h`.

use crate::process::Signal;

/// A reason for a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalCode {
    /// `None`: any signal may have it.
    pub signal: Option<Signal>,
    pub number: i32,
    /// As in C: `SEGV_MAPERR`.
    pub name: &'static str,
}

const fn of(signal: u8, number: i32, name: &'static str) -> SignalCode {
    SignalCode {
        signal: Some(Signal(signal)),
        number,
        name,
    }
}

const fn of_any(number: i32, name: &'static str) -> SignalCode {
    SignalCode {
        signal: None,
        number,
        name,
    }
}

const CODES: [SignalCode; 36] = [
    of(4, 1, "ILL_ILLOPC"),
    of(4, 2, "ILL_ILLOPN"),
    of(4, 3, "ILL_ILLADR"),
    of(4, 4, "ILL_ILLTRP"),
    of(4, 5, "ILL_PRVOPC"),
    of(4, 6, "ILL_PRVREG"),
    of(4, 7, "ILL_COPROC"),
    of(4, 8, "ILL_BADSTK"),
    of(5, 1, "TRAP_BRKPT"),
    of(5, 2, "TRAP_TRACE"),
    of(5, 3, "TRAP_BRANCH"),
    of(5, 4, "TRAP_HWBKPT"),
    of(7, 1, "BUS_ADRALN"),
    of(7, 2, "BUS_ADRERR"),
    of(7, 3, "BUS_OBJERR"),
    of(7, 4, "BUS_MCEERR_AR"),
    of(7, 5, "BUS_MCEERR_AO"),
    of(8, 1, "FPE_INTDIV"),
    of(8, 2, "FPE_INTOVF"),
    of(8, 3, "FPE_FLTDIV"),
    of(8, 4, "FPE_FLTOVF"),
    of(8, 5, "FPE_FLTUND"),
    of(8, 6, "FPE_FLTRES"),
    of(8, 7, "FPE_FLTINV"),
    of(8, 8, "FPE_FLTSUB"),
    of(11, 1, "SEGV_MAPERR"),
    of(11, 2, "SEGV_ACCERR"),
    of(11, 3, "SEGV_BNDERR"),
    of(11, 4, "SEGV_PKUERR"),
    of(11, 9, "SEGV_MTESERR"),
    of(31, 1, "SYS_SECCOMP"),
    of_any(0, "SI_USER"),
    of_any(0x80, "SI_KERNEL"),
    of_any(-1, "SI_QUEUE"),
    of_any(-2, "SI_TIMER"),
    of_any(-6, "SI_TKILL"),
];

/// What `si_code` says together with its signal.
pub fn signal_code(signal: Signal, number: i32) -> Option<SignalCode> {
    let is_it =
        |code: &&SignalCode| code.number == number && code.signal.is_none_or(|its| its == signal);
    CODES.iter().find(is_it).copied()
}

/// Those that only this signal has.
pub fn signal_codes(signal: Signal) -> impl Iterator<Item = SignalCode> {
    let is_its = move |code: &SignalCode| code.signal == Some(signal);
    CODES.into_iter().filter(is_its)
}

pub fn signal_code_named(name: &str) -> Option<SignalCode> {
    let is_it = |code: &SignalCode| code.name.eq_ignore_ascii_case(name);
    CODES.into_iter().find(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_with_its_signal() {
        let name = |signal, number| signal_code(signal, number).map(|code| code.name);
        assert_eq!(name(Signal::SEGV, 1), Some("SEGV_MAPERR"));
        assert_eq!(name(Signal(7), 2), Some("BUS_ADRERR"));
        assert_eq!(name(Signal::SEGV, 0x80), Some("SI_KERNEL"));
        assert_eq!(name(Signal::ABRT, -6), Some("SI_TKILL"));
        assert_eq!(name(Signal::SEGV, 77), None);
        assert_eq!(signal_codes(Signal(31)).count(), 1);
        assert_eq!(
            signal_code_named("segv_accerr").map(|code| code.number),
            Some(2)
        );
    }
}

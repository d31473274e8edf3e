//! Why it crashed. What the kernel, the core or systemd says is measured; what is guessed from an
//! address, or read from the program's own words, is inferred.

use super::{
    AccessKind, Crash, CrashCause, CrashEvidence, Examined, Sender,
    join::Draft,
    last_words,
    sighting::{Seen, Sighting},
    stack::Stack,
};
use crate::{
    cause::Certainty,
    kernel_log::fault::{Fault, FaultKind},
    log::LogLine,
    process::Signal,
};

use Certainty::{Inferred, Measured, Unknown};
use CrashCause as Cause;

/// Addresses below belong to nobody: `vm.mmap_min_addr` is 64 KiB nearly everywhere.
const NULL_PAGE: u64 = 0x1_0000;
/// A full stack is found full at its end, by at most a large frame's distance.
const NEAR_STACK: u64 = 0x1_0000;

/// Functions that are on a stack for one reason.
const TELLING: [(&str, Cause); 12] = [
    ("__assert_fail", Cause::Assertion),
    ("__GI___assert_fail", Cause::Assertion),
    ("__assert_rtn", Cause::Assertion),
    ("g_assertion_message", Cause::Assertion),
    ("__stack_chk_fail", Cause::StackSmashing),
    ("__fortify_fail", Cause::StackSmashing),
    ("__chk_fail", Cause::StackSmashing),
    ("malloc_printerr", Cause::HeapCorruption),
    ("std::terminate()", Cause::UncaughtException),
    (
        "__gnu_cxx::__verbose_terminate_handler()",
        Cause::UncaughtException,
    ),
    ("rust_panic", Cause::UncaughtException),
    ("core::panicking::panic_fmt", Cause::UncaughtException),
];

/// Instructions that are there to crash.
const TRAPS: [&str; 5] = ["ud2", "int3", "brk", "udf", "ebreak"];

pub(super) fn conclude(draft: &mut Draft, log: &[LogLine]) {
    let evidence = draft.sightings.iter().map(evidence).collect();
    let crash = &mut draft.crash;
    crash.verdict.evidence = evidence;
    let (cause, certainty) = cause(crash, &draft.sightings);
    (crash.verdict.cause, crash.verdict.certainty) = (cause, certainty);
    take_stack(crash, crash.stack.clone().as_ref());
    take_words(crash, log);
    // What the core says needs no other witness.
    if draft.is_guessed && crash.reason.is_none() && crash.verdict.certainty == Measured {
        crash.verdict.certainty = Inferred;
    }
}

/// Concludes again, with what a debugger found.
pub(super) fn conclude_examined(crash: &mut Crash, examined: &Examined) {
    take_stack(crash, examined.stack.as_ref());
    take_words(crash, &examined.log);
    let Some(instruction) = &examined.instruction else {
        return;
    };
    let is_trap = instruction
        .split_whitespace()
        .any(|word| TRAPS.contains(&word));
    if is_trap
        && matches!(
            crash.verdict.cause,
            Cause::IllegalInstruction | Cause::DeliberateTrap
        )
    {
        crash.verdict.cause = Cause::DeliberateTrap;
        crash.verdict.certainty = Measured;
        crash.verdict.evidence.push(CrashEvidence::Instruction {
            text: instruction.clone(),
        });
    }
}

/// A program that gave up by itself has called the function that does it.
fn take_stack(crash: &mut Crash, stack: Option<&Stack>) {
    if !gave_up(crash.verdict.cause) {
        return;
    }
    let names = stack.iter().flat_map(|stack| stack.crashed());
    let mut names = names.filter_map(|frame| frame.function.as_deref());
    let found = names.find_map(|name| {
        let found = TELLING.iter().find(|(known, _)| *known == name);
        found.map(|(name, cause)| (*name, *cause))
    });
    if let Some((function, cause)) = found {
        crash.verdict.cause = cause;
        crash.verdict.certainty = Measured;
        crash.verdict.evidence.push(CrashEvidence::Frame {
            function: function.to_owned(),
        });
    }
}

/// Whether it called `abort`, or what ends in it.
fn gave_up(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Abort
            | Cause::Assertion
            | Cause::UncaughtException
            | Cause::HeapCorruption
            | Cause::StackSmashing
    )
}

/// What it wrote before it gave up.
fn take_words(crash: &mut Crash, log: &[LogLine]) {
    let is_told = |fact: &CrashEvidence| matches!(fact, CrashEvidence::LogLine { .. });
    if !gave_up(crash.verdict.cause) || crash.verdict.evidence.iter().any(is_told) {
        return;
    }
    let Some((line, cause)) = last_words::of(crash, log) else {
        return;
    };
    if crash.verdict.cause == Cause::Abort {
        crash.verdict.cause = cause;
        crash.verdict.certainty = Inferred;
    } else if crash.verdict.cause != cause {
        return;
    }
    let line = line.clone();
    crash.verdict.evidence.push(CrashEvidence::LogLine { line });
}

fn evidence(sighting: &Sighting) -> CrashEvidence {
    let at = sighting.at;
    match &sighting.seen {
        Seen::Coredump(_) => CrashEvidence::Coredump { at },
        Seen::Kernel { line, .. } => CrashEvidence::KernelLine {
            at,
            line: line.clone(),
        },
        Seen::UnitStop(stop) => CrashEvidence::UnitStop {
            at,
            unit: stop.unit.clone(),
            status: stop.status,
        },
        Seen::UnitResult { unit, result } => CrashEvidence::UnitResult {
            at,
            unit: unit.clone(),
            result: result.clone(),
        },
        Seen::Core(core) => CrashEvidence::CoreNotes {
            path: core.path.clone(),
        },
        Seen::Apport { path, .. } => CrashEvidence::ApportReport { path: path.clone() },
    }
}

/// What is known of how the signal came about.
struct Told<'a> {
    crash: &'a Crash,
    fault: Option<&'a Fault>,
    /// What it is called in its own pid namespace, as its senders are.
    pid: Option<u32>,
    /// Name of the `si_code`.
    reason: Option<&'a str>,
}

fn cause(crash: &Crash, sightings: &[Sighting]) -> (Cause, Certainty) {
    let is_watchdog = |sighting: &Sighting| matches!(&sighting.seen, Seen::UnitResult { result, .. } if result == "watchdog");
    if sightings.iter().any(is_watchdog) {
        return (Cause::Watchdog, Measured);
    }
    let reason = crash.reason.as_ref();
    let told = Told {
        crash,
        fault: sightings.iter().find_map(fault),
        pid: sightings.iter().find_map(own_pid).or(crash.process.pid),
        reason: reason.and_then(|code| code.name.as_deref()),
    };
    if let Some(verdict) = sent(&told) {
        return verdict;
    }
    let Some(signal) = crash.signal else {
        return (Cause::Unknown, Unknown);
    };
    match signal.0 {
        4 => illegal_instruction(&told),
        5 => (Cause::DeliberateTrap, told.certainty()),
        6 => (Cause::Abort, told.certainty()),
        7 => bus_error(&told),
        8 => arithmetic(&told),
        11 => memory_access(&told),
        24 | 25 => (Cause::ResourceLimit, told.certainty()),
        31 => (Cause::ForbiddenSystemCall, told.certainty()),
        3 => (Cause::SentByProcess, Inferred),
        _ => (Cause::Unknown, Unknown),
    }
}

fn fault(sighting: &Sighting) -> Option<&Fault> {
    match &sighting.seen {
        // That it ended abnormally says nothing of why.
        Seen::Kernel { fault, .. } if !matches!(fault.kind, FaultKind::AbnormalEnd { .. }) => {
            Some(fault)
        }
        _ => None,
    }
}

fn own_pid(sighting: &Sighting) -> Option<u32> {
    match &sighting.seen {
        Seen::Core(core) => core.pid,
        _ => None,
    }
}

impl Told<'_> {
    /// The signal's number alone may be somebody's `kill`.
    fn certainty(&self) -> Certainty {
        match self.fault.is_some() || self.reason.is_some() {
            true => Measured,
            false => Inferred,
        }
    }
}

/// A process sent the signal: another one, or it did so to itself in a way that is no `abort`. Over
/// a limit of file size the kernel sends it as if the process itself had.
fn sent(told: &Told<'_>) -> Option<(Cause, Certainty)> {
    let is_own = |sender: &Sender| Some(sender.pid) == told.pid;
    let is_own_doing = matches!(told.crash.signal, Some(Signal::ABRT | Signal(24 | 25)));
    let by_itself = told.crash.sender.as_ref().is_some_and(is_own);
    match told.reason? {
        "SI_USER" | "SI_QUEUE" if by_itself && is_own_doing => None,
        "SI_USER" | "SI_QUEUE" => Some((Cause::SentByProcess, Measured)),
        "SI_TKILL" if !by_itself && told.crash.sender.is_some() => {
            Some((Cause::SentByProcess, Measured))
        }
        _ => None,
    }
}

fn illegal_instruction(told: &Told<'_>) -> (Cause, Certainty) {
    (Cause::IllegalInstruction, told.certainty())
}

fn arithmetic(told: &Told<'_>) -> (Cause, Certainty) {
    let is_division = told
        .fault
        .is_some_and(|fault| fault.kind == FaultKind::DivideError);
    match is_division || told.reason == Some("FPE_INTDIV") {
        true => (Cause::DivisionByZero, Measured),
        false => (Cause::Arithmetic, told.certainty()),
    }
}

fn bus_error(told: &Told<'_>) -> (Cause, Certainty) {
    match told.reason {
        Some("BUS_ADRERR") => (Cause::MappedFileGone, Inferred),
        Some("BUS_ADRALN") => (Cause::Misaligned, Measured),
        Some("BUS_MCEERR_AR" | "BUS_MCEERR_AO" | "BUS_OBJERR") => (Cause::HardwareMemory, Measured),
        _ => (Cause::BusError, told.certainty()),
    }
}

fn memory_access(told: &Told<'_>) -> (Cause, Certainty) {
    let crash = told.crash;
    let general = told
        .fault
        .is_some_and(|fault| fault.kind == FaultKind::GeneralProtection);
    if general || told.reason == Some("SI_KERNEL") {
        // No address of memory at all, or, rarely, one that is not aligned for its instruction.
        return (Cause::BadAddress, Inferred);
    }
    let Some(access) = crash.access else {
        return (Cause::MemoryAccess, told.certainty());
    };
    let address = access.address.0;
    let is_jump = crash.instruction_pointer == Some(access.address);
    if access.kind == Some(AccessKind::Execute) {
        return (Cause::JumpToNoCode, Measured);
    }
    if access.kind.is_none() && is_jump {
        return (Cause::JumpToNoCode, Inferred);
    }
    if address < NULL_PAGE {
        return (Cause::NullDereference, Inferred);
    }
    let near = crash.stack_pointer.map(|stack| stack.0.abs_diff(address));
    if near.is_some_and(|distance| distance <= NEAR_STACK) {
        return (Cause::StackOverflow, Inferred);
    }
    match (access.kind, access.is_mapped) {
        (Some(AccessKind::Write), Some(true)) => (Cause::WriteToReadOnly, Measured),
        (_, Some(true)) => (Cause::MemoryAccess, Measured),
        _ => (Cause::BadAddress, Measured),
    }
}

#[cfg(test)]
mod tests;

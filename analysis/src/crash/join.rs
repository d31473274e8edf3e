//! Which sightings are of one crash.
//!
//! The best witness comes first and makes the crash; later ones join the crash of the same process
//! that is nearest in time, or make one of their own.

use std::cmp::Reverse;

use chrono::TimeDelta;

use super::{
    Access, AccessKind, Address, CodePlace, CoreFile, CoreState, Crash, CrashCause, CrashVerdict,
    CrashedProcess, NotACrash, Signature, SignatureBasis,
    report::base_name,
    sighting::{CoreNotes, Coredump, Seen, Sighting, UnitStop},
};
use crate::{
    cause::Certainty,
    dictionary,
    kernel_log::fault::{Fault, FaultKind},
    process::{ExitStatus, Signal},
};

/// A crash, and what it was made from.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) crash: Crash,
    pub(super) sightings: Vec<Sighting>,
    /// Some were joined by name and time alone.
    pub(super) is_guessed: bool,
}

/// A pid comes again after this long at the earliest, and the largest core is written by then.
const SAME_PROCESS: TimeDelta = TimeDelta::minutes(2);
/// systemd sees the end of a process when its core is written.
const CORE_WRITTEN: TimeDelta = TimeDelta::minutes(2);
/// Witnesses that know no pid of each other must agree on the time.
const SAME_MOMENT: TimeDelta = TimeDelta::seconds(3);
/// Clocks of different witnesses.
const SLACK: TimeDelta = TimeDelta::seconds(1);
/// Of a result of a unit behind the end of its process.
const RESULT_WITHIN: TimeDelta = TimeDelta::seconds(5);

pub(super) fn crashes(
    mut sightings: Vec<Sighting>,
    pids_are_foreign: bool,
) -> (Vec<Draft>, Vec<NotACrash>) {
    sightings.sort_by_key(|sighting| (rank(&sighting.seen), sighting.at));
    let mut drafts: Vec<Draft> = Vec::new();
    let mut not_crashes = Vec::new();
    for sighting in sightings {
        let candidates = drafts.iter().enumerate();
        let likely = candidates.filter_map(|(at, draft)| {
            let how = same(draft, &sighting, pids_are_foreign)?;
            Some(((draft.crash.at - sighting.at).abs(), at, how))
        });
        if let Some((_, at, how)) = likely.min_by_key(|(apart, at, _)| (*apart, *at)) {
            fill(&mut drafts[at].crash, &sighting);
            drafts[at].is_guessed |= how == How::Name;
            drafts[at].sightings.push(sighting);
        } else if let Some(not) = not_a_crash(&sighting) {
            not_crashes.push(not);
        } else if is_crash(&sighting.seen) {
            let mut crash = blank(&sighting);
            fill(&mut crash, &sighting);
            drafts.push(Draft {
                crash,
                sightings: vec![sighting],
                is_guessed: false,
            });
        }
    }
    not_crashes.sort_by_key(|stop: &NotACrash| Reverse(stop.at));
    (drafts, not_crashes)
}

fn rank(seen: &Seen) -> u8 {
    match seen {
        Seen::Coredump(_) => 0,
        Seen::Core(_) => 1,
        Seen::Apport { .. } => 2,
        Seen::Kernel { fault, .. } => match fault.kind {
            FaultKind::AbnormalEnd { .. } | FaultKind::Seccomp { .. } => 3,
            _ => 4,
        },
        Seen::UnitStop(_) => 5,
        Seen::UnitResult { .. } => 6,
    }
}

fn signal(seen: &Seen) -> Option<Signal> {
    match seen {
        Seen::Coredump(dump) => dump.signal,
        Seen::Core(core) => core.signal,
        Seen::Apport { report, .. } => report.signal,
        Seen::Kernel { fault, .. } => fault.kind.signal(),
        Seen::UnitStop(stop) => stop.signal(),
        Seen::UnitResult { .. } => None,
    }
}

/// Whether it tells of a crash by itself. A core without a signal was taken of a process that went
/// on (`gcore`).
fn is_crash(seen: &Seen) -> bool {
    match seen {
        Seen::UnitStop(stop) => {
            let is_dump = matches!(
                stop.status,
                ExitStatus::Signaled {
                    core_dumped: true,
                    ..
                }
            );
            is_dump || stop.signal().is_some_and(dictionary::is_of_crash)
        }
        Seen::UnitResult { .. } => false,
        Seen::Kernel { fault, .. } => fault.kind.signal().is_none_or(dictionary::is_of_crash),
        Seen::Core(core) if core.is_of_record => false,
        other => signal(other).is_some(),
    }
}

fn not_a_crash(sighting: &Sighting) -> Option<NotACrash> {
    let Seen::UnitStop(stop) = &sighting.seen else {
        return None;
    };
    let is_signal = matches!(stop.status, ExitStatus::Signaled { .. });
    (is_signal && !is_crash(&sighting.seen)).then(|| NotACrash {
        at: sighting.at,
        unit: stop.unit.clone(),
        status: stop.status,
    })
}

/// What two sightings have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Process,
    Unit,
    Name,
}

/// Whether, and by what, a sighting is of a crash.
fn same(draft: &Draft, sighting: &Sighting, pids_are_foreign: bool) -> Option<How> {
    let crash = &draft.crash;
    let differ =
        |one: Option<_>, other: Option<_>| one.is_some() && other.is_some() && one != other;
    if differ(crash.signal, signal(&sighting.seen)) {
        return None;
    }
    let is_other_boot =
        crash.boot.is_some() && sighting.boot.is_some() && crash.boot != sighting.boot;
    if is_other_boot {
        return None;
    }
    let apart = (sighting.at - crash.at).abs();
    let is_same_process = |pid: Option<u32>| pid.is_some_and(|pid| is_of(crash, pid));
    match &sighting.seen {
        // Each is of another crash, and there is none before the first kind.
        Seen::Coredump(_) => None,
        // Of a container, its pid is another one than that of the record.
        Seen::Core(core) if crash.core.path.as_ref() == Some(&core.path) => Some(How::Process),
        Seen::Core(core) => {
            let is_same =
                is_same_process(core.pid) && !draft.has(|seen| matches!(seen, Seen::Core(_)));
            (is_same && apart <= SAME_PROCESS).then_some(How::Process)
        }
        Seen::Apport { report, .. } => {
            let is_same = report.exe.is_some() && report.exe == crash.process.exe;
            (is_same && apart <= SAME_MOMENT).then_some(How::Name)
        }
        Seen::Kernel { fault, .. } => {
            if is_same_process(Some(fault.tid)) && !pids_are_foreign {
                return (apart <= SAME_PROCESS).then_some(How::Process);
            }
            let is_free = !draft.has(|seen| matches!(seen, Seen::Kernel { .. }));
            let is_named = crash.process.comm.as_deref() == Some(fault.comm.as_str());
            (pids_are_foreign && is_free && is_named && apart <= SAME_MOMENT).then_some(How::Name)
        }
        Seen::UnitStop(stop) => of_stop(draft, sighting, stop),
        Seen::UnitResult { unit, .. } => {
            let stop = draft
                .sightings
                .iter()
                .find(|known| matches!(&known.seen, Seen::UnitStop(stop) if stop.unit == *unit))?;
            let behind = sighting.at - stop.at;
            let is_near = behind >= -SLACK && behind <= RESULT_WITHIN;
            let is_free = !draft.has(|seen| matches!(seen, Seen::UnitResult { .. }));
            (is_near && is_free).then_some(How::Unit)
        }
    }
}

fn of_stop(draft: &Draft, sighting: &Sighting, stop: &UnitStop) -> Option<How> {
    let crash = &draft.crash;
    if draft.has(|seen| matches!(seen, Seen::UnitStop(_))) {
        return None;
    }
    let behind = sighting.at - crash.at;
    let is_near = |most| behind >= -SLACK && behind <= most;
    match &crash.process.unit {
        // A child of the unit may crash, and the unit go on.
        Some(unit) => (*unit == stop.unit && is_near(CORE_WRITTEN)).then_some(How::Unit),
        None if stop.pid.is_some_and(|pid| is_of(crash, pid)) => {
            is_near(CORE_WRITTEN).then_some(How::Process)
        }
        None => {
            let exe = stop.exe.as_deref()?;
            let name: String = base_name(exe).chars().take(15).collect();
            let is_same = crash.process.exe.as_deref() == Some(exe)
                || crash.process.comm.as_deref() == Some(name.as_str());
            (is_same && is_near(SAME_MOMENT)).then_some(How::Name)
        }
    }
}

fn is_of(crash: &Crash, pid: u32) -> bool {
    crash.process.pid == Some(pid) || crash.process.tids.contains(&pid)
}

impl Draft {
    fn has(&self, is_it: impl Fn(&Seen) -> bool) -> bool {
        self.sightings.iter().any(|sighting| is_it(&sighting.seen))
    }
}

fn blank(sighting: &Sighting) -> Crash {
    Crash {
        at: sighting.at,
        boot: sighting.boot,
        process: CrashedProcess::default(),
        signal: None,
        signal_name: None,
        reason: None,
        sender: None,
        access: None,
        instruction_pointer: None,
        stack_pointer: None,
        place: None,
        system_call: None,
        stack: None,
        core: CoreFile {
            state: CoreState::Unknown,
            path: None,
            size_bytes: None,
            is_compressed: false,
            commands: Vec::new(),
        },
        signature: Signature {
            id: String::new(),
            basis: SignatureBasis::Program,
        },
        verdict: CrashVerdict {
            cause: CrashCause::Unknown,
            certainty: Certainty::Unknown,
            evidence: Vec::new(),
        },
    }
}

/// Adds what a sighting knows and nobody before it knew.
fn fill(crash: &mut Crash, sighting: &Sighting) {
    // The kernel writes at the moment itself; a file's time is that of its last byte.
    let is_sharper = matches!(sighting.seen, Seen::Kernel { .. });
    let had_file_only = crash.boot.is_none();
    if is_sharper || (had_file_only && sighting.boot.is_some() && sighting.at < crash.at) {
        crash.at = sighting.at;
    }
    crash.boot = crash.boot.or(sighting.boot);
    crash.signal = crash.signal.or(signal(&sighting.seen));
    crash.signal_name = crash.signal.map(|signal| signal.to_string());
    match &sighting.seen {
        Seen::Coredump(dump) => of_coredump(crash, dump),
        Seen::Core(core) => of_core(crash, core),
        Seen::Apport { path, report } => {
            or(&mut crash.process.exe, report.exe.clone());
            or(&mut crash.process.command, report.command.clone());
            if report.has_core && crash.core.path.is_none() {
                crash.core.state = CoreState::Kept;
                crash.core.path = Some(path.clone());
                crash.core.is_compressed = true;
            }
        }
        Seen::Kernel { fault, .. } => of_kernel(crash, fault),
        Seen::UnitStop(stop) => of_unit_stop(crash, stop),
        Seen::UnitResult { .. } => {}
    }
}

fn or<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

fn of_coredump(crash: &mut Crash, dump: &Coredump) {
    let process = &mut crash.process;
    process.pid = dump.pid;
    process.tids = dump.tid.into_iter().collect();
    process.comm = dump.comm.clone();
    process.exe = dump.exe.clone();
    process.command = dump.command.clone();
    process.uid = dump.uid;
    process.unit = dump.unit.clone();
    process.user_unit = dump.user_unit.clone();
    crash.stack = dump.stack.clone();
    crash.core.path = dump.path.clone();
    crash.core.size_bytes = dump.size_bytes;
    let compressed = [".zst", ".lz4", ".xz"];
    let path = dump.path.as_deref().unwrap_or_default();
    crash.core.is_compressed = compressed.iter().any(|suffix| path.ends_with(suffix));
    crash.core.state = match (&dump.path, dump.has_looked, dump.size_bytes) {
        (None, ..) if dump.is_elsewhere => CoreState::Elsewhere,
        (None, ..) => CoreState::NotKept,
        (Some(_), true, None) => CoreState::Removed,
        (Some(_), false, _) => CoreState::Unknown,
        (Some(_), true, Some(_)) if dump.is_truncated => CoreState::Truncated,
        (Some(_), true, Some(_)) => CoreState::Kept,
    };
}

fn of_core(crash: &mut Crash, core: &CoreNotes) {
    let process = &mut crash.process;
    or(&mut process.pid, core.pid);
    let is_of_our_namespace = process.pid == core.pid;
    if process.tids.len() <= 1 && is_of_our_namespace {
        process.tids = core.tids.clone();
    }
    or(&mut process.comm, core.comm.clone());
    or(&mut process.exe, core.exe.clone());
    or(&mut process.command, core.command.clone());
    or(&mut process.uid, core.uid);
    crash.reason = core.reason_code();
    crash.sender = core.sender;
    or(
        &mut crash.access,
        core.fault_address.map(|address| Access {
            address,
            kind: None,
            is_mapped: match core.reason_code().and_then(|code| code.name).as_deref() {
                Some("SEGV_MAPERR") => Some(false),
                Some("SEGV_ACCERR") => Some(true),
                _ => None,
            },
        }),
    );
    or(&mut crash.instruction_pointer, core.instruction_pointer);
    or(&mut crash.stack_pointer, core.stack_pointer);
    or(&mut crash.place, core.place.clone());
    or(&mut crash.system_call, core.system_call);
    if crash.core.path.is_none() {
        crash.core.path = Some(core.path.clone());
        crash.core.size_bytes = Some(core.size_bytes);
    }
    crash.core.state = match core.is_truncated {
        true => CoreState::Truncated,
        false => CoreState::Kept,
    };
}

fn of_kernel(crash: &mut Crash, fault: &Fault) {
    let process = &mut crash.process;
    let is_of_process = matches!(fault.kind, FaultKind::AbnormalEnd { .. });
    if process.pid.is_none() {
        process.pid = Some(fault.tid);
        if !is_of_process {
            process.tids = vec![fault.tid];
        }
    }
    or(&mut process.comm, Some(fault.comm.clone()));
    or(&mut process.exe, fault.exe.clone());
    if let FaultKind::PageFault { address, error } = &fault.kind {
        crash.access = Some(Access {
            address: Address(*address),
            kind: Some(match (error.is_instruction(), error.is_write()) {
                (true, _) => AccessKind::Execute,
                (false, true) => AccessKind::Write,
                (false, false) => AccessKind::Read,
            }),
            // A page of a mapping that was never touched looks unmapped too: what the signal says
            // of the mapping counts more.
            is_mapped: match error.is_forbidden() {
                true => Some(true),
                false => crash.access.and_then(|access| access.is_mapped),
            },
        });
    }
    if let FaultKind::Seccomp { system_call, .. } = fault.kind {
        crash.system_call = Some(system_call);
    }
    or(
        &mut crash.instruction_pointer,
        fault.instruction_pointer.map(Address),
    );
    or(&mut crash.stack_pointer, fault.stack_pointer.map(Address));
    let module = fault.module.as_ref();
    let place = module.and_then(|module| {
        Some(CodePlace {
            module: module.name.clone(),
            offset: Address(module.file_offset.or(module.map_offset)?),
            build_id: None,
        })
    });
    or(&mut crash.place, place);
}

fn of_unit_stop(crash: &mut Crash, stop: &UnitStop) {
    or(&mut crash.process.unit, Some(stop.unit.clone()));
    // Behind a shell, the main process is the shell.
    let is_main = matches!(stop.status, ExitStatus::Signaled { .. });
    if is_main {
        or(&mut crash.process.pid, stop.pid);
        or(&mut crash.process.exe, stop.exe.clone());
    }
    if crash.core.state == CoreState::Unknown && crash.core.path.is_none() {
        crash.core.state = match stop.status {
            ExitStatus::Signaled {
                core_dumped: true, ..
            } => CoreState::Elsewhere,
            ExitStatus::Signaled { .. } => CoreState::NotKept,
            ExitStatus::Exited { .. } => CoreState::Unknown,
        };
    }
}

#[cfg(test)]
mod tests;

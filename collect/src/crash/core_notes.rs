//! What a core file says of itself: who it was, which signal and why, registers, and what was
//! loaded. The process's memory is not read, but for the heads of the files that were mapped, which
//! have their build-ids.

mod layout;
mod modules;

use std::{fs::File, io, os::unix::fs::FileExt as _};

use analysis::{
    crash::{Address, CodePlace, Sender, sighting::CoreNotes},
    dictionary,
    process::Signal,
    scrub::scrub_text,
};
use object::{
    Endianness, ReadCache,
    elf::{self, FileHeader64},
    read::elf::{FileHeader as _, ProgramHeader as _},
};

use self::{layout::Numbers, modules::Mapping};
use super::regular::open_file;

/// Notes of a process with thousands of threads. A core that claims more is no core.
const MOST_NOTES_BYTES: u64 = 64 << 20;
/// Segments: a process has at most 65530 mappings.
const MOST_SEGMENTS: usize = 100_000;
const MOST_TIDS: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("it is no core of a 64-bit process")]
    NoCore,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<object::read::Error> for Unreadable {
    fn from(_: object::read::Error) -> Self {
        Self::NoCore
    }
}

/// A part of the process's memory in the file.
struct Segment {
    address: u64,
    offset: u64,
    size: u64,
}

pub(super) fn read(path: &str) -> Result<CoreNotes, Unreadable> {
    of(&open_file(path)?, path)
}

/// Of a file that is open, and is called so.
pub(super) fn of(file: &File, path: &str) -> Result<CoreNotes, Unreadable> {
    let size_bytes = file.metadata()?.len();
    let mut core = CoreNotes {
        path: path.to_owned(),
        size_bytes,
        ..CoreNotes::default()
    };
    let data = ReadCache::new(file.try_clone()?);
    let header = FileHeader64::<Endianness>::parse(&data)?;
    let endian = header.endian()?;
    if header.e_type(endian) != elf::ET_CORE {
        return Err(Unreadable::NoCore);
    }
    let machine = header.e_machine(endian);
    let mut segments = Vec::new();
    let mut end = 0;
    let mut notes = Vec::new();
    for program in header
        .program_headers(endian, &data)?
        .iter()
        .take(MOST_SEGMENTS)
    {
        let (offset, size) = (program.p_offset(endian), program.p_filesz(endian));
        match program.p_type(endian) {
            elf::PT_LOAD => {
                end = end.max(offset.saturating_add(size));
                segments.push(Segment {
                    address: program.p_vaddr(endian),
                    offset,
                    size,
                });
            }
            elf::PT_NOTE if size <= MOST_NOTES_BYTES => notes.push(program),
            _ => {}
        }
    }
    core.is_truncated = end > size_bytes;
    let mut mappings = Vec::new();
    let mut entry = None;
    for program in notes {
        let Ok(Some(mut notes)) = program.notes(endian, &data) else {
            continue;
        };
        while let Ok(Some(note)) = notes.next() {
            if note.name() != b"CORE" {
                continue;
            }
            let numbers = Numbers::of(note.desc(), endian);
            match note.n_type(endian) {
                elf::NT_PRSTATUS => status(&mut core, &numbers, machine),
                elf::NT_PRPSINFO => process(&mut core, &numbers),
                elf::NT_SIGINFO => signal(&mut core, &numbers),
                elf::NT_FILE => mappings = modules::mappings(&numbers),
                elf::NT_AUXV => entry = layout::auxiliary(&numbers, layout::ENTRY),
                _ => {}
            }
        }
    }
    finish(&mut core, file, &segments, &mappings, entry);
    Ok(core)
}

/// `NT_PRSTATUS`, one for each thread; the kernel writes that of the crash first.
fn status(core: &mut CoreNotes, numbers: &Numbers<'_>, machine: u16) {
    let Some(tid) = numbers.u32(layout::STATUS_PID) else {
        return;
    };
    if core.tids.len() < MOST_TIDS {
        core.tids.push(tid);
    }
    if core.tids.len() > 1 {
        return;
    }
    let number = numbers
        .u16(layout::STATUS_SIGNAL)
        .filter(|number| *number > 0);
    core.signal = number
        .and_then(|number| u8::try_from(number).ok())
        .map(Signal);
    core.registers = layout::registers(numbers, machine);
    let value = |names: [&str; 2]| {
        let found = core
            .registers
            .iter()
            .find(|register| names.contains(&&*register.name));
        found.map(|register| register.value)
    };
    core.instruction_pointer = value(["rip", "pc"]);
    core.stack_pointer = value(["rsp", "sp"]);
}

/// `NT_PRPSINFO`.
fn process(core: &mut CoreNotes, numbers: &Numbers<'_>) {
    core.uid = numbers.u32(layout::PROCESS_UID);
    core.pid = numbers.u32(layout::PROCESS_PID);
    core.comm = numbers.text(layout::PROCESS_NAME, 16);
    let command = numbers.text(layout::PROCESS_ARGUMENTS, 80);
    core.command = command.map(|command| scrub_text(command.trim_end()));
}

/// `NT_SIGINFO`.
fn signal(core: &mut CoreNotes, numbers: &Numbers<'_>) {
    let (Some(number), Some(code)) = (numbers.u32(0), numbers.i32(layout::SIGNAL_CODE)) else {
        return;
    };
    let Some(signal) = u8::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .map(Signal)
    else {
        return;
    };
    core.signal = core.signal.or(Some(signal));
    core.reason = Some(code);
    let name = dictionary::signal_code(signal, code).map(|code| code.name);
    match name {
        Some("SI_USER" | "SI_QUEUE" | "SI_TKILL") => {
            let pid = numbers.u32(layout::SIGNAL_UNION);
            let uid = numbers.u32(layout::SIGNAL_UNION + 4);
            core.sender = pid.zip(uid).map(|(pid, uid)| Sender { pid, uid });
        }
        Some("SYS_SECCOMP") => core.system_call = numbers.u32(layout::SIGNAL_UNION + 8),
        // Without an address: the kernel knows none.
        Some("SI_KERNEL" | "SI_TIMER") => {}
        // Only these say which address could not be used; for the others it is the instruction.
        _ if matches!(signal, Signal::SEGV | Signal(7)) => {
            core.fault_address = numbers.u64(layout::SIGNAL_UNION).map(Address);
        }
        _ => {}
    }
}

/// Adds what needs all the notes.
fn finish(
    core: &mut CoreNotes,
    file: &File,
    segments: &[Segment],
    mappings: &[Mapping],
    entry: Option<u64>,
) {
    let page = |address: u64| {
        let segment = segments.iter().find(|segment| segment.address == address);
        let segment =
            segment.filter(|segment| segment.size >= super::build_id::PAGE_BYTES as u64)?;
        let mut page = vec![0; super::build_id::PAGE_BYTES];
        file.read_exact_at(&mut page, segment.offset).ok()?;
        Some(page)
    };
    core.modules = modules::modules(mappings, page);
    let at = |address: u64| mappings.iter().find(|one| one.has(address));
    core.exe = entry.and_then(at).map(|mapping| mapping.path.clone());
    core.place = core.instruction_pointer.and_then(|ip| {
        let mapping = at(ip.0)?;
        let module = core
            .modules
            .iter()
            .find(|module| module.path == mapping.path);
        Some(CodePlace {
            module: mapping.path.clone(),
            offset: Address(ip.0 - mapping.start + mapping.offset),
            build_id: module.and_then(|module| module.build_id.clone()),
        })
    });
}

#[cfg(test)]
mod tests;

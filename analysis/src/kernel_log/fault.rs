//! What the kernel writes when it has to end a process: x86's lines about faults and traps, and
//! the audit lines of every architecture.

use crate::process::Signal;

/// A line about a process that the kernel had to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Of the thread, in the first pid namespace.
    pub tid: u32,
    /// Of the thread.
    pub comm: String,
    pub kind: FaultKind,
    pub exe: Option<String>,
    pub instruction_pointer: Option<u64>,
    pub stack_pointer: Option<u64>,
    /// Where the instruction stands. `None`: nowhere (a jump to nothing), or not told.
    pub module: Option<FaultModule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// `segfault at ADDRESS ... error CODE`.
    PageFault {
        address: u64,
        error: PageFaultError,
    },
    GeneralProtection,
    DivideError,
    InvalidOpcode,
    Breakpoint,
    StackSegment,
    /// A trap that is rarer, as the kernel names it.
    OtherTrap(String),
    /// `type=1326`: a seccomp filter ended it.
    Seccomp {
        signal: Signal,
        system_call: u32,
        architecture: u32,
    },
    /// `type=1701`: it ended by a signal of a crash; pid of the process, not of the thread.
    AbnormalEnd {
        signal: Signal,
    },
}

/// The processor's error code of a page fault (x86).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFaultError(pub u64);

impl PageFaultError {
    /// Something is mapped there, and forbids the access.
    pub fn is_forbidden(self) -> bool {
        self.0 & 1 != 0
    }

    pub fn is_write(self) -> bool {
        self.0 & 2 != 0
    }

    pub fn is_instruction(self) -> bool {
        self.0 & 16 != 0
    }
}

/// `in libc.so.6[28a1b,7f6e4c428000+195000]`; the number before the comma since Linux 6.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultModule {
    pub name: String,
    /// Of the instruction, in the file. `None`: an older kernel, which tells only where the
    /// memory begins.
    pub file_offset: Option<u64>,
    /// Of the instruction, from the beginning of the mapped memory.
    pub map_offset: Option<u64>,
}

impl FaultKind {
    /// The signal that the kernel sends for it.
    pub fn signal(&self) -> Option<Signal> {
        match self {
            Self::PageFault { .. } | Self::GeneralProtection => Some(Signal::SEGV),
            Self::DivideError => Some(Signal(8)),
            Self::InvalidOpcode => Some(Signal(4)),
            Self::Breakpoint => Some(Signal(5)),
            Self::StackSegment => Some(Signal(7)),
            Self::OtherTrap(_) => None,
            Self::Seccomp { signal, .. } | Self::AbnormalEnd { signal } => Some(*signal),
        }
    }
}

/// A name has at most 15 bytes; a longer one is a driver that prints the same words.
const LONGEST_NAME: usize = 15;

impl Fault {
    pub fn parse(line: &str) -> Option<Self> {
        audit(line)
            .or_else(|| trap(line))
            .or_else(|| page_fault(line))
    }
}

/// `crasher[2736]: segfault at 4 ip 0000561c sp 00007ffc error 4 in a[1220,561c+1000] likely on`.
fn page_fault(line: &str) -> Option<Fault> {
    let (head, rest) = line.split_once("]: segfault at ")?;
    let (comm, tid) = named(head)?;
    let (address, rest) = rest.split_once(" ip ")?;
    let (ip, rest) = rest.split_once(" sp ")?;
    let (sp, rest) = rest.split_once(" error ")?;
    let (error, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let ip = hex(ip);
    Some(Fault {
        tid,
        comm,
        kind: FaultKind::PageFault {
            address: hex(address)?,
            error: PageFaultError(hex(error)?),
        },
        exe: None,
        instruction_pointer: ip,
        stack_pointer: hex(sp),
        module: module(rest, ip),
    })
}

/// `traps: a[29471] trap divide error ip:5615 sp:7ffe error:0 in a[13c2,5615+1000]`.
fn trap(line: &str) -> Option<Fault> {
    let line = line.strip_prefix("traps: ")?;
    // A process that calls itself `a[1] trap x` shall not speak for process 1.
    let ends = line.match_indices("] ").map(|(at, _)| line.split_at(at));
    let heads = ends.filter_map(|(head, rest)| Some((named(head)?, rest.get(2..)?)));
    let ((comm, tid), rest) = heads.last()?;
    let (what, rest) = rest.split_once(" ip:")?;
    let (ip, rest) = rest.split_once(" sp:")?;
    let (sp, rest) = rest.split_once(" error:")?;
    let (_, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let what = what.strip_prefix("trap ").unwrap_or(what);
    let ip = hex(ip);
    Some(Fault {
        tid,
        comm,
        kind: match what {
            "divide error" => FaultKind::DivideError,
            "invalid opcode" => FaultKind::InvalidOpcode,
            "int3" => FaultKind::Breakpoint,
            "general protection" | "general protection fault" => FaultKind::GeneralProtection,
            "stack segment" => FaultKind::StackSegment,
            other => FaultKind::OtherTrap(other.to_owned()),
        },
        exe: None,
        instruction_pointer: ip,
        stack_pointer: hex(sp),
        module: module(rest, ip),
    })
}

/// `audit: type=1326 audit(1795290864.409:2): auid=... pid=29496 comm="a" exe="/x/a" sig=31 ...`.
fn audit(line: &str) -> Option<Fault> {
    let rest = line.strip_prefix("audit: ").unwrap_or(line);
    let is_seccomp = rest.starts_with("type=1326 ") || rest.starts_with("SECCOMP ");
    let is_abend = rest.starts_with("type=1701 ") || rest.starts_with("ANOM_ABEND ");
    if !is_seccomp && !is_abend {
        return None;
    }
    let (before, rest) = rest.split_once(" comm=")?;
    let (comm, rest) = quoted(rest)?;
    let (exe, rest) = quoted(rest.strip_prefix(" exe=")?)?;
    let signal = Signal(number(rest, " sig=")?);
    Some(Fault {
        tid: number(before, " pid=")?,
        comm,
        kind: match is_seccomp {
            true => FaultKind::Seccomp {
                signal,
                system_call: number(rest, " syscall=")?,
                architecture: value(rest, " arch=")
                    .and_then(|text| u32::from_str_radix(text, 16).ok())
                    .unwrap_or(0),
            },
            false => FaultKind::AbnormalEnd { signal },
        },
        exe: Some(exe).filter(|exe| exe.starts_with('/')),
        instruction_pointer: value(rest, " ip=").and_then(hex),
        stack_pointer: None,
        module: None,
    })
}

/// `"name"`, or in hex where it has odd characters, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    if let Some(text) = text.strip_prefix('"') {
        let (name, rest) = text.split_once('"')?;
        return Some((name.to_owned(), rest));
    }
    let (word, rest) = match text.find(' ') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let digit = |at: usize| {
        word.get(at..at + 2)
            .and_then(|two| u8::from_str_radix(two, 16).ok())
    };
    let bytes: Option<Vec<u8>> = (0..word.len()).step_by(2).map(digit).collect();
    let name = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Some((name.unwrap_or_else(|| word.to_owned()), rest))
}

fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(name)?;
    rest.split(' ').next()
}

fn number<N: std::str::FromStr>(text: &str, name: &str) -> Option<N> {
    value(text, name)?.parse().ok()
}

/// `comm[tid`: a process chooses its name, so the last bracket counts.
fn named(head: &str) -> Option<(String, u32)> {
    let (comm, tid) = head.rsplit_once('[')?;
    (comm.len() <= LONGEST_NAME).then_some(())?;
    Some((comm.to_owned(), tid.parse().ok()?))
}

fn hex(text: &str) -> Option<u64> {
    let text = text.trim();
    u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()
}

/// `in a[1220,561cd99a4000+1000] likely on CPU 0 (core 0, socket 0)`.
fn module(rest: &str, ip: Option<u64>) -> Option<FaultModule> {
    let rest = rest.strip_prefix("in ")?;
    let rest = rest.split(" likely on CPU ").next()?;
    let (name, place) = rest.rsplit_once('[')?;
    let (place, _) = place.split_once(']')?;
    let (offset, range) = match place.split_once(',') {
        Some((offset, range)) => (hex(offset), range),
        None => (None, place),
    };
    let (base, _size) = range.split_once('+')?;
    Some(FaultModule {
        name: name.to_owned(),
        file_offset: offset,
        map_offset: hex(base).and_then(|base| ip?.checked_sub(base)),
    })
}

#[cfg(test)]
mod tests;

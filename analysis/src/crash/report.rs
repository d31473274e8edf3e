//! What is told of crashes.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CrashGroup, stack::Stack};
use crate::{
    Timestamp,
    black_box::MinutesBefore,
    cause::Certainty,
    identity::{BootId, UnitName},
    limitation::Limitation,
    log::LogLine,
    process::{ExitStatus, Signal},
};

/// The crashes of a host within a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CrashReport {
    pub at: Timestamp,
    /// How far back was looked.
    pub since: Timestamp,
    /// Crashes that are alike, the newest first; those left out of `crashes` are counted in.
    pub groups: Vec<CrashGroup>,
    /// The newest first.
    pub crashes: Vec<Crash>,
    /// Older crashes that the report has no room for.
    pub omitted: u32,
    /// Stops of the unit that was asked for that were the doing of somebody else.
    pub not_crashes: Vec<NotACrash>,
    /// What could be read of the newest crash, if that was asked for.
    pub newest: Option<Box<Examined>>,
    pub wants_newest: bool,
    pub wants_kinds: bool,
    pub wants_detail: bool,
    pub wants_pid: bool,
    /// Where the kernel of this host puts cores. `None`: not known.
    pub core_pattern: Option<String>,
    pub limits: Vec<Limitation>,
    /// Of a name that no unit of the host has: units that may have been meant.
    #[serde(default)]
    pub similar: Vec<UnitName>,
}

/// One crash, told once with all that was seen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Crash {
    pub at: Timestamp,
    pub boot: Option<BootId>,
    pub process: CrashedProcess,
    pub signal: Option<Signal>,
    /// `SIGSEGV`.
    pub signal_name: Option<String>,
    /// `si_code`: why the signal came.
    pub reason: Option<ReasonCode>,
    /// Who sent it, if it was a process.
    pub sender: Option<Sender>,
    pub access: Option<Access>,
    pub instruction_pointer: Option<Address>,
    pub stack_pointer: Option<Address>,
    /// Where the instruction stands in its file.
    pub place: Option<CodePlace>,
    /// The system call that was not allowed.
    pub system_call: Option<u32>,
    /// The stack that systemd-coredump wrote down.
    pub stack: Option<Stack>,
    pub core: CoreFile,
    pub signature: Signature,
    pub verdict: CrashVerdict,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CrashedProcess {
    /// `None`: only its unit is known.
    pub pid: Option<u32>,
    /// Its threads, as far as known; the one that crashed first.
    pub tids: Vec<u32>,
    pub comm: Option<String>,
    pub exe: Option<String>,
    /// Program and arguments, without secrets.
    pub command: Option<String>,
    pub uid: Option<u32>,
    pub unit: Option<UnitName>,
    /// Unit of the user's own systemd.
    pub user_unit: Option<UnitName>,
}

impl CrashedProcess {
    /// What to call it: its program's name.
    pub fn name(&self) -> Option<&str> {
        let exe = self.exe.as_deref().map(base_name);
        exe.or(self.comm.as_deref())
    }

    pub(super) fn is_of_program(&self, name: &str) -> bool {
        let exe = self.exe.as_deref();
        exe == Some(name) || exe.map(base_name) == Some(name) || self.comm.as_deref() == Some(name)
    }
}

pub(super) fn base_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// An address in the memory of a process. In JSON a text (`0x7ffc64d10f70`), since numbers there
/// are not exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "0x7ffc64d10f70")]
pub struct Address(pub u64);

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no address")]
pub struct NotAnAddress(String);

impl TryFrom<String> for Address {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix("0x").unwrap_or(&text);
        let number = u64::from_str_radix(digits, 16).map(Self);
        number.map_err(|_| NotAnAddress(text))
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// `si_code` with its name, where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReasonCode {
    pub number: i32,
    /// `SEGV_MAPERR`.
    pub name: Option<String>,
}

/// The process that sent a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sender {
    pub pid: u32,
    pub uid: u32,
}

/// The access to memory that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Access {
    pub address: Address,
    /// `None`: nobody wrote it down (the processor's error code is not in a core).
    pub kind: Option<AccessKind>,
    /// Whether something is mapped there, which forbids the access.
    pub is_mapped: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AccessKind {
    Read,
    Write,
    Execute,
}

impl AccessKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "execute",
        }
    }
}

/// A place in a program or a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodePlace {
    /// Path, or the name alone where the kernel told no more.
    pub module: String,
    /// In the file.
    pub offset: Address,
    pub build_id: Option<String>,
}

/// What is left of the process's memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoreFile {
    pub state: CoreState,
    pub path: Option<String>,
    /// Of the file as it is.
    pub size_bytes: Option<u64>,
    pub is_compressed: bool,
    /// Look at it with these.
    pub commands: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CoreState {
    /// It is there.
    Kept,
    /// It is there, and a part of it is missing.
    Truncated,
    /// It was taken, and is gone.
    Removed,
    /// The kernel took none, or its handler kept none.
    NotKept,
    /// Taken, and not found where this program looks.
    Elsewhere,
    Unknown,
}

impl CoreState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Truncated => "truncated",
            Self::Removed => "removed",
            Self::NotKept => "not-kept",
            Self::Elsewhere => "elsewhere",
            Self::Unknown => "unknown",
        }
    }
}

/// By what crashes are recognised as alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Signature {
    /// 16 hex digits, the same on every host.
    pub id: String,
    pub basis: SignatureBasis,
}

/// What a signature is made of, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureBasis {
    /// Program, signal and the names of the functions.
    Frames,
    /// Program, signal, and the place of the instruction in a build.
    Place,
    /// Program, signal, and the template of the last words.
    LastWords,
    /// Program (or unit) and signal.
    Program,
}

impl SignatureBasis {
    pub fn name(self) -> &'static str {
        match self {
            Self::Frames => "frames",
            Self::Place => "place",
            Self::LastWords => "last-words",
            Self::Program => "program",
        }
    }
}

/// Why a process crashed. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CrashCause {
    /// It used a null pointer, or a field behind one.
    NullDereference,
    /// Its stack was full, mostly by endless recursion.
    StackOverflow,
    /// It wrote to memory that may only be read.
    WriteToReadOnly,
    /// It jumped to what is no code.
    JumpToNoCode,
    /// It used an address where nothing is, or that is none.
    BadAddress,
    /// An invalid access to memory; nothing tells which.
    MemoryAccess,
    /// An assertion failed.
    Assertion,
    /// An exception that nobody caught, or a panic.
    UncaughtException,
    /// The memory allocator found its lists damaged.
    HeapCorruption,
    /// A buffer on the stack was written beyond its end.
    StackSmashing,
    /// It gave up by itself; nothing tells why.
    Abort,
    /// A seccomp filter forbids a system call that it made.
    ForbiddenSystemCall,
    /// A mapped file became shorter, or its disk cannot be read.
    MappedFileGone,
    /// A memory module is broken.
    HardwareMemory,
    Misaligned,
    /// Memory that is there could not be read; nothing tells more.
    BusError,
    /// The processor does not know the instruction.
    IllegalInstruction,
    /// A trap that the compiler or a programmer put there.
    DeliberateTrap,
    /// An integer division by zero, or one with a result that does not fit.
    DivisionByZero,
    /// An error of arithmetic; nothing tells which.
    Arithmetic,
    /// It reached a limit of CPU time or of file size.
    ResourceLimit,
    /// systemd ended it, since it did not say in time that it was alive.
    Watchdog,
    /// Another process sent the signal: no crash.
    SentByProcess,
    Unknown,
}

impl CrashCause {
    pub const ALL: [Self; 24] = [
        Self::NullDereference,
        Self::StackOverflow,
        Self::WriteToReadOnly,
        Self::JumpToNoCode,
        Self::BadAddress,
        Self::MemoryAccess,
        Self::Assertion,
        Self::UncaughtException,
        Self::HeapCorruption,
        Self::StackSmashing,
        Self::Abort,
        Self::ForbiddenSystemCall,
        Self::MappedFileGone,
        Self::HardwareMemory,
        Self::Misaligned,
        Self::BusError,
        Self::IllegalInstruction,
        Self::DeliberateTrap,
        Self::DivisionByZero,
        Self::Arithmetic,
        Self::ResourceLimit,
        Self::Watchdog,
        Self::SentByProcess,
        Self::Unknown,
    ];

    /// The stable name: `null-dereference`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NullDereference => "null-dereference",
            Self::StackOverflow => "stack-overflow",
            Self::WriteToReadOnly => "write-to-read-only",
            Self::JumpToNoCode => "jump-to-no-code",
            Self::BadAddress => "bad-address",
            Self::MemoryAccess => "memory-access",
            Self::Assertion => "assertion",
            Self::UncaughtException => "uncaught-exception",
            Self::HeapCorruption => "heap-corruption",
            Self::StackSmashing => "stack-smashing",
            Self::Abort => "abort",
            Self::ForbiddenSystemCall => "forbidden-system-call",
            Self::MappedFileGone => "mapped-file-gone",
            Self::HardwareMemory => "hardware-memory",
            Self::Misaligned => "misaligned",
            Self::BusError => "bus-error",
            Self::IllegalInstruction => "illegal-instruction",
            Self::DeliberateTrap => "deliberate-trap",
            Self::DivisionByZero => "division-by-zero",
            Self::Arithmetic => "arithmetic",
            Self::ResourceLimit => "resource-limit",
            Self::Watchdog => "watchdog",
            Self::SentByProcess => "sent-by-process",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CrashVerdict {
    pub cause: CrashCause,
    pub certainty: Certainty,
    pub evidence: Vec<CrashEvidence>,
}

/// One fact about a crash, by who told it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "fact")]
pub enum CrashEvidence {
    /// The kernel's line.
    KernelLine { at: Timestamp, line: String },
    /// systemd-coredump took a core.
    Coredump { at: Timestamp },
    /// systemd saw a process of the unit end.
    UnitStop {
        at: Timestamp,
        unit: UnitName,
        status: ExitStatus,
    },
    /// `Result=` of the unit: `core-dump`, `watchdog`.
    UnitResult {
        at: Timestamp,
        unit: UnitName,
        result: String,
    },
    /// What the core itself says of the signal.
    CoreNotes { path: String },
    /// A report of apport.
    ApportReport { path: String },
    /// What the process wrote before.
    LogLine { line: LogLine },
    /// A function on the stack that is there for one reason only.
    Frame { function: String },
    /// The instruction itself, as the debugger reads it.
    Instruction { text: String },
}

/// A unit stopped by a signal that is no crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotACrash {
    pub at: Timestamp,
    pub unit: UnitName,
    pub status: ExitStatus,
}

/// What was read of one crash, beyond what was written down when it happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Examined {
    pub stack: Option<Stack>,
    /// Of the frames, where there are any with names.
    pub signature: Option<Signature>,
    /// The instruction that failed, as the debugger reads it.
    pub instruction: Option<String>,
    /// Of the thread that crashed.
    pub registers: Vec<Register>,
    pub modules: Vec<Module>,
    /// What it, or its unit, wrote before: the oldest first.
    pub log: Vec<LogLine>,
    /// Lines left out of the middle of `log`.
    pub log_omitted: u32,
    /// What its unit and the host did before. `None`: nothing was recorded.
    #[serde(default)]
    pub before: Option<MinutesBefore>,
    pub limits: Vec<Limitation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Register {
    pub name: String,
    pub value: Address,
}

/// A program or library that was loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Module {
    pub path: String,
    pub build_id: Option<String>,
    /// Package that it came with, where it says so itself.
    pub package: Option<String>,
    pub version: Option<String>,
}

//! One trace of a crash, in one of the places that crashes leave traces in.

use super::{
    Address, CodePlace, Module, ReasonCode, Register, Sender, apport::ApportReport, stack::Stack,
};
use crate::{
    Timestamp, dictionary,
    identity::{BootId, UnitName},
    journal::{JournalEntry, message_id},
    kernel_log::fault::Fault,
    log,
    process::{ExitStatus, Signal},
    scrub::scrub_text,
};

/// One trace of a crash.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    pub at: Timestamp,
    /// `None`: not known, as of a file.
    pub boot: Option<BootId>,
    pub seen: Seen,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Coredump(Box<Coredump>),
    Kernel {
        fault: Fault,
        line: String,
    },
    UnitStop(UnitStop),
    /// `Result=` of a unit that failed.
    UnitResult {
        unit: UnitName,
        result: String,
    },
    Core(Box<CoreNotes>),
    Apport {
        path: String,
        report: ApportReport,
    },
}

/// What systemd-coredump wrote down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coredump {
    pub pid: Option<u32>,
    pub tid: Option<u32>,
    pub comm: Option<String>,
    pub exe: Option<String>,
    pub command: Option<String>,
    pub uid: Option<u32>,
    pub signal: Option<Signal>,
    pub unit: Option<UnitName>,
    pub user_unit: Option<UnitName>,
    /// `None`: the core was not kept in a file.
    pub path: Option<String>,
    /// It was, and not where systemd-coredump keeps them: that file is not looked at.
    pub is_elsewhere: bool,
    pub is_truncated: bool,
    pub stack: Option<Stack>,
    pub modules: Vec<Module>,
    /// Size of the file. `None`: it is not there any more, or nobody has looked.
    pub size_bytes: Option<u64>,
    pub has_looked: bool,
}

/// systemd saw a process of a unit end.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitStop {
    pub unit: UnitName,
    pub status: ExitStatus,
    /// Of the program, where the unit says: for lines that name no unit.
    pub exe: Option<String>,
    /// Of the main process, where systemd still knows it.
    pub pid: Option<u32>,
}

impl UnitStop {
    /// The signal of the crash. A shell in between makes an exit code of it.
    pub fn signal(&self) -> Option<Signal> {
        match self.status {
            ExitStatus::Signaled { signal, .. } => Some(signal),
            ExitStatus::Exited { code } => {
                let meant = code.checked_sub(128).map(Signal)?;
                dictionary::is_of_crash(meant).then_some(meant)
            }
        }
    }
}

/// What a core file says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CoreNotes {
    pub path: String,
    /// Read since a crash that is known names the file: it tells of no other.
    pub is_of_record: bool,
    pub size_bytes: u64,
    pub is_truncated: bool,
    pub pid: Option<u32>,
    /// The one that crashed first.
    pub tids: Vec<u32>,
    pub comm: Option<String>,
    pub exe: Option<String>,
    pub command: Option<String>,
    pub uid: Option<u32>,
    pub signal: Option<Signal>,
    pub reason: Option<i32>,
    pub sender: Option<Sender>,
    pub fault_address: Option<Address>,
    pub system_call: Option<u32>,
    pub instruction_pointer: Option<Address>,
    pub stack_pointer: Option<Address>,
    pub place: Option<CodePlace>,
    pub registers: Vec<Register>,
    pub modules: Vec<Module>,
}

impl CoreNotes {
    pub(super) fn reason_code(&self) -> Option<ReasonCode> {
        let (signal, number) = (self.signal?, self.reason?);
        let name = dictionary::signal_code(signal, number).map(|code| code.name.to_owned());
        Some(ReasonCode { number, name })
    }
}

/// Whether an entry says that it is of systemd-coredump, which anybody could write.
pub fn claims_coredump(entry: &JournalEntry) -> bool {
    entry.message_id() == Some(message_id::COREDUMP)
}

/// Reads a journal entry as a trace of a crash, if it is one and comes from whom it says.
pub fn sighting_of(entry: &JournalEntry) -> Option<Sighting> {
    let (at, seen) = if claims_coredump(entry) {
        is_of_coredump(entry).then_some(())?;
        (
            coredumped_at(entry),
            Seen::Coredump(Box::new(coredump(entry))),
        )
    } else if entry.is_of_kernel() || entry.field("_TRANSPORT") == Some("audit") {
        let line = entry.message();
        let fault = Fault::parse(line)?;
        let line = log::shortened(line.to_owned());
        (entry.at, Seen::Kernel { fault, line })
    } else if entry.is_of_manager() {
        (entry.at, of_manager(entry)?)
    } else {
        return None;
    };
    Some(Sighting {
        at,
        boot: Some(entry.boot),
        seen,
    })
}

/// It gives up root before it writes, so that its user is no proof. Its unit is: nobody else can be
/// in it. Its program is none: anybody can start it, and have it say anything (`LD_PRELOAD`).
///
/// Of process 1 and of journald it writes outside of its unit. Such a crash is known by the kernel's
/// line alone.
fn is_of_coredump(entry: &JournalEntry) -> bool {
    let unit = entry.field("_SYSTEMD_UNIT").unwrap_or_default();
    entry.field("_UID") == Some("0") || unit.starts_with("systemd-coredump@")
}

/// The one folder that systemd-coredump writes to.
const FOLDER: &str = "/var/lib/systemd/coredump/";

fn is_in_folder(path: &str) -> bool {
    let name = path.strip_prefix(FOLDER).unwrap_or_default();
    !matches!(name, "" | "." | "..") && !name.contains('/')
}

/// When it crashed: the entry is written when the core is.
fn coredumped_at(entry: &JournalEntry) -> Timestamp {
    let us = entry.number("COREDUMP_TIMESTAMP");
    let told = us.and_then(Timestamp::from_timestamp_micros);
    // A moment that is not before the entry is no moment of a crash.
    told.filter(|at| *at <= entry.at).unwrap_or(entry.at)
}

fn coredump(entry: &JournalEntry) -> Coredump {
    let text = |name| entry.field(name).map(str::to_owned);
    let unit = |name| entry.field(name).and_then(|unit| unit.parse().ok());
    let stack = Stack::of_systemd_coredump(entry.message());
    let first = stack.as_ref().and_then(|stack| stack.threads.first());
    let path = text("COREDUMP_FILENAME");
    Coredump {
        pid: entry.number("COREDUMP_PID"),
        tid: entry
            .number("COREDUMP_TID")
            .or(first.and_then(|thread| thread.tid)),
        comm: text("COREDUMP_COMM"),
        exe: text("COREDUMP_EXE"),
        command: entry
            .field("COREDUMP_CMDLINE")
            .map(|command| log::shortened(scrub_text(command))),
        uid: entry.number("COREDUMP_UID"),
        signal: entry.number("COREDUMP_SIGNAL").map(Signal),
        unit: unit("COREDUMP_UNIT"),
        user_unit: unit("COREDUMP_USER_UNIT"),
        is_elsewhere: path.as_deref().is_some_and(|path| !is_in_folder(path)),
        path: path.filter(|path| is_in_folder(path)),
        is_truncated: entry.field("COREDUMP_TRUNCATED") == Some("1"),
        modules: entry
            .field("COREDUMP_PACKAGE_JSON")
            .map_or_else(Vec::new, modules),
        stack,
        ..Coredump::default()
    }
}

/// Modules that are kept.
const MOST_MODULES: usize = 300;

/// `{"/usr/bin/app": {"name": "app", "version": "1.2", "buildId": "ab12"}, ...}`.
fn modules(json: &str) -> Vec<Module> {
    let Ok(serde_json::Value::Object(all)) = serde_json::from_str(json) else {
        return Vec::new();
    };
    let of = |(path, facts): (String, serde_json::Value)| {
        let text = |name: &str| {
            facts
                .get(name)
                .and_then(|value| value.as_str().map(str::to_owned))
        };
        // The architecture stands among the modules.
        facts.is_object().then(|| Module {
            build_id: text("buildId"),
            package: text("name"),
            version: text("version"),
            path,
        })
    };
    all.into_iter().filter_map(of).take(MOST_MODULES).collect()
}

fn of_manager(entry: &JournalEntry) -> Option<Seen> {
    let unit = entry.unit()?;
    match entry.message_id()? {
        message_id::PROCESS_EXITED => Some(Seen::UnitStop(UnitStop {
            unit,
            status: entry.exit_status()?,
            exe: None,
            pid: None,
        })),
        message_id::UNIT_FAILED => Some(Seen::UnitResult {
            unit,
            result: entry.field("UNIT_RESULT")?.to_owned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

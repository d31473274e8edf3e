//! Sightings for tests.

use std::collections::BTreeMap;

use super::sighting::{CoreNotes, Seen, Sighting, UnitStop, sighting_of};
use crate::{
    Timestamp,
    identity::BootId,
    journal::JournalEntry,
    process::{ExitStatus, Signal},
};

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
}

pub(crate) fn entry(ms: i64, fields: &[(&str, &str)]) -> JournalEntry {
    let fields = fields.iter();
    JournalEntry {
        cursor: String::new(),
        at: at(ms),
        monotonic_us: 0,
        boot: BootId(uuid::Uuid::from_u128(1)),
        fields: fields
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
    }
}

pub(crate) fn kernel(ms: i64, line: &str) -> Sighting {
    sighting_of(&entry(ms, &[("_TRANSPORT", "kernel"), ("MESSAGE", line)])).unwrap()
}

/// A null pointer, by a thread of `app` at the same place each time.
pub(crate) fn segfault(ms: i64, tid: u32) -> Sighting {
    let line = format!(
        "app[{tid}]: segfault at 4 ip 0000561cd99a4220 sp 00007ffc64d10f70 error 4 in \
         app[1220,561cd99a4000+1000] likely on CPU 0 (core 0, socket 0)"
    );
    kernel(ms, &line)
}

pub(crate) fn coredump(ms: i64, pid: u32) -> Sighting {
    let pid = pid.to_string();
    let crashed_us = (at(ms).timestamp_micros() - 500_000).to_string();
    let message = format!(
        "Process {pid} (app) of user 0 dumped core.\n\nStack trace of thread {pid}:\n\
         #0  0x0000561cd99a4220 parse (app + 0x1220)\n#1  0x0000561cd99a42aa main (app + 0x12aa)\n"
    );
    let fields = [
        ("MESSAGE_ID", "fc2e22bc6ee647b6b90729ab34a250b1"),
        ("_UID", "0"),
        ("MESSAGE", &*message),
        ("COREDUMP_PID", &*pid),
        ("COREDUMP_COMM", "app"),
        ("COREDUMP_EXE", "/opt/app"),
        ("COREDUMP_CMDLINE", "/opt/app --password hunter2"),
        ("COREDUMP_UID", "0"),
        ("COREDUMP_SIGNAL", "11"),
        ("COREDUMP_UNIT", "app.service"),
        ("COREDUMP_TIMESTAMP", &*crashed_us),
        (
            "COREDUMP_FILENAME",
            "/var/lib/systemd/coredump/core.app.zst",
        ),
    ];
    sighting_of(&entry(ms, &fields)).unwrap()
}

pub(crate) fn stopped(ms: i64, unit: &str, status: ExitStatus) -> Sighting {
    Sighting {
        at: at(ms),
        boot: Some(BootId(uuid::Uuid::from_u128(1))),
        seen: Seen::UnitStop(UnitStop {
            unit: unit.parse().unwrap(),
            status,
            exe: Some("/opt/app".to_owned()),
            pid: None,
        }),
    }
}

pub(crate) fn result(ms: i64, unit: &str, result: &str) -> Sighting {
    Sighting {
        at: at(ms),
        boot: Some(BootId(uuid::Uuid::from_u128(1))),
        seen: Seen::UnitResult {
            unit: unit.parse().unwrap(),
            result: result.to_owned(),
        },
    }
}

pub(crate) fn dumped(signal: u8) -> ExitStatus {
    ExitStatus::Signaled {
        signal: Signal(signal),
        core_dumped: true,
    }
}

/// A core file of `app`, by a signal that has a reason.
pub(crate) fn core(ms: i64, pid: u32, signal: u8, reason: i32) -> Sighting {
    Sighting {
        at: at(ms),
        boot: None,
        seen: Seen::Core(Box::new(CoreNotes {
            path: format!("/var/cores/core.{pid}"),
            size_bytes: 323_584,
            pid: Some(pid),
            tids: vec![pid],
            comm: Some("app".to_owned()),
            exe: Some("/opt/app".to_owned()),
            uid: Some(0),
            signal: Some(Signal(signal)),
            reason: Some(reason),
            ..CoreNotes::default()
        })),
    }
}

//! The last good start of a unit, in the journal.

use std::time::Instant;

use analysis::{
    identity::BootId,
    journal::message_id,
    start_failure::good_start::{WentWell, last_good_start},
};
use uuid::Uuid;

use crate::{
    CollectError,
    host::Host,
    journal::{JournalOptions, Match, Matches, Position, open},
    systemd::UnitStart,
};

/// How many of the newest lines are read, in steps: a unit that fails again and again has written
/// many since.
const LOOK_BACK: [u32; 3] = [100, 3000, 50_000];
/// How a boot begins: the kernel's name is in its first lines.
const FIRST_LINES: usize = 5;

/// What the journal says of the last good start.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) start: Option<WentWell>,
    /// The kernel that ran then, if it was another boot.
    pub(super) kernel: Option<String>,
    pub(super) is_read: bool,
}

/// Reads until `until`.
pub(super) fn find(unit: &UnitStart, until: Instant) -> Result<Found, CollectError> {
    let mut source = open(&options(unit))?.source;
    let mut found = Found::default();
    for back in LOOK_BACK {
        source.seek(&Position::Last(back))?;
        let mut lines = Vec::new();
        while let Some(entry) = source.next().transpose()? {
            if Instant::now() >= until {
                return Ok(found);
            }
            lines.push(entry);
        }
        found.is_read = true;
        found.start = last_good_start(&lines);
        if found.start.is_some() || lines.len() < back as usize {
            break;
        }
    }
    if let Some(start) = found.start {
        let this = Host::at("/").boot_id()?;
        if start.boot != this {
            found.kernel = kernel_of(start.boot)?;
        }
    }
    Ok(found)
}

/// The lines of process 1 that say how starts of the unit went, under any of its names.
fn options(unit: &UnitStart) -> JournalOptions {
    const IDS: [Uuid; 4] = [
        message_id::UNIT_STARTED,
        message_id::UNIT_STOPPING,
        message_id::UNIT_FAILED,
        message_id::UNIT_SUCCEEDED,
    ];
    let ids = IDS.map(|id| Match::new("MESSAGE_ID", id.simple().to_string()));
    let names = unit.names.iter().chain([&unit.facts.name]);
    let about = names.map(|name| Match::new("UNIT", name.as_str()));
    let group = [Match::new("_PID", "1")]
        .into_iter()
        .chain(ids)
        .chain(about);
    JournalOptions {
        directory: None,
        matches: Matches::everything().or(group),
        follow: false,
    }
}

/// The release of the kernel of a boot: `Linux version 6.1.0-28-amd64 (...`.
fn kernel_of(boot: BootId) -> Result<Option<String>, CollectError> {
    let id = boot.0.simple().to_string();
    let group = [
        Match::new("_BOOT_ID", &*id),
        Match::new("_TRANSPORT", "kernel"),
    ];
    let options = JournalOptions {
        directory: None,
        matches: Matches::everything().or(group),
        follow: false,
    };
    let mut source = open(&options)?.source;
    source.seek(&Position::Head)?;
    for _ in 0..FIRST_LINES {
        let Some(entry) = source.next().transpose()? else {
            break;
        };
        let name = entry.message().strip_prefix("Linux version ");
        if let Some(release) = name.and_then(|rest| rest.split(' ').next()) {
            return Ok(Some(release.to_owned()));
        }
    }
    Ok(None)
}

//! Who asked systemd for what: the note that the agent leaves in the journal when it sees
//! `systemctl` run, and the line that `sudo` writes.
//!
//! systemd itself never says who asked. Both sources are joined to its jobs by unit, verb and
//! time, in [`crate::history`].

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    cause::Actor,
    event::Verb,
    identity::UnitName,
    journal::{JournalEntry, message_id},
};

mod sudo;
mod systemctl;

pub use systemctl::systemctl_request;

/// Somebody asked systemd to do something to some units.
///
/// As JSON it is the field `AIOPS_REQUEST` of the agent's note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub verb: Verb,
    pub units: Vec<UnitName>,
    pub actor: Actor,
    /// When the asking program was executed.
    pub at: Timestamp,
}

/// What a request was read from, and so how far it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// A line of `sudo`: it ran the command as far as it says, but nobody saw `systemctl` itself.
    Sudo,
    /// The agent saw the exec of `systemctl`.
    Agent,
}

/// Reads a journal entry as a request, if it is one and comes from whom it says.
pub fn request_of(entry: &JournalEntry) -> Option<(Request, Witness)> {
    noted(entry)
        .map(|request| (request, Witness::Agent))
        .or_else(|| sudo::request_of(entry).map(|request| (request, Witness::Sudo)))
}

fn noted(entry: &JournalEntry) -> Option<Request> {
    // Anybody may send any field; journald itself adds `_UID`.
    let trusted = entry.field("_UID") == Some("0");
    if !trusted || entry.message_id() != Some(message_id::AIOPS_REQUEST) {
        return None;
    }
    serde_json::from_str(entry.field("AIOPS_REQUEST")?).ok()
}

/// Programs that install packages and restart services while they do. Names as in
/// `/proc/PID/comm`, so at most 15 bytes.
const PACKAGE_MANAGERS: [&str; 19] = [
    "dpkg",
    "apt",
    "apt-get",
    "aptitude",
    "apt.systemd.dai",
    "aptd",
    "unattended-upgr",
    "needrestart",
    "rpm",
    "dnf",
    "dnf5",
    "dnf-3",
    "dnf-automatic",
    "microdnf",
    "yum",
    "zypper",
    "zypp-rpm",
    "pacman",
    "packagekitd",
];

/// Whether a package manager asked: it, or something that it had started.
pub fn is_package_manager(actor: &Actor) -> bool {
    let program = actor.command.first().map(|path| base_name(path));
    actor
        .ancestors
        .iter()
        .map(String::as_str)
        .chain(program)
        .any(|name| {
            let name = name.get(..15).unwrap_or(name);
            PACKAGE_MANAGERS.contains(&name) || name.starts_with("dpkg-")
        })
}

fn base_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests;

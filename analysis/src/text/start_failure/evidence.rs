//! What a finding rests on, in words.

use super::{Page, bytes_text};
use crate::{dictionary, identity::UnitName, log::LogLine, start_failure::Evidence};

/// What a finding rests on, in a line. `None`: the culprit says it already.
pub(super) fn line(evidence: &Evidence, page: &Page<'_>) -> Option<String> {
    match evidence {
        Evidence::Log { line } => Some(format!("{}: {}", source(line), line.message)),
        Evidence::Unit { property, value } => Some(format!("{property}={value}")),
        Evidence::Status { status } => Some(dictionary::short(*status)),
        Evidence::Dependency { unit, active_state } => Some(format!("{unit}: {active_state}")),
        Evidence::File { path, state } => {
            let id = format!("start-file-{state}");
            let state = match page.catalogue.has(&id) {
                true => page.catalogue.say(&id),
                false => state.clone(),
            };
            Some(format!("{path}: {state}"))
        }
        Evidence::Filesystem {
            path,
            bytes,
            free_bytes,
            inodes,
            free_inodes,
            read_only,
        } => {
            let parameters = [
                ("path", path.as_str().into()),
                ("free", bytes_text(*free_bytes).into()),
                ("size", bytes_text(*bytes).into()),
                ("inodes", free_inodes.to_string().into()),
                ("of", inodes.to_string().into()),
            ];
            let id = if *read_only {
                "start-filesystem-read-only"
            } else {
                "start-filesystem"
            };
            Some(page.catalogue.say_with(id, &parameters))
        }
        Evidence::ConfigTest { name, message } => Some(format!("{name}: {message}")),
        Evidence::ClaimedProcess {
            path,
            pid,
            comm,
            unit,
        } => Some(claimed(
            path.as_deref(),
            *pid,
            comm.as_deref(),
            unit.as_ref(),
            page,
        )),
        Evidence::Socket { .. } => None,
    }
}

/// Which process a program takes for its other self, and what that is.
fn claimed(
    path: Option<&str>,
    pid: u32,
    comm: Option<&str>,
    unit: Option<&UnitName>,
    page: &Page<'_>,
) -> String {
    let parameters = [
        ("pid", pid.to_string().into()),
        ("comm", comm.unwrap_or_default().to_owned().into()),
        ("unit", unit.map_or("", UnitName::as_str).into()),
    ];
    let id = match (comm, unit) {
        (None, _) => "start-claimed-gone",
        (Some(_), None) => "start-claimed",
        (Some(_), Some(_)) => "start-claimed-of-unit",
    };
    let text = page.catalogue.say_with(id, &parameters);
    path.map_or(text.clone(), |path| format!("{path}: {text}"))
}

/// `nginx[15234]`, as `journalctl` has it.
pub(super) fn source(line: &LogLine) -> String {
    match line.pid {
        Some(pid) => format!("{}[{pid}]", line.source),
        None => line.source.clone(),
    }
}

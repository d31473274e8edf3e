//! What a finding rests on, in words.

use super::{Page, bytes_text};
use crate::{dictionary, log::LogLine, start_failure::Evidence};

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
        Evidence::Socket { .. } => None,
    }
}

/// `nginx[15234]`, as `journalctl` has it.
pub(super) fn source(line: &LogLine) -> String {
    match line.pid {
        Some(pid) => format!("{}[{pid}]", line.source),
        None => line.source.clone(),
    }
}

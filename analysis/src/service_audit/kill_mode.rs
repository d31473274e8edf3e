//! Processes that a stop leaves behind: they hold ports and files when it starts again.

use super::{AuditCheck, AuditFinding, Audited, Severity};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let mode = audited
        .policy
        .map_or("", |policy| policy.kill_mode.as_str());
    let found = match mode {
        "none" => (AuditCheck::KillModeNone, Severity::Warning),
        // ssh has it on purpose: sessions outlive its restart.
        "process" if !audited.is_of_distribution() => (AuditCheck::KillModeProcess, Severity::Hint),
        _ => return Vec::new(),
    };
    let lines = ["[Service]", "KillMode=mixed"];
    vec![audited.about(found, ("KillMode", mode), &lines)]
}

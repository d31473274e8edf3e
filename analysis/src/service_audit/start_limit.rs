//! `StartLimit…=` belongs to `[Unit]` since systemd 230.

use super::{AuditCheck, AuditFinding, AuditFix, Audited, Certainty, Severity, name};
use crate::unit_file::Written;

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let written = audited.written.iter();
    let misplaced = written.filter(|one| one.section == "Service");
    misplaced.filter_map(|one| finding(audited, one)).collect()
}

fn finding(audited: &Audited<'_>, written: &Written) -> Option<AuditFinding> {
    let (check, severity) = match written.key.as_str() {
        // The name is of a later time than the move, so systemd knows it only in [Unit].
        "StartLimitIntervalSec" => (AuditCheck::StartLimitIgnored, Severity::Warning),
        "StartLimitInterval" | "StartLimitBurst" | "StartLimitAction" => {
            (AuditCheck::StartLimitMisplaced, Severity::Hint)
        }
        _ => return None,
    };
    let setting = format!("{}={}", written.key, written.value);
    let key = match written.key.as_str() {
        "StartLimitInterval" => "StartLimitIntervalSec",
        key => key,
    };
    Some(AuditFinding {
        check,
        severity,
        certainty: Certainty::Measured,
        fix: Some(AuditFix {
            lines: vec!["[Unit]".to_owned(), format!("{key}={}", written.value)],
            commands: vec![format!(
                "systemctl edit --full {}",
                name(audited.facts.name())
            )],
        }),
        setting,
        place: Some(written.place.clone()),
        words: None,
    })
}

//! It runs, and could not be started again.

use super::{AuditCheck, AuditFinding, Audited, Severity, name};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let facts = audited.facts;
    let state = facts.unit.status.load_state.as_str();
    let found = match state {
        "not-found" => AuditCheck::FileGone,
        "masked" => AuditCheck::MaskedButRuns,
        _ => return Vec::new(),
    };
    if !facts.is_up() {
        return Vec::new();
    }
    let mut finding = audited.about((found, Severity::Warning), ("LoadState", state), &[]);
    finding.fix = (found == AuditCheck::MaskedButRuns).then(|| super::AuditFix {
        lines: Vec::new(),
        commands: vec![format!("systemctl unmask {}", name(facts.name()))],
    });
    vec![finding]
}

//! It runs because somebody started it, and nobody will after a boot.

use super::{AuditCheck, AuditFinding, Audited, Severity, name};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let facts = audited.facts;
    let is_daemon = audited
        .policy
        .is_some_and(|policy| policy.is_long_running() && policy.service_type != "dbus");
    let is_started = facts.is_triggered() || !facts.files.started_by.is_empty();
    if !facts.is_up() || !is_daemon || is_started || facts.enabled != "disabled" {
        return Vec::new();
    }
    let found = (AuditCheck::NotAtBoot, Severity::Hint);
    let mut finding = audited.about(found, ("UnitFileState", "disabled"), &[]);
    finding.fix = Some(super::AuditFix {
        lines: Vec::new(),
        commands: vec![format!("systemctl enable {}", name(facts.name()))],
    });
    vec![finding]
}

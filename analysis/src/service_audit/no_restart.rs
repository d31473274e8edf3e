//! A daemon that nobody starts again when it dies.

use super::{AuditCheck, AuditFinding, Audited, Severity};
use crate::service::ServiceCause;

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let facts = audited.facts;
    let is_daemon = |kind: &str| !matches!(kind, "oneshot" | "dbus" | "idle" | "");
    let stays_down = audited
        .policy
        .is_some_and(|policy| policy.restart == "no" && is_daemon(&policy.service_type));
    // What is started when it is needed is started again when it is.
    let is_wanted = facts.starts_at_boot() || facts.is_up();
    if !stays_down || !is_wanted || facts.is_triggered() {
        return Vec::new();
    }
    let severity = match audited.verdict.cause {
        ServiceCause::Failed => Severity::Warning,
        _ => Severity::Hint,
    };
    let found = (AuditCheck::NoRestart, severity);
    let lines = ["[Service]", "Restart=on-failure", "RestartSec=5s"];
    vec![audited.about(found, ("Restart", "no"), &lines)]
}

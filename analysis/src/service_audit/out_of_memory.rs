//! What becomes of it when the kernel's out-of-memory killer comes.

use super::{AuditCheck, AuditFinding, Audited, Severity};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let Some(policy) = audited.policy else {
        return Vec::new();
    };
    let mut found = Vec::new();
    // For systemd the end is the result `oom-kill`, which is no uncaught signal.
    if matches!(policy.restart.as_str(), "on-abort" | "on-watchdog") {
        let which = (AuditCheck::OomStaysDown, Severity::Warning);
        let lines = ["[Service]", "Restart=on-failure"];
        found.push(audited.about(which, ("Restart", &policy.restart), &lines));
    }
    let has_limit = audited
        .facts
        .resources
        .as_ref()
        .is_some_and(|used| used.memory_max_bytes.is_some());
    if policy.oom_policy == "continue" && has_limit {
        let which = (AuditCheck::OomContinues, Severity::Hint);
        let lines = ["[Service]", "OOMPolicy=stop"];
        found.push(audited.about(which, ("OOMPolicy", "continue"), &lines));
    }
    found
}

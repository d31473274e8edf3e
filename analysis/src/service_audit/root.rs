//! It runs as root, and nothing shuts it in.

use super::{AuditCheck, AuditFinding, Audited, Severity};

/// Above it `systemd-analyze security` says UNSAFE.
const UNSAFE: f64 = 9.0;

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let Some(policy) = audited.policy else {
        return Vec::new();
    };
    let is_root = !policy.dynamic_user && matches!(policy.user.as_str(), "" | "root" | "0");
    let is_open = audited
        .facts
        .hardening
        .as_ref()
        .is_some_and(|hardening| hardening.exposure >= UNSAFE);
    // The system's own daemons mostly need it.
    if !is_root || !is_open || !policy.is_long_running() || audited.is_of_distribution() {
        return Vec::new();
    }
    let found = (AuditCheck::RunsAsRoot, Severity::Hint);
    let lines = ["[Service]", "DynamicUser=yes", "ProtectHome=yes"];
    vec![audited.about(found, ("User", "root"), &lines)]
}

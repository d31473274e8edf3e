//! A stop that may take for ever makes a shutdown take for ever.

use super::{AuditCheck, AuditFinding, Audited, Severity};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let waits_for_ever = audited
        .policy
        .is_some_and(|policy| policy.stop_timeout_ms.is_none() && policy.is_long_running());
    if !waits_for_ever {
        return Vec::new();
    }
    let found = (AuditCheck::StopTimeoutInfinite, Severity::Warning);
    let lines = ["[Service]", "TimeoutStopSec=90s"];
    let mut finding = audited.about(found, ("TimeoutStopSec", "infinity"), &lines);
    // This one sets both.
    finding.place = finding.place.or_else(|| audited.place("TimeoutSec"));
    vec![finding]
}

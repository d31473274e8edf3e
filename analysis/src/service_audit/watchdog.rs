//! A watchdog kills a program that does not feed it.

use chrono::TimeDelta;

use super::{AuditCheck, AuditFinding, Audited, Certainty, Severity};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let Some((policy, watchdog_ms)) = audited
        .policy
        .and_then(|policy| Some((policy, policy.watchdog_ms?)))
    else {
        return Vec::new();
    };
    // Who tells systemd that it is ready tells it that it is alive, too; and who has outlived
    // the watchdog does.
    let feeds_it = policy.service_type.starts_with("notify") || has_outlived(audited, watchdog_ms);
    if feeds_it {
        return Vec::new();
    }
    let found = (AuditCheck::WatchdogUnfed, Severity::Warning);
    let value = format!("{}s", watchdog_ms.div_ceil(1000));
    let lines = ["[Service]", "WatchdogSec=0"];
    let mut finding = audited.about(found, ("WatchdogSec", &value), &lines);
    finding.certainty = Certainty::Inferred;
    vec![finding]
}

fn has_outlived(audited: &Audited<'_>, watchdog_ms: u64) -> bool {
    let facts = audited.facts;
    let length = i64::try_from(watchdog_ms)
        .ok()
        .and_then(TimeDelta::try_milliseconds);
    match (facts.unit.status.since, length) {
        (Some(since), Some(length)) => facts.is_up() && facts.at - since > length,
        _ => false,
    }
}

//! A start limit that comes too soon, or never.

use super::{AuditCheck, AuditFinding, Audited, Severity};
use crate::{
    run::Run,
    service::{
        ServiceCause,
        policy::{Outlook, interval_that_limits_s},
    },
};

/// A database takes longer to come back.
const SOON_MS: u64 = 30_000;

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let Some(policy) = audited.policy else {
        return Vec::new();
    };
    match policy.outlook() {
        Outlook::GivesUp { after_ms, .. } if after_ms < SOON_MS && policy.is_long_running() => {
            let was_hit = audited.facts.unit.status.result == "start-limit-hit";
            // It is systemd's default, and so that of most units.
            if audited.is_of_distribution() && !was_hit {
                return Vec::new();
            }
            let severity = if was_hit {
                Severity::Warning
            } else {
                Severity::Hint
            };
            let found = (AuditCheck::GivesUpSoon, severity);
            let delay = seconds(policy.restart_delay_ms);
            let lines = [
                "[Unit]",
                "StartLimitIntervalSec=10min",
                "StartLimitBurst=20",
                "[Service]",
                "RestartSec=5s",
            ];
            vec![audited.about(found, ("RestartSec", &delay), &lines)]
        }
        // An interval of 0 is on purpose.
        Outlook::NeverGivesUp if policy.start_limit_interval_ms > 0 && !is_ignored(audited) => {
            let severity = match audited.verdict.cause {
                ServiceCause::RestartLoop => Severity::Warning,
                _ => Severity::Hint,
            };
            let found = (AuditCheck::NeverGivesUp, severity);
            let interval = seconds(policy.start_limit_interval_ms);
            let setting = ("StartLimitIntervalSec", interval.as_str());
            let slowest_ms = policy
                .restart_delay_max_ms
                .unwrap_or(policy.restart_delay_ms);
            let runs = audited.facts.record.runs.iter();
            let longest_ms = runs.filter_map(Run::failed_after_ms).max();
            let enough = interval_that_limits_s(
                slowest_ms,
                policy.start_limit_burst,
                longest_ms.unwrap_or(0),
            );
            let line = format!("StartLimitIntervalSec={enough}s");
            vec![audited.about(found, setting, &["[Unit]", &line])]
        }
        _ => Vec::new(),
    }
}

/// Whether the interval stands where systemd does not read it, which another check says.
fn is_ignored(audited: &Audited<'_>) -> bool {
    let mut written = audited.written.iter();
    written.any(|one| one.section == "Service" && one.key == "StartLimitIntervalSec")
}

/// `100ms`, `10s`.
fn seconds(ms: u64) -> String {
    match ms % 1000 {
        0 => format!("{}s", ms / 1000),
        _ => format!("{ms}ms"),
    }
}

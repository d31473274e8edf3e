//! A daemon that forks, and does not say which process it is.

use super::{AuditCheck, AuditFinding, Audited, Severity};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let Some(policy) = audited.policy else {
        return Vec::new();
    };
    // systemd writes such units for the scripts in /etc/init.d.
    let files = &audited.facts.unit.status.files;
    let is_generated = files.iter().any(|file| file.starts_with("/etc/init.d/"));
    if policy.service_type != "forking" || !policy.pid_file.is_empty() || is_generated {
        return Vec::new();
    }
    let found = (AuditCheck::ForkingWithoutPidFile, Severity::Warning);
    let lines = ["[Service]", "PIDFile=/run/….pid"];
    vec![audited.about(found, ("Type", "forking"), &lines)]
}

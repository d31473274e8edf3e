//! What stands in the files is not what is in force.

use super::{AuditCheck, AuditFinding, AuditFix, Audited, Severity};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    if !audited.facts.files.need_reload {
        return Vec::new();
    }
    let found = (AuditCheck::NeedReload, Severity::Warning);
    let mut finding = audited.about(found, ("NeedDaemonReload", "yes"), &[]);
    finding.fix = Some(AuditFix {
        lines: Vec::new(),
        commands: vec!["systemctl daemon-reload".to_owned()],
    });
    vec![finding]
}

//! Whoever may change a unit's file may do what they like as root.

use super::{AuditCheck, AuditFinding, Audited, Severity, about_file};
use crate::{shell::word, unit_file::UnitFile};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    audited
        .facts
        .files
        .files
        .iter()
        .filter_map(of_file)
        .collect()
}

fn of_file(file: &UnitFile) -> Option<AuditFinding> {
    const OTHERS_MAY_WRITE: u32 = 0o002;
    let path = word(&file.path);
    if file.mode & OTHERS_MAY_WRITE != 0 {
        let found = (AuditCheck::FileWritable, Severity::Error);
        return Some(about_file(
            found,
            &file.path,
            vec![format!("chmod o-w {path}")],
        ));
    }
    (file.owner_uid != 0).then(|| {
        let found = (AuditCheck::FileOwner, Severity::Warning);
        about_file(found, &file.path, vec![format!("chown root: {path}")])
    })
}

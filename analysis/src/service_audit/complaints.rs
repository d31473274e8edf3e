//! What systemd itself says about lines of the files: unknown keys, values that it ignores.

use super::{AuditCheck, AuditFinding, AuditFix, Audited, Certainty, Severity, name};
use crate::{scrub::scrub_text, unit_file::Place};

/// Complaints that are kept.
const MOST: usize = 20;

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let lines = audited.facts.files.complaints.iter();
    let own = lines.filter_map(|line| complaint(audited, line));
    own.take(MOST).collect()
}

/// `PATH:LINE: WORDS` about a file of this unit, or `UNIT: WORDS` about the unit as a whole.
fn complaint(audited: &Audited<'_>, line: &str) -> Option<AuditFinding> {
    let files = &audited.facts.files.files;
    let of_file = files.iter().find_map(|file| {
        let rest = line.strip_prefix(file.path.as_str())?.strip_prefix(':')?;
        let (number, words) = rest.split_once(':')?;
        let place = Place {
            file: file.path.clone(),
            line: number.parse().ok()?,
        };
        Some((Some(place), words))
    });
    let of_unit = || {
        let words = line.strip_prefix(audited.facts.name().as_str())?;
        Some((None, words.strip_prefix(':')?))
    };
    let (place, words) = of_file.or_else(of_unit)?;
    let setting = place.as_ref().and_then(|place| {
        let written = audited.written.iter().find(|one| one.place == *place)?;
        Some(scrub_text(&format!("{}={}", written.key, written.value)))
    });
    Some(AuditFinding {
        check: AuditCheck::Complaint,
        severity: Severity::Warning,
        certainty: Certainty::Measured,
        setting: setting.unwrap_or_default(),
        fix: place.as_ref().map(|place| edit(audited, place)),
        place,
        words: Some(scrub_text(words.trim())),
    })
}

/// Opens the file that holds the line.
fn edit(audited: &Audited<'_>, place: &Place) -> AuditFix {
    let is_main = audited.facts.files.files.first();
    let is_main = is_main.is_some_and(|file| file.path == place.file);
    let unit = name(audited.facts.name());
    let command = match is_main {
        true => format!("systemctl edit --full {unit}"),
        false => format!("systemctl edit {unit}"),
    };
    AuditFix {
        lines: Vec::new(),
        commands: vec![command],
    }
}

/// Leaves out the complaints about what another check has found.
pub(super) fn drop_repeated(found: &mut Vec<AuditFinding>) {
    let own: Vec<(Option<Place>, String)> = found
        .iter()
        .filter(|finding| finding.check != AuditCheck::Complaint)
        .map(|finding| (finding.place.clone(), finding.setting.clone()))
        .collect();
    let is_said = |finding: &AuditFinding| {
        let words = finding.words.as_deref().unwrap_or_default();
        own.iter().any(|(place, setting)| {
            let same_line = place.is_some() && *place == finding.place;
            // "Command /opt/x is not executable: No such file or directory".
            let same_file = setting.starts_with('/') && words.contains(setting.as_str());
            same_line || same_file
        })
    };
    found.retain(|finding| finding.check != AuditCheck::Complaint || !is_said(finding));
}

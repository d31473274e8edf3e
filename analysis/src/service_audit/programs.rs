//! The programs that it starts.

use super::{AuditCheck, AuditFinding, Audited, Severity, about_file};
use crate::{
    shell::word,
    start_failure::facts::{FileFact, FileState},
};

pub(super) fn check(audited: &Audited<'_>) -> Vec<AuditFinding> {
    let files = audited.facts.files.programs.iter();
    files.filter_map(|file| of_file(audited, file)).collect()
}

fn of_file(audited: &Audited<'_>, file: &FileFact) -> Option<AuditFinding> {
    const OTHERS_MAY_WRITE: u32 = 0o002;
    if !is_program(audited, &file.path) || may_fail(audited, &file.path) {
        return None;
    }
    let (check, commands) = match &file.state {
        FileState::Missing => (AuditCheck::ProgramMissing, Vec::new()),
        FileState::File { .. } if !file.state.is_executable() => (
            AuditCheck::ProgramNotExecutable,
            vec![format!("chmod +x {}", word(&file.path))],
        ),
        FileState::File { mode } if mode & OTHERS_MAY_WRITE != 0 => (
            AuditCheck::ProgramWritable,
            vec![format!("chmod o-w {}", word(&file.path))],
        ),
        _ => return None,
    };
    let mut finding = about_file((check, Severity::Error), &file.path, commands);
    let names_it = |value: &str| plain_path(value) == file.path;
    let written = audited.written.iter();
    finding.place = written
        .filter(|one| one.key.starts_with("Exec"))
        .rfind(|one| names_it(&one.value))
        .map(|one| one.place.clone());
    Some(finding)
}

/// Whether a command runs it, or it is the interpreter of one.
fn is_program(audited: &Audited<'_>, path: &str) -> bool {
    let commands = &audited.facts.unit.commands;
    let programs = &audited.facts.files.programs;
    commands.iter().any(|command| command.path == path)
        || programs
            .iter()
            .any(|file| file.interpreter.as_deref() == Some(path))
}

/// Whether systemd was told to ignore how it ends (`-`).
fn may_fail(audited: &Audited<'_>, path: &str) -> bool {
    let is_ignored = |value: &str| {
        let path_at = value.find('/').unwrap_or(value.len());
        value[..path_at].contains('-') && plain_path(value) == path
    };
    let mut written = audited.written.iter();
    written.any(|one| one.key.starts_with("Exec") && is_ignored(&one.value))
}

/// The program of a command line, without the marks before it.
fn plain_path(value: &str) -> &str {
    let value = value.trim_start_matches(['-', '@', ':', '+', '!', '|']);
    value.split_whitespace().next().unwrap_or_default()
}

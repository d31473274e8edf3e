//! What to do about it.

use super::INDENT;
use crate::{
    start_failure::{Fix, FixKind, Verdict},
    text::{escape::one_line, fleet::Page},
};

/// What to do, the recommended first, with the commands.
pub(super) fn list(verdict: &Verdict, page: &Page<'_>) -> String {
    if verdict.fixes.is_empty() {
        return String::new();
    }
    let say = |id: &str| page.catalogue.say(id);
    let mut text = format!("{}\n", page.style.strong(&say("start-fixes")));
    for (at, fix) in verdict.fixes.iter().enumerate() {
        let mut line = fix_text(&fix.what, page);
        if at == 0 && verdict.fixes.len() > 1 {
            line.push_str(&say("start-fix-recommended"));
        }
        if fix.risky {
            line.push_str(&page.style.doubtful(&say("start-fix-risky")));
        }
        text.push_str(&format!("{INDENT}{}. {line}\n", at + 1));
        for command in &fix.commands {
            let command = page.style.strong(&one_line(command));
            text.push_str(&format!("{INDENT}     {command}\n"));
        }
    }
    text
}

fn fix_text(what: &FixKind, page: &Page<'_>) -> String {
    let safe = |text: &str| one_line(text).into_owned().into();
    let (id, parameters) = match what {
        FixKind::StopHolder { unit } => ("stop-holder", vec![("unit", unit.as_str().into())]),
        FixKind::StopContainer { .. } => ("stop-container", vec![]),
        FixKind::EndProcess { pid } => ("end-process", vec![("pid", pid.to_string().into())]),
        FixKind::ChangePort { port } => ("change-port", vec![("port", port.to_string().into())]),
        FixKind::StartDependency { unit } => {
            ("start-dependency", vec![("unit", unit.as_str().into())])
        }
        FixKind::AskAbout { unit } => ("ask-about", vec![("unit", unit.as_str().into())]),
        FixKind::Unmask => ("unmask", vec![]),
        FixKind::InstallPackage { path } => ("install-package", vec![("path", safe(path))]),
        FixKind::MakeExecutable { path } => ("make-executable", vec![("path", safe(path))]),
        FixKind::RemountExec { path } => ("remount-exec", vec![("path", safe(path))]),
        FixKind::MoveProgram { path } => ("move-program", vec![("path", safe(path))]),
        FixKind::RemoveStaleFile { path } => ("remove-stale-file", vec![("path", safe(path))]),
        FixKind::OpenFolder { path } => ("open-folder", vec![("path", safe(path))]),
        FixKind::RepairUnitFile { path } => ("repair-unit-file", vec![("path", safe(path))]),
        FixKind::CorrectFile { path } => ("correct-file", vec![("path", safe(path))]),
        FixKind::CorrectLineEnds { path } => ("correct-line-ends", vec![("path", safe(path))]),
        FixKind::ReloadUnitFiles => ("reload-unit-files", vec![]),
        FixKind::AllowMissing { path } => ("allow-missing", vec![("path", safe(path))]),
        FixKind::ProvidePath { path } => ("provide-path", vec![("path", safe(path))]),
        FixKind::InstallLibrary { name } => ("install-library", vec![("name", safe(name))]),
        FixKind::MakeDirectory { path } => ("make-directory", vec![("path", safe(path))]),
        FixKind::AllowPath { path } => ("allow-path", vec![("path", safe(path))]),
        FixKind::CreateGroup { group } => ("create-group", vec![("group", safe(group))]),
        FixKind::AllowCapability { name } => ("allow-capability", vec![("name", safe(name))]),
        FixKind::RaiseLimit { name } => ("raise-limit", vec![("name", safe(name))]),
        FixKind::FreeSpace { path } => ("free-space", vec![("path", safe(path))]),
        FixKind::FindReadOnly { path } => ("find-read-only", vec![("path", safe(path))]),
        FixKind::FindUser { path } => ("find-user", vec![("path", safe(path))]),
        FixKind::FindOther => ("find-other", vec![]),
        FixKind::CheckAddress { address } => ("check-address", vec![("address", safe(address))]),
        FixKind::InspectCertificate { path } => ("inspect-certificate", vec![("path", safe(path))]),
        FixKind::SetType { to } => ("set-type", vec![("to", safe(to))]),
        FixKind::AllowAccess { path } => ("allow-access", vec![("path", safe(path))]),
        FixKind::CreateUser { user } => ("create-user", vec![("user", safe(user))]),
        FixKind::MeetCondition { condition } => {
            ("meet-condition", vec![("condition", safe(condition))])
        }
        FixKind::RaiseStartTimeout { seconds } => (
            "raise-start-timeout",
            vec![("seconds", seconds.to_string().into())],
        ),
        FixKind::ReadCoreDump { .. } => ("read-core-dump", vec![]),
        FixKind::FindSender { signal } => ("find-sender", vec![("signal", safe(signal))]),
        FixKind::RaiseMemoryLimit => ("raise-memory-limit", vec![]),
        FixKind::ResetAndStart => ("reset-and-start", vec![]),
        FixKind::ReadLog => ("read-log", vec![]),
    };
    page.catalogue
        .say_with(&format!("start-fix-{id}"), &parameters)
}

/// One line to copy: what mends it, or the next step to find out more.
///
/// That is the recommended fix. One that is risky is none to copy blindly, unless it is the
/// recommended one, and then it says so.
pub(super) fn to_copy(verdict: &Verdict, page: &Page<'_>) -> String {
    let is_for_copying = |(at, fix): &(usize, &Fix)| {
        !fix.commands.is_empty() && !fix.what.is_manual() && (*at == 0 || !fix.risky)
    };
    let Some((_, fix)) = verdict.fixes.iter().enumerate().find(is_for_copying) else {
        return String::new();
    };
    let id = if fix.what.mends() {
        "start-quick-fix"
    } else {
        "start-next"
    };
    let risky = if fix.risky { "yes" } else { "no" };
    let label = page.catalogue.say_with(id, &[("risky", risky.into())]);
    // Steps that only look may fail, and the rest shall be done all the same: copy the first.
    let line = match fix.what.is_one_line() {
        true => fix.commands.join(" && "),
        false => fix.commands[0].clone(),
    };
    format!("{label}{}\n", page.style.strong(&one_line(&line)))
}

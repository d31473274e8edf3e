//! The report about a failed start, as text.

use super::{
    Style,
    escape::one_line,
    fleet::Page,
    stop,
    table::{Cell, Table},
    time::{length, moment},
};
use crate::{
    Timestamp,
    process_tree::Limitation,
    start_failure::{
        Attempt, Culprit, DependencyState, Evidence, Finding, Fix, FixKind, Holder, LogLine,
        StartCause, StartFailure, UnitStatus, Verdict,
    },
};

/// Lines of the log that are shown: the beginning and the end. `-o json` has more.
const FIRST_LINES: usize = 4;
const LAST_LINES: usize = 8;

pub fn render(report: &StartFailure, page: &Page<'_>) -> String {
    let parts = [
        headline(report, page),
        verdict(report, page),
        attempt(report, page),
        dependencies(report, page),
        fixes(&report.verdict, page),
        limits(&report.limits, page),
        quick_fix(&report.verdict, page),
    ];
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join("\n")
}

/// The unit, its state, and where it comes from.
fn headline(report: &StartFailure, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let mut text = page.style.strong(report.unit.as_str());
    if let Some(name) = &report.asked_as {
        let asked_as = catalogue.say_with("start-asked-as", &[("name", name.as_str().into())]);
        text.push_str(&format!(" ({asked_as})"));
    }
    let Some(status) = &report.state else {
        return text + "\n";
    };
    text.push_str(&format!("  {}\n", state(status, report, page)));
    let mut about = Vec::new();
    if !status.description.is_empty() && status.description != report.unit.as_str() {
        about.push(one_line(&status.description).into_owned());
    }
    if let Some((file, more)) = status.files.split_first() {
        let parameters = [
            ("file", one_line(file).into_owned().into()),
            ("more", more.len().into()),
        ];
        about.push(catalogue.say_with("start-files", &parameters));
    }
    for line in about {
        text.push_str(&format!("{}\n", page.style.faint(&line)));
    }
    text
}

fn state(status: &UnitStatus, report: &StartFailure, page: &Page<'_>) -> String {
    let mut words = match status.load_state.as_str() {
        "loaded" | "merged" if status.active_state == status.sub_state => {
            format!("{} ({})", status.active_state, status.result)
        }
        "loaded" | "merged" => format!("{} ({})", status.active_state, status.sub_state),
        other => other.to_owned(),
    };
    if let Some(process) = status.main_process {
        words.push_str(&format!(", pid {}", process.pid));
    }
    if let Some(since) = status.since {
        let parameters = [
            ("since", moment(since, page.zone).into()),
            (
                "length",
                length(whole_seconds(report.at - since), page.catalogue).into(),
            ),
        ];
        words.push_str(&page.catalogue.say_with("start-since", &parameters));
    }
    paint(report.verdict.cause, &one_line(&words), page)
}

/// The cause, who is to blame, what it rests on, and what else was found.
fn verdict(report: &StartFailure, page: &Page<'_>) -> String {
    let verdict = &report.verdict;
    let mark = match verdict.cause {
        StartCause::Healthy => "✓",
        StartCause::Starting => "…",
        StartCause::Unknown => "?",
        _ => "✗",
    };
    let title = title(
        verdict.cause,
        &verdict.fixes,
        verdict.culprit.as_ref(),
        page,
    );
    let sure = sure(verdict.certainty, page);
    let mut text = format!(
        "{} {}{sure}\n",
        paint(verdict.cause, mark, page),
        page.style.strong(&title)
    );
    let mut table = Table::default();
    if let Some(culprit) = &verdict.culprit {
        culprit_rows(culprit, report, &mut table, page);
    }
    let mut label = page.catalogue.say("start-evidence");
    for evidence in &verdict.evidence {
        if let Some(line) = evidence_line(evidence, page) {
            table.row([Cell::from(std::mem::take(&mut label)), Cell::from(line)]);
        }
    }
    let others = report
        .findings
        .iter()
        .filter(|one| one.cause != verdict.cause);
    let mut label = page.catalogue.say("start-also");
    for other in others {
        let line = other_line(other, page);
        table.row([Cell::from(std::mem::take(&mut label)), Cell::from(line)]);
    }
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    text.push_str(&indented(&table.render(room, page.style)));
    text
}

const INDENT: &str = "  ";

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("{INDENT}{line}\n"))
        .collect()
}

fn title(cause: StartCause, fixes: &[Fix], culprit: Option<&Culprit>, page: &Page<'_>) -> String {
    let of_holder = match culprit {
        Some(Culprit::Process(holder)) => Some(holder.port),
        _ => None,
    };
    let of_fix = fixes.iter().find_map(|fix| match fix.what {
        FixKind::ChangePort { port } => Some(port),
        _ => None,
    });
    match of_holder
        .or(of_fix)
        .filter(|_| cause == StartCause::PortInUse)
    {
        // As text: a port has no thousands separator.
        Some(port) => page
            .catalogue
            .say_with("start-port-in-use", &[("port", port.to_string().into())]),
        None => page.catalogue.say(&format!("start-cause-{}", cause.name())),
    }
}

fn sure(certainty: crate::cause::Certainty, page: &Page<'_>) -> String {
    let certainty = stop::certainty(certainty, page.catalogue);
    let text = page
        .catalogue
        .say_with("start-certainty", &[("certainty", certainty.into())]);
    page.style.faint(&text)
}

fn other_line(finding: &Finding, page: &Page<'_>) -> String {
    let title = title(
        finding.cause,
        &finding.fixes,
        finding.culprit.as_ref(),
        page,
    );
    let certainty = stop::certainty(finding.certainty, page.catalogue);
    let certainty = page
        .catalogue
        .say_with("start-certainty", &[("certainty", certainty.into())]);
    format!("{title}{certainty}")
}

fn culprit_rows(culprit: &Culprit, report: &StartFailure, table: &mut Table, page: &Page<'_>) {
    let mut row = |id: &str, value: String| {
        table.row([Cell::from(page.catalogue.say(id)), Cell::from(value)]);
    };
    match culprit {
        Culprit::Unit { unit } => row("start-culprit-unit", unit.to_string()),
        Culprit::Path { path } => row("start-culprit-path", path.clone()),
        Culprit::Process(holder) => {
            row("start-culprit-holder", who(holder, page));
            if let Some(unit) = &holder.unit {
                row("start-culprit-unit", unit.to_string());
            }
            if let Some(container) = &holder.container {
                row("start-culprit-container", container.clone());
            }
            row(
                "start-culprit-address",
                format!("{} ({})", holder.address, holder.protocol),
            );
            if !holder.argv.is_empty() {
                row("start-culprit-command", holder.argv.join(" "));
            }
            if let Some(user) = &holder.user {
                row("start-culprit-user", user.clone());
            }
            if let Some(since) = holder.since {
                row(
                    "start-culprit-since",
                    moment_and_age(since, report.at, page),
                );
            }
        }
    }
}

fn who(holder: &Holder, page: &Page<'_>) -> String {
    let Some(process) = holder.process else {
        return page.catalogue.say("start-culprit-nobody-seen");
    };
    let comm = holder.comm.as_deref().unwrap_or("?");
    let parameters = [
        ("comm", one_line(comm).into_owned().into()),
        ("pid", process.pid.to_string().into()),
    ];
    page.catalogue.say_with("start-culprit-pid", &parameters)
}

fn moment_and_age(at: Timestamp, now: Timestamp, page: &Page<'_>) -> String {
    let age = length(whole_seconds(now - at), page.catalogue);
    format!("{} ({age})", moment(at, page.zone))
}

/// What a finding rests on, in a line. `None`: the culprit says it already.
fn evidence_line(evidence: &Evidence, page: &Page<'_>) -> Option<String> {
    match evidence {
        Evidence::Log { line } => Some(format!("{}: {}", source(line), line.message)),
        Evidence::Unit { property, value } => Some(format!("{property}={value}")),
        Evidence::Status { status } => Some(status.to_string()),
        Evidence::Dependency { unit, active_state } => Some(format!("{unit}: {active_state}")),
        Evidence::File { path, state } => {
            let id = format!("start-file-{state}");
            let state = match page.catalogue.has(&id) {
                true => page.catalogue.say(&id),
                false => state.clone(),
            };
            Some(format!("{path}: {state}"))
        }
        Evidence::Socket { .. } => None,
    }
}

/// `nginx[15234]`, as `journalctl` has it.
fn source(line: &LogLine) -> String {
    match line.pid {
        Some(pid) => format!("{}[{pid}]", line.source),
        None => line.source.clone(),
    }
}

/// When and how the start failed, and what was logged.
fn attempt(report: &StartFailure, page: &Page<'_>) -> String {
    let Some(attempt) = &report.attempt else {
        return String::new();
    };
    let is_past = matches!(
        report.verdict.cause,
        StartCause::Healthy | StartCause::Starting
    );
    let mut text = page.style.strong(&attempt_line(attempt, is_past, page));
    text.push('\n');
    if attempt.log.is_empty() && report.limits.iter().any(|limit| limit.what == "journal") {
        return text;
    }
    if attempt.log.is_empty() {
        text.push_str(&indented(&page.catalogue.say("start-log-none")));
        return text;
    }
    let lines = &attempt.log;
    let cut = lines.len() > FIRST_LINES + LAST_LINES;
    let shown = if cut { LAST_LINES } else { lines.len() };
    let left_out = lines.len() - shown - if cut { FIRST_LINES } else { 0 };
    let left_out = left_out as u64 + u64::from(attempt.log_omitted);
    let first: &[LogLine] = if cut { &lines[..FIRST_LINES] } else { &[] };
    text.push_str(&log(first, page));
    if left_out > 0 {
        let omitted = page
            .catalogue
            .say_with("start-log-omitted", &[("lines", left_out.into())]);
        text.push_str(&indented(&page.style.faint(&omitted)));
    }
    text.push_str(&log(&lines[lines.len() - shown..], page));
    text
}

fn attempt_line(attempt: &Attempt, is_past: bool, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let at = attempt.failed_at.or(attempt.began_at);
    let lasted = match (attempt.began_at, attempt.failed_at) {
        (Some(began_at), Some(failed_at)) if failed_at >= began_at => {
            let length = length(failed_at - began_at, catalogue);
            catalogue.say_with("start-attempt-lasted", &[("length", length.into())])
        }
        _ => String::new(),
    };
    let status = attempt.status.map(|status| status.to_string());
    let how = [attempt.step.clone(), status, Some(attempt.result.clone())];
    let how: Vec<String> = how
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty())
        .collect();
    let how = match how.is_empty() {
        true => String::new(),
        false => catalogue.say_with("start-attempt-how", &[("how", how.join(", ").into())]),
    };
    let parameters = [
        (
            "at",
            at.map_or_else(String::new, |at| moment(at, page.zone))
                .into(),
        ),
        ("lasted", lasted.into()),
        ("how", how.into()),
    ];
    let id = if is_past {
        "start-attempt-past"
    } else {
        "start-attempt"
    };
    one_line(&catalogue.say_with(id, &parameters)).into_owned()
}

fn log(lines: &[LogLine], page: &Page<'_>) -> String {
    let mut table = Table::default();
    for line in lines {
        let clock = line.at.with_timezone(&page.zone).format("%H:%M:%S");
        let message = Cell::from(format!("{}: {}", source(line), line.message));
        let message = match line.priority {
            Some(priority) if priority <= 3 => message.painted(Style::bad),
            _ => message,
        };
        table.row([Cell::from(clock.to_string()), message]);
    }
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    indented(&table.render(room, page.style))
}

/// The units that it needs and that are not up; the others are counted.
fn dependencies(report: &StartFailure, page: &Page<'_>) -> String {
    let is_up =
        |one: &&DependencyState| matches!(one.active_state.as_str(), "active" | "reloading");
    let (up, down): (Vec<_>, Vec<_>) = report.dependencies.iter().partition(is_up);
    if report.dependencies.is_empty() || report.verdict.cause == StartCause::Healthy {
        return String::new();
    }
    let mut text = format!(
        "{}\n",
        page.style.strong(&page.catalogue.say("start-needs"))
    );
    let mut table = Table::default();
    for one in down {
        let state = match one.load_state.as_str() {
            "loaded" | "merged" => &one.active_state,
            other => other,
        };
        let is_bad = state != "inactive";
        let result = one.result.as_ref().map(|result| format!(" ({result})"));
        let state = Cell::from(format!("{state}{}", result.unwrap_or_default()));
        let needed_by = one.needed_by.as_ref().map(|unit| {
            page.catalogue
                .say_with("start-needed-by", &[("unit", unit.as_str().into())])
        });
        table.row([
            Cell::from(one.unit.as_str()),
            Cell::from(&*one.relation),
            if is_bad {
                state.painted(Style::bad)
            } else {
                state
            },
            Cell::from(needed_by.unwrap_or_default()),
        ]);
    }
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    text.push_str(&indented(&table.render(room, page.style)));
    if !up.is_empty() {
        let fine = page
            .catalogue
            .say_with("start-needs-fine", &[("units", up.len().into())]);
        text.push_str(&indented(&fine));
    }
    text
}

fn fixes(verdict: &Verdict, page: &Page<'_>) -> String {
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
        FixKind::RepairUnitFile { path } => ("repair-unit-file", vec![("path", safe(path))]),
        FixKind::MeetCondition { condition } => {
            ("meet-condition", vec![("condition", safe(condition))])
        }
        FixKind::RaiseStartTimeout { seconds } => (
            "raise-start-timeout",
            vec![("seconds", seconds.to_string().into())],
        ),
        FixKind::ReadCoreDump { .. } => ("read-core-dump", vec![]),
        FixKind::RaiseMemoryLimit => ("raise-memory-limit", vec![]),
        FixKind::ResetAndStart => ("reset-and-start", vec![]),
        FixKind::ReadLog => ("read-log", vec![]),
    };
    page.catalogue
        .say_with(&format!("start-fix-{id}"), &parameters)
}

/// What could not be seen, and the way out.
fn limits(limits: &[Limitation], page: &Page<'_>) -> String {
    let mut text = String::new();
    for limit in limits {
        let parameters = [
            ("what", limit.what.as_str().into()),
            ("why", limit.why.as_str().into()),
        ];
        let line = page.catalogue.say_with("start-limit-not-seen", &parameters);
        text.push_str(&format!("{}\n", page.style.doubtful(&one_line(&line))));
        let is_denied = limit.why.to_ascii_lowercase().contains("permission");
        if is_denied {
            let id = match limit.what.as_str() {
                "journal" => "start-limit-hint-journal",
                _ => "start-limit-hint-root",
            };
            text.push_str(&format!("{}\n", page.catalogue.say(id)));
        }
    }
    text
}

/// One line to copy: the first fix that mends it; else the first step to find out more.
fn quick_fix(verdict: &Verdict, page: &Page<'_>) -> String {
    let has_commands = |fix: &&Fix| !fix.commands.is_empty();
    let mends = |fix: &&Fix| has_commands(fix) && fix.what.mends();
    let (id, fix) = match verdict.fixes.iter().find(mends) {
        Some(fix) => ("start-quick-fix", fix),
        None => match verdict.fixes.iter().find(has_commands) {
            Some(fix) => ("start-next", fix),
            None => return String::new(),
        },
    };
    // Steps that only look may fail, and the rest shall be done all the same: copy the first.
    let line = match fix.what.mends() {
        true => fix.commands.join(" && "),
        false => fix.commands[0].clone(),
    };
    let line = page.style.strong(&one_line(&line));
    format!("{} {line}\n", page.catalogue.say(id))
}

fn paint(cause: StartCause, text: &str, page: &Page<'_>) -> String {
    match cause {
        StartCause::Healthy => page.style.good(text),
        StartCause::Starting | StartCause::Unknown => page.style.doubtful(text),
        _ => page.style.bad(text),
    }
}

fn whole_seconds(length: chrono::Duration) -> chrono::Duration {
    chrono::Duration::seconds(length.num_seconds())
}

#[cfg(test)]
mod tests;

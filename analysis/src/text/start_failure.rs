//! The report about a failed start, as text.

mod changes;
mod config_tests;
mod culprit;
mod evidence;
mod fixes;
mod log;

use super::{
    Catalogue, Style,
    escape::one_line,
    fleet::Page,
    reason::{reason, what},
    report::AsText,
    size::bytes as bytes_text,
    stop,
    table::{Cell, Table},
    time::{length, moment},
    unit_state::unit_state,
};
use crate::{
    Timestamp, dictionary,
    limitation::Limitation,
    start_failure::{
        Attempt, Culprit, DependencyState, Finding, Fix, FixKind, StartCause, StartFailure,
        UnitStatus,
    },
};

impl AsText for StartFailure {
    fn render(&self, page: &Page<'_>) -> String {
        render(self, page)
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        let cause = self.verdict.cause.name();
        let Some(culprit) = self.verdict.culprit.as_ref().and_then(culprit::brief) else {
            return cause.to_owned();
        };
        let parameters = [("cause", cause.into()), ("culprit", culprit.into())];
        catalogue.say_with("inquiry-by", &parameters)
    }
}

pub fn render(report: &StartFailure, page: &Page<'_>) -> String {
    let parts = [
        headline(report, page),
        verdict(report, page),
        attempt(report, page),
        log::files(&report.log_files, page),
        config_tests::render(&report.config_tests, page),
        changes::render(report, page),
        dependencies(report, page),
        fixes::list(&report.verdict, page),
        limits(&report.limits, page),
        fixes::to_copy(&report.verdict, page),
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
        "loaded" | "merged" => unit_state(&status.active_state, &status.sub_state),
        other => other.to_owned(),
    };
    if let Some(process) = status.main_process {
        words.push_str(&page.catalogue.say("mark-comma"));
        words.push_str(&format!("pid {}", process.pid));
    }
    if let Some(since) = status.since {
        let parameters = [
            ("since", moment(since, page.zone).into()),
            ("length", age(report.at - since, page).into()),
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
        culprit::rows(culprit, report, &mut table, page);
    }
    if is_free_now(report) {
        let label = page.catalogue.say("start-culprit-holder");
        let nobody = page.catalogue.say("start-culprit-nobody-now");
        table.row([Cell::from(label), Cell::from(nobody)]);
    }
    let mut label = page.catalogue.say("start-evidence");
    for evidence in &verdict.evidence {
        if let Some(line) = evidence::line(evidence, page) {
            table.row([Cell::from(std::mem::take(&mut label)), Cell::from(line)]);
        }
    }
    let others = report
        .findings
        .iter()
        .filter(|one| one.cause != verdict.cause && !is_symptom(one.cause));
    let mut label = page.catalogue.say("start-also");
    for other in others {
        let line = other_line(other, page);
        table.row([Cell::from(std::mem::take(&mut label)), Cell::from(line)]);
    }
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    text.push_str(&indented(&table.render(room, page.style)));
    text.push_str(&indented(&beneath(report, page)));
    text
}

/// Why the unit did not start that is to blame.
fn beneath(report: &StartFailure, page: &Page<'_>) -> String {
    let Some(beneath) = &report.beneath else {
        return String::new();
    };
    let verdict = &beneath.verdict;
    let culprit = verdict.culprit.as_ref();
    let title = title(verdict.cause, &verdict.fixes, culprit, page);
    let sure = sure(verdict.certainty, page);
    let unit = one_line(beneath.unit.as_str());
    let mut table = Table::default();
    if let Some(culprit) = culprit {
        culprit::rows(culprit, report, &mut table, page);
    }
    let mut label = page.catalogue.say("start-evidence");
    for line in verdict
        .evidence
        .iter()
        .filter_map(|one| evidence::line(one, page))
    {
        table.row([Cell::from(std::mem::take(&mut label)), Cell::from(line)]);
    }
    let room = page
        .width
        .map(|width| width.saturating_sub(2 * INDENT.len()));
    let table = indented(&table.render(room, page.style));
    format!("└ {unit}: {}{sure}\n{table}", page.style.strong(&title))
}

/// Whether somebody would be seen that holds the port, and nobody is.
fn is_free_now(report: &StartFailure) -> bool {
    let verdict = &report.verdict;
    let was_looked_for = report.limits.iter().all(|limit| limit.what != "sockets");
    verdict.cause == StartCause::PortInUse && verdict.culprit.is_none() && was_looked_for
}

/// How any of the causes looks from outside: not worth a line beside one.
fn is_symptom(cause: StartCause) -> bool {
    cause.is_symptom() && cause != StartCause::StartLimitHit
}

const INDENT: &str = "  ";

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("{INDENT}{line}\n"))
        .collect()
}

fn title(cause: StartCause, fixes: &[Fix], culprit: Option<&Culprit>, page: &Page<'_>) -> String {
    let port = match culprit {
        Some(Culprit::Process(holder)) => Some(holder.port),
        _ => fixes.iter().find_map(|fix| match fix.what {
            FixKind::ChangePort { port } => Some(port),
            _ => None,
        }),
    };
    if let (StartCause::Starting, Some(Culprit::Unit { unit })) = (cause, culprit) {
        let parameters = [("unit", one_line(unit.as_str()).into_owned().into())];
        return page.catalogue.say_with("start-waits", &parameters);
    }
    let is_stale = |fix: &Fix| matches!(fix.what, FixKind::RemoveStaleFile { .. }) && !fix.risky;
    if cause == StartCause::AlreadyRunning && fixes.first().is_some_and(is_stale) {
        return page.catalogue.say("start-stale-file");
    }
    let is_assertion = |fix: &Fix| matches!(&fix.what, FixKind::MeetCondition { condition } if condition.starts_with("Assert"));
    if cause == StartCause::ConditionNotMet && fixes.iter().any(is_assertion) {
        return page.catalogue.say("start-assertion");
    }
    if let (StartCause::PortInUse, Some(port)) = (cause, port) {
        // As text: a port has no thousands separator.
        let parameters = [("port", port.to_string().into())];
        return page.catalogue.say_with("start-port-in-use", &parameters);
    }
    page.catalogue.say(&format!("start-cause-{}", cause.name()))
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
    let title = match &finding.culprit {
        Some(culprit @ Culprit::Path { .. }) => {
            let parameters = [
                ("title", title.into()),
                ("path", one_line(&culprit.to_string()).into_owned().into()),
            ];
            page.catalogue.say_with("start-also-path", &parameters)
        }
        _ => title,
    };
    format!("{title}{certainty}")
}

fn moment_and_age(at: Timestamp, now: Timestamp, page: &Page<'_>) -> String {
    format!("{} ({})", moment(at, page.zone), age(now - at, page))
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
    text.push_str(&log::render(attempt, page));
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
    // Both say the same, the status more of it.
    let is_told = attempt.status.is_some()
        && matches!(
            attempt.result.as_str(),
            "exit-code" | "signal" | "core-dump"
        );
    let status = attempt.status.map(dictionary::short);
    let result = Some(attempt.result.clone()).filter(|_| !is_told);
    let how = [attempt.step.clone(), status, result];
    let how: Vec<String> = how
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty())
        .collect();
    let how = match how.is_empty() {
        true => String::new(),
        false => catalogue.say_with(
            "start-attempt-how",
            &[("how", how.join(&catalogue.say("mark-comma")).into())],
        ),
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
    let id = match (attempt.failed_while_running(), is_past) {
        (false, false) => "start-attempt",
        (false, true) => "start-attempt-past",
        (true, false) => "start-attempt-running",
        (true, true) => "start-attempt-running-past",
    };
    one_line(&catalogue.say_with(id, &parameters)).into_owned()
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

/// What could not be seen, and the way out.
fn limits(limits: &[Limitation], page: &Page<'_>) -> String {
    let mut text = String::new();
    for limit in limits {
        let parameters = [
            ("what", what(&limit.what, page.catalogue).into()),
            ("why", reason(&limit.why, page.catalogue).into()),
        ];
        let own = format!("start-limit-{}-{}", limit.what, limit.why);
        let id = match page.catalogue.has(&own) {
            true => own.as_str(),
            false => "start-limit-not-seen",
        };
        let line = page.catalogue.say_with(id, &parameters);
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

fn paint(cause: StartCause, text: &str, page: &Page<'_>) -> String {
    match cause {
        StartCause::Healthy => page.style.good(text),
        StartCause::Starting | StartCause::Unknown => page.style.doubtful(text),
        _ => page.style.bad(text),
    }
}

/// How long something has lasted, in whole seconds.
fn age(lasted: chrono::Duration, page: &Page<'_>) -> String {
    match lasted.num_seconds() {
        0 => page.catalogue.say("start-just-now"),
        seconds => length(chrono::Duration::seconds(seconds), page.catalogue),
    }
}

#[cfg(test)]
mod tests;

//! The report about one unit, as text.

mod audit;
mod events;
mod log;
mod now;
#[cfg(test)]
mod tests;

use chrono::Duration;
use unicode_width::UnicodeWidthStr as _;

use super::{
    Catalogue, Style,
    escape::one_line,
    fleet::Page,
    growth,
    reason::{reason, what},
    report::AsText,
    similar::similar,
    stop,
    table::{Cell, Table, wrapped},
    time::{length, moment},
    unit_state::unit_state,
};
use crate::{
    Timestamp,
    cause::{Stop, StopCause},
    report::Health,
    service::{ServiceCause, ServiceEvidence, ServiceReport, kind::UnitKind},
    start_failure::{DependencyState, commands::name},
};

const INDENT: &str = "  ";
/// Commands that are offered without `--detail`.
const NEXT: usize = 2;

impl AsText for ServiceReport {
    fn render(&self, page: &Page<'_>) -> String {
        render(self, page)
    }

    fn headline(&self, catalogue: &Catalogue) -> String {
        let cause = self.verdict.cause.name();
        let Some(why) = self.verdict.stop_cause else {
            return cause.to_owned();
        };
        let why = why.name().to_owned();
        let parameters = [("cause", cause.into()), ("why", why.into())];
        catalogue.say_with("service-because", &parameters)
    }
}

pub fn render(report: &ServiceReport, page: &Page<'_>) -> String {
    let is_there = !matches!(
        report.verdict.cause,
        ServiceCause::NotFound | ServiceCause::Masked
    );
    let mut parts = vec![headline(report, page), verdict(report, page)];
    if is_there {
        parts.extend([
            now::render(report, page),
            events::render(report, page),
            log::render(report, page),
            dependencies(report, page),
            audit::render(report, page),
        ]);
    }
    parts.extend([limits(report, page), next(report, page)]);
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join("\n")
}

/// The unit, its state, and where it comes from.
fn headline(report: &ServiceReport, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let asked_as = report.asked_as.as_ref().map_or_else(String::new, |name| {
        let parameters = [("name", name.as_str().into())];
        format!(" ({})", catalogue.say_with("service-asked-as", &parameters))
    });
    let state = state(report, page);
    let width = report.unit.as_str().width() + asked_as.width() + state.width();
    // On one line, if there is room for it.
    let gap = match page.width.is_some_and(|room| width + INDENT.len() > room) {
        true => "\n",
        false => INDENT,
    };
    let name = page.style.strong(report.unit.as_str());
    let state = paint(report.verdict.cause, &state, page);
    let mut text = format!("{name}{asked_as}{gap}{state}\n");
    let status = &report.state;
    let mut about = Vec::new();
    if !status.description.is_empty() && status.description != report.unit.as_str() {
        about.push(one_line(&status.description).into_owned());
    }
    let mut origin = Vec::new();
    if let Some((file, more)) = status.files.split_first() {
        let parameters = [
            ("file", one_line(file).into_owned().into()),
            ("more", more.len().into()),
        ];
        origin.push(catalogue.say_with("service-files", &parameters));
    }
    if !report.enabled.is_empty() {
        origin.push(one_line(&report.enabled).into_owned());
    }
    about.push(origin.join(&catalogue.say("mark-semicolon")));
    for line in about.iter().filter(|line| !line.is_empty()) {
        text.push_str(&paragraph(line, Style::faint, page));
    }
    text
}

/// Text in lines that fit.
fn paragraph(text: &str, paint: fn(Style, &str) -> String, page: &Page<'_>) -> String {
    let pieces = wrapped(&one_line(text), page.width);
    let lines = pieces.iter().map(|piece| paint(page.style, piece) + "\n");
    lines.collect()
}

/// As `systemctl status` has it: `active (running) since …`.
fn state(report: &ServiceReport, page: &Page<'_>) -> String {
    let status = &report.state;
    let mut words = match status.load_state.as_str() {
        "loaded" | "merged" | "" => unit_state(&status.active_state, &status.sub_state),
        other if status.active_state == "inactive" => other.to_owned(),
        other => {
            let state = unit_state(&status.active_state, &status.sub_state);
            state + &page.catalogue.say("mark-comma") + other
        }
    };
    if !matches!(status.result.as_str(), "" | "success") {
        words.push_str(&format!(" ({})", status.result));
    }
    if matches!(report.kind, UnitKind::Script { .. }) {
        words = page.catalogue.say("service-by-script");
    }
    if let Some(since) = status.since {
        let parameters = [
            ("since", moment(since, page.zone).into()),
            ("length", of_seconds(report.at - since, page).into()),
        ];
        words.push_str(&page.catalogue.say_with("service-since", &parameters));
    }
    one_line(&words).into_owned()
}

fn verdict(report: &ServiceReport, page: &Page<'_>) -> String {
    let verdict = &report.verdict;
    let catalogue = page.catalogue;
    let mark = match (verdict.cause, verdict.cause.health()) {
        (ServiceCause::Unknown, _) => "?",
        (ServiceCause::Starting | ServiceCause::Stopping, _) => "…",
        (_, Health::Fine) => "✓",
        _ => "✗",
    };
    let mut title = catalogue.say(&format!("service-cause-{}", verdict.cause.name()));
    if let (
        ServiceCause::Failed | ServiceCause::StoppedAfterFailure | ServiceCause::RestartLoop,
        Some(why),
    ) = (verdict.cause, verdict.stop_cause)
    {
        let why = stop::cause(why, catalogue);
        let parameters = [("cause", title.into()), ("why", why.into())];
        title = catalogue.say_with("service-because", &parameters);
    }
    let certainty = stop::certainty(verdict.certainty, catalogue);
    let sure = catalogue.say_with("service-sure", &[("certainty", certainty.into())]);
    let mut text = paint(verdict.cause, mark, page);
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    for (number, piece) in wrapped(&(title + &sure), room).iter().enumerate() {
        let margin = if number == 0 { " " } else { INDENT };
        text.push_str(&format!("{margin}{}\n", page.style.strong(piece)));
    }
    let mut table = Table::default();
    let mut label = catalogue.say("service-evidence");
    for evidence in &verdict.evidence {
        let line = evidence_line(evidence, page);
        table.row([Cell::from(std::mem::take(&mut label)), Cell::from(line)]);
    }
    text.push_str(&indented(&in_room(&table, page)));
    if !report.similar.is_empty() {
        text.push_str(&indented(&similar(&report.similar, catalogue)));
    }
    text
}

fn evidence_line(evidence: &ServiceEvidence, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    match evidence {
        ServiceEvidence::Property { name, value } => format!("{name}={value}"),
        ServiceEvidence::Condition { text } => text.clone(),
        ServiceEvidence::Unit { unit, active_state } => format!("{unit}: {active_state}"),
        ServiceEvidence::Restarts {
            last_hour,
            last_day,
            mean_uptime_ms,
        } => {
            let mut parameters = vec![("hour", (*last_hour).into()), ("day", (*last_day).into())];
            let id = match mean_uptime_ms {
                None => "service-restarts",
                Some(ms) => {
                    parameters.push(("uptime", of_ms(*ms, page).into()));
                    "service-restarts-uptime"
                }
            };
            catalogue.say_with(id, &parameters)
        }
        ServiceEvidence::LastStop { at, stop } => {
            let parameters = [
                ("at", moment(*at, page.zone).into()),
                ("stop", stop_line(stop, page).into()),
            ];
            catalogue.say_with("service-last-stop", &parameters)
        }
        ServiceEvidence::OomKills { count } => {
            catalogue.say_with("service-oom-kills", &[("count", (*count).into())])
        }
        ServiceEvidence::Limit { what, used, limit } => {
            let parameters = [
                ("used", used.to_string().into()),
                ("limit", limit.to_string().into()),
            ];
            catalogue.say_with(&format!("service-limit-{what}"), &parameters)
        }
        ServiceEvidence::MemoryTrend { trend } => growth::text(trend, page),
        ServiceEvidence::PidFile { path, pid, alive } => {
            let id = match (pid, alive) {
                (None, _) => "service-pid-none",
                (_, true) => "service-pid-alive",
                (_, false) => "service-pid-dead",
            };
            let pid = pid.map_or_else(String::new, |pid| pid.to_string());
            let state = catalogue.say_with(id, &[("pid", pid.into())]);
            let parameters = [("path", path.clone().into()), ("state", state.into())];
            catalogue.say_with("service-pid-file", &parameters)
        }
    }
}

/// How it ended, who did it, and how sure that is.
fn stop_line(stop: &Stop, page: &Page<'_>) -> String {
    // Of an exit code or a signal the status says all that the cause does.
    let is_said = matches!(stop.cause, StopCause::ExitCode | StopCause::Signal);
    let status = stop.exit.filter(|status| is_said || !status.is_success());
    let cause = (status.is_none() || !is_said).then(|| stop::cause(stop.cause, page.catalogue));
    let status = status.map(crate::dictionary::short);
    let actor = stop.actor.as_ref();
    let actor = actor.map(|actor| stop::actor(actor, page.catalogue));
    let said: Vec<String> = [cause, status, actor].into_iter().flatten().collect();
    let certainty = stop::certainty(stop.certainty, page.catalogue);
    let parameters = [
        ("what", said.join(&page.catalogue.say("mark-comma")).into()),
        ("certainty", certainty.into()),
    ];
    page.catalogue.say_with("service-stop", &parameters)
}

/// The units that it needs and that are not up; the others are counted.
fn dependencies(report: &ServiceReport, page: &Page<'_>) -> String {
    if report.dependencies.is_empty() {
        return String::new();
    }
    let is_up =
        |one: &&DependencyState| matches!(one.active_state.as_str(), "active" | "reloading");
    let (up, down): (Vec<_>, Vec<_>) = report.dependencies.iter().partition(is_up);
    let title = page.catalogue.say("service-needs");
    let mut text = format!("{}\n", page.style.strong(&title));
    let mut table = Table::default();
    let shown = down.iter().chain(up.iter().filter(|_| report.detail));
    for one in shown {
        table.row(dependency(one, page));
    }
    text.push_str(&indented(&in_room(&table, page)));
    if !up.is_empty() && !report.detail {
        let parameters = [("units", up.len().into())];
        let fine = page.catalogue.say_with("service-needs-fine", &parameters);
        text.push_str(&indented(&page.style.faint(&fine)));
    }
    text
}

fn dependency(one: &DependencyState, page: &Page<'_>) -> [Cell; 3] {
    let state = match one.load_state.as_str() {
        "loaded" | "merged" => &one.active_state,
        other => other,
    };
    let result = one.result.as_ref();
    let result = result.map_or_else(String::new, |result| format!(" ({result})"));
    let cell = Cell::from(format!("{state}{result}"));
    let cell = match state {
        "active" | "reloading" | "inactive" => cell,
        "failed" => cell.painted(Style::bad),
        _ => cell.painted(Style::doubtful),
    };
    let by = one.needed_by.as_ref().map(|by| {
        let parameters = [("unit", by.as_str().into())];
        page.catalogue.say_with("service-needed-by", &parameters)
    });
    let relation = match by {
        Some(by) => format!("{} {by}", one.relation),
        None => one.relation.clone(),
    };
    [Cell::from(one.unit.as_str()), cell, Cell::from(relation)]
}

/// What could not be read, and how to read it.
fn limits(report: &ServiceReport, page: &Page<'_>) -> String {
    let mut text = String::new();
    for limit in &report.limits {
        let parameters = [
            ("what", what(&limit.what, page.catalogue).into()),
            ("why", reason(&limit.why, page.catalogue).into()),
        ];
        let line = page
            .catalogue
            .say_with("service-limit-not-seen", &parameters);
        text.push_str(&paragraph(&line, Style::doubtful, page));
    }
    for id in hints(report) {
        text.push_str(&format!("{}\n", page.catalogue.say(id)));
    }
    text
}

fn hints(report: &ServiceReport) -> Vec<&'static str> {
    let is_denied = |what: &str, is_wanted: bool| {
        report.limits.iter().any(|limit| {
            let why = limit.why.to_ascii_lowercase();
            (limit.what == what) == is_wanted && why.contains("permission")
        })
    };
    let mut hints = Vec::new();
    if is_denied("journal", true) {
        hints.push("service-limit-hint-journal");
    } else if is_denied("journal", false) {
        hints.push("service-limit-hint-root");
    }
    let is_tool = |what: &str| what == "hardening" || what == "verify";
    let mut limits = report.limits.iter();
    if limits.any(|limit| is_tool(&limit.what) && limit.why.contains("there is no program")) {
        hints.push("service-limit-hint-tool");
    }
    hints
}

fn next(report: &ServiceReport, page: &Page<'_>) -> String {
    let most = if report.detail { usize::MAX } else { NEXT };
    let commands = report.verdict.next.iter().take(most);
    let lines = commands.map(|command| {
        let parameters = [("command", page.style.strong(&one_line(command)).into())];
        page.catalogue.say_with("service-next", &parameters) + "\n"
    });
    lines.collect()
}

/// This command, with everything.
fn with_detail(report: &ServiceReport) -> String {
    format!("aiops analyze service {} --detail", name(&report.unit))
}

fn paint(cause: ServiceCause, text: &str, page: &Page<'_>) -> String {
    match (cause, cause.health()) {
        (ServiceCause::Unknown | ServiceCause::Starting | ServiceCause::Stopping, _) => {
            page.style.doubtful(text)
        }
        (ServiceCause::Running, _) => page.style.good(text),
        (_, Health::Fine) => text.to_owned(),
        _ => page.style.bad(text),
    }
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("{INDENT}{line}\n"))
        .collect()
}

fn in_room(table: &Table, page: &Page<'_>) -> String {
    let room = page.width.map(|width| width.saturating_sub(INDENT.len()));
    table.render(room, page.style)
}

fn of_ms(ms: u64, page: &Page<'_>) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX / 2);
    length(Duration::milliseconds(ms), page.catalogue)
}

/// A length without its milliseconds, if it has seconds.
fn of_seconds(time: Duration, page: &Page<'_>) -> String {
    let whole = Duration::seconds(time.num_seconds().max(0));
    length(whole, page.catalogue).replace("0ms", "0s")
}

fn moment_and_age(at: Timestamp, now: Timestamp, page: &Page<'_>) -> String {
    let ago = super::time::ago(at, now, page.catalogue);
    format!("{} ({ago})", moment(at, page.zone))
}

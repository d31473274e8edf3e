//! The last starts and stops, the newest first.

use super::{in_room, indented, of_ms, stop_line, with_detail};
use crate::{
    run::StartReason,
    service::{
        ServiceReport,
        events::{Happened, UnitEvent},
        kind::UnitKind,
    },
    text::{
        Style,
        fleet::Page,
        stop,
        table::{Cell, Table},
        time::moment,
    },
};

/// Events that are shown without `--detail`.
const EVENTS: usize = 6;

pub(super) fn render(report: &ServiceReport, page: &Page<'_>) -> String {
    let has_no_journal = report.limits.iter().any(|limit| limit.what == "journal");
    let is_script = matches!(report.kind, UnitKind::Script { .. });
    if report.events.is_empty() && (has_no_journal || is_script) {
        return String::new();
    }
    let title = page.style.strong(&page.catalogue.say("service-events"));
    let mut text = format!("{title}\n");
    if report.events.is_empty() {
        let since = report.activity.known_since;
        let since = since.map_or_else(|| "none".to_owned(), |at| moment(at, page.zone));
        let none = page
            .catalogue
            .say_with("service-events-none", &[("since", since.into())]);
        return text + &indented(&none);
    }
    let most = if report.detail { usize::MAX } else { EVENTS };
    let mut table = Table::default();
    for event in report.events.iter().take(most) {
        table.row(row(event, page));
    }
    text.push_str(&indented(&in_room(&table, page)));
    let left_out = report.events.len().saturating_sub(most) + report.events_omitted as usize;
    if left_out > 0 {
        let command = match report.detail {
            true => format!("aiops analyze restarts {}", report.unit),
            false => with_detail(report),
        };
        let parameters = [("events", left_out.into()), ("command", command.into())];
        let more = page.catalogue.say_with("service-events-more", &parameters);
        text.push_str(&indented(&page.style.faint(&more)));
    }
    text
}

fn row(event: &UnitEvent, page: &Page<'_>) -> [Cell; 3] {
    let say = |id: &str| page.catalogue.say(id);
    let (what, detail) = match &event.what {
        Happened::Starting { start } => ("starting", reason(start, page)),
        Happened::Started { start, took_ms } => ("started", took(start, *took_ms, page)),
        Happened::StartFailed { stop } => ("start-failed", stop_line(stop, page)),
        Happened::Stopped { stop, uptime_ms } => {
            let mut line = stop_line(stop, page);
            if let Some(ms) = uptime_ms {
                let parameters = [("text", line.into()), ("length", of_ms(*ms, page).into())];
                line = page.catalogue.say_with("service-up", &parameters);
            }
            ("stopped", line)
        }
    };
    let stop = match &event.what {
        Happened::StartFailed { stop } | Happened::Stopped { stop, .. } => Some(stop),
        _ => None,
    };
    let cell = Cell::from(say(&format!("service-event-{what}")));
    let cell = match stop.is_some_and(|stop| stop.cause.is_failure()) {
        true => cell.painted(Style::bad),
        false => cell,
    };
    [
        Cell::from(moment(event.at, page.zone)),
        cell,
        Cell::from(detail),
    ]
}

fn took(start: &StartReason, took_ms: Option<u64>, page: &Page<'_>) -> String {
    let reason = reason(start, page);
    // A start that took no time is not worth a word.
    let Some(ms) = took_ms.filter(|ms| *ms >= 100) else {
        return reason;
    };
    let length = ("length", of_ms(ms, page).into());
    match reason.is_empty() {
        true => page.catalogue.say_with("service-took-plain", &[length]),
        false => {
            let parameters = [("text", reason.into()), length];
            page.catalogue.say_with("service-took", &parameters)
        }
    }
}

fn reason(start: &StartReason, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    match start {
        StartReason::Automatic { restarts } => catalogue.say_with(
            "service-start-automatic",
            &[("restarts", (*restarts).into())],
        ),
        StartReason::Requested { actor: Some(actor) } => {
            let actor = stop::actor(actor, catalogue);
            catalogue.say_with("service-start-requested", &[("actor", actor.into())])
        }
        StartReason::Requested { actor: None } => catalogue.say("service-start-asked"),
        StartReason::Boot => catalogue.say("service-start-boot"),
        StartReason::Unknown => String::new(),
    }
}

//! The stops: the newest in full, the others a line each.

use super::{INDENT, cause_cell, indented, of_ms, table};
use crate::{
    cause::{Evidence, StopCause},
    dictionary,
    log::LogLine,
    restarts::{StopRow, UnitRestarts},
    run::StartReason,
    text::{
        Catalogue, Style,
        escape::one_line,
        fleet::Page,
        size::bytes,
        stop,
        table::{Cell, Table},
        time::{ago, moment},
    },
};

/// Stops that are told in full.
const IN_FULL: usize = 5;
/// Stops that get a line, on a terminal; a pipe takes all.
const IN_LINES: usize = 20;

pub(super) fn render(unit: &UnitRestarts, page: &Page<'_>) -> String {
    let (newest, older) = unit.stops.split_at(unit.stops.len().min(IN_FULL));
    let mut text = format!("\n{}\n", page.catalogue.say("restarts-newest"));
    for (place, row) in newest.iter().enumerate() {
        text.push_str(&in_full(place + 1, row, page));
    }
    let shown = match page.width {
        Some(_) => older.len().min(IN_LINES),
        None => older.len(),
    };
    if shown > 0 {
        text.push_str(&format!("\n{}", in_lines(&older[..shown], page)));
    }
    let left_out = (older.len() - shown) as u64 + u64::from(unit.stops_omitted);
    if left_out > 0 {
        let parameters = [("stops", left_out.into())];
        let omitted = page.catalogue.say_with("restarts-omitted", &parameters);
        text.push_str(&page.style.faint(&omitted));
        text.push('\n');
    }
    text
}

fn in_full(number: usize, row: &StopRow, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let cause = stop::cause(row.cause, catalogue);
    let sure = stop::certainty(row.certainty, catalogue);
    let at = moment(row.stopped_at, page.zone);
    let passed = ago(row.stopped_at, page.now, catalogue);
    let parameters = [("at", at.into()), ("passed", passed.into())];
    let when = catalogue.say_with("restarts-stop-when", &parameters);
    let parameters = [("cause", cause.into()), ("sure", sure.into())];
    let what = catalogue.say_with("restarts-stop-what", &parameters);
    let mut heading = Table::default();
    heading.row([
        Cell::from(format!("{number:>2}. {when}")),
        Cell::from(what).painted(match row.cause.is_failure() {
            true => Style::bad,
            false => Style::strong,
        }),
    ]);
    let mut text = heading.render(page.width, page.style);
    let mut facts = Table::default();
    let mut fact = |id: &str, value: String| {
        if !value.is_empty() {
            facts.row([Cell::from(catalogue.say(id)), Cell::from(value)]);
        }
    };
    fact(
        "restarts-fact-how",
        details(row, catalogue).join(&catalogue.say("mark-semicolon")),
    );
    fact("restarts-fact-who", who(row, catalogue));
    fact("restarts-fact-run", ran(row, page));
    fact("restarts-fact-back", back(row, catalogue));
    text.push_str(&table(&facts, INDENT + 1, page));
    text + &log(&row.log, page)
}

/// Who did it, where it was somebody's doing.
fn who(row: &StopRow, catalogue: &Catalogue) -> String {
    match &row.actor {
        Some(actor) => stop::actor(actor, catalogue),
        None if row.cause == StopCause::Manual => catalogue.say("restarts-nobody-saw"),
        None => String::new(),
    }
}

/// How long it ran, since when, and why it began.
fn ran(row: &StopRow, page: &Page<'_>) -> String {
    let catalogue = page.catalogue;
    let Some(started_at) = row.started_at else {
        return String::new();
    };
    let ran = match row.uptime_ms {
        Some(ms) => of_ms(ms, catalogue),
        None => catalogue.say("restarts-never-ready"),
    };
    let why = match &row.start {
        StartReason::Automatic { restarts } => {
            catalogue.say_with("restarts-began-automatic", &[("n", (*restarts).into())])
        }
        StartReason::Requested { actor: Some(actor) } => {
            let who = stop::actor(actor, catalogue);
            catalogue.say_with("restarts-began-asked", &[("who", who.into())])
        }
        StartReason::Requested { actor: None } => catalogue.say("restarts-began-requested"),
        StartReason::Boot => catalogue.say("restarts-began-boot"),
        StartReason::Unknown => String::new(),
    };
    let parameters = [
        ("ran", ran.into()),
        ("since", moment(started_at, page.zone).into()),
        ("why", why.into()),
    ];
    catalogue.say_with("restarts-ran", &parameters)
}

fn back(row: &StopRow, catalogue: &Catalogue) -> String {
    match row.recovery_ms {
        Some(ms) => {
            let after = [("length", of_ms(ms, catalogue).into())];
            let id = match row.next_start {
                Some(StartReason::Automatic { .. }) => "restarts-back-automatic",
                _ => "restarts-back",
            };
            catalogue.say_with(id, &after)
        }
        None if row.next_start.is_some() => catalogue.say("restarts-tried-again"),
        None => catalogue.say("restarts-still-down"),
    }
}

fn log(lines: &[LogLine], page: &Page<'_>) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let heading = page.catalogue.say("restarts-fact-log");
    let room = page.width.map(|width| width.saturating_sub(INDENT + 3));
    let mut text = format!("{heading}\n");
    for line in lines {
        let said = format!("{}: {}", line.source, line.message);
        let said = one_line(&said);
        let mut row = Table::default();
        row.row([Cell::from(&*said).cut()]);
        let cut = row.render(room, page.style);
        text.push_str(&format!("  {}\n", page.style.faint(cut.trim_end())));
    }
    indented(&text, INDENT + 1)
}

fn in_lines(rows: &[StopRow], page: &Page<'_>) -> String {
    let headings = ["stopped", "cause", "sure", "back", "detail"];
    let heading = |column: &str| page.catalogue.say(&format!("restarts-heading-{column}"));
    let mut table = Table::with_headings(headings.map(heading));
    for row in rows {
        let back = match row.recovery_ms {
            Some(ms) => Cell::from(of_ms(ms, page.catalogue)),
            None => Cell::from(page.catalogue.say("restarts-still-down")).painted(Style::doubtful),
        };
        let mut told = details(row, page.catalogue);
        let actor = row.actor.as_ref();
        told.extend(actor.map(|actor| stop::actor(actor, page.catalogue)));
        table.row([
            Cell::from(moment(row.stopped_at, page.zone)),
            cause_cell(row, page.catalogue),
            Cell::from(stop::certainty(row.certainty, page.catalogue)),
            back.right(),
            Cell::from(told.join(&page.catalogue.say("mark-semicolon"))),
        ]);
    }
    table.render(page.width, page.style)
}

/// What the evidence adds to the cause.
fn details(row: &StopRow, catalogue: &Catalogue) -> Vec<String> {
    let mut details = Vec::new();
    if row.never_ready {
        details.push(catalogue.say("restarts-start-failed"));
    }
    details.extend(row.exit.map(dictionary::short));
    if let Some(memory) = row.oom {
        let rss = ("rss", bytes(memory.rss_bytes).into());
        details.push(match memory.limit_bytes {
            Some(limit) => {
                catalogue.say_with("restarts-memory", &[rss, ("limit", bytes(limit).into())])
            }
            None => catalogue.say_with("restarts-memory-machine", &[rss]),
        });
    }
    details.extend(
        row.evidence
            .iter()
            .filter_map(|fact| evidence(fact, catalogue)),
    );
    details
}

fn evidence(fact: &Evidence, catalogue: &Catalogue) -> Option<String> {
    match fact {
        Evidence::ManagerLine { message } => Some(message.clone()),
        Evidence::DependencyStopped { unit, .. } => {
            let parameters = [("unit", unit.as_str().into())];
            Some(catalogue.say_with("restarts-dependency", &parameters))
        }
        Evidence::BootEnded { orderly: true } => Some(catalogue.say("restarts-orderly")),
        Evidence::BootEnded { orderly: false } => Some(catalogue.say("restarts-power-cut")),
        Evidence::CoreDump { path, .. } => path.clone(),
        // Said by the cause, the exit status or the actor already.
        Evidence::UnitResult { .. }
        | Evidence::ProcessEnded { .. }
        | Evidence::StopJob { .. }
        | Evidence::Request { .. }
        | Evidence::KernelOom { .. }
        | Evidence::OomNotice => None,
    }
}

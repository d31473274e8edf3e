//! Events, a line each.

use chrono::Duration;

use super::{
    Catalogue,
    catalogue::Value,
    escape::one_line,
    fleet::Page,
    size::bytes,
    stop,
    table::{behind, cut, width},
    time::{length, precise_moment},
    unit_state::unit_state,
};
use crate::{
    cause::OomConstraint,
    dictionary,
    event::{Fact, Gap, Killer, ProcessExited, SourceStarted},
    fleet::StoredEvent,
    process::ExitStatus,
    run::StartReason,
};

/// Where the text of an event goes on in the next line of a terminal: below the host.
const INDENT: usize = 25;
/// Columns of a host's name in a terminal.
const HOST: usize = 24;
/// In a terminal narrower than this the kinds are no column: what happened needs the room.
const WIDE: usize = 120;

/// One event: time, host, kind and what happened. In a terminal it may take several lines.
pub fn line(stored: &StoredEvent, page: &Page<'_>) -> String {
    let (kind, text) = match &stored.event {
        Some(event) => (event.fact.kind(), fact(&event.fact, page.catalogue)),
        None => ("unknown", page.catalogue.say("event-unreadable")),
    };
    let at = precise_moment(stored.at(), page.zone);
    let host = one_line(&stored.host_name);
    let host = match page.width {
        Some(_) => cut(&host, HOST),
        None => host.clone(),
    };
    let kinds = match page.width {
        Some(width) if width < WIDE => 0,
        _ => 22,
    };
    let head = format!("  {host}  {kind:<kinds$}  ");
    let text = behind(at.len() + width(&head), &text, INDENT, page.width);
    let text = match stored.event.as_ref().map(|event| &event.fact) {
        Some(fact) if is_bad(fact) => page.style.bad(&text),
        Some(Fact::Gap(_)) | None => page.style.doubtful(&text),
        _ => text,
    };
    format!("{}{head}{text}", page.style.faint(&at))
}

fn is_bad(fact: &Fact) -> bool {
    match fact {
        Fact::UnitStopped(stopped) | Fact::UnitCauseRevised(stopped) => {
            stopped.stop.cause.is_failure()
        }
        Fact::UnitStartFailed(_) | Fact::OomKilled(_) | Fact::ProcessFaulted(_) => true,
        _ => false,
    }
}

/// What happened, in words, on one line.
pub fn fact(fact: &Fact, catalogue: &Catalogue) -> String {
    let id = format!("event-{}", fact.kind());
    let say = |parameters: &[(&str, Value)]| {
        let parameters: Vec<_> = parameters.to_vec();
        one_line(&catalogue.say_with(&id, &parameters)).into_owned()
    };
    match fact {
        Fact::ProcessForked(forked) => say(&[
            ("comm", forked.comm.as_str().into()),
            ("pid", pid(forked.process.pid)),
            ("parent", pid(forked.parent_pid)),
        ]),
        Fact::ProcessExecuted(executed) => say(&[
            ("comm", executed.comm.as_str().into()),
            ("pid", pid(executed.process.pid)),
            ("argv", executed.argv.join(" ").into()),
        ]),
        Fact::ProcessExited(exited) => say(&[
            ("comm", exited.comm.as_str().into()),
            ("pid", pid(exited.process.pid)),
            ("status", exit(exited, catalogue).into()),
        ]),
        Fact::UnitStarting(moment) | Fact::UnitStopping(moment) => {
            say(&[("unit", moment.unit.as_str().into())])
        }
        Fact::UnitStarted(moment) => say(&[
            ("unit", moment.unit.as_str().into()),
            (
                "why",
                moment
                    .start
                    .as_ref()
                    .map_or(String::new(), |why| start(why, catalogue))
                    .into(),
            ),
        ]),
        Fact::UnitStartFailed(stopped)
        | Fact::UnitStopped(stopped)
        | Fact::UnitCauseRevised(stopped) => say(&[
            ("unit", stopped.unit.as_str().into()),
            ("stop", stop::line(&stopped.stop, catalogue).into()),
        ]),
        Fact::UnitRestartScheduled(scheduled) => say(&[
            ("unit", scheduled.unit.as_str().into()),
            ("restarts", scheduled.restarts.into()),
        ]),
        Fact::UnitRequested(requested) => say(&[
            ("unit", requested.unit.as_str().into()),
            (
                "verb",
                catalogue
                    .say(&format!("verb-{}", requested.verb.name()))
                    .into(),
            ),
            ("actor", stop::actor(&requested.actor, catalogue).into()),
        ]),
        Fact::UnitState(state) => say(&[
            ("unit", state.unit.as_str().into()),
            ("state", unit_state(&state.active, &state.sub).into()),
        ]),
        Fact::OomKilled(killed) => say(&[
            ("comm", killed.comm.as_str().into()),
            ("memory", bytes(killed.rss_bytes).into()),
            (
                "constraint",
                catalogue.say(constraint_id(killed.constraint)).into(),
            ),
        ]),
        Fact::ProcessFaulted(faulted) => say(&[
            ("comm", faulted.comm.as_str().into()),
            ("pid", pid(faulted.pid)),
            ("line", faulted.line.as_str().into()),
        ]),
        Fact::HostBooted(booted) => {
            let before = match booted.previous_orderly {
                None => String::new(),
                Some(true) => catalogue.say("event-before-orderly"),
                Some(false) => catalogue.say("event-before-power-cut"),
            };
            say(&[("before", before.into())])
        }
        Fact::ClockJumped(jumped) => {
            let back = jumped.by_ms < 0;
            let by = length(
                Duration::milliseconds(jumped.by_ms.saturating_abs()),
                catalogue,
            );
            let id = if back {
                "event-clock-jumped-back"
            } else {
                "event-clock-jumped-forward"
            };
            catalogue.say_with(id, &[("length", by.into())])
        }
        Fact::SourceStarted(started) => source(started, catalogue),
        Fact::AgentStarted(started) => say(&[
            ("version", started.version.as_str().into()),
            ("host", started.host_name.as_str().into()),
        ]),
        Fact::Gap(gap) => say(&gap_parameters(gap, catalogue)),
    }
}

/// Which way a source runs, or that it does not.
fn source(started: &SourceStarted, catalogue: &Catalogue) -> String {
    let degraded = started.degraded.as_deref().map_or(String::new(), |reason| {
        catalogue.say_with("event-degraded", &[("reason", reason.into())])
    });
    let id = match started.runs.as_str() {
        "none" => "event-source-off",
        _ => "event-source-started",
    };
    let parameters = [
        ("source", started.source.as_str().into()),
        ("runs", started.runs.as_str().into()),
        ("degraded", degraded.into()),
    ];
    one_line(&catalogue.say_with(id, &parameters)).into_owned()
}

/// A pid as text: a number would get thousands separators in some languages.
fn pid(pid: u32) -> Value {
    pid.to_string().into()
}

fn constraint_id(constraint: OomConstraint) -> &'static str {
    match constraint {
        OomConstraint::Cgroup => "constraint-cgroup",
        OomConstraint::System => "constraint-system",
    }
}

/// Why a unit started, as the tail of a sentence.
fn start(why: &StartReason, catalogue: &Catalogue) -> String {
    match why {
        StartReason::Automatic { restarts } => {
            catalogue.say_with("event-why-automatic", &[("restarts", (*restarts).into())])
        }
        StartReason::Requested { actor: Some(actor) } => {
            let actor = stop::actor(actor, catalogue);
            catalogue.say_with("event-why-requested", &[("actor", actor.into())])
        }
        StartReason::Boot => catalogue.say("event-why-boot"),
        StartReason::Requested { actor: None } | StartReason::Unknown => String::new(),
    }
}

fn exit(exited: &ProcessExited, catalogue: &Catalogue) -> String {
    let status = exited
        .status
        .map_or_else(|| catalogue.say("event-status-unknown"), dictionary::short);
    let by = match (&exited.killer, exited.oom_killed, exited.status) {
        (_, true, _) => catalogue.say("event-oom-killer"),
        (Some(killer), _, Some(ExitStatus::Signaled { .. })) if !killer.by_kernel => {
            sender(killer, catalogue)
        }
        _ => String::new(),
    };
    status + &by
}

fn sender(killer: &Killer, catalogue: &Catalogue) -> String {
    let parameters = [
        ("comm", killer.comm.as_str().into()),
        ("pid", pid(killer.pid)),
        ("uid", pid(killer.uid)),
    ];
    catalogue.say_with("event-killer", &parameters)
}

fn gap_parameters(gap: &Gap, catalogue: &Catalogue) -> [(&'static str, Value); 4] {
    let lost = match gap.lost {
        Some(n) => catalogue.say_with("event-lost-number", &[("n", n.into())]),
        None => catalogue.say("event-lost-unknown"),
    };
    [
        ("source", gap.source.as_str().into()),
        ("lost", lost.into()),
        (
            "reason",
            catalogue.say(&format!("gap-{}", gap.reason.name())).into(),
        ),
        ("detail", gap.detail.as_str().into()),
    ]
}

#[cfg(test)]
mod tests;

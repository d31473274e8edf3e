//! Journals of real hosts, and a short spelling of what the history says about them.

use std::collections::BTreeMap;

use analysis::{
    cause::{Actor, Evidence, Stop},
    event::{Event, Fact},
    history::{Dependencies, Needs, UnitHistory},
    journal::JournalEntry,
    run::StartReason,
};
use chrono::DateTime;

/// Reads what `journalctl -o json` wrote, cut down to some fields.
pub fn journal(text: &str) -> Vec<JournalEntry> {
    text.lines().map(entry).collect()
}

fn entry(line: &str) -> JournalEntry {
    let fields: BTreeMap<String, String> = serde_json::from_str(line).unwrap();
    let number = |name: &str| fields[name].parse::<i64>().unwrap();
    JournalEntry {
        cursor: String::new(),
        at: DateTime::from_timestamp_micros(number("__REALTIME_TIMESTAMP")).unwrap(),
        monotonic_us: number("__MONOTONIC_TIMESTAMP") as u64,
        boot: fields["_BOOT_ID"].parse().unwrap(),
        fields,
    }
}

/// What the units of the recorded hosts need.
pub fn dependencies() -> Dependencies {
    let needs = [
        ("rider.service", "base.service"),
        ("needsbad.service", "badbase.service"),
    ];
    let stopped_with = needs.map(|(unit, needed)| {
        let needs = Needs {
            stopped_with: [needed.parse().unwrap()].into(),
            ..Needs::default()
        };
        (unit, needs)
    });
    let bound = Needs {
        bound_to: ["base.service".parse().unwrap()].into(),
        ..Needs::default()
    };
    let bound = [("bound.service", bound)];
    let free = ["base.service", "ok.service"].map(|unit| (unit, Needs::default()));
    let all = stopped_with.into_iter().chain(bound).chain(free);
    all.map(|(unit, needs)| (unit.parse().unwrap(), needs))
        .collect()
}

/// The fold as an agent of the recorded hosts has it.
pub fn history() -> UnitHistory {
    UnitHistory::new(dependencies()).with_cgroup_root("/hist/rec")
}

pub fn events(entries: &[JournalEntry]) -> Vec<Event> {
    let mut history = history();
    entries
        .iter()
        .flat_map(|entry| history.apply(entry))
        .collect()
}

/// One line for each event.
pub fn told(events: &[Event]) -> Vec<String> {
    events.iter().map(line).collect()
}

fn line(event: &Event) -> String {
    match &event.fact {
        Fact::UnitStarting(fact) => format!("{} starts{}", fact.unit.stem(), why(&fact.start)),
        Fact::UnitStarted(fact) => format!("{} ready{}", fact.unit.stem(), why(&fact.start)),
        Fact::UnitStopping(fact) => format!("{} stops", fact.unit.stem()),
        Fact::UnitStopped(fact) => format!("{} stopped: {}", fact.unit.stem(), stop(&fact.stop)),
        Fact::UnitStartFailed(fact) => {
            let run = if fact.invocation.is_some() {
                ""
            } else {
                " (no run)"
            };
            format!("{} failed{run}: {}", fact.unit.stem(), stop(&fact.stop))
        }
        Fact::UnitCauseRevised(fact) => {
            format!("{} revised: {}", fact.unit.stem(), stop(&fact.stop))
        }
        Fact::UnitRestartScheduled(fact) => {
            format!("{} will restart, {}", fact.unit.stem(), fact.restarts)
        }
        Fact::UnitRequested(fact) => format!(
            "{} of {} asked by {}",
            fact.verb.name(),
            fact.unit.stem(),
            who(&fact.actor)
        ),
        Fact::OomKilled(fact) => format!(
            "oom killed {} of {} at {:?}",
            fact.comm,
            fact.unit.as_ref().map_or("nobody", |unit| unit.stem()),
            fact.limit_bytes
        ),
        Fact::HostBooted(fact) => format!("booted, orderly {:?}", fact.previous_orderly),
        fact => fact.kind().to_owned(),
    }
}

fn why(start: &Option<StartReason>) -> String {
    match start {
        None => String::new(),
        Some(StartReason::Automatic { restarts }) => format!(", restart {restarts}"),
        Some(StartReason::Requested { actor }) => {
            let actor = actor.as_ref().map_or("somebody".to_owned(), who);
            format!(", asked by {actor}")
        }
        Some(StartReason::Boot) => ", boot".to_owned(),
        Some(StartReason::Unknown) => ", unknown".to_owned(),
    }
}

fn who(actor: &Actor) -> String {
    actor
        .login_user
        .clone()
        .unwrap_or_else(|| actor.uid.to_string())
}

fn stop(stop: &Stop) -> String {
    let evidence: Vec<_> = stop.evidence.iter().map(because).collect();
    let actor = stop
        .actor
        .as_ref()
        .map(|actor| format!(" by {}", who(actor)));
    let exit = stop.exit.map(|exit| format!(" {exit}"));
    format!(
        "{} {}{}{} [{}]",
        stop.cause.name(),
        stop.certainty.name(),
        actor.unwrap_or_default(),
        exit.unwrap_or_default(),
        evidence.join(", ")
    )
}

fn because(evidence: &Evidence) -> String {
    match evidence {
        Evidence::UnitResult { result } => result.clone(),
        Evidence::ProcessEnded {
            status, command, ..
        } => {
            format!("{} {status}", command.as_deref().unwrap_or("?"))
        }
        Evidence::StopJob { restart: false, .. } => "stop job".to_owned(),
        Evidence::StopJob { restart: true, .. } => "restart job".to_owned(),
        Evidence::Request { actor, .. } => format!("asked by {}", who(actor)),
        Evidence::KernelOom { limit_bytes, .. } => format!("oom line {limit_bytes:?}"),
        Evidence::OomNotice => "oom notice".to_owned(),
        Evidence::ManagerLine { message } => format!("{message:?}"),
        Evidence::CoreDump { pid, .. } => format!("core of {pid}"),
        Evidence::DependencyStopped { unit, .. } => format!("{} stopped", unit.stem()),
        Evidence::BootEnded { orderly } => format!("boot ended, orderly {orderly}"),
    }
}

macro_rules! recorded {
    ($($name:literal),* $(,)?) => {
        [$(include_str!(concat!("../journals/", $name, ".jsonl"))),*]
    };
}

/// All that was recorded, as the one journal of the one host that it comes from.
pub fn whole_journal() -> Vec<JournalEntry> {
    let parts = recorded![
        "restart",
        "reload",
        "restart_sudo",
        "restart_noted",
        "restart_dpkg",
        "stop_root",
        "notify_ready",
        "segv",
        "kill_9",
        "systemctl_kill",
        "exit_code",
        "oom_cgroup",
        "oom_child",
        "watchdog",
        "start_timeout",
        "stop_timeout",
        "dependency_stop",
        "dependency_bound_kill",
        "dependency_restart",
        "dependency_failed_start",
        "start_pre",
        "start_limit",
        "missing",
        "condition",
        "clean",
        "clean_restart",
        "oneshot",
        "oneshot_fail",
        "reboot",
        "power_cut",
    ];
    let mut entries: Vec<_> = parts.into_iter().flat_map(journal).collect();
    entries.sort_by_key(|entry| entry.at);
    // The run that the power cut ended stands in the recordings of both boots.
    entries.dedup_by(|a, b| a.fields == b.fields);
    entries
}

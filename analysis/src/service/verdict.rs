//! How a unit is, in one word, and what that rests on.

use super::{
    RelatedUnit, ServiceCause, ServiceEvidence, ServiceVerdict, events::Activity,
    facts::ServiceFacts, kind::UnitKind, outlook::grows_to_its_limit, resources::UnitResources,
};
use crate::{
    cause::{Certainty, StopCause},
    identity::UnitName,
    start_failure::{commands::name, facts::Condition},
};

/// So often in an hour is again and again.
const LOOP_PER_HOUR: u32 = 3;
/// And so often in a day.
const LOOP_PER_DAY: u32 = 10;
/// Restarts that systemd counted, where there is no record of when they were.
const LOOP_COUNTED: u32 = 5;
/// One that is up so many times longer than it ever was between two restarts has calmed down.
const CALM_FACTOR: u64 = 5;
const CALM_AFTER_MS: u64 = 10 * 60 * 1000;
/// Of a limit, when what comes next may be refused.
const NEAR_PERCENT: u64 = 90;

pub(super) fn verdict(facts: &ServiceFacts, activity: &Activity) -> ServiceVerdict {
    let found = not_loaded(facts)
        .or_else(|| by_script(facts))
        .or_else(|| restart_loop(facts, activity))
        .unwrap_or_else(|| match facts.active_state() {
            "failed" => failed(facts),
            "active" | "reloading" | "refreshing" => up(facts, activity),
            "activating" => plain(ServiceCause::Starting),
            "deactivating" => plain(ServiceCause::Stopping),
            _ => waits(facts).unwrap_or_else(|| down(facts)),
        });
    let next = next(found.cause, facts);
    ServiceVerdict { next, ..found }
}

/// It is in systemd's queue, and another unit comes first.
fn waits(facts: &ServiceFacts) -> Option<ServiceVerdict> {
    let waits = facts.unit.waits.as_ref()?;
    let mut evidence = vec![property("Job", "start waiting")];
    evidence.extend(
        waits
            .unit
            .as_ref()
            .map(|unit| property("waits for", &format!("{unit} ({})", waits.active_state))),
    );
    Some(because(ServiceCause::Starting, evidence))
}

fn plain(cause: ServiceCause) -> ServiceVerdict {
    because(cause, Vec::new())
}

fn because(cause: ServiceCause, evidence: Vec<ServiceEvidence>) -> ServiceVerdict {
    ServiceVerdict {
        cause,
        certainty: Certainty::Measured,
        stop_cause: None,
        evidence,
        next: Vec::new(),
    }
}

fn property(name: &str, value: &str) -> ServiceEvidence {
    ServiceEvidence::Property {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

/// systemd has no such unit, or could not read it.
fn not_loaded(facts: &ServiceFacts) -> Option<ServiceVerdict> {
    let state = facts.unit.status.load_state.as_str();
    // A unit whose file was removed while it ran runs on.
    let is_down = facts.active_state() == "inactive";
    let cause = match state {
        "not-found" if is_down => ServiceCause::NotFound,
        "masked" if is_down => ServiceCause::Masked,
        "bad-setting" | "error" => ServiceCause::UnitFileInvalid,
        _ => return None,
    };
    let mut evidence = vec![property("LoadState", state)];
    // Of the others it only says so once more.
    if let Some(error) = facts.unit.load_error.as_ref()
        && cause == ServiceCause::UnitFileInvalid
    {
        evidence.push(property("LoadError", error));
    }
    Some(because(cause, evidence))
}

/// A host without systemd: all that there is, is the pid file of the script.
fn by_script(facts: &ServiceFacts) -> Option<ServiceVerdict> {
    if !matches!(facts.kind, UnitKind::Script { .. }) {
        return None;
    }
    let cause = match &facts.pid_file {
        Some(file) if file.alive => ServiceCause::Running,
        Some(_) => ServiceCause::Stopped,
        None => ServiceCause::Unknown,
    };
    let evidence = facts.pid_file.iter().map(|file| ServiceEvidence::PidFile {
        path: file.path.clone(),
        pid: file.pid,
        alive: file.alive,
    });
    Some(ServiceVerdict {
        certainty: match cause {
            ServiceCause::Unknown => Certainty::Unknown,
            _ => Certainty::Inferred,
        },
        ..because(cause, evidence.collect())
    })
}

/// It looks active, or starting, and ends by itself again and again.
fn restart_loop(facts: &ServiceFacts, activity: &Activity) -> Option<ServiceVerdict> {
    if matches!(facts.active_state(), "inactive" | "failed") {
        return None;
    }
    let status = &facts.unit.status;
    let waits = status.sub_state.starts_with("auto-restart");
    let often = activity.restarts_last_hour >= LOOP_PER_HOUR
        || activity.restarts_last_day >= LOOP_PER_DAY
        || (waits && activity.restarts_last_hour > 0);
    let is_seen =
        (often && !has_calmed_down(facts, activity)) || (waits && status.restarts >= LOOP_PER_HOUR);
    let is_counted =
        status.restarts >= LOOP_COUNTED && activity.known_since.is_none() && is_fresh(facts);
    let certainty = match (is_seen, is_counted) {
        (true, _) => Certainty::Measured,
        (false, true) => Certainty::Inferred,
        (false, false) => return None,
    };
    let mut evidence = vec![property(
        "ActiveState",
        &format!("{} ({})", status.active_state, status.sub_state),
    )];
    evidence.extend(restarts(activity));
    evidence.push(property("NRestarts", &status.restarts.to_string()));
    evidence.extend(last_stop(facts));
    Some(ServiceVerdict {
        certainty,
        stop_cause: last_stop_cause(facts),
        ..because(ServiceCause::RestartLoop, evidence)
    })
}

fn restarts(activity: &Activity) -> Option<ServiceEvidence> {
    (activity.restarts_last_day > 0).then_some(ServiceEvidence::Restarts {
        last_hour: activity.restarts_last_hour,
        last_day: activity.restarts_last_day,
        mean_uptime_ms: activity.mean_uptime_ms,
    })
}

/// Whether it has been up for so long that what was before is over.
fn has_calmed_down(facts: &ServiceFacts, activity: &Activity) -> bool {
    let between = activity.longest_between_ms.unwrap_or(0);
    let calm_after = CALM_AFTER_MS.max(between.saturating_mul(CALM_FACTOR));
    facts.is_up() && up_ms(facts).is_some_and(|up| up > calm_after)
}

fn is_fresh(facts: &ServiceFacts) -> bool {
    up_ms(facts).is_some_and(|up| up <= CALM_AFTER_MS)
}

/// How long it has been in its state.
fn up_ms(facts: &ServiceFacts) -> Option<u64> {
    let since = facts.unit.status.since?;
    (facts.at - since).num_milliseconds().try_into().ok()
}

fn last_stop(facts: &ServiceFacts) -> Option<ServiceEvidence> {
    let run = facts.record.runs.iter().rfind(|run| run.stop.is_some())?;
    Some(ServiceEvidence::LastStop {
        at: run.stopped_at?,
        stop: Box::new(run.stop.clone()?),
    })
}

fn last_stop_cause(facts: &ServiceFacts) -> Option<StopCause> {
    let mut runs = facts.record.runs.iter().rev();
    let stop = runs.find_map(|run| run.stop.as_ref())?;
    Some(stop.cause)
}

fn failed(facts: &ServiceFacts) -> ServiceVerdict {
    let status = &facts.unit.status;
    let mut evidence = vec![property("Result", &status.result)];
    evidence.retain(|_| !status.result.is_empty());
    evidence.extend(last_stop(facts));
    // That the last run ended well is no reason to fail; the start limit, if any, is in the result.
    let why = last_stop_cause(facts).filter(|cause| *cause != StopCause::Clean);
    let mut runs = facts.record.runs.iter().rev();
    let stop = runs
        .find_map(|run| run.stop.as_ref())
        .filter(|_| why.is_some());
    ServiceVerdict {
        stop_cause: why,
        certainty: stop.map_or(Certainty::Measured, |stop| stop.certainty),
        ..because(ServiceCause::Failed, evidence)
    }
}

fn up(facts: &ServiceFacts, activity: &Activity) -> ServiceVerdict {
    let sub_state = facts.unit.status.sub_state.as_str();
    let policy = facts.policy.as_ref();
    let kills = facts.resources.as_ref().and_then(|used| used.oom_kills);
    if let Some(count) = kills.filter(|count| *count > 0) {
        let mut evidence = vec![ServiceEvidence::OomKills { count }];
        evidence.extend(policy.map(|policy| property("OOMPolicy", &policy.oom_policy)));
        return because(ServiceCause::KilledInside, evidence);
    }
    let forked = policy.is_some_and(|policy| policy.service_type == "forking");
    if sub_state == "exited" && forked {
        return ServiceVerdict {
            certainty: Certainty::Inferred,
            ..because(
                ServiceCause::NothingLeft,
                vec![
                    property("ActiveState", "active (exited)"),
                    property("Type", "forking"),
                ],
            )
        };
    }
    let at_limit = at_limit(facts);
    if !at_limit.is_empty() {
        return because(ServiceCause::AtLimit, at_limit);
    }
    let failed: Vec<_> = facts.triggers.iter().filter_map(failed_unit).collect();
    if !failed.is_empty() {
        return because(ServiceCause::StartedUnitFailed, failed);
    }
    if let Some(verdict) = grows_to_its_limit(facts) {
        return verdict;
    }
    let cause = match sub_state {
        "exited" => ServiceCause::Done,
        "waiting" | "listening" => ServiceCause::Waiting,
        _ => ServiceCause::Running,
    };
    because(cause, restarts(activity).into_iter().collect())
}

/// A unit that this one starts, and that failed.
fn failed_unit(one: &RelatedUnit) -> Option<ServiceEvidence> {
    let is_failed = one.relation == "Triggers" && one.active_state == "failed";
    is_failed.then(|| ServiceEvidence::Unit {
        unit: one.unit.clone(),
        active_state: one.active_state.clone(),
    })
}

/// The limits that it has nearly reached.
fn at_limit(facts: &ServiceFacts) -> Vec<ServiceEvidence> {
    let tasks = |used: &UnitResources| Some(("tasks", used.tasks?, used.tasks_max?));
    let tasks = facts.resources.as_ref().and_then(tasks);
    let files = facts
        .main_process
        .as_ref()
        .and_then(|process| Some(("open-files", process.open_files?, process.open_files_max?)));
    let is_near = |(_, used, limit): &(&str, u64, u64)| {
        *limit > 0 && used.saturating_mul(100) >= limit.saturating_mul(NEAR_PERCENT)
    };
    let limits = [tasks, files].into_iter().flatten().filter(is_near);
    let evidence = limits.map(|(what, used, limit)| ServiceEvidence::Limit {
        what: what.to_owned(),
        used,
        limit,
    });
    evidence.collect()
}

fn down(facts: &ServiceFacts) -> ServiceVerdict {
    match facts.unit.status.result.as_str() {
        "" | "success" => {}
        // An `ExecCondition=` said that it need not run.
        "exec-condition" => {
            let evidence = vec![property("Result", "exec-condition")];
            return because(ServiceCause::ConditionNotMet, evidence);
        }
        _ => {
            return ServiceVerdict {
                cause: ServiceCause::StoppedAfterFailure,
                ..failed(facts)
            };
        }
    }
    if facts.unit.conditions_met == Some(false) {
        let unmet = facts
            .unit
            .conditions
            .iter()
            .filter(|one| one.met == Some(false));
        let evidence = unmet.map(|one| ServiceEvidence::Condition {
            text: condition(one),
        });
        return because(ServiceCause::ConditionNotMet, evidence.collect());
    }
    let waits_for: Vec<_> = facts
        .triggers
        .iter()
        .filter(|one| one.relation == "TriggeredBy" && one.active_state == "active")
        .map(|one| property("TriggeredBy", one.unit.as_str()))
        .collect();
    if !waits_for.is_empty() {
        return because(ServiceCause::Waiting, waits_for);
    }
    let long_running = facts
        .policy
        .as_ref()
        .is_none_or(|policy| policy.is_long_running());
    let was_up = facts.times.active_at.or(facts.times.ended_at).is_some();
    let cause = match long_running {
        false if was_up => ServiceCause::Done,
        false => ServiceCause::Stopped,
        true if facts.starts_at_boot() && !is_target(facts.name()) => ServiceCause::EnabledButDown,
        true if last_stop_cause(facts) == Some(StopCause::Clean) => ServiceCause::Done,
        true => ServiceCause::Stopped,
    };
    let mut evidence = Vec::new();
    if cause == ServiceCause::EnabledButDown {
        evidence.push(property("UnitFileState", &facts.enabled));
    }
    evidence.extend(last_stop(facts));
    ServiceVerdict {
        stop_cause: last_stop_cause(facts),
        ..because(cause, evidence)
    }
}

/// Of targets many are enabled and none is meant to stay.
fn is_target(unit: &UnitName) -> bool {
    unit.as_str().ends_with(".target")
}

/// As it stands in the file: `ConditionPathExists=!/etc/x`.
fn condition(condition: &Condition) -> String {
    let negated = if condition.negated { "!" } else { "" };
    format!("{}={negated}{}", condition.kind, condition.parameter)
}

/// What to do next, to copy.
fn next(cause: ServiceCause, facts: &ServiceFacts) -> Vec<String> {
    let unit = name(facts.name());
    let log = format!("journalctl -u {unit} -n 100 --no-pager");
    match cause {
        ServiceCause::Failed | ServiceCause::StoppedAfterFailure => vec![
            format!("aiops diagnose start-failure {unit}"),
            format!("aiops analyze restarts {unit}"),
            log,
        ],
        ServiceCause::RestartLoop => vec![
            format!("aiops analyze restarts {unit} --period 1d"),
            format!("aiops diagnose start-failure {unit}"),
            log,
        ],
        ServiceCause::KilledInside => {
            vec!["journalctl -k --grep 'out of memory' --no-pager".into()]
        }
        ServiceCause::EnabledButDown => vec![format!("systemctl start {unit}")],
        ServiceCause::Masked => vec![format!("systemctl unmask {unit}")],
        ServiceCause::UnitFileInvalid => vec![
            format!("systemd-analyze verify {unit}"),
            format!("systemctl edit --full {unit}"),
        ],
        ServiceCause::NotFound => facts
            .similar
            .iter()
            .map(|unit| format!("aiops analyze service {}", name(unit)))
            .collect(),
        ServiceCause::StartedUnitFailed => facts
            .triggers
            .iter()
            .filter(|one| failed_unit(one).is_some())
            .map(|one| format!("aiops analyze service {}", name(&one.unit)))
            .collect(),
        ServiceCause::MemoryGrows => {
            let main = facts.main_process.as_ref();
            main.map(|main| format!("aiops analyze process {} --resources", main.process.pid))
                .into_iter()
                .collect()
        }
        ServiceCause::NothingLeft => vec![format!("systemctl status {unit}")],
        _ => Vec::new(),
    }
}

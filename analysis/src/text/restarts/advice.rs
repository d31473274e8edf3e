//! What to do, as commands to copy. None of them loses anything.

use super::numbered;
use crate::{
    identity::UnitName,
    restarts::{
        Advice, UnitRestarts,
        patterns::{Pattern, PatternVerdict},
        policy::{PolicyFinding, RestartRule},
    },
    service::policy::interval_that_limits_s,
    text::{escape::one_line, fleet::Page},
};

/// A pattern this sharp, in seconds, is somebody's timetable.
const SHARP_S: u64 = 15 * 60;

/// A message of the catalogue, and what to type.
struct Step {
    id: &'static str,
    commands: Vec<String>,
}

pub(super) fn render(unit: &UnitRestarts, page: &Page<'_>) -> String {
    let mut steps: Vec<Step> = unit.advice.iter().map(advised).collect();
    steps.extend(settings(unit));
    steps.extend(timetable(unit));
    steps.extend(look_into(unit));
    if steps.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", page.catalogue.say("restarts-advice"));
    for (number, step) in (1..).zip(&steps) {
        text.push_str(&numbered(number, &page.catalogue.say(step.id), page));
        for command in &step.commands {
            let command = page.style.strong(&one_line(command));
            text.push_str(&format!("      {command}\n"));
        }
    }
    text
}

/// Changes of the unit's settings that would have helped.
fn settings(unit: &UnitRestarts) -> Option<Step> {
    let policy = unit.policy.as_ref()?;
    let mut lines: Vec<String> = Vec::new();
    for finding in &policy.findings {
        match finding {
            PolicyFinding::StaysDead {
                restart_that_helps: Some(restart),
                because: RestartRule::Restart,
                ..
            } => lines.push(format!("Restart={restart}")),
            PolicyFinding::RestartsForEver {
                delay_ms, burst, ..
            } => {
                let failed = unit.stops.iter().filter(|row| row.cause.is_failure());
                let run_ms = failed.filter_map(|row| row.uptime_ms).max().unwrap_or(0);
                let seconds = interval_that_limits_s(*delay_ms, (*burst).max(5), run_ms);
                lines.push(format!("StartLimitIntervalSec={seconds}"));
            }
            _ => {}
        }
    }
    lines.sort();
    lines.dedup();
    if lines.is_empty() {
        return None;
    }
    let of_unit = lines.iter().filter(|line| line.starts_with("StartLimit"));
    let of_service = lines.iter().filter(|line| !line.starts_with("StartLimit"));
    let section = |name: &str, lines: Vec<&String>| match lines.as_slice() {
        [] => Vec::new(),
        some => [format!("  [{name}]")]
            .into_iter()
            .chain(some.iter().map(|line| format!("  {line}")))
            .collect(),
    };
    let mut commands = vec![format!("systemctl edit {}", unit.unit)];
    commands.extend(section("Unit", of_unit.collect()));
    commands.extend(section("Service", of_service.collect()));
    Some(Step {
        id: "restarts-advice-settings",
        commands,
    })
}

/// What stops at the same time again and again is looked for among what is started then.
fn timetable(unit: &UnitRestarts) -> Option<Step> {
    let is_sharp = |pattern: Pattern| {
        matches!(
            pattern,
            Pattern::HourOfDay | Pattern::MinuteOfHour | Pattern::Weekday
        )
    };
    let found = unit.patterns.iter().any(|test| {
        test.verdict == PatternVerdict::Found
            && is_sharp(test.pattern)
            && test.spread_s.is_some_and(|spread| spread <= SHARP_S)
    });
    found.then(|| Step {
        id: "restarts-advice-timetable",
        commands: vec![
            "systemctl list-timers --all".to_owned(),
            "grep -r . /etc/crontab /etc/cron.d /var/spool/cron".to_owned(),
        ],
    })
}

/// The whole log of the newest run that failed.
fn look_into(unit: &UnitRestarts) -> Option<Step> {
    let failed = unit.stops.iter().find(|row| row.cause.is_failure())?;
    Some(Step {
        id: "restarts-advice-log",
        commands: vec![format!(
            "journalctl _SYSTEMD_INVOCATION_ID={}",
            failed.invocation.0.simple()
        )],
    })
}

/// The words for an advice, and the commands.
fn advised(advice: &Advice) -> Step {
    let (id, commands) = match advice {
        Advice::RaiseMemoryLimit { unit, limit_bytes } => (
            "restarts-advice-raise-memory-limit",
            limit_bytes
                .map(|limit| raised(unit, limit))
                .into_iter()
                .collect(),
        ),
        Advice::MachineMemory => ("restarts-advice-machine-memory", vec![]),
        Advice::ReadCoreDump { pid } => (
            "restarts-advice-read-core-dump",
            vec![
                format!("coredumpctl info {pid}"),
                format!("coredumpctl gdb {pid}"),
            ],
        ),
        Advice::EnableCoreDumps { unit } => (
            "restarts-advice-enable-core-dumps",
            vec![format!("systemctl edit {unit}")],
        ),
        Advice::LookAtTimeouts { unit } => (
            "restarts-advice-look-at-timeouts",
            vec![format!(
                "systemctl show -p TimeoutStartUSec -p TimeoutStopUSec {unit}"
            )],
        ),
        Advice::FixExecStart { unit } => (
            "restarts-advice-fix-exec-start",
            vec![format!("systemctl cat {unit}")],
        ),
        Advice::NotRestarted { unit } => (
            "restarts-advice-not-restarted",
            vec![format!(
                "systemctl reset-failed {unit} && systemctl start {unit}"
            )],
        ),
    };
    Step { id, commands }
}

/// Half more than the limit that was reached.
fn raised(unit: &UnitName, limit_bytes: u64) -> String {
    let mib = limit_bytes.saturating_add(limit_bytes / 2) >> 20;
    let size = match mib % 1024 {
        0 => format!("{}G", mib / 1024),
        _ => format!("{mib}M"),
    };
    format!("systemctl set-property {unit} MemoryMax={size}")
}

//! What systemd knows of a unit and of its last start.

use std::time::Duration;

use analysis::{
    Timestamp,
    identity::{InvocationId, UnitName},
    process::{ExitStatus, ProcessId, Signal},
    scrub::scrub_arguments,
    start_failure::{
        UnitStatus,
        facts::{Condition, ExecCommand, NEED_DAEMON_RELOAD, Setting, UnitFacts},
    },
};
use chrono::TimeDelta;
use uuid::Uuid;
use zbus::Variant;

use super::{
    calls::UNIT,
    manager::Manager,
    properties::{Properties, flag, number, text},
    settings::{limits, rights, settings},
};
use crate::CollectError;

/// Settings whose commands run when a unit starts, in their order.
const STEPS: [&str; 5] = [
    "ExecCondition",
    "ExecStartPre",
    "ExecStart",
    "ExecStartPost",
    "ExecMount",
];
/// Longest argument list that is kept, in arguments.
const MOST_ARGUMENTS: usize = 64;

/// A unit, and when it was started last.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitStart {
    pub facts: UnitFacts,
    /// All its names.
    pub names: Vec<UnitName>,
    /// Of the run that is, or that was last.
    pub invocation: Option<InvocationId>,
    /// When that run began.
    pub began_at: Option<Timestamp>,
    /// When systemd held that run for started. `None`: it did not come so far.
    pub started_at: Option<Timestamp>,
    /// When it was over. Before `began_at`: it is not.
    pub ended_at: Option<Timestamp>,
    /// Folder that the unit takes for `/`. `None`: an image, whose files cannot be seen.
    pub root: Option<String>,
    /// Whether it has a network of its own, whose sockets cannot be seen from here.
    pub has_own_network: bool,
    /// Whether runs of it may end at once and without an error.
    pub may_end: bool,
    /// Whether its user exists only while it runs.
    pub has_dynamic_user: bool,
    /// `NAME=value`. May hold secrets.
    pub environment: Vec<String>,
    pub environment_files: Vec<String>,
    /// Files that systemd writes its output to.
    pub output_files: Vec<String>,
    /// When it became active last, and, if it is not any more, when that was over.
    pub active: Option<(Timestamp, Option<Timestamp>)>,
    /// When that was by the clock that nobody sets (`CLOCK_MONOTONIC`).
    pub active_monotonic_ns: Option<u64>,
    /// Its limits and rights, as systemd has them loaded.
    pub limits: Vec<Setting>,
    /// Limits that it has, and what else a failed start may be about.
    pub rights: Vec<Setting>,
}

/// The properties of a unit: those of all, and those of its kind.
pub(super) struct UnitRead {
    pub(super) name: UnitName,
    pub(super) of_unit: Properties,
    pub(super) of_kind: Properties,
}

/// What happened so lately may not be in the journal yet.
const FRESH: TimeDelta = TimeDelta::seconds(5);

impl UnitStart {
    /// Whether it came into its state a moment ago.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        let since = self.facts.status.since;
        since.is_some_and(|since| now - since < FRESH)
    }

    pub(super) fn of(read: &UnitRead) -> Self {
        let (of_unit, of_kind) = (&read.of_unit, &read.of_kind);
        let has_image = !of_kind.text("RootImage").is_empty();
        Self {
            names: of_unit.units("Names"),
            invocation: invocation(of_unit),
            began_at: of_unit.time("InactiveExitTimestamp"),
            started_at: started_at(of_unit, of_kind),
            ended_at: of_unit.time("InactiveEnterTimestamp"),
            root: (!has_image).then(|| of_kind.text("RootDirectory")),
            has_own_network: of_kind.flag("PrivateNetwork")
                || !of_kind.text("NetworkNamespacePath").is_empty(),
            may_end: may_end(of_unit, of_kind),
            has_dynamic_user: of_kind.flag("DynamicUser"),
            environment: of_kind.texts("Environment"),
            environment_files: environment_files(of_kind),
            output_files: output_files(of_kind),
            active: of_unit.time("ActiveEnterTimestamp").map(|from| {
                let until = of_unit.time("ActiveExitTimestamp");
                (from, until.filter(|until| *until >= from))
            }),
            active_monotonic_ns: match of_unit.number("ActiveEnterTimestampMonotonic") {
                0 => None,
                us => Some(us.saturating_mul(1000)),
            },
            limits: limits(of_kind),
            rights: rights(of_unit, of_kind),
            facts: facts(read.name.clone(), of_unit, of_kind),
        }
    }
}

fn invocation(of_unit: &Properties) -> Option<InvocationId> {
    let bytes = <[u8; 16]>::try_from(of_unit.bytes("InvocationID")).ok()?;
    Some(InvocationId(Uuid::from_bytes(bytes)))
}

impl Manager {
    /// Everything about a unit and its last start; three calls.
    ///
    /// # Errors
    ///
    /// [`CollectError::Deadline`] if systemd does not answer.
    pub async fn unit_start(&self, unit: &UnitName) -> Result<UnitStart, CollectError> {
        let loaded = self.unit_read(unit).await?;
        let mut start = UnitStart::of(&loaded);
        start.facts.waits = self.waits_for(&loaded).await?;
        Ok(start)
    }

    /// All properties of a unit, in two calls after it is loaded.
    pub(super) async fn unit_read(&self, unit: &UnitName) -> Result<UnitRead, CollectError> {
        let path = self.load(unit).await?;
        let of_unit = Properties::of(&self.connection, path.as_str(), UNIT).await?;
        let name = of_unit.text("Id").parse().unwrap_or_else(|_| unit.clone());
        let of_kind = self.properties_of_kind(&name, path.as_str()).await?;
        Ok(UnitRead {
            name,
            of_unit,
            of_kind,
        })
    }

    /// The properties that only units of this kind have.
    pub(super) async fn properties_of_kind(
        &self,
        unit: &UnitName,
        path: &str,
    ) -> Result<Properties, CollectError> {
        let kind = &unit.as_str()[unit.stem().len()..];
        let interface = match kind {
            ".service" => "org.freedesktop.systemd1.Service",
            ".socket" => "org.freedesktop.systemd1.Socket",
            ".mount" => "org.freedesktop.systemd1.Mount",
            ".automount" => "org.freedesktop.systemd1.Automount",
            ".swap" => "org.freedesktop.systemd1.Swap",
            ".timer" => "org.freedesktop.systemd1.Timer",
            ".path" => "org.freedesktop.systemd1.Path",
            ".slice" => "org.freedesktop.systemd1.Slice",
            ".scope" => "org.freedesktop.systemd1.Scope",
            _ => return Ok(Properties::none()),
        };
        Properties::of(&self.connection, path, interface).await
    }
}

fn facts(name: UnitName, unit: &Properties, kind: &Properties) -> UnitFacts {
    let mut files = vec![unit.text("FragmentPath"), unit.text("SourcePath")];
    files.extend(unit.texts("DropInPaths"));
    files.retain(|file| !file.is_empty());
    let main_pid = u32::try_from(kind.number("MainPID")).unwrap_or(0);
    // Systemd gives the error's name and its text, both empty if there is none.
    let load_error = unit.fields("LoadError").get(1).map(text);
    let was_tried = ["ConditionTimestamp", "AssertTimestamp"]
        .iter()
        .any(|name| unit.time(name).is_some());
    let is_met = |result, tested| unit.time(tested).is_none() || unit.flag(result);
    let met = is_met("ConditionResult", "ConditionTimestamp")
        && is_met("AssertResult", "AssertTimestamp");
    UnitFacts {
        name,
        status: UnitStatus {
            load_state: unit.text("LoadState"),
            active_state: unit.text("ActiveState"),
            sub_state: unit.text("SubState"),
            result: kind.text("Result"),
            description: unit.text("Description"),
            files,
            main_process: (main_pid != 0).then_some(ProcessId {
                pid: main_pid,
                start_ns: 0,
            }),
            since: since(unit),
            restarts: u32::try_from(kind.number("NRestarts")).unwrap_or(u32::MAX),
        },
        load_error: load_error.filter(|error| !error.is_empty()),
        load_log: Vec::new(),
        start_timeout: timeout(kind),
        conditions: conditions(unit),
        conditions_met: was_tried.then_some(met),
        commands: commands(kind),
        settings: of_both(unit, kind),
        after: unit.units("After"),
        waits: None,
    }
}

/// Its settings, and whether systemd has read its files as they are now.
fn of_both(unit: &Properties, kind: &Properties) -> Vec<Setting> {
    let mut found = settings(kind);
    found.extend(unit.flag(NEED_DAEMON_RELOAD).then(|| Setting {
        name: NEED_DAEMON_RELOAD.to_owned(),
        value: "yes".to_owned(),
    }));
    found
}

/// When the unit came into its state. systemd counts a reload, and its end, as changes of it.
fn since(unit: &Properties) -> Option<Timestamp> {
    let of_state = match unit.text("ActiveState").as_str() {
        "active" | "reloading" | "refreshing" => "ActiveEnterTimestamp",
        _ => "StateChangeTimestamp",
    };
    unit.time(of_state)
}

/// When the last run was active. A time before the run, or before its main process, is one of a
/// run before: between automatic restarts older versions of systemd leave the unit "activating".
fn started_at(unit: &Properties, kind: &Properties) -> Option<Timestamp> {
    let began_at = unit.time("InactiveExitTimestamp")?;
    let main_began_at = kind.time("ExecMainStartTimestamp").unwrap_or(began_at);
    let active_at = unit.time("ActiveEnterTimestamp")?;
    (active_at >= began_at.max(main_began_at)).then_some(active_at)
}

/// Whether runs of it may end at once and without an error.
fn may_end(of_unit: &Properties, of_kind: &Properties) -> bool {
    // What others start, such as a timer, does its work and ends.
    let is_triggered = !of_unit.units("TriggeredBy").is_empty();
    is_triggered || of_kind.text("Type") == "oneshot" || of_kind.flag("RemainAfterExit")
}

/// `StandardOutput=append:/srv/app.log`.
fn output_files(kind: &Properties) -> Vec<String> {
    let outputs = ["StandardOutput", "StandardError"].map(|name| kind.text(name));
    let file = |text: &String| Some(text.split_once(":/")?.1.to_owned());
    let mut found: Vec<String> = outputs.iter().filter_map(file).collect();
    found.dedup();
    found.into_iter().map(|path| format!("/{path}")).collect()
}

fn environment_files(kind: &Properties) -> Vec<String> {
    let rows = kind.rows("EnvironmentFiles");
    rows.filter_map(|row| row.first().map(text)).collect()
}

fn timeout(kind: &Properties) -> Option<Duration> {
    let limits = ["TimeoutStartUSec", "TimeoutUSec"].map(|name| kind.number(name));
    // The largest number is systemd's word for "infinity".
    let limit = limits.into_iter().find(|us| !matches!(*us, 0 | u64::MAX));
    limit.map(Duration::from_micros)
}

fn conditions(unit: &Properties) -> Vec<Condition> {
    let condition = |row: &[Variant<'_>]| match row {
        [kind, trigger, negated, parameter, Variant::I32(state)] => Some(Condition {
            kind: text(kind),
            trigger: flag(trigger),
            negated: flag(negated),
            parameter: text(parameter),
            met: (*state != 0).then_some(*state > 0),
        }),
        _ => None,
    };
    let rows = ["Conditions", "Asserts"]
        .into_iter()
        .flat_map(|name| unit.rows(name));
    rows.filter_map(condition).collect()
}

fn commands(kind: &Properties) -> Vec<ExecCommand> {
    let mut found: Vec<ExecCommand> = Vec::new();
    for step in STEPS {
        found.extend(kind.rows(step).filter_map(|row| command(step, row)));
    }
    let main = main_status(kind);
    let last = found
        .iter_mut()
        .rfind(|command| command.step == "ExecStart");
    // A service that forks has a main process that no command started.
    if let (Some(last), Some(status)) = (last, main)
        && last.status.is_none_or(ExitStatus::is_success)
    {
        last.status = Some(status);
        last.pid = pid(kind.number("ExecMainPID"));
    }
    found
}

/// How the main process ended. `None`: it did not, or nothing is known of it.
fn main_status(kind: &Properties) -> Option<ExitStatus> {
    kind.time("ExecMainExitTimestamp")?;
    status(kind.number("ExecMainCode"), kind.number("ExecMainStatus"))
}

/// A command as D-Bus has it: path, arguments, whether its failure is ignored, four times, pid,
/// how it ended (`CLD_...`) and with which code or signal.
fn command(step: &str, row: &[Variant<'_>]) -> Option<ExecCommand> {
    let [
        path,
        Variant::Array(argv),
        ignored,
        _,
        _,
        _,
        _,
        id,
        code,
        value,
    ] = row
    else {
        return None;
    };
    let argv = argv.inner().iter().take(MOST_ARGUMENTS).map(text).collect();
    let ended = status(number(code), number(value));
    Some(ExecCommand {
        step: step.to_owned(),
        path: text(path),
        argv: scrub_arguments(argv),
        pid: pid(number(id)),
        status: ended.filter(|_| !flag(ignored)),
    })
}

fn pid(number: u64) -> Option<u32> {
    u32::try_from(number).ok().filter(|pid| *pid != 0)
}

fn status(code: u64, value: u64) -> Option<ExitStatus> {
    let value = u8::try_from(value).ok()?;
    let signaled = |core_dumped| ExitStatus::Signaled {
        signal: Signal(value),
        core_dumped,
    };
    match i32::try_from(code).ok()? {
        libc::CLD_EXITED => Some(ExitStatus::Exited { code: value }),
        libc::CLD_KILLED => Some(signaled(false)),
        libc::CLD_DUMPED => Some(signaled(true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: i64) -> Option<Timestamp> {
        Timestamp::from_timestamp(seconds, 0)
    }

    /// A unit in this state whose times are seconds.
    fn unit(state: &str, times: &[(&'static str, u64)]) -> Properties {
        let state = ("ActiveState", Variant::new(state));
        let times = times
            .iter()
            .map(|(name, seconds)| (*name, Variant::new(seconds * 1_000_000)));
        Properties::made([state].into_iter().chain(times))
    }

    #[test]
    fn a_reload_does_not_begin_a_state() {
        let times = [("ActiveEnterTimestamp", 100), ("StateChangeTimestamp", 900)];
        for (state, at) in [("active", 100), ("reloading", 100), ("failed", 900)] {
            assert_eq!(since(&unit(state, &times)), moment(at), "{state}");
        }
    }

    #[test]
    fn only_the_last_run_counts_as_started() {
        // (it began, its main process began, it was active; since when it is started)
        let cases = [
            (100, 101, 102, Some(102)),
            (100, 100, 100, Some(100)),
            (100, 101, 90, None),
            (100, 300, 102, None),
            (100, 101, 0, None),
        ];
        for (began, main, active, started) in cases {
            let of_unit = [
                ("InactiveExitTimestamp", began),
                ("ActiveEnterTimestamp", active),
            ];
            let of_kind = unit("", &[("ExecMainStartTimestamp", main)]);
            let found = started_at(&unit("failed", &of_unit), &of_kind);
            assert_eq!(found, started.and_then(moment), "{began} {main} {active}");
        }
    }
}

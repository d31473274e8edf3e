//! What systemd knows of a unit as it is now.

use analysis::{
    Timestamp,
    identity::UnitName,
    service::{UnitTimes, kind::UnitKind, policy::ServicePolicy, resources::UnitResources},
};
use chrono::TimeDelta;

use super::{
    manager::Manager,
    properties::{Properties, number, text},
    start::{UnitRead, UnitStart},
};
use crate::{CollectError, host::ClockReading};

/// A unit, as it is and as it is set up.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitService {
    pub start: UnitStart,
    /// `enabled`, `static`, ... Empty: systemd does not say.
    pub enabled: String,
    pub times: UnitTimes,
    pub status_text: Option<String>,
    pub kind: UnitKind,
    /// `None`: units of this kind use nothing.
    pub resources: Option<UnitResources>,
    /// Of a service.
    pub policy: Option<ServicePolicy>,
    /// The files changed after systemd read them.
    pub need_reload: bool,
    /// Its path below the root of the cgroups. Empty: it has none now.
    pub control_group: String,
    /// The unit file, and its drop-ins.
    pub files: Vec<String>,
    /// Units that start it when something happens, and those that it starts, with the relation.
    pub triggers: Vec<(UnitName, &'static str)>,
    /// `WantedBy=`, `RequiredBy=`, ...
    pub started_by: Vec<UnitName>,
}

impl Manager {
    /// Everything about a unit as it is now; three calls.
    ///
    /// # Errors
    ///
    /// [`CollectError::Deadline`] if systemd does not answer.
    pub async fn unit_service(&self, unit: &UnitName) -> Result<UnitService, CollectError> {
        let read = self.unit_read(unit).await?;
        let mut service = service(&read, ClockReading::now());
        service.start.facts.waits = self.waits_for(&read).await?;
        Ok(service)
    }
}

fn service(read: &UnitRead, now: ClockReading) -> UnitService {
    let (of_unit, of_kind) = (&read.of_unit, &read.of_kind);
    let start = UnitStart::of(read);
    let mut files = vec![of_unit.text("FragmentPath")];
    files.extend(of_unit.texts("DropInPaths"));
    files.retain(|file| !file.is_empty());
    let related = |relation: &'static str| {
        let units = of_unit.units(relation).into_iter();
        units.map(move |unit| (unit, relation))
    };
    let is_service = read.name.as_str().ends_with(".service");
    UnitService {
        enabled: of_unit.text("UnitFileState"),
        times: UnitTimes {
            began_at: of_unit.time("InactiveExitTimestamp"),
            active_at: of_unit.time("ActiveEnterTimestamp"),
            active_until: of_unit.time("ActiveExitTimestamp"),
            ended_at: of_unit.time("InactiveEnterTimestamp"),
        },
        status_text: Some(of_kind.text("StatusText")).filter(|text| !text.is_empty()),
        kind: kind(&read.name, of_kind, now),
        resources: resources(&start, of_kind, now.wall),
        policy: is_service.then(|| policy(of_unit, of_kind)),
        need_reload: of_unit.flag("NeedDaemonReload"),
        control_group: of_kind.text("ControlGroup"),
        files,
        triggers: related("TriggeredBy").chain(related("Triggers")).collect(),
        started_by: ["WantedBy", "RequiredBy", "BoundBy", "UpheldBy"]
            .into_iter()
            .flat_map(|relation| of_unit.units(relation))
            .collect(),
        start,
    }
}

fn resources(start: &UnitStart, kind: &Properties, now: Timestamp) -> Option<UnitResources> {
    // Units of other kinds have no cgroup.
    if !kind.has("MemoryCurrent") {
        return None;
    }
    let is_up = !matches!(
        start.facts.status.active_state.as_str(),
        "inactive" | "failed"
    );
    if !is_up || kind.text("ControlGroup").is_empty() {
        return None;
    }
    // Older versions count what was before a restart of systemd's own, and so do we.
    let began_at = start.began_at.filter(|began_at| *began_at <= now);
    let over_ms = began_at.map(|began_at| (now - began_at).num_milliseconds());
    Some(UnitResources {
        memory_bytes: kind.limit("MemoryCurrent"),
        memory_peak_bytes: kind.limit("MemoryPeak"),
        swap_bytes: kind.limit("MemorySwapCurrent"),
        memory_high_bytes: kind.limit("MemoryHigh"),
        memory_max_bytes: kind.limit("MemoryMax"),
        cpu_ns: kind.limit("CPUUsageNSec"),
        cpu_quota_us_per_s: kind.limit("CPUQuotaPerSecUSec"),
        cpu_over_ms: over_ms.and_then(|ms| u64::try_from(ms).ok()),
        tasks: kind.limit("TasksCurrent"),
        tasks_max: kind.limit("TasksMax"),
        io_read_bytes: kind.limit("IOReadBytes"),
        io_written_bytes: kind.limit("IOWriteBytes"),
        ..UnitResources::default()
    })
}

fn policy(unit: &Properties, kind: &Properties) -> ServicePolicy {
    let ms = |properties: &Properties, name: &str| properties.limit(name).map(|us| us / 1000);
    // Before 230 the start limit belonged to the service.
    let limit_interval =
        ms(unit, "StartLimitIntervalUSec").or_else(|| ms(kind, "StartLimitInterval"));
    ServicePolicy {
        service_type: kind.text("Type"),
        restart: kind.text("Restart"),
        restart_delay_ms: ms(kind, "RestartUSec").unwrap_or(0),
        restart_steps: u32::try_from(kind.number("RestartSteps")).unwrap_or(0),
        restart_delay_max_ms: ms(kind, "RestartMaxDelayUSec"),
        start_limit_interval_ms: limit_interval.unwrap_or(0),
        start_limit_burst: u32::try_from(unit.number("StartLimitBurst")).unwrap_or(0),
        watchdog_ms: ms(kind, "WatchdogUSec").filter(|ms| *ms > 0),
        start_timeout_ms: ms(kind, "TimeoutStartUSec"),
        stop_timeout_ms: ms(kind, "TimeoutStopUSec"),
        kill_mode: kind.text("KillMode"),
        oom_policy: kind.text("OOMPolicy"),
        user: kind.text("User"),
        dynamic_user: kind.flag("DynamicUser"),
        remain_after_exit: kind.flag("RemainAfterExit"),
        guess_main_pid: kind.flag("GuessMainPID"),
        pid_file: kind.text("PIDFile"),
        ..ServicePolicy::default()
    }
}

fn kind(unit: &UnitName, kind: &Properties, now: ClockReading) -> UnitKind {
    let pairs = |name: &str, separator: &str| -> Vec<String> {
        let pair = |row: &[zbus::Variant<'_>]| {
            Some(format!(
                "{}{separator}{}",
                text(row.first()?),
                text(row.get(1)?)
            ))
        };
        kind.rows(name).filter_map(pair).collect()
    };
    match &unit.as_str()[unit.stem().len()..] {
        ".service" => UnitKind::Service,
        ".timer" => UnitKind::Timer {
            next_at: next_elapse(kind, now),
            last_at: kind.time("LastTriggerUSec"),
            when: when(kind),
            starts: kind.text("Unit").parse().ok(),
            persistent: kind.flag("Persistent"),
        },
        ".socket" => UnitKind::Socket {
            addresses: kind
                .rows("Listen")
                .filter_map(|row| Some(format!("{} ({})", text(row.get(1)?), text(row.first()?))))
                .collect(),
            accepted: kind.number("NAccepted"),
            connections: kind.number("NConnections"),
            refused: kind.number("NRefused"),
            accept: kind.flag("Accept"),
        },
        ".mount" => UnitKind::Mount {
            what: kind.text("What"),
            at: kind.text("Where"),
            file_system: kind.text("Type"),
            options: kind.text("Options"),
        },
        ".path" => UnitKind::Path {
            watches: pairs("Paths", "="),
        },
        _ => UnitKind::Other,
    }
}

/// The sooner of the two clocks that a timer may wait for. A time of 0 or of infinity is none.
fn next_elapse(kind: &Properties, now: ClockReading) -> Option<Timestamp> {
    let by_wall = kind
        .limit("NextElapseUSecRealtime")
        .and_then(|us| i64::try_from(us).ok())
        .filter(|us| *us != 0)
        .and_then(Timestamp::from_timestamp_micros);
    let by_monotonic = kind
        .limit("NextElapseUSecMonotonic")
        .filter(|us| *us != 0)
        .and_then(|us| {
            let ns = i128::from(us) * 1000 - i128::from(now.monotonic_ns);
            now.wall
                .checked_add_signed(TimeDelta::nanoseconds(i64::try_from(ns).ok()?))
        });
    by_wall.into_iter().chain(by_monotonic).min()
}

/// As it stands in the file: `OnCalendar=*-*-* 06:00:00`, `OnBootUSec=900s`.
fn when(kind: &Properties) -> Vec<String> {
    let calendar = kind.rows("TimersCalendar").filter_map(|row| {
        let [base, spec, ..] = row else { return None };
        Some(format!("{}={}", text(base), text(spec)))
    });
    let monotonic = kind.rows("TimersMonotonic").filter_map(|row| {
        let [base, us, ..] = row else { return None };
        let base = text(base).replace("USec", "Sec");
        Some(format!("{base}={}s", number(us) / 1_000_000))
    });
    calendar.chain(monotonic).collect()
}

#[cfg(test)]
mod tests {
    use zbus::Variant;

    use super::*;

    #[test]
    fn a_timer_waits_for_the_sooner_of_its_clocks() {
        let now = ClockReading {
            wall: Timestamp::from_timestamp(1000, 0).unwrap(),
            since_boot_ns: 500_000_000_000,
            monotonic_ns: 400_000_000_000,
        };
        // (of the wall clock, of the monotonic one, both in seconds; the next)
        let cases = [
            (1100, 420, Some(1020)),
            (1010, 420, Some(1010)),
            (0, 420, Some(1020)),
            (1100, 0, Some(1100)),
            (0, 0, None),
        ];
        for (wall, monotonic, next) in cases {
            let of_kind = Properties::made([
                ("NextElapseUSecRealtime", Variant::new(wall * 1_000_000_u64)),
                (
                    "NextElapseUSecMonotonic",
                    Variant::new(monotonic * 1_000_000_u64),
                ),
            ]);
            let expected = next.and_then(|seconds| Timestamp::from_timestamp(seconds, 0));
            assert_eq!(next_elapse(&of_kind, now), expected, "{wall} {monotonic}");
        }
        let never = Properties::made([("NextElapseUSecMonotonic", Variant::new(u64::MAX))]);
        assert_eq!(next_elapse(&never, now), None);
    }
}

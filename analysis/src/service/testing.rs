//! Facts for the tests of the report.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    UnitTimes,
    facts::{ServiceFacts, UnitFiles, UnitRecord},
    kind::UnitKind,
    policy::ServicePolicy,
};
use crate::{
    Timestamp,
    black_box::{Recording, Sample},
    cause::{Certainty, Stop, StopCause},
    identity::{BootId, InvocationId},
    process::ExitStatus,
    run::{Run, StartReason},
    start_failure::testing::{at, resting, unit},
    unit_file::UnitFile,
};

/// The moment of the report.
pub(crate) fn now() -> Timestamp {
    at(100_000)
}

pub(crate) fn ago(seconds: i64) -> Timestamp {
    now() - TimeDelta::seconds(seconds)
}

/// `nginx.service`, up for an hour, with systemd's defaults.
pub(crate) fn running() -> ServiceFacts {
    let mut of_unit = resting().unit.unwrap();
    of_unit.status.active_state = "active".into();
    of_unit.status.sub_state = "running".into();
    of_unit.status.since = Some(ago(3600));
    ServiceFacts {
        at: now(),
        asked: unit("nginx"),
        detail: false,
        unit: of_unit,
        enabled: "enabled".into(),
        invocation_id: Some(InvocationId(Uuid::from_u128(1))),
        times: UnitTimes {
            began_at: Some(ago(3601)),
            active_at: Some(ago(3600)),
            ..UnitTimes::default()
        },
        status_text: None,
        kind: UnitKind::Service,
        pid_file: None,
        main_process: None,
        resources: None,
        recording: Recording::default(),
        policy: Some(ServicePolicy {
            service_type: "simple".into(),
            restart: "on-failure".into(),
            restart_delay_ms: 5000,
            start_limit_interval_ms: 600_000,
            start_limit_burst: 20,
            start_timeout_ms: Some(90_000),
            stop_timeout_ms: Some(90_000),
            kill_mode: "control-group".into(),
            user: "www-data".into(),
            ..ServicePolicy::default()
        }),
        record: UnitRecord {
            runs: Vec::new(),
            since: Some(ago(86_400)),
        },
        log: Vec::new(),
        log_has_more: false,
        dependencies: Vec::new(),
        triggers: Vec::new(),
        files: UnitFiles::default(),
        hardening: None,
        similar: Vec::new(),
        limits: Vec::new(),
    }
}

/// What the black box has of a run of so many minutes: MiB at the beginning, and what they grow by
/// each minute, of 512.
pub(crate) fn recorded(minutes: i64, mib: u64, growth: u64) -> Recording {
    let sample = |minute: i64| Sample {
        at: ago((minutes - minute) * 60),
        since_boot_ms: 0,
        run: 1,
        processes: 1,
        threads: 1,
        rss_bytes: (mib + growth * minute.unsigned_abs()) << 20,
        memory_bytes: None,
        memory_limit_bytes: Some(512 << 20),
        cpu_percent_hundredths: 0,
        main_pid: None,
        open_files: None,
    };
    Recording {
        history: (0..=minutes).map(sample).collect(),
        ..Recording::default()
    }
}

/// `nginx.service`, down since `seconds` ago.
pub(crate) fn down(active_state: &str, result: &str, seconds: i64) -> ServiceFacts {
    let mut facts = running();
    let status = &mut facts.unit.status;
    status.active_state = active_state.into();
    status.sub_state = if active_state == "failed" {
        "failed"
    } else {
        "dead"
    }
    .into();
    status.result = result.into();
    status.since = Some(ago(seconds));
    facts
}

/// A file of the unit, as packages leave it.
pub(crate) fn file(path: &str, text: &str) -> UnitFile {
    UnitFile {
        path: path.into(),
        text: text.into(),
        mode: 0o644,
        owner_uid: 0,
    }
}

pub(crate) fn stop(cause: StopCause, exit: Option<u8>) -> Stop {
    Stop {
        cause,
        certainty: Certainty::Measured,
        evidence: Vec::new(),
        actor: None,
        exit: exit.map(|code| ExitStatus::Exited { code }),
    }
}

/// A run that was ready so many seconds ago, and how it ended, so many seconds ago.
pub(crate) fn run(ready: i64, start: StartReason, ended: Option<(i64, Stop)>) -> Run {
    let (stopped_at, stop) = ended.map(|(seconds, stop)| (ago(seconds), stop)).unzip();
    Run {
        unit: unit("nginx"),
        invocation: InvocationId(Uuid::from_u128(u128::from(ready.unsigned_abs()))),
        boot: BootId(Uuid::nil()),
        started_at: Some(ago(ready)),
        ready_at: Some(ago(ready)),
        stopped_at,
        stop,
        start,
    }
}

/// Runs that fail every `every` seconds, the last of them so many seconds ago; the newest runs.
pub(crate) fn failing(times: u32, every: i64, last: i64) -> Vec<Run> {
    let failed = |restarts: u32| {
        let began = last + every * i64::from(times - restarts);
        let end = (began - every + 1, stop(StopCause::ExitCode, Some(3)));
        run(began, why(restarts), Some(end))
    };
    let mut runs: Vec<Run> = (0..times).map(failed).collect();
    runs.push(run(last, why(times), None));
    runs
}

fn why(restarts: u32) -> StartReason {
    match restarts {
        0 => StartReason::Boot,
        restarts => StartReason::Automatic { restarts },
    }
}

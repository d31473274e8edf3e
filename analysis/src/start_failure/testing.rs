//! Facts for the tests of the checks.

use uuid::Uuid;

use super::{
    facts::{ExecCommand, FileFact, FileState, UnitFacts},
    *,
};
use crate::{identity::BootId, journal::JournalEntry};

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

pub(crate) fn unit(name: &str) -> UnitName {
    UnitName::from_user(name).unwrap()
}

/// A line of the program; `systemd` is process 1.
pub(crate) fn line(source: &str, message: &str) -> LogLine {
    LogLine {
        at: at(0),
        source: source.to_owned(),
        pid: Some(if source == "systemd" { 1 } else { 700 }),
        priority: Some(6),
        message: message.to_owned(),
    }
}

pub(crate) fn entry(fields: &[(&str, &str)]) -> JournalEntry {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    JournalEntry {
        cursor: String::new(),
        at: at(0),
        monotonic_us: 0,
        boot: BootId(Uuid::nil()),
        fields: fields.iter().map(owned).collect(),
    }
}

/// `nginx.service`, loaded and at rest.
pub(crate) fn resting() -> StartFacts {
    let status = UnitStatus {
        load_state: "loaded".into(),
        active_state: "inactive".into(),
        sub_state: "dead".into(),
        result: "success".into(),
        description: "A web server".into(),
        files: vec!["/lib/systemd/system/nginx.service".into()],
        main_process: None,
        since: None,
        restarts: 0,
    };
    let program = "/usr/sbin/nginx";
    let command = ExecCommand {
        step: "ExecStart".into(),
        path: program.into(),
        argv: vec![program.into(), "-g".into(), "daemon on;".into()],
        pid: None,
        status: None,
    };
    StartFacts {
        at: at(60),
        asked: unit("nginx"),
        unit: Some(UnitFacts {
            name: unit("nginx"),
            status,
            load_error: None,
            load_log: vec![],
            start_timeout: Some(std::time::Duration::from_secs(90)),
            conditions: vec![],
            conditions_met: Some(true),
            commands: vec![command],
            settings: vec![],
            after: vec![],
            waits: None,
        }),
        similar: vec![],
        attempt: None,
        went_well_since: false,
        dependencies: vec![],
        sockets: vec![],
        files: vec![FileFact {
            path: program.into(),
            state: FileState::File { mode: 0o755 },
            interpreter: None,
        }],
        limits: vec![],
        places: vec![],
        kernel: vec![],
        booted_at: None,
        ended_at_once: None,
        ended_log: vec![],
        config_tests: vec![],
        log_files: vec![],
        guessed_log_files: [].into(),
        changes: None,
        configurations: vec![],
        ways: vec![],
        unprivileged_ports_from: None,
        claimed: None,
        has_coredumpctl: true,
    }
}

/// `nginx.service`, failed with this result, status and log.
pub(crate) fn failed(result: &str, status: Option<ExitStatus>, log: Vec<LogLine>) -> StartFacts {
    let mut facts = resting();
    let of_unit = facts.unit.as_mut().unwrap();
    of_unit.status.active_state = "failed".into();
    of_unit.status.sub_state = "failed".into();
    of_unit.status.result = result.into();
    of_unit.commands[0].status = status;
    facts.attempt = Some(Attempt {
        invocation_id: Some(InvocationId(Uuid::from_u128(1))),
        began_at: Some(at(-1)),
        started_at: None,
        failed_at: Some(at(1)),
        result: result.into(),
        step: Some("ExecStart".into()),
        command: Some("/usr/sbin/nginx -g daemon on;".into()),
        status,
        log,
        log_omitted: 0,
    });
    facts
}

pub(crate) fn exited(code: u8) -> Option<ExitStatus> {
    Some(ExitStatus::Exited { code })
}

pub(crate) fn killed(signal: crate::process::Signal) -> Option<ExitStatus> {
    Some(ExitStatus::Signaled {
        signal,
        core_dumped: false,
    })
}

/// apache2 on a port.
pub(crate) fn apache(address: &str, port: u16) -> Holder {
    Holder {
        protocol: "tcp".into(),
        address: address.into(),
        port,
        process: Some(ProcessId {
            pid: 2891,
            start_ns: 9_000_000_000,
        }),
        comm: Some("apache2".into()),
        argv: ["/usr/sbin/apache2", "-k", "start"].map(Into::into).into(),
        user: Some("root".into()),
        unit: Some(unit("apache2")),
        container: None,
        since: Some(at(-86_400)),
    }
}

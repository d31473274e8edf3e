//! What is known of a unit. `collect` fills it; nothing in it is judged.

use super::{
    MainProcess, RelatedUnit, UnitTimes, kind::UnitKind, policy::ServicePolicy,
    resources::UnitResources,
};
use crate::{
    Timestamp,
    black_box::Recording,
    identity::{InvocationId, UnitName},
    limitation::Limitation,
    log::LogLine,
    run::Run,
    service_audit::Hardening,
    start_failure::{
        DependencyState,
        facts::{FileFact, UnitFacts},
    },
    unit_file::UnitFile,
};

/// All that is known of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceFacts {
    pub at: Timestamp,
    pub asked: UnitName,
    pub detail: bool,
    pub unit: UnitFacts,
    pub enabled: String,
    pub invocation_id: Option<InvocationId>,
    pub times: UnitTimes,
    pub status_text: Option<String>,
    pub kind: UnitKind,
    /// The pid file of a script, and whether its process lives. `None`: there is none.
    pub pid_file: Option<PidFile>,
    pub main_process: Option<MainProcess>,
    pub resources: Option<UnitResources>,
    /// What the black box has of it.
    pub recording: Recording,
    pub policy: Option<ServicePolicy>,
    pub record: UnitRecord,
    pub log: Vec<LogLine>,
    pub log_has_more: bool,
    pub dependencies: Vec<DependencyState>,
    pub triggers: Vec<RelatedUnit>,
    pub files: UnitFiles,
    pub hardening: Option<Hardening>,
    pub similar: Vec<UnitName>,
    pub limits: Vec<Limitation>,
}

/// What the journal tells of the runs of the unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitRecord {
    /// The oldest first.
    pub runs: Vec<Run>,
    /// From when on they are complete. `None`: there is no record.
    pub since: Option<Timestamp>,
}

/// The files of a unit, and what is on disk beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitFiles {
    /// The unit file, then its drop-ins in the order in which systemd reads them.
    pub files: Vec<UnitFile>,
    /// They changed after systemd read them.
    pub need_reload: bool,
    /// Its programs and folders.
    pub programs: Vec<FileFact>,
    /// What `systemd-analyze verify` says of them, a line each.
    pub complaints: Vec<String>,
    /// Units whose start starts this one: `WantedBy=`, `RequiredBy=`.
    pub started_by: Vec<UnitName>,
}

/// What a pid file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PidFile {
    pub path: String,
    /// `None`: it holds no number.
    pub pid: Option<u32>,
    pub alive: bool,
}

impl ServiceFacts {
    pub fn name(&self) -> &UnitName {
        &self.unit.name
    }

    /// systemd's word for its state: `active`, `failed`, ...
    pub fn active_state(&self) -> &str {
        &self.unit.status.active_state
    }

    pub fn is_up(&self) -> bool {
        matches!(self.active_state(), "active" | "reloading" | "refreshing")
    }

    pub fn is_service(&self) -> bool {
        self.kind == UnitKind::Service
    }

    pub fn starts_at_boot(&self) -> bool {
        matches!(self.enabled.as_str(), "enabled" | "enabled-runtime")
    }

    /// Whether a timer, a socket or a path starts it, rather than the boot or a person.
    pub fn is_triggered(&self) -> bool {
        self.triggers
            .iter()
            .any(|one| one.relation == "TriggeredBy")
    }

    /// The newest run.
    pub fn last_run(&self) -> Option<&Run> {
        self.record.runs.last()
    }
}

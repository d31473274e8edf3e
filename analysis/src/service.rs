//! What a unit does now, what it went through, and whether it is set up well.
//!
//! | module | what it does |
//! |---|---|
//! | [`facts`] | what is known: filled by `collect`, judged by nobody yet |
//! | [`resources`] | memory, CPU, tasks and I/O against their limits |
//! | [`policy`] | what systemd does when the service ends |
//! | [`events`] | the last starts and stops, and how often it came back |
//! | `outlook` | where its memory goes |
//! | `verdict` | the conclusion |
//! | [`crate::service_audit`] | what is wrong with its files |

pub mod events;
pub mod facts;
pub mod kind;
mod outlook;
pub mod policy;
pub mod resources;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod verdict;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::{
    events::{Activity, UnitEvent},
    facts::ServiceFacts,
    kind::UnitKind,
    policy::ServicePolicy,
    resources::UnitResources,
};
use crate::{
    Timestamp,
    cause::{Certainty, Stop, StopCause},
    identity::{InvocationId, UnitName},
    limitation::Limitation,
    log::LogLine,
    process::ProcessId,
    question,
    question::BadQuestion,
    report::Health,
    service_audit::{AuditFinding, Hardening, audit},
    start_failure::{DependencyState, UnitStatus},
    trend::Trend,
};

/// `aiops analyze service NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAsked {
    /// `nginx` means `nginx.service`; a timer, socket or mount is named with its ending.
    pub unit: String,
    /// Whether the text shall show everything. The report has it all the same.
    #[serde(default)]
    pub detail: bool,
}

impl ServiceAsked {
    pub(crate) fn check(&self) -> Result<(), BadQuestion> {
        question::unit(&self.unit)
    }
}

impl fmt::Display for ServiceAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "analyze service {}", self.unit)?;
        match self.detail {
            true => f.write_str(" --detail"),
            false => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceReport {
    pub at: Timestamp,
    pub unit: UnitName,
    /// The name that was asked for, if it is an alias.
    pub asked_as: Option<UnitName>,
    /// Whether the text is to show everything.
    pub detail: bool,
    pub state: UnitStatus,
    /// Whether it starts at boot: `enabled`, `disabled`, `static`, `masked`, ... Empty: not known.
    pub enabled: String,
    /// Of the run that is, or that was last.
    pub invocation_id: Option<InvocationId>,
    pub times: UnitTimes,
    /// What a daemon says of itself (`STATUS=` of sd_notify).
    pub status_text: Option<String>,
    pub kind: UnitKind,
    pub main_process: Option<MainProcess>,
    pub verdict: ServiceVerdict,
    /// `None`: it has none, or they cannot be read.
    pub resources: Option<UnitResources>,
    /// Of this run, where the black box has it.
    #[serde(default)]
    pub memory_trend: Option<Trend>,
    /// Of a service.
    pub policy: Option<ServicePolicy>,
    pub activity: Activity,
    /// The newest first.
    pub events: Vec<UnitEvent>,
    /// Older ones that were left out.
    pub events_omitted: u32,
    /// The end of the log of `invocation_id`, the oldest first, scrubbed.
    pub log: Vec<LogLine>,
    /// Whether that run logged more before that.
    pub log_has_more: bool,
    pub dependencies: Vec<DependencyState>,
    /// Units that start it when something happens, and those that it starts.
    pub triggers: Vec<RelatedUnit>,
    /// The gravest first.
    pub audit: Vec<AuditFinding>,
    pub hardening: Option<Hardening>,
    /// Units that exist and have nearly the name that was asked for.
    pub similar: Vec<UnitName>,
    pub limits: Vec<Limitation>,
}

/// When the unit changed its state, on the host's wall clock as systemd noted it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitTimes {
    /// When it began to start last.
    pub began_at: Option<Timestamp>,
    /// When it became active last.
    pub active_at: Option<Timestamp>,
    /// When it left that state last.
    pub active_until: Option<Timestamp>,
    /// When it was over last.
    pub ended_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MainProcess {
    pub process: ProcessId,
    pub comm: String,
    /// Scrubbed.
    pub argv: Vec<String>,
    pub user: Option<String>,
    pub started_at: Option<Timestamp>,
    /// Files that it has open. `None`: nobody but root may count them.
    pub open_files: Option<u64>,
    /// How many it may have (`LimitNOFILE=`). `None`: without limit, or not known.
    pub open_files_max: Option<u64>,
}

/// A unit that has to do with this one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct RelatedUnit {
    pub unit: UnitName,
    /// `TriggeredBy`, `Triggers`.
    pub relation: String,
    pub active_state: String,
    pub sub_state: String,
}

/// The conclusion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceVerdict {
    pub cause: ServiceCause,
    pub certainty: Certainty,
    /// Why it stopped last, where that matters.
    pub stop_cause: Option<StopCause>,
    pub evidence: Vec<ServiceEvidence>,
    /// Commands that tell more, or mend it, the recommended first.
    pub next: Vec<String>,
}

/// How a unit is: stable names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceCause {
    /// It runs, or is active as its kind is.
    Running,
    /// It did its work and ended.
    Done,
    /// It rests until a timer, a socket or a path starts it.
    Waiting,
    /// It starts right now, for the first time.
    Starting,
    Stopping,
    /// It is down, and nothing went wrong.
    Stopped,
    /// It starts at boot, and is down.
    EnabledButDown,
    /// A condition did not hold at its last start, so systemd skipped it.
    ConditionNotMet,
    Failed,
    /// It failed, and was stopped before systemd started it again.
    StoppedAfterFailure,
    /// It looks active, or starting, and ends by itself again and again.
    RestartLoop,
    /// It is active, and the kernel killed processes of it for want of memory.
    KilledInside,
    /// It is active, and no process of it is left; systemd does not look after it.
    NothingLeft,
    /// It is at a limit, and what it starts next will fail.
    AtLimit,
    /// It runs, and its memory grows steadily: it will be killed at its limit.
    MemoryGrows,
    /// It waits as it should, but the unit that it starts failed.
    StartedUnitFailed,
    Masked,
    UnitFileInvalid,
    NotFound,
    Unknown,
}

impl ServiceCause {
    pub const ALL: [Self; 20] = [
        Self::Running,
        Self::Done,
        Self::Waiting,
        Self::Starting,
        Self::Stopping,
        Self::Stopped,
        Self::EnabledButDown,
        Self::ConditionNotMet,
        Self::Failed,
        Self::StoppedAfterFailure,
        Self::RestartLoop,
        Self::KilledInside,
        Self::NothingLeft,
        Self::AtLimit,
        Self::MemoryGrows,
        Self::StartedUnitFailed,
        Self::Masked,
        Self::UnitFileInvalid,
        Self::NotFound,
        Self::Unknown,
    ];

    /// The stable name: `restart-loop`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::EnabledButDown => "enabled-but-down",
            Self::ConditionNotMet => "condition-not-met",
            Self::Failed => "failed",
            Self::StoppedAfterFailure => "stopped-after-failure",
            Self::RestartLoop => "restart-loop",
            Self::KilledInside => "killed-inside",
            Self::NothingLeft => "nothing-left",
            Self::AtLimit => "at-limit",
            Self::MemoryGrows => "memory-grows",
            Self::StartedUnitFailed => "started-unit-failed",
            Self::Masked => "masked",
            Self::UnitFileInvalid => "unit-file-invalid",
            Self::NotFound => "not-found",
            Self::Unknown => "unknown",
        }
    }

    pub fn health(self) -> Health {
        match self {
            Self::Running
            | Self::Done
            | Self::Waiting
            | Self::Starting
            | Self::Stopping
            | Self::Stopped
            | Self::ConditionNotMet
            | Self::Unknown => Health::Fine,
            Self::EnabledButDown
            | Self::Failed
            | Self::StoppedAfterFailure
            | Self::RestartLoop
            | Self::KilledInside
            | Self::NothingLeft
            | Self::AtLimit
            | Self::MemoryGrows
            | Self::StartedUnitFailed
            | Self::Masked
            | Self::UnitFileInvalid => Health::Problem,
            Self::NotFound => Health::NoSuchTarget,
        }
    }
}

/// What the verdict rests on, so that a reader can check it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum ServiceEvidence {
    /// A property of the unit, in systemd's words.
    Property { name: String, value: String },
    /// How often it ended by itself and was started again.
    Restarts {
        last_hour: u32,
        last_day: u32,
        /// How long such a run was up, in the mean. `None`: not known.
        mean_uptime_ms: Option<u64>,
    },
    /// How its last run ended.
    LastStop { at: Timestamp, stop: Box<Stop> },
    /// The kernel's count, since the cgroup was made.
    OomKills { count: u64 },
    /// How much of a limit is used: `tasks`, `open-files`.
    Limit { what: String, used: u64, limit: u64 },
    /// Its memory, by what the black box has.
    MemoryTrend { trend: Trend },
    /// A condition that did not hold.
    Condition { text: String },
    /// Another unit, and its state.
    Unit {
        unit: UnitName,
        active_state: String,
    },
    /// A process that was looked for by its pid file.
    PidFile {
        path: String,
        pid: Option<u32>,
        alive: bool,
    },
}

impl ServiceReport {
    pub fn health(&self) -> Health {
        self.verdict.cause.health()
    }
}

/// Concludes from the facts.
pub fn service_report(facts: ServiceFacts) -> ServiceReport {
    let (events, activity) = events::of(&facts);
    let verdict = verdict::verdict(&facts, &activity);
    let audit = audit(&facts, &verdict);
    let memory_trend = outlook::memory_trend(&facts);
    let shown = events.len().min(events::MOST_EVENTS);
    let name = facts.unit.name;
    ServiceReport {
        at: facts.at,
        asked_as: (facts.asked != name).then_some(facts.asked),
        unit: name,
        detail: facts.detail,
        state: facts.unit.status,
        enabled: facts.enabled,
        invocation_id: facts.invocation_id,
        times: facts.times,
        status_text: facts.status_text,
        kind: facts.kind,
        main_process: facts.main_process,
        verdict,
        resources: facts.resources.map(UnitResources::with_shares),
        memory_trend,
        policy: facts.policy.map(ServicePolicy::with_outlook),
        activity,
        events_omitted: u32::try_from(events.len() - shown).unwrap_or(u32::MAX),
        events: events.into_iter().take(shown).collect(),
        log: facts.log,
        log_has_more: facts.log_has_more,
        dependencies: facts.dependencies,
        triggers: facts.triggers,
        audit,
        hardening: facts.hardening,
        similar: facts.similar,
        limits: facts.limits,
    }
}

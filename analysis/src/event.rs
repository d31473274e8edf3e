//! What an agent reports: one fact, with its time and the boot it belongs to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    cause::{Actor, OomConstraint, Stop},
    identity::{BootId, InvocationId, UnitName},
    process::{ExitStatus, ProcessId, Signal},
    run::StartReason,
};

/// One fact about a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// When it happened, on the host's wall clock.
    pub at: Timestamp,
    /// When it happened, in nanoseconds since that boot (`CLOCK_BOOTTIME`), which no clock
    /// setting moves. The same clock for all facts. `None`: not known, as for an entry of the
    /// journal that is of another boot, or from before the host was suspended.
    pub since_boot_ns: Option<u64>,
    pub boot: BootId,
    #[serde(flatten)]
    pub fact: Fact,
}

/// What happened. The names of the variants are stable: see [`Fact::kind`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Fact {
    ProcessForked(ProcessForked),
    ProcessExecuted(ProcessExecuted),
    ProcessExited(ProcessExited),
    /// systemd began to start a unit that takes its time (`Type=` is not `simple`).
    UnitStarting(UnitMoment),
    /// The start job is done: the unit is ready.
    UnitStarted(UnitMoment),
    /// A start failed: the unit was never ready in this invocation.
    UnitStartFailed(UnitStopped),
    UnitStopping(UnitMoment),
    UnitStopped(UnitStopped),
    /// A fact that came later tells more about a stop that was reported already.
    UnitCauseRevised(UnitStopped),
    /// systemd will start the unit again by itself.
    UnitRestartScheduled(RestartScheduled),
    /// Somebody asked systemd to start, stop, restart, reload or kill the unit.
    UnitRequested(UnitRequested),
    /// A state as D-Bus showed it, at once; the journal's facts follow some 300 ms later.
    UnitState(UnitState),
    OomKilled(OomKilled),
    /// The kernel logged that a fault ended a process.
    ProcessFaulted(ProcessFaulted),
    HostBooted(HostBooted),
    ClockJumped(ClockJumped),
    /// A source of events began to run, or runs in another way than before.
    SourceStarted(SourceStarted),
    AgentStarted(AgentStarted),
    /// Events are missing here; nothing is known of this stretch but what is said.
    Gap(Gap),
}

/// Where a process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Placement {
    /// Path in the cgroup hierarchy, from the agent's root: `/system.slice/nginx.service`.
    pub cgroup: String,
    /// The unit that the path names, if it does.
    pub unit: Option<UnitName>,
    /// The container id that the path names, if it does.
    pub container: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessForked {
    pub process: ProcessId,
    pub parent_pid: u32,
    /// `None`: it ended before the source could ask.
    pub uid: Option<u32>,
    /// Name of the program, at most 15 bytes; bytes that are no UTF-8 are replaced.
    pub comm: String,
    pub placement: Placement,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessExecuted {
    pub process: ProcessId,
    pub parent_pid: u32,
    /// `None`: it ended before the source could ask.
    pub uid: Option<u32>,
    /// `None`: no login (cron, a daemon, a container).
    pub login_uid: Option<u32>,
    /// The audit session of the login.
    pub session: Option<u32>,
    pub comm: String,
    /// Arguments, scrubbed of secrets on the host.
    pub argv: Vec<String>,
    /// Whether there were more arguments than were read.
    pub argv_truncated: bool,
    pub placement: Placement,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessExited {
    pub process: ProcessId,
    pub parent_pid: u32,
    /// `None`: it ended before the source could ask.
    pub uid: Option<u32>,
    pub comm: String,
    pub placement: Placement,
    /// `None`: the source that runs cannot tell (a plain scan of /proc).
    pub status: Option<ExitStatus>,
    /// CPU time of all its threads, user and kernel mode. `None`: not measured.
    pub cpu_ns: Option<u64>,
    /// Highest resident set size. `None`: not measured.
    pub max_rss_bytes: Option<u64>,
    /// Whether the kernel's OOM killer chose it.
    pub oom_killed: bool,
    /// Who sent the signal that ended it, where the source saw it.
    pub killer: Option<Killer>,
}

/// The sender of a signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Killer {
    pub signal: Signal,
    pub pid: u32,
    pub uid: u32,
    pub comm: String,
    /// The kernel itself sent it (a fault, the OOM killer, a limit).
    pub by_kernel: bool,
}

/// Something happened to a unit, and its name says it all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitMoment {
    pub unit: UnitName,
    /// `None`: systemd did not say (old versions, some lines).
    pub invocation: Option<InvocationId>,
    /// Why it starts. `None`: the facts do not say, or it is no start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartReason>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitStopped {
    pub unit: UnitName,
    pub invocation: Option<InvocationId>,
    pub stop: Stop,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RestartScheduled {
    pub unit: UnitName,
    /// The invocation that ended.
    pub invocation: Option<InvocationId>,
    /// How often systemd has restarted the unit by itself since somebody last started it.
    pub restarts: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitRequested {
    pub unit: UnitName,
    pub verb: Verb,
    pub actor: Actor,
}

/// What systemd was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    Start,
    Stop,
    Restart,
    Reload,
    Kill,
}

impl Verb {
    /// The stable name: `restart`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Kill => "kill",
        }
    }
}

/// Properties of a unit as D-Bus gives them, systemd's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitState {
    pub unit: UnitName,
    /// `active`, `inactive`, `failed`, `activating`, ...
    pub active: String,
    /// `running`, `dead`, `auto-restart`, ...
    pub sub: String,
    /// `success`, `exit-code`, `oom-kill`, ...; empty for units that have none.
    pub result: String,
    /// `None`: no main process.
    pub main_pid: Option<u32>,
    pub restarts: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OomKilled {
    /// `None`: the pid is another namespace's and could not be translated.
    pub pid: Option<u32>,
    pub comm: String,
    pub constraint: OomConstraint,
    pub cgroup: String,
    pub unit: Option<UnitName>,
    /// Anonymous, file and shared memory of the victim.
    pub rss_bytes: u64,
    /// The limit that was reached. `None`: the machine's memory, or the kernel's line is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_bytes: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessFaulted {
    pub pid: u32,
    pub comm: String,
    /// The kernel's own line: "segfault at 0 ip ... sp ... error 4 in libc.so".
    pub line: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostBooted {
    /// `None`: no older boot is known.
    pub previous_boot: Option<BootId>,
    /// Whether the older boot journaled its shutdown. `None`: its journal is gone.
    pub previous_orderly: Option<bool>,
    /// Time of the last thing that was recorded in the older boot: it ended then, or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_ended_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClockJumped {
    /// How far the wall clock moved against the monotonic one; positive is forward.
    pub by_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceStarted {
    /// `process`, `journal`, `dbus`, `kernel`.
    pub source: String,
    /// The way it runs: `bpf`, `proc-connector`, `proc-scan`, `libsystemd`, ...; `none`: not at all.
    pub runs: String,
    /// Why it is not the best way, and what is missing because of it. `None`: it is the best.
    pub degraded: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentStarted {
    pub version: String,
    pub host_name: String,
}

/// Events that were lost, and why. Stored and shown: "no data" is not "nothing happened".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// The source that lost them, or `spool`.
    pub source: String,
    pub reason: GapReason,
    /// How many events. `None`: nobody counted.
    pub lost: Option<u64>,
    /// What the loss was, for people: "ring buffer full", "journal vacuumed".
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// The kernel's or our buffer was full.
    Overflow,
    /// The spool was full, or the disk.
    SpoolFull,
    /// The spool was damaged, wiped or rolled back.
    SpoolDamaged,
    /// A record was larger than one may be.
    Oversize,
    /// The journal no longer holds what came after the last entry that was read.
    JournalVacuumed,
    /// Entries of a boot came when that boot was over: whose runs they tell of is not known any
    /// more. Hosts without a clock of their own (no RTC) mix up the order of their journals.
    OutOfOrder,
    /// The agent did not run.
    AgentDown,
    /// The server could not read the record.
    Malformed,
}

impl GapReason {
    /// The stable name: `overflow`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::SpoolFull => "spool-full",
            Self::SpoolDamaged => "spool-damaged",
            Self::Oversize => "oversize",
            Self::JournalVacuumed => "journal-vacuumed",
            Self::OutOfOrder => "out-of-order",
            Self::AgentDown => "agent-down",
            Self::Malformed => "malformed",
        }
    }
}

impl Fact {
    /// The stable names of all variants.
    pub const KINDS: [&'static str; 19] = [
        "process-forked",
        "process-executed",
        "process-exited",
        "unit-starting",
        "unit-started",
        "unit-start-failed",
        "unit-stopping",
        "unit-stopped",
        "unit-cause-revised",
        "unit-restart-scheduled",
        "unit-requested",
        "unit-state",
        "oom-killed",
        "process-faulted",
        "host-booted",
        "clock-jumped",
        "source-started",
        "agent-started",
        "gap",
    ];

    /// The stable name of the variant: `process-exited`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ProcessForked(_) => "process-forked",
            Self::ProcessExecuted(_) => "process-executed",
            Self::ProcessExited(_) => "process-exited",
            Self::UnitStarting(_) => "unit-starting",
            Self::UnitStarted(_) => "unit-started",
            Self::UnitStartFailed(_) => "unit-start-failed",
            Self::UnitStopping(_) => "unit-stopping",
            Self::UnitStopped(_) => "unit-stopped",
            Self::UnitCauseRevised(_) => "unit-cause-revised",
            Self::UnitRestartScheduled(_) => "unit-restart-scheduled",
            Self::UnitRequested(_) => "unit-requested",
            Self::UnitState(_) => "unit-state",
            Self::OomKilled(_) => "oom-killed",
            Self::ProcessFaulted(_) => "process-faulted",
            Self::HostBooted(_) => "host-booted",
            Self::ClockJumped(_) => "clock-jumped",
            Self::SourceStarted(_) => "source-started",
            Self::AgentStarted(_) => "agent-started",
            Self::Gap(_) => "gap",
        }
    }

    /// The unit that the fact is about, if any.
    pub fn unit(&self) -> Option<&UnitName> {
        match self {
            Self::ProcessForked(fact) => fact.placement.unit.as_ref(),
            Self::ProcessExecuted(fact) => fact.placement.unit.as_ref(),
            Self::ProcessExited(fact) => fact.placement.unit.as_ref(),
            Self::UnitStarting(fact) | Self::UnitStarted(fact) | Self::UnitStopping(fact) => {
                Some(&fact.unit)
            }
            Self::UnitStartFailed(fact)
            | Self::UnitStopped(fact)
            | Self::UnitCauseRevised(fact) => Some(&fact.unit),
            Self::UnitRestartScheduled(fact) => Some(&fact.unit),
            Self::UnitRequested(fact) => Some(&fact.unit),
            Self::UnitState(fact) => Some(&fact.unit),
            Self::OomKilled(fact) => fact.unit.as_ref(),
            Self::ProcessFaulted(_)
            | Self::HostBooted(_)
            | Self::ClockJumped(_)
            | Self::SourceStarted(_)
            | Self::AgentStarted(_)
            | Self::Gap(_) => None,
        }
    }
}

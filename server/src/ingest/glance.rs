//! What the columns of an event need, read from its payload without building the rest.
//!
//! Processes come and go by the thousand, and their arguments are of no interest here. These are
//! the messages of `event.proto` with most fields left out: prost passes over what is not named.

use analysis::identity::UnitName;
use prost::Message as _;
use uuid::Uuid;

/// The kind of a record that this version cannot read. It is stored all the same.
pub(super) const UNKNOWN: &str = "unknown";

/// The columns of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glance {
    /// Nanoseconds since 1970, on the host's clock.
    pub at_ns: i64,
    pub boot: Uuid,
    /// Stable name of `analysis::event::Fact`.
    pub kind: &'static str,
    pub unit: Option<UnitName>,
    pub pid: Option<u32>,
    /// Whether the server has to know the whole fact: it tells of a unit's run, or of a loss.
    pub matters: bool,
}

/// Reads a payload. `None`: it is no event, or of a kind that this version does not know.
pub(super) fn glance(payload: &[u8]) -> Option<Glance> {
    let event = Event::decode(payload).ok()?;
    let (kind, unit, pid, matters) = event.fact?.columns();
    Some(Glance {
        at_ns: event.at_ns,
        boot: Uuid::from_slice(&event.boot_id).ok()?,
        kind,
        // Anything else is no name, and may hold bytes that Postgres refuses.
        unit: unit.and_then(|unit| UnitName::try_from(unit).ok()),
        pid,
        matters,
    })
}

#[derive(Clone, PartialEq, prost::Message)]
struct Event {
    #[prost(int64, tag = "1")]
    at_ns: i64,
    #[prost(bytes = "vec", tag = "3")]
    boot_id: Vec<u8>,
    #[prost(
        oneof = "Fact",
        tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28"
    )]
    fact: Option<Fact>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Fact {
    #[prost(message, tag = "10")]
    ProcessForked(Process),
    #[prost(message, tag = "11")]
    ProcessExecuted(Executed),
    #[prost(message, tag = "12")]
    ProcessExited(Process),
    #[prost(message, tag = "13")]
    UnitStarting(Unit),
    #[prost(message, tag = "14")]
    UnitStarted(Unit),
    #[prost(message, tag = "15")]
    UnitStartFailed(Unit),
    #[prost(message, tag = "16")]
    UnitStopping(Unit),
    #[prost(message, tag = "17")]
    UnitStopped(Unit),
    #[prost(message, tag = "18")]
    UnitCauseRevised(Unit),
    #[prost(message, tag = "19")]
    UnitRestartScheduled(Unit),
    #[prost(message, tag = "20")]
    UnitRequested(Unit),
    #[prost(message, tag = "21")]
    UnitState(Unit),
    #[prost(message, tag = "22")]
    OomKilled(Victim),
    #[prost(message, tag = "23")]
    ProcessFaulted(Faulted),
    #[prost(message, tag = "24")]
    HostBooted(Nothing),
    #[prost(message, tag = "25")]
    ClockJumped(Nothing),
    #[prost(message, tag = "26")]
    SourceStarted(Nothing),
    #[prost(message, tag = "27")]
    AgentStarted(Nothing),
    #[prost(message, tag = "28")]
    Gap(Nothing),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Process {
    #[prost(message, optional, tag = "1")]
    process: Option<ProcessId>,
    #[prost(message, optional, tag = "5")]
    placement: Option<Placement>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Executed {
    #[prost(message, optional, tag = "1")]
    process: Option<ProcessId>,
    #[prost(message, optional, tag = "9")]
    placement: Option<Placement>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ProcessId {
    #[prost(uint32, tag = "1")]
    pid: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Placement {
    #[prost(string, tag = "2")]
    unit: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Unit {
    #[prost(string, tag = "1")]
    unit: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Victim {
    #[prost(uint32, optional, tag = "1")]
    pid: Option<u32>,
    #[prost(string, tag = "5")]
    unit: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Faulted {
    #[prost(uint32, tag = "1")]
    pid: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Nothing {}

type Columns = (&'static str, Option<String>, Option<u32>, bool);

impl Fact {
    fn columns(self) -> Columns {
        let of_unit = |kind, unit: Unit| (kind, Some(unit.unit), None, true);
        match self {
            Self::ProcessForked(fact) => of_process("process-forked", fact.process, fact.placement),
            Self::ProcessExecuted(fact) => {
                of_process("process-executed", fact.process, fact.placement)
            }
            Self::ProcessExited(fact) => of_process("process-exited", fact.process, fact.placement),
            Self::UnitStarting(fact) => of_unit("unit-starting", fact),
            Self::UnitStarted(fact) => of_unit("unit-started", fact),
            Self::UnitStartFailed(fact) => of_unit("unit-start-failed", fact),
            Self::UnitStopping(fact) => of_unit("unit-stopping", fact),
            Self::UnitStopped(fact) => of_unit("unit-stopped", fact),
            Self::UnitCauseRevised(fact) => of_unit("unit-cause-revised", fact),
            Self::UnitRestartScheduled(fact) => of_unit("unit-restart-scheduled", fact),
            Self::UnitRequested(fact) => of_unit("unit-requested", fact),
            Self::UnitState(fact) => ("unit-state", Some(fact.unit), None, false),
            Self::OomKilled(fact) => ("oom-killed", Some(fact.unit), fact.pid, false),
            Self::ProcessFaulted(fact) => ("process-faulted", None, Some(fact.pid), false),
            Self::HostBooted(Nothing {}) => ("host-booted", None, None, true),
            Self::ClockJumped(Nothing {}) => ("clock-jumped", None, None, false),
            Self::SourceStarted(Nothing {}) => ("source-started", None, None, false),
            Self::AgentStarted(Nothing {}) => ("agent-started", None, None, false),
            Self::Gap(Nothing {}) => ("gap", None, None, true),
        }
    }
}

fn of_process(
    kind: &'static str,
    process: Option<ProcessId>,
    placement: Option<Placement>,
) -> Columns {
    let unit = placement.map(|placement| placement.unit);
    (kind, unit, process.map(|process| process.pid), false)
}

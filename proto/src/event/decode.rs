//! From a message to its event.

use analysis::{
    event::{
        AgentStarted, ClockJumped, Event, Fact, Gap, HostBooted, Killer, Placement,
        ProcessExecuted, ProcessExited, ProcessFaulted, ProcessForked, SourceStarted,
    },
    identity::BootId,
    process::Signal,
};

use crate::{
    malformed::{Malformed, id, moment, named, narrow, optional_id, parsed, required, some_text},
    v1,
    v1::event::Fact as Wire,
};

impl TryFrom<v1::Event> for Event {
    type Error = Malformed;

    fn try_from(event: v1::Event) -> Result<Self, Malformed> {
        Ok(Self {
            at: moment(event.at_ns),
            since_boot_ns: event.since_boot_ns,
            boot: BootId(id("boot_id", &event.boot_id)?),
            fact: fact(event.fact.ok_or(Malformed::UnknownFact)?)?,
        })
    }
}

fn fact(fact: Wire) -> Result<Fact, Malformed> {
    Ok(match fact {
        Wire::ProcessForked(fact) => Fact::ProcessForked(ProcessForked {
            process: required("process", fact.process)?.into(),
            parent_pid: fact.parent_pid,
            uid: fact.uid,
            comm: fact.comm,
            placement: placement(fact.placement)?,
        }),
        Wire::ProcessExecuted(fact) => Fact::ProcessExecuted(ProcessExecuted {
            process: required("process", fact.process)?.into(),
            parent_pid: fact.parent_pid,
            uid: fact.uid,
            login_uid: fact.login_uid,
            session: fact.session,
            comm: fact.comm,
            argv: fact.argv,
            argv_truncated: fact.argv_truncated,
            placement: placement(fact.placement)?,
        }),
        Wire::ProcessExited(fact) => Fact::ProcessExited(exited(fact)?),
        Wire::UnitStarting(fact) => Fact::UnitStarting(fact.try_into()?),
        Wire::UnitStarted(fact) => Fact::UnitStarted(fact.try_into()?),
        Wire::UnitStartFailed(fact) => Fact::UnitStartFailed(fact.try_into()?),
        Wire::UnitStopping(fact) => Fact::UnitStopping(fact.try_into()?),
        Wire::UnitStopped(fact) => Fact::UnitStopped(fact.try_into()?),
        Wire::UnitCauseRevised(fact) => Fact::UnitCauseRevised(fact.try_into()?),
        Wire::UnitRestartScheduled(fact) => Fact::UnitRestartScheduled(fact.try_into()?),
        Wire::UnitRequested(fact) => Fact::UnitRequested(fact.try_into()?),
        Wire::UnitState(fact) => Fact::UnitState(fact.try_into()?),
        Wire::OomKilled(fact) => Fact::OomKilled(fact.try_into()?),
        Wire::ProcessFaulted(fact) => Fact::ProcessFaulted(ProcessFaulted {
            pid: fact.pid,
            comm: fact.comm,
            line: fact.line,
        }),
        Wire::HostBooted(fact) => Fact::HostBooted(HostBooted {
            previous_boot: optional_id("previous_boot", &fact.previous_boot)?.map(BootId),
            previous_orderly: fact.previous_orderly,
            previous_ended_at: fact.previous_ended_at_ns.map(moment),
        }),
        Wire::ClockJumped(fact) => Fact::ClockJumped(ClockJumped { by_ms: fact.by_ms }),
        Wire::SourceStarted(fact) => Fact::SourceStarted(SourceStarted {
            source: fact.source,
            runs: fact.runs,
            degraded: some_text(fact.degraded),
        }),
        Wire::AgentStarted(fact) => Fact::AgentStarted(AgentStarted {
            version: fact.version,
            host_name: fact.host_name,
        }),
        Wire::Gap(fact) => Fact::Gap(Gap {
            source: fact.source,
            reason: named("reason", &fact.reason)?,
            lost: fact.lost,
            detail: fact.detail,
        }),
    })
}

fn exited(fact: v1::ProcessExited) -> Result<ProcessExited, Malformed> {
    Ok(ProcessExited {
        process: required("process", fact.process)?.into(),
        parent_pid: fact.parent_pid,
        uid: fact.uid,
        comm: fact.comm,
        placement: placement(fact.placement)?,
        status: fact.status.map(TryInto::try_into).transpose()?,
        cpu_ns: fact.cpu_ns,
        max_rss_bytes: fact.max_rss_bytes,
        oom_killed: fact.oom_killed,
        killer: fact.killer.map(killer).transpose()?,
    })
}

fn killer(killer: v1::Killer) -> Result<Killer, Malformed> {
    Ok(Killer {
        signal: Signal(narrow("signal", killer.signal)?),
        pid: killer.pid,
        uid: killer.uid,
        comm: killer.comm,
        by_kernel: killer.by_kernel,
    })
}

fn placement(placement: Option<v1::Placement>) -> Result<Placement, Malformed> {
    let placement = placement.unwrap_or_default();
    Ok(Placement {
        cgroup: placement.cgroup,
        unit: some_text(placement.unit)
            .map(|unit| parsed("unit", &unit))
            .transpose()?,
        container: some_text(placement.container),
    })
}

//! From an event to its message.

use analysis::event::{Event, Fact, Placement};

use crate::{malformed::nanoseconds, v1, v1::event::Fact as Wire};

impl From<&Event> for v1::Event {
    fn from(event: &Event) -> Self {
        Self {
            at_ns: nanoseconds(event.at),
            since_boot_ns: event.since_boot_ns,
            boot_id: event.boot.0.as_bytes().to_vec().into(),
            fact: Some(fact(&event.fact)),
        }
    }
}

fn fact(fact: &Fact) -> Wire {
    match fact {
        Fact::ProcessForked(fact) => Wire::ProcessForked(v1::ProcessForked {
            process: Some(fact.process.into()),
            parent_pid: fact.parent_pid,
            uid: fact.uid,
            comm: fact.comm.clone(),
            placement: Some((&fact.placement).into()),
        }),
        Fact::ProcessExecuted(fact) => Wire::ProcessExecuted(v1::ProcessExecuted {
            process: Some(fact.process.into()),
            parent_pid: fact.parent_pid,
            uid: fact.uid,
            login_uid: fact.login_uid,
            session: fact.session,
            comm: fact.comm.clone(),
            argv: fact.argv.clone(),
            argv_truncated: fact.argv_truncated,
            placement: Some((&fact.placement).into()),
        }),
        Fact::ProcessExited(fact) => Wire::ProcessExited(v1::ProcessExited {
            process: Some(fact.process.into()),
            parent_pid: fact.parent_pid,
            uid: fact.uid,
            comm: fact.comm.clone(),
            placement: Some((&fact.placement).into()),
            status: fact.status.map(Into::into),
            cpu_ns: fact.cpu_ns,
            max_rss_bytes: fact.max_rss_bytes,
            oom_killed: fact.oom_killed,
            killer: fact.killer.as_ref().map(|killer| v1::Killer {
                signal: killer.signal.0.into(),
                pid: killer.pid,
                uid: killer.uid,
                comm: killer.comm.clone(),
                by_kernel: killer.by_kernel,
            }),
        }),
        Fact::UnitStarting(fact) => Wire::UnitStarting(fact.into()),
        Fact::UnitStarted(fact) => Wire::UnitStarted(fact.into()),
        Fact::UnitStartFailed(fact) => Wire::UnitStartFailed(fact.into()),
        Fact::UnitStopping(fact) => Wire::UnitStopping(fact.into()),
        Fact::UnitStopped(fact) => Wire::UnitStopped(fact.into()),
        Fact::UnitCauseRevised(fact) => Wire::UnitCauseRevised(fact.into()),
        Fact::UnitRestartScheduled(fact) => Wire::UnitRestartScheduled(fact.into()),
        Fact::UnitRequested(fact) => Wire::UnitRequested(fact.into()),
        Fact::UnitState(fact) => Wire::UnitState(fact.into()),
        Fact::OomKilled(fact) => Wire::OomKilled(fact.into()),
        Fact::ProcessFaulted(fact) => Wire::ProcessFaulted(v1::ProcessFaulted {
            pid: fact.pid,
            comm: fact.comm.clone(),
            line: fact.line.clone(),
        }),
        Fact::HostBooted(fact) => Wire::HostBooted(v1::HostBooted {
            previous_boot: fact
                .previous_boot
                .map(|boot| boot.0.as_bytes().to_vec())
                .unwrap_or_default()
                .into(),
            previous_orderly: fact.previous_orderly,
            previous_ended_at_ns: fact.previous_ended_at.map(nanoseconds),
        }),
        Fact::ClockJumped(fact) => Wire::ClockJumped(v1::ClockJumped { by_ms: fact.by_ms }),
        Fact::SourceStarted(fact) => Wire::SourceStarted(v1::SourceStarted {
            source: fact.source.clone(),
            runs: fact.runs.clone(),
            degraded: fact.degraded.clone().unwrap_or_default(),
        }),
        Fact::AgentStarted(fact) => Wire::AgentStarted(v1::AgentStarted {
            version: fact.version.clone(),
            host_name: fact.host_name.clone(),
        }),
        Fact::Gap(fact) => Wire::Gap(v1::Gap {
            source: fact.source.clone(),
            reason: fact.reason.name().to_owned(),
            lost: fact.lost,
            detail: fact.detail.clone(),
        }),
    }
}

impl From<&Placement> for v1::Placement {
    fn from(placement: &Placement) -> Self {
        Self {
            cgroup: placement.cgroup.clone(),
            unit: placement
                .unit
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            container: placement.container.clone().unwrap_or_default(),
        }
    }
}

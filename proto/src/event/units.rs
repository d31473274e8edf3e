//! Facts about units, both ways.

use analysis::{
    cause::OomConstraint,
    event::{OomKilled, RestartScheduled, UnitMoment, UnitRequested, UnitState, UnitStopped},
    identity::InvocationId,
    run::StartReason,
};
use bytes::Bytes;

use crate::{
    malformed::{Malformed, named, optional_id, parsed, required, some_text},
    v1,
    v1::{Nothing, Requested, start_reason::Why},
};

fn invocation_bytes(invocation: Option<InvocationId>) -> Bytes {
    invocation
        .map(|id| Bytes::copy_from_slice(id.0.as_bytes()))
        .unwrap_or_default()
}

fn invocation(bytes: &[u8]) -> Result<Option<InvocationId>, Malformed> {
    Ok(optional_id("invocation", bytes)?.map(InvocationId))
}

impl From<&UnitMoment> for v1::UnitMoment {
    fn from(fact: &UnitMoment) -> Self {
        Self {
            unit: fact.unit.to_string(),
            invocation: invocation_bytes(fact.invocation),
            start: fact.start.as_ref().map(Into::into),
        }
    }
}

impl TryFrom<v1::UnitMoment> for UnitMoment {
    type Error = Malformed;

    fn try_from(fact: v1::UnitMoment) -> Result<Self, Malformed> {
        Ok(Self {
            unit: parsed("unit", &fact.unit)?,
            invocation: invocation(&fact.invocation)?,
            start: fact.start.map(Into::into),
        })
    }
}

impl From<&StartReason> for v1::StartReason {
    fn from(start: &StartReason) -> Self {
        let why = match start {
            StartReason::Automatic { restarts } => Why::Automatic(*restarts),
            StartReason::Requested { actor } => Why::Requested(Requested {
                actor: actor.as_ref().map(Into::into),
            }),
            StartReason::Boot => Why::Boot(Nothing {}),
            StartReason::Unknown => Why::Unknown(Nothing {}),
        };
        Self { why: Some(why) }
    }
}

impl From<v1::StartReason> for StartReason {
    fn from(start: v1::StartReason) -> Self {
        match start.why {
            Some(Why::Automatic(restarts)) => Self::Automatic { restarts },
            Some(Why::Requested(requested)) => Self::Requested {
                actor: requested.actor.map(Into::into),
            },
            Some(Why::Boot(Nothing {})) => Self::Boot,
            // A reason that only newer agents know is none that this version could say.
            Some(Why::Unknown(Nothing {})) | None => Self::Unknown,
        }
    }
}

impl From<&UnitStopped> for v1::UnitStopped {
    fn from(fact: &UnitStopped) -> Self {
        Self {
            unit: fact.unit.to_string(),
            invocation: invocation_bytes(fact.invocation),
            stop: Some((&fact.stop).into()),
        }
    }
}

impl TryFrom<v1::UnitStopped> for UnitStopped {
    type Error = Malformed;

    fn try_from(fact: v1::UnitStopped) -> Result<Self, Malformed> {
        Ok(Self {
            unit: parsed("unit", &fact.unit)?,
            invocation: invocation(&fact.invocation)?,
            stop: required("stop", fact.stop)?.try_into()?,
        })
    }
}

impl From<&RestartScheduled> for v1::RestartScheduled {
    fn from(fact: &RestartScheduled) -> Self {
        Self {
            unit: fact.unit.to_string(),
            invocation: invocation_bytes(fact.invocation),
            restarts: fact.restarts,
        }
    }
}

impl TryFrom<v1::RestartScheduled> for RestartScheduled {
    type Error = Malformed;

    fn try_from(fact: v1::RestartScheduled) -> Result<Self, Malformed> {
        Ok(Self {
            unit: parsed("unit", &fact.unit)?,
            invocation: invocation(&fact.invocation)?,
            restarts: fact.restarts,
        })
    }
}

impl From<&UnitRequested> for v1::UnitRequested {
    fn from(fact: &UnitRequested) -> Self {
        Self {
            unit: fact.unit.to_string(),
            verb: fact.verb.name().to_owned(),
            actor: Some((&fact.actor).into()),
        }
    }
}

impl TryFrom<v1::UnitRequested> for UnitRequested {
    type Error = Malformed;

    fn try_from(fact: v1::UnitRequested) -> Result<Self, Malformed> {
        Ok(Self {
            unit: parsed("unit", &fact.unit)?,
            verb: named("verb", &fact.verb)?,
            actor: required("actor", fact.actor)?.into(),
        })
    }
}

impl From<&UnitState> for v1::UnitState {
    fn from(fact: &UnitState) -> Self {
        Self {
            unit: fact.unit.to_string(),
            active: fact.active.clone(),
            sub: fact.sub.clone(),
            result: fact.result.clone(),
            main_pid: fact.main_pid,
            restarts: fact.restarts,
        }
    }
}

impl TryFrom<v1::UnitState> for UnitState {
    type Error = Malformed;

    fn try_from(fact: v1::UnitState) -> Result<Self, Malformed> {
        Ok(Self {
            unit: parsed("unit", &fact.unit)?,
            active: fact.active,
            sub: fact.sub,
            result: fact.result,
            main_pid: fact.main_pid,
            restarts: fact.restarts,
        })
    }
}

impl From<&OomKilled> for v1::OomKilled {
    fn from(fact: &OomKilled) -> Self {
        Self {
            pid: fact.pid,
            comm: fact.comm.clone(),
            system: fact.constraint == OomConstraint::System,
            cgroup: fact.cgroup.clone(),
            unit: fact
                .unit
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            rss_bytes: fact.rss_bytes,
            limit_bytes: fact.limit_bytes,
        }
    }
}

impl TryFrom<v1::OomKilled> for OomKilled {
    type Error = Malformed;

    fn try_from(fact: v1::OomKilled) -> Result<Self, Malformed> {
        Ok(Self {
            pid: fact.pid,
            comm: fact.comm,
            constraint: super::stop::constraint(fact.system),
            cgroup: fact.cgroup,
            unit: some_text(fact.unit)
                .map(|unit| parsed("unit", &unit))
                .transpose()?,
            rss_bytes: fact.rss_bytes,
            limit_bytes: fact.limit_bytes,
        })
    }
}

//! The end of a run and what it rests on, both ways; and the processes in it.

use analysis::{
    cause::{Actor, Evidence, OomConstraint, Stop},
    process::{ExitStatus, ProcessId, Signal},
};

use crate::{
    malformed::{Malformed, moment, named, nanoseconds, narrow, parsed, required, some_text},
    v1,
    v1::evidence::Fact as Wire,
};

pub(super) fn constraint(system: bool) -> OomConstraint {
    if system {
        OomConstraint::System
    } else {
        OomConstraint::Cgroup
    }
}

impl From<&Stop> for v1::Stop {
    fn from(stop: &Stop) -> Self {
        Self {
            cause: stop.cause.name().to_owned(),
            certainty: stop.certainty.name().to_owned(),
            evidence: stop.evidence.iter().map(Into::into).collect(),
            actor: stop.actor.as_ref().map(Into::into),
            exit: stop.exit.map(Into::into),
        }
    }
}

impl TryFrom<v1::Stop> for Stop {
    type Error = Malformed;

    fn try_from(stop: v1::Stop) -> Result<Self, Malformed> {
        Ok(Self {
            cause: named("cause", &stop.cause)?,
            certainty: named("certainty", &stop.certainty)?,
            // Evidence of a kind that a newer agent knows is passed over: the cause still stands.
            evidence: stop
                .evidence
                .into_iter()
                .filter_map(|evidence| evidence.fact)
                .map(evidence)
                .collect::<Result<_, _>>()?,
            actor: stop.actor.map(Into::into),
            exit: stop.exit.map(TryInto::try_into).transpose()?,
        })
    }
}

impl From<&Evidence> for v1::Evidence {
    fn from(evidence: &Evidence) -> Self {
        let fact = match evidence {
            Evidence::UnitResult { result } => Wire::UnitResult(result.clone()),
            Evidence::ProcessEnded {
                process,
                status,
                command,
            } => Wire::ProcessEnded(v1::ProcessEnded {
                process: Some((*process).into()),
                status: Some((*status).into()),
                command: command.clone().unwrap_or_default(),
            }),
            Evidence::StopJob { job, restart } => Wire::StopJob(v1::StopJob {
                job: *job,
                restart: *restart,
            }),
            Evidence::Request {
                actor,
                stop_after_ms,
            } => Wire::Request(v1::StopRequest {
                actor: Some(actor.into()),
                stop_after_ms: *stop_after_ms,
            }),
            Evidence::KernelOom {
                constraint,
                cgroup,
                comm,
                rss_bytes,
                limit_bytes,
            } => Wire::KernelOom(v1::KernelOom {
                system: *constraint == OomConstraint::System,
                cgroup: cgroup.clone(),
                comm: comm.clone(),
                rss_bytes: *rss_bytes,
                limit_bytes: *limit_bytes,
            }),
            Evidence::OomNotice => Wire::OomNotice(v1::OomNotice {}),
            Evidence::ManagerLine { message } => Wire::ManagerLine(message.clone()),
            Evidence::CoreDump { pid, path } => Wire::CoreDump(v1::CoreDump {
                pid: *pid,
                path: path.clone().unwrap_or_default(),
            }),
            Evidence::DependencyStopped { unit, at } => {
                Wire::DependencyStopped(v1::DependencyStopped {
                    unit: unit.to_string(),
                    at_ns: nanoseconds(*at),
                })
            }
            Evidence::BootEnded { orderly } => Wire::BootEnded(v1::BootEnded { orderly: *orderly }),
        };
        Self { fact: Some(fact) }
    }
}

fn evidence(fact: Wire) -> Result<Evidence, Malformed> {
    Ok(match fact {
        Wire::UnitResult(result) => Evidence::UnitResult { result },
        Wire::ProcessEnded(ended) => Evidence::ProcessEnded {
            process: required("process", ended.process)?.into(),
            status: required("status", ended.status)?.try_into()?,
            command: some_text(ended.command),
        },
        Wire::StopJob(job) => Evidence::StopJob {
            job: job.job,
            restart: job.restart,
        },
        Wire::Request(request) => Evidence::Request {
            actor: required("actor", request.actor)?.into(),
            stop_after_ms: request.stop_after_ms,
        },
        Wire::KernelOom(oom) => Evidence::KernelOom {
            constraint: constraint(oom.system),
            cgroup: oom.cgroup,
            comm: oom.comm,
            rss_bytes: oom.rss_bytes,
            limit_bytes: oom.limit_bytes,
        },
        Wire::OomNotice(v1::OomNotice {}) => Evidence::OomNotice,
        Wire::ManagerLine(message) => Evidence::ManagerLine { message },
        Wire::CoreDump(dump) => Evidence::CoreDump {
            pid: dump.pid,
            path: some_text(dump.path),
        },
        Wire::DependencyStopped(stopped) => Evidence::DependencyStopped {
            unit: parsed("unit", &stopped.unit)?,
            at: moment(stopped.at_ns),
        },
        Wire::BootEnded(ended) => Evidence::BootEnded {
            orderly: ended.orderly,
        },
    })
}

impl From<&Actor> for v1::Actor {
    fn from(actor: &Actor) -> Self {
        Self {
            uid: actor.uid,
            user: actor.user.clone().unwrap_or_default(),
            login_uid: actor.login_uid,
            login_user: actor.login_user.clone().unwrap_or_default(),
            command: actor.command.clone(),
            ancestors: actor.ancestors.clone(),
        }
    }
}

impl From<v1::Actor> for Actor {
    fn from(actor: v1::Actor) -> Self {
        Self {
            uid: actor.uid,
            user: some_text(actor.user),
            login_uid: actor.login_uid,
            login_user: some_text(actor.login_user),
            command: actor.command,
            ancestors: actor.ancestors,
        }
    }
}

impl From<ProcessId> for v1::ProcessId {
    fn from(process: ProcessId) -> Self {
        Self {
            pid: process.pid,
            start_ns: process.start_ns,
        }
    }
}

impl From<v1::ProcessId> for ProcessId {
    fn from(process: v1::ProcessId) -> Self {
        Self {
            pid: process.pid,
            start_ns: process.start_ns,
        }
    }
}

impl From<ExitStatus> for v1::ExitStatus {
    fn from(status: ExitStatus) -> Self {
        let how = match status {
            ExitStatus::Exited { code } => v1::exit_status::How::Exited(code.into()),
            ExitStatus::Signaled {
                signal,
                core_dumped,
            } => v1::exit_status::How::Signaled(v1::Signaled {
                signal: signal.0.into(),
                core_dumped,
            }),
        };
        Self { how: Some(how) }
    }
}

impl TryFrom<v1::ExitStatus> for ExitStatus {
    type Error = Malformed;

    fn try_from(status: v1::ExitStatus) -> Result<Self, Malformed> {
        Ok(match required("status", status.how)? {
            v1::exit_status::How::Exited(code) => Self::Exited {
                code: narrow("code", code)?,
            },
            v1::exit_status::How::Signaled(end) => Self::Signaled {
                signal: Signal(narrow("signal", end.signal)?),
                core_dumped: end.core_dumped,
            },
        })
    }
}

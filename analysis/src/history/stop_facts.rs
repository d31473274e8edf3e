//! What was recorded about the end of one run, and what follows from it.

use super::moment::JOIN_WINDOW_US;
use std::cmp::Reverse;

use chrono::TimeDelta;

use crate::{
    Timestamp,
    cause::{Actor, Certainty, Evidence, OomConstraint, Stop, StopCause},
    event::OomKilled,
    identity::UnitName,
    process::{ExitStatus, ProcessId, Signal},
    request::{Witness, is_package_manager},
};

/// The request that explains a stop best, of those seen so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JoinedRequest {
    pub actor: Actor,
    pub witness: Witness,
    /// From the request to the beginning of the stop; negative if the stop came first.
    pub apart: TimeDelta,
}

impl JoinedRequest {
    /// The greater one explains the stop better. Root is always obeyed, so a user who asks in the
    /// same moment, and may be refused, does not hide it. A request comes before what it asks for,
    /// but for what the clocks of its two witnesses differ; and of two that did, the later one is
    /// right: somebody restarts a unit, looks, and stops it.
    pub fn rank(&self) -> (bool, Witness, bool, Reverse<TimeDelta>) {
        let before = self.apart >= TimeDelta::zero();
        let apart = Reverse(self.apart.abs());
        (self.is_by_root(), self.witness, before, apart)
    }

    /// systemd asks nobody whether root may. Whether another user might (polkit), or only tried,
    /// nothing records.
    fn is_by_root(&self) -> bool {
        self.actor.uid == 0
    }
}

/// Facts about the end of a run, gathered before and shortly after it.
///
/// They only ever grow, so that a conclusion from more of them replaces one from fewer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StopFacts {
    pub job: Option<StopJob>,
    pub request: Option<JoinedRequest>,
    /// A unit that this one needs, and when it stopped.
    pub dependency: Option<(UnitName, Timestamp)>,
    /// Other units were stopped at that time, and what this one needs is not known.
    pub in_company: bool,
    /// `UNIT_RESULT`. `None`: systemd journaled none.
    pub result: Option<String>,
    /// systemd journaled that it ended well.
    pub succeeded: bool,
    pub end: Option<ProcessEnd>,
    pub kernel_oom: Option<KernelOom>,
    pub oom_notice: bool,
    pub core: Option<(u32, Option<String>)>,
    /// Lines of systemd that have no message id.
    pub lines: Vec<String>,
    /// One of them says that `systemctl kill` sent a signal.
    pub signal_requested: bool,
    /// The host was shutting down.
    pub shutdown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StopJob {
    /// Zero where systemd did not say.
    pub id: u64,
    pub restart: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProcessEnd {
    pub status: ExitStatus,
    /// The setting that started it: `ExecStart`, `ExecStartPre`, ... `None`: old systemd.
    pub command: Option<String>,
    /// Since the boot.
    pub at_us: u64,
}

/// The OOM killer chose a process of the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KernelOom {
    pub killed: OomKilled,
    /// Since the boot.
    pub at_us: u64,
}

impl ProcessEnd {
    fn is_of_main_process(&self) -> bool {
        matches!(self.command.as_deref(), None | Some("ExecStart"))
    }
}

impl StopFacts {
    pub fn conclude(&self) -> Stop {
        let (cause, certainty) = self.cause();
        Stop {
            cause,
            certainty,
            evidence: self.evidence(cause),
            actor: self.actor(cause),
            exit: self.exit(),
        }
    }

    fn cause(&self) -> (StopCause, Certainty) {
        match self.result.as_deref() {
            // These are failures also while a stop job runs: it is systemd that gave up waiting.
            Some("timeout") => (StopCause::Timeout, Certainty::Measured),
            Some("watchdog") => (StopCause::Watchdog, Certainty::Measured),
            Some("oom-kill") => self.oom(Certainty::Measured),
            _ if self.job.is_some() => self.cause_of_job(),
            Some("signal" | "core-dump") => self.cause_of_signal(),
            Some("exit-code") => self.cause_of_exit_code(),
            Some(_) => (StopCause::Unknown, Certainty::Unknown),
            None if self.succeeded => self.cause_of_success(),
            None => (StopCause::Unknown, Certainty::Unknown),
        }
    }

    /// A job stopped it: somebody, or something, asked for that.
    fn cause_of_job(&self) -> (StopCause, Certainty) {
        if self.shutdown {
            return (StopCause::Reboot, Certainty::Measured);
        }
        if let Some(request) = &self.request {
            let cause = if is_package_manager(&request.actor) {
                StopCause::PackageUpgrade
            } else {
                StopCause::Manual
            };
            return match request.witness {
                Witness::Agent if request.is_by_root() => (cause, Certainty::Measured),
                Witness::Agent | Witness::Sudo => (cause, Certainty::Inferred),
            };
        }
        if self.dependency.is_some() {
            return (StopCause::Dependency, Certainty::Inferred);
        }
        if self.in_company {
            return (StopCause::Unknown, Certainty::Unknown);
        }
        (StopCause::Manual, Certainty::Inferred)
    }

    /// Before systemd 253 (and with cgroup v1 always), an OOM kill is just a signal.
    fn cause_of_signal(&self) -> (StopCause, Certainty) {
        let killed = matches!(
            self.end,
            Some(ProcessEnd {
                status: ExitStatus::Signaled {
                    signal: Signal::KILL,
                    ..
                },
                ..
            })
        );
        if killed && self.oom_came_with_the_end() {
            // The kernel names a process of the unit, but not that it was the main one.
            return self.oom(Certainty::Inferred);
        }
        (StopCause::Signal, Certainty::Measured)
    }

    /// A shell whose child the OOM killer chose ends with 137. That code alone proves nothing.
    fn cause_of_exit_code(&self) -> (StopCause, Certainty) {
        let like_a_kill = matches!(
            self.end,
            Some(ProcessEnd {
                status: ExitStatus::Exited { code: 137 },
                ..
            })
        );
        if like_a_kill && self.oom_came_with_the_end() {
            return self.oom(Certainty::Inferred);
        }
        (StopCause::ExitCode, Certainty::Measured)
    }

    /// systemd takes an end by SIGTERM for a success too, and does not journal which it was.
    fn cause_of_success(&self) -> (StopCause, Certainty) {
        let cause = if self.signal_requested {
            StopCause::Signal
        } else {
            StopCause::Clean
        };
        (cause, Certainty::Inferred)
    }

    /// A worker that was killed an hour ago is no reason for what happens to the unit.
    fn oom_came_with_the_end(&self) -> bool {
        match (&self.kernel_oom, &self.end) {
            (Some(oom), Some(end)) => oom.at_us.abs_diff(end.at_us) <= JOIN_WINDOW_US,
            _ => false,
        }
    }

    fn oom(&self, certainty: Certainty) -> (StopCause, Certainty) {
        match self.kernel_oom.as_ref().map(|oom| oom.killed.constraint) {
            Some(OomConstraint::Cgroup) => (StopCause::OomCgroup, certainty),
            Some(OomConstraint::System) => (StopCause::OomSystem, certainty),
            // Which memory it was, only the kernel's line would say; mostly it is the limit.
            None => (StopCause::OomCgroup, Certainty::Inferred),
        }
    }

    fn actor(&self, cause: StopCause) -> Option<Actor> {
        let somebody_did_it = self.job.is_some() || self.signal_requested;
        let is_told = !matches!(cause, StopCause::Reboot | StopCause::Dependency);
        let actor = &self.request.as_ref()?.actor;
        (somebody_did_it && is_told).then(|| actor.clone())
    }

    fn exit(&self) -> Option<ExitStatus> {
        let end = self.end.as_ref()?;
        end.is_of_main_process().then_some(end.status)
    }

    fn evidence(&self, cause: StopCause) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        if let Some(result) = &self.result {
            evidence.push(Evidence::UnitResult {
                result: result.clone(),
            });
        } else if self.succeeded {
            evidence.push(Evidence::UnitResult {
                result: "success".to_owned(),
            });
        }
        evidence.extend(self.end.as_ref().map(|end| Evidence::ProcessEnded {
            process: ProcessId {
                pid: 0,
                start_ns: 0,
            },
            status: end.status,
            command: end.command.clone(),
        }));
        evidence.extend(self.core.as_ref().map(|(pid, path)| Evidence::CoreDump {
            pid: *pid,
            path: path.clone(),
        }));
        let lines = self.lines.iter().cloned();
        evidence.extend(lines.map(|message| Evidence::ManagerLine { message }));
        evidence.extend(self.oom_evidence(cause));
        evidence.extend(self.job.map(|job| Evidence::StopJob {
            job: job.id,
            restart: job.restart,
        }));
        if self.shutdown && self.job.is_some() {
            evidence.push(Evidence::BootEnded { orderly: true });
        } else {
            evidence.extend(self.evidence_of_others());
        }
        evidence
    }

    fn oom_evidence(&self, cause: StopCause) -> Option<Evidence> {
        let is_oom = matches!(cause, StopCause::OomCgroup | StopCause::OomSystem);
        match &self.kernel_oom {
            Some(KernelOom { killed, .. }) if is_oom => Some(Evidence::KernelOom {
                constraint: killed.constraint,
                cgroup: killed.cgroup.clone(),
                comm: killed.comm.clone(),
                rss_bytes: killed.rss_bytes,
                limit_bytes: killed.limit_bytes,
            }),
            _ => self.oom_notice.then_some(Evidence::OomNotice),
        }
    }

    fn evidence_of_others(&self) -> impl Iterator<Item = Evidence> {
        let request = self.request.as_ref().map(|request| Evidence::Request {
            actor: request.actor.clone(),
            stop_after_ms: request.apart.num_milliseconds(),
        });
        let dependency = self
            .dependency
            .as_ref()
            .map(|(unit, at)| Evidence::DependencyStopped {
                unit: unit.clone(),
                at: *at,
            });
        request.into_iter().chain(dependency)
    }
}

#[cfg(test)]
mod tests;

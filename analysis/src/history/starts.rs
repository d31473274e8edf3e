//! Lines of process 1 that tell of a start, and what makes a run begin.

use super::{
    UnitHistory,
    manager::Line,
    oom::bounded,
    track::{Phase, UnitTrack},
};
use crate::{
    cause::{Certainty, Evidence, Stop, StopCause},
    event::{Event, Fact, UnitMoment, UnitStopped},
    journal::JournalEntry,
    run::StartReason,
};

impl UnitHistory {
    pub(super) fn starting(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let track = self.begin_run(line, Phase::Starting, events);
        let moment = moment_of(line, track);
        events.push(line.now.event(Fact::UnitStarting(moment)));
    }

    pub(super) fn started(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        if never_ran(line.entry) {
            return;
        }
        let known = self.units.get_mut(&line.unit).filter(|track| {
            let same = line.invocation.is_none() || track.invocation == line.invocation;
            // A one-shot has succeeded before its start job is done.
            same && (track.phase == Phase::Starting
                || !track.is_open() && line.invocation.is_some())
        });
        let track = match known {
            Some(track) => track,
            None => self.begin_run(line, Phase::Running, events),
        };
        if track.ready {
            return;
        }
        track.ready = true;
        if track.is_open() {
            track.phase = Phase::Running;
        }
        let moment = moment_of(line, track);
        events.push(line.now.event(Fact::UnitStarted(moment)));
    }

    /// The failure of the run itself was reported with its result; what remains are jobs that
    /// made no run: a dependency failed, or systemd refused to try again.
    pub(super) fn start_failed(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        if line.entry.field("JOB_RESULT") == Some("dependency") {
            events.push(self.dependency_failed(line));
            return;
        }
        let Some(track) = self.units.get_mut(&line.unit) else {
            return;
        };
        if track.is_open() && track.phase != Phase::Stopping {
            track.phase = Phase::Starting;
            self.close(line, events);
            return;
        }
        let (Some(closed), Some(_)) = (track.closed(), track.restart) else {
            return;
        };
        let mut evidence: Vec<_> = track
            .afterword
            .iter()
            .map(|line| Evidence::ManagerLine {
                message: line.clone(),
            })
            .collect();
        evidence.extend(
            closed
                .stop
                .evidence
                .iter()
                .find(|evidence| matches!(evidence, Evidence::UnitResult { .. }))
                .cloned(),
        );
        let stop = Stop {
            cause: closed.stop.cause,
            certainty: Certainty::Inferred,
            evidence,
            actor: None,
            exit: None,
        };
        track.restart = None;
        events.push(line.now.event(Fact::UnitStartFailed(UnitStopped {
            unit: line.unit.clone(),
            invocation: None,
            stop,
        })));
    }

    fn dependency_failed(&self, line: &Line<'_>) -> Event {
        let failed = self.stops.iter().rev().find(|stop| {
            // A start fails along with any start, not only with those that it is bound to.
            stop.moment.is_near(line.now)
                && self.dependencies.takes_along(&stop.unit, true, &line.unit)
        });
        let mut evidence = vec![Evidence::ManagerLine {
            message: bounded(line.entry.message()),
        }];
        evidence.extend(failed.map(|stop| Evidence::DependencyStopped {
            unit: stop.unit.clone(),
            at: stop.moment.at,
        }));
        line.now.event(Fact::UnitStartFailed(UnitStopped {
            unit: line.unit.clone(),
            invocation: None,
            stop: Stop {
                cause: StopCause::Dependency,
                certainty: Certainty::Measured,
                evidence,
                actor: None,
                exit: None,
            },
        }))
    }

    /// Why the run that begins with `line` does so. `None`: nothing that is known tells.
    pub(super) fn start_reason(&self, line: &Line<'_>) -> Option<StartReason> {
        let before = self.units.get(&line.unit);
        if let Some(restarts) = before.and_then(|track| track.restart) {
            return Some(StartReason::Automatic { restarts });
        }
        if let Some(actor) = self.who_started(&line.unit, line.now) {
            return Some(StartReason::Requested { actor: Some(actor) });
        }
        // A restart job stopped it: whoever asked for the stop asked for this start.
        let restarted = before.filter(|track| track.facts.job.is_some_and(|job| job.restart));
        if let Some(stop) = restarted
            .and_then(UnitTrack::closed)
            .map(|closed| &closed.stop)
        {
            let asked = matches!(stop.cause, StopCause::Manual | StopCause::PackageUpgrade);
            return asked.then(|| StartReason::Requested {
                actor: stop.actor.clone(),
            });
        }
        self.boot.booting.then_some(StartReason::Boot)
    }
}

fn moment_of(line: &Line<'_>, track: &UnitTrack) -> UnitMoment {
    UnitMoment {
        unit: line.unit.clone(),
        invocation: track.invocation,
        start: track.start.clone(),
    }
}

/// A start job whose conditions are not met is "done" too. Its unit then has no invocation: the
/// field is there and empty. Versions before that field tell it in words only.
fn never_ran(entry: &JournalEntry) -> bool {
    match entry.field("INVOCATION_ID") {
        Some(id) => id.is_empty(),
        None => {
            let message = entry.message();
            message.contains(" was skipped because ") || message.ends_with(" being skipped.")
        }
    }
}

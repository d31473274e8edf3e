//! The lines of process 1.

use uuid::Uuid;

use super::{
    UnitHistory,
    moment::Moment,
    oom::bounded,
    stop_facts::{ProcessEnd, StopJob},
    track::{Phase, UnitTrack},
};
use crate::{
    cause::{Certainty, Evidence, Stop, StopCause},
    event::{Event, Fact, RestartScheduled, UnitMoment, UnitStopped},
    identity::{InvocationId, UnitName},
    journal::{JournalEntry, message_id},
    run::StartReason,
};

/// A line of process 1 about a unit.
pub(super) struct Line<'a> {
    entry: &'a JournalEntry,
    pub now: Moment,
    pub unit: UnitName,
    invocation: Option<InvocationId>,
}

impl Line<'_> {
    /// `None`: it is about no job, or systemd is too old to say.
    pub fn job_id(&self) -> Option<u64> {
        self.entry.number("JOB_ID").filter(|id| *id != 0)
    }
}

impl UnitHistory {
    pub(super) fn take_manager_line(
        &mut self,
        entry: &JournalEntry,
        now: Moment,
        events: &mut Vec<Event>,
    ) {
        let Some(unit) = entry.unit() else {
            return;
        };
        let line = Line {
            entry,
            now,
            unit,
            invocation: entry.invocation(),
        };
        match entry.message_id() {
            Some(message_id::UNIT_STARTING) => self.starting(&line, events),
            Some(message_id::UNIT_STARTED) => {
                self.started(&line, events);
                self.shutdown_reached(&line, events);
            }
            Some(message_id::UNIT_START_FAILED) => self.start_failed(&line, events),
            Some(message_id::UNIT_STOPPING) => self.stopping(&line, events),
            Some(message_id::UNIT_STOPPED) => self.stopped(&line, events),
            Some(message_id::PROCESS_EXITED) => self.process_exited(&line, events),
            Some(message_id::UNIT_FAILED) => self.failed(&line, events),
            Some(message_id::UNIT_SUCCEEDED | message_id::UNIT_SKIPPED) => {
                self.succeeded(&line, events);
            }
            Some(message_id::RESTART_SCHEDULED) => self.restart_scheduled(&line, events),
            Some(message_id::OOM_KILLED) => self.oom_noticed(&line, events),
            Some(_) => {}
            None => self.line_without_id(&line, events),
        }
    }

    fn starting(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let track = self.begin_run(line, Phase::Starting, events);
        let moment = moment_of(line, track);
        events.push(line.now.event(Fact::UnitStarting(moment)));
    }

    fn started(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
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
    fn start_failed(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
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

    fn stopping(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let shutting_down = self.boot.shutting_down;
        let track = self.run_of(line, events);
        if !track.is_open() || track.phase == Phase::Stopping {
            return;
        }
        let job = StopJob {
            id: line.job_id().unwrap_or(0),
            restart: false,
        };
        track.begin_stop(job, line.now);
        track.facts.shutdown = shutting_down;
        let moment = UnitMoment {
            unit: line.unit.clone(),
            invocation: track.invocation,
            start: None,
        };
        events.push(line.now.event(Fact::UnitStopping(moment)));
        self.explain_stop(&line.unit);
        self.note_stop(&line.unit, line.now, true, events);
    }

    fn stopped(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let shutting_down = self.boot.shutting_down;
        let job = StopJob {
            id: line.job_id().unwrap_or(0),
            restart: line.entry.field("JOB_TYPE") == Some("restart"),
        };
        let track = self.run_of(line, events);
        let is_first_word = track.facts.job.is_none();
        if let Some(closed) = track.closed() {
            // Sockets, timers and mounts say first that they succeeded, then that a job did it.
            // A service says so too when systemd restarts it by itself: that is no reason.
            let belongs = !line.unit.as_str().ends_with(".service")
                && is_first_word
                && closed.moment.is_near(line.now);
            if !belongs {
                return;
            }
        }
        if is_first_word {
            track.facts.shutdown = shutting_down;
            track.stopping_since = Some(line.now);
        }
        let begun = track.facts.job.map_or(job.id, |begun| begun.id);
        track.facts.job = Some(StopJob { id: begun, ..job });
        if is_first_word {
            self.explain_stop(&line.unit);
        }
        self.close_or_revise(&line.unit, line.now, events);
        self.note_stop(&line.unit, line.now, true, events);
    }

    fn process_exited(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let Some(status) = line.entry.exit_status() else {
            return;
        };
        let track = self.run_of(line, events);
        if !track.is_open() {
            return;
        }
        let command = line.entry.field("COMMAND").map(bounded);
        let is_main = matches!(command.as_deref(), None | Some("ExecStart"));
        // What ends a run is its main process; a command that fails before or after it counts
        // where nothing is known of that one.
        if track.facts.end.is_none() || is_main {
            track.facts.end = Some(ProcessEnd {
                status,
                command,
                at_us: line.now.monotonic_us,
            });
        }
    }

    fn failed(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let track = self.run_of(line, events);
        if !track.is_open() {
            return;
        }
        track.facts.result = line.entry.field("UNIT_RESULT").map(bounded);
        // With a stop job, one more line comes, which says what kind of job it was.
        if track.phase != Phase::Stopping {
            self.close(line, events);
        }
    }

    fn succeeded(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let track = self.run_of(line, events);
        if !track.is_open() {
            return;
        }
        track.facts.succeeded = true;
        if track.phase != Phase::Stopping {
            self.close(line, events);
        }
    }

    fn restart_scheduled(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let track = self.run_of(line, events);
        let restarts = line.entry.number("N_RESTARTS").unwrap_or(0);
        track.restart = Some(restarts);
        let invocation = track.invocation;
        if track.has_begun_to_end() {
            self.close(line, events);
        }
        events.push(line.now.event(Fact::UnitRestartScheduled(RestartScheduled {
            unit: line.unit.clone(),
            invocation,
            restarts,
        })));
        // It is a job of systemd's own, and restarts what needs this unit along with it.
        self.note_stop(&line.unit, line.now, true, events);
    }

    fn oom_noticed(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let track = self.run_of(line, events);
        if track.is_open() {
            track.facts.oom_notice = true;
        }
    }

    fn line_without_id(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let message = line.entry.message();
        if !is_telling(message) {
            return;
        }
        let track = self.run_of(line, events);
        if track.is_open() {
            track.facts.signal_requested |= message.contains(ON_CLIENT_REQUEST);
            track.note_line(bounded(message));
        } else {
            track.afterword = Some(bounded(message));
        }
    }

    /// The run that a line is about. One that was not seen to start is taken to have run.
    fn run_of(&mut self, line: &Line<'_>, events: &mut Vec<Event>) -> &mut UnitTrack {
        let is_other = self
            .units
            .get(&line.unit)
            .is_none_or(|track| line.invocation.is_some() && track.invocation != line.invocation);
        if is_other {
            self.replace(
                line,
                UnitTrack::new(line.invocation, Phase::Running),
                events,
            );
        }
        self.touch(&line.unit)
    }

    fn begin_run(
        &mut self,
        line: &Line<'_>,
        phase: Phase,
        events: &mut Vec<Event>,
    ) -> &mut UnitTrack {
        let invocation = line.invocation.unwrap_or_else(|| derived_invocation(line));
        let mut track = UnitTrack::new(Some(invocation), phase);
        track.start = self.start_reason(line);
        self.replace(line, track, events);
        self.touch(&line.unit)
    }

    fn replace(&mut self, line: &Line<'_>, track: UnitTrack, events: &mut Vec<Event>) {
        let old = self.units.get(&line.unit);
        // Its last lines are missing (a gap in the journal): what is known has to do.
        if old.is_some_and(|old| old.has_begun_to_end() || old.phase == Phase::Stopping) {
            self.close(line, events);
        }
        if let Some(old) = self.units.insert(line.unit.clone(), track) {
            self.keep_ended(&line.unit, old, line.now);
        }
        if self.units.len() > super::MAX_UNITS {
            self.forget_most_silent(&line.unit);
        }
    }

    fn touch(&mut self, unit: &UnitName) -> &mut UnitTrack {
        self.lines += 1;
        let track = self
            .units
            .entry(unit.clone())
            .or_insert_with(|| UnitTrack::new(None, Phase::Running));
        track.touched = self.lines;
        track
    }

    fn forget_most_silent(&mut self, but: &UnitName) {
        let others = self.units.iter().filter(|(unit, _)| *unit != but);
        let oldest = others.min_by_key(|(_, track)| track.touched);
        if let Some(unit) = oldest.map(|(unit, _)| unit.clone()) {
            self.units.remove(&unit);
        }
    }

    fn close(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        // A run that nobody stopped stops as it ends; what was asked just before is near that.
        if let Some(track) = self.units.get_mut(&line.unit) {
            track.stopping_since.get_or_insert(line.now);
        }
        self.explain_stop(&line.unit);
        self.close_or_revise(&line.unit, line.now, events);
        self.note_stop(&line.unit, line.now, false, events);
    }

    fn close_or_revise(&mut self, unit: &UnitName, now: Moment, events: &mut Vec<Event>) {
        let Some(track) = self.units.get_mut(unit) else {
            return;
        };
        if track.is_open() {
            events.push(track.close(unit, now));
        } else {
            events.extend(track.revise(unit));
        }
    }

    fn start_reason(&self, line: &Line<'_>) -> Option<StartReason> {
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

/// A name for a run that systemd did not name: the same for the same start.
fn derived_invocation(line: &Line<'_>) -> InvocationId {
    let start = format!("{}/{}", line.unit, line.now.monotonic_us);
    InvocationId(Uuid::new_v5(&line.now.boot.0, start.as_bytes()))
}

const ON_CLIENT_REQUEST: &str = " on client request";

/// Lines that have no message id, and that say something that no other line does.
fn is_telling(message: &str) -> bool {
    const TELLING: [&str; 5] = [
        ": Watchdog timeout",
        " operation timed out",
        "' timed out",
        ": Start request repeated too quickly",
        ON_CLIENT_REQUEST,
    ];
    TELLING.iter().any(|words| message.contains(words))
}

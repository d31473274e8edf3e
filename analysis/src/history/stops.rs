//! Lines of process 1 that tell how a run ends.

use super::{
    UnitHistory,
    manager::Line,
    oom::bounded,
    stop_facts::{ProcessEnd, StopJob},
    track::Phase,
};
use crate::event::{Event, Fact, RestartScheduled, UnitMoment};

impl UnitHistory {
    pub(super) fn stopping(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
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

    pub(super) fn stopped(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
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

    pub(super) fn process_exited(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
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

    pub(super) fn failed(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
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

    pub(super) fn succeeded(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let track = self.run_of(line, events);
        if !track.is_open() {
            return;
        }
        track.facts.succeeded = true;
        if track.phase != Phase::Stopping {
            self.close(line, events);
        }
    }

    pub(super) fn restart_scheduled(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
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

    pub(super) fn oom_noticed(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        let track = self.run_of(line, events);
        if track.is_open() {
            track.facts.oom_notice = true;
        }
    }
}

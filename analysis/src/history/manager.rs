//! The lines of process 1.

use super::{UnitHistory, moment::Moment, oom::bounded};
use crate::{
    event::Event,
    identity::{InvocationId, UnitName},
    journal::{JournalEntry, message_id},
};

/// A line of process 1 about a unit.
pub(super) struct Line<'a> {
    pub entry: &'a JournalEntry,
    pub now: Moment,
    pub unit: UnitName,
    pub invocation: Option<InvocationId>,
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

//! The newest run of one unit, as far as its lines have come.

use super::{
    moment::Moment,
    stop_facts::{StopFacts, StopJob},
};
use crate::{
    cause::Stop,
    event::{Event, Fact, UnitStopped},
    identity::{InvocationId, UnitName},
    run::StartReason,
};

/// Lines without an id that are kept of one stop; there are rarely more than two.
const MAX_LINES: usize = 4;

#[derive(Clone, Debug)]
pub(super) struct UnitTrack {
    /// `None`: systemd named none and its start was not seen.
    pub invocation: Option<InvocationId>,
    pub phase: Phase,
    pub start: Option<StartReason>,
    /// The start job was reported as done.
    pub ready: bool,
    pub facts: StopFacts,
    /// When the stop job began.
    pub stopping_since: Option<Moment>,
    /// systemd will start it again by itself, for the n-th time in a row.
    pub restart: Option<u32>,
    /// What systemd wrote about the unit after this run had ended.
    pub afterword: Option<String>,
    /// The newest line; the unit that was silent longest is forgotten first.
    pub touched: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It runs or begins to, and nobody has asked it to stop.
    Starting,
    Running,
    /// A stop job runs.
    Stopping,
    Closed(Closed),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closed {
    pub moment: Moment,
    /// As it was reported last.
    pub stop: Stop,
}

impl UnitTrack {
    pub fn new(invocation: Option<InvocationId>, phase: Phase) -> Self {
        Self {
            invocation,
            phase,
            start: None,
            ready: false,
            facts: StopFacts::default(),
            stopping_since: None,
            restart: None,
            afterword: None,
            touched: 0,
        }
    }

    pub fn closed(&self) -> Option<&Closed> {
        match &self.phase {
            Phase::Closed(closed) => Some(closed),
            _ => None,
        }
    }

    pub fn is_open(&self) -> bool {
        self.closed().is_none()
    }

    /// Whether something was recorded that only comes at the end of a run.
    pub fn has_begun_to_end(&self) -> bool {
        let facts = &self.facts;
        self.is_open() && (facts.result.is_some() || facts.succeeded || facts.end.is_some())
    }

    pub fn note_line(&mut self, line: String) {
        if self.facts.lines.len() < MAX_LINES {
            self.facts.lines.push(line);
        }
    }

    pub fn begin_stop(&mut self, job: StopJob, now: Moment) {
        self.phase = Phase::Stopping;
        self.facts.job = Some(job);
        self.stopping_since = Some(now);
    }

    /// The time span in which other facts can belong to this stop: from the job's begin to the
    /// end of the run, as far as it has come.
    pub fn stop_span(&self) -> Option<(Moment, Moment)> {
        let end = self.closed().map(|closed| closed.moment);
        let begin = self.stopping_since.or(end)?;
        Some((begin, end.unwrap_or(begin)))
    }

    /// Ends the run and says so.
    pub fn close(&mut self, unit: &UnitName, now: Moment) -> Event {
        let never_ready = self.phase == Phase::Starting && !self.facts.succeeded;
        let stop = self.facts.conclude();
        self.phase = Phase::Closed(Closed {
            moment: now,
            stop: stop.clone(),
        });
        let stopped = self.stopped(unit, stop);
        now.event(if never_ready {
            Fact::UnitStartFailed(stopped)
        } else {
            Fact::UnitStopped(stopped)
        })
    }

    /// Concludes again, after a fact has come. Says so if the conclusion is another one.
    ///
    /// The event carries the time of the stop that it is about.
    pub fn revise(&mut self, unit: &UnitName) -> Option<Event> {
        let stop = self.facts.conclude();
        let Phase::Closed(closed) = &mut self.phase else {
            return None;
        };
        if closed.stop == stop {
            return None;
        }
        closed.stop = stop.clone();
        let moment = closed.moment;
        Some(moment.event(Fact::UnitCauseRevised(self.stopped(unit, stop))))
    }

    fn stopped(&self, unit: &UnitName, stop: Stop) -> UnitStopped {
        UnitStopped {
            unit: unit.clone(),
            invocation: self.invocation,
            stop,
        }
    }
}

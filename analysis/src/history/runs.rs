//! The runs that are remembered: which one a line is about, and how one follows the other.

use uuid::Uuid;

use super::{
    UnitHistory,
    manager::Line,
    moment::Moment,
    track::{Phase, UnitTrack},
};
use crate::{
    event::Event,
    identity::{InvocationId, UnitName},
};

impl UnitHistory {
    /// The run that a line is about. One that was not seen to start is taken to have run.
    pub(super) fn run_of(&mut self, line: &Line<'_>, events: &mut Vec<Event>) -> &mut UnitTrack {
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

    pub(super) fn begin_run(
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

    pub(super) fn close(&mut self, line: &Line<'_>, events: &mut Vec<Event>) {
        // A run that nobody stopped stops as it ends; what was asked just before is near that.
        if let Some(track) = self.units.get_mut(&line.unit) {
            track.stopping_since.get_or_insert(line.now);
        }
        self.explain_stop(&line.unit);
        self.close_or_revise(&line.unit, line.now, events);
        self.note_stop(&line.unit, line.now, false, events);
    }

    pub(super) fn close_or_revise(
        &mut self,
        unit: &UnitName,
        now: Moment,
        events: &mut Vec<Event>,
    ) {
        let Some(track) = self.units.get_mut(unit) else {
            return;
        };
        if track.is_open() {
            events.push(track.close(unit, now));
        } else {
            events.extend(track.revise(unit));
        }
    }
}

/// A name for a run that systemd did not name: the same for the same start.
fn derived_invocation(line: &Line<'_>) -> InvocationId {
    let start = format!("{}/{}", line.unit, line.now.monotonic_us);
    InvocationId(Uuid::new_v5(&line.now.boot.0, start.as_bytes()))
}

//! Facts that explain a stop, and may be journaled before or after it: they are joined to it by
//! unit and time, and a stop that was reported already is reported again.

use super::{
    MAX_ENDED, MAX_STOPS, SeenRequest, SeenStop, UnitHistory,
    moment::Moment,
    stop_facts::{JoinedRequest, KernelOom},
    track::UnitTrack,
};
use crate::{
    Timestamp,
    cause::Actor,
    event::{Event, OomKilled, Verb},
    identity::UnitName,
    request::Witness,
};

/// A large core takes its time to be written.
const CORE_DUMP_WINDOW_US: u64 = 30_000_000;

impl UnitHistory {
    /// Joins a request to the stops that it may have asked for.
    pub(super) fn join_request(&mut self, seen: &SeenRequest, events: &mut Vec<Event>) {
        for unit in &seen.request.units {
            for track in self.runs_of(unit) {
                attach_request(track, seen);
                events.extend(track.revise(unit));
            }
        }
    }

    pub(super) fn join_oom(&mut self, killed: OomKilled, now: Moment, events: &mut Vec<Event>) {
        let Some(unit) = killed.unit.clone() else {
            return;
        };
        for track in self.runs_of(&unit) {
            let closed = track.closed();
            if closed.is_some_and(|closed| !closed.moment.is_near(now)) {
                continue;
            }
            track.facts.kernel_oom = Some(KernelOom {
                killed: killed.clone(),
                at_us: now.monotonic_us,
            });
            events.extend(track.revise(&unit));
        }
    }

    pub(super) fn join_core_dump(
        &mut self,
        unit: &UnitName,
        pid: u32,
        path: Option<String>,
        now: Moment,
        events: &mut Vec<Event>,
    ) {
        let ended_just_before = |track: &&mut UnitTrack| {
            let end = track.facts.end.as_ref().map(|end| end.at_us);
            end.is_some_and(|end| now.monotonic_us.abs_diff(end) <= CORE_DUMP_WINDOW_US)
        };
        // The run of this core is the one that has ended; the next may be running already.
        let track = self.runs_of(unit).filter(ended_just_before).last();
        if let Some(track) = track {
            track.facts.core = Some((pid, path));
            events.extend(track.revise(unit));
        }
    }

    /// Looks for what was journaled before the stop of `unit` and explains it.
    pub(super) fn explain_stop(&mut self, unit: &UnitName) {
        let Some(track) = self.units.get_mut(unit) else {
            return;
        };
        for seen in &self.requests {
            if seen.request.units.contains(unit) {
                attach_request(track, seen);
            }
        }
        for stop in &self.stops {
            attach_stop(&self.dependencies, unit, track, stop);
        }
    }

    /// Remembers that `unit` stops, and tells those that may go along with it.
    pub(super) fn note_stop(
        &mut self,
        unit: &UnitName,
        moment: Moment,
        by_job: bool,
        events: &mut Vec<Event>,
    ) {
        let stop = SeenStop {
            unit: unit.clone(),
            moment,
            by_job,
        };
        // A run that another followed was over before: what stops now did not take it along.
        for (other, track) in &mut self.units {
            if attach_stop(&self.dependencies, other, track, &stop) {
                events.extend(track.revise(other));
            }
        }
        while self.stops.len() >= MAX_STOPS || self.is_first_stop_too_old(moment) {
            self.stops.pop_front();
        }
        self.stops.push_back(stop);
    }

    /// The runs of a unit that may still be told more about, the oldest first.
    fn runs_of<'a>(&'a mut self, unit: &'a UnitName) -> impl Iterator<Item = &'a mut UnitTrack> {
        let ended = self
            .ended
            .iter_mut()
            .filter(move |(other, _)| other == unit);
        let ended = ended.map(|(_, track)| track);
        ended.chain(self.units.get_mut(unit))
    }

    /// Keeps a run that another followed, for as long as late facts may come.
    pub(super) fn keep_ended(&mut self, unit: &UnitName, track: UnitTrack, now: Moment) {
        self.ended.retain(|(_, track)| {
            let closed = track.closed().map(|closed| closed.moment.monotonic_us);
            closed.is_some_and(|at| now.monotonic_us.saturating_sub(at) <= CORE_DUMP_WINDOW_US)
        });
        if track.is_open() {
            return;
        }
        if self.ended.len() == MAX_ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back((unit.clone(), track));
    }

    fn is_first_stop_too_old(&self, now: Moment) -> bool {
        let first = self.stops.front();
        first.is_some_and(|stop| !stop.moment.is_near(now))
    }

    /// Who asked to start the unit just before `now`.
    pub(super) fn who_started(&self, unit: &UnitName, now: Moment) -> Option<Actor> {
        let starts = |seen: &&SeenRequest| {
            matches!(seen.request.verb, Verb::Start | Verb::Restart)
                && seen.request.units.contains(unit)
                && now.is_near_wall(seen.request.at)
        };
        let best = self
            .requests
            .iter()
            .filter(starts)
            .max_by_key(|seen| seen.witness);
        best.map(|seen| seen.request.actor.clone())
    }
}

/// Takes the request as the reason of the stop, if it fits and no better one is known.
fn attach_request(track: &mut UnitTrack, seen: &SeenRequest) {
    let Some((begin, _)) = track.stop_span() else {
        return;
    };
    let fits = match seen.request.verb {
        Verb::Stop | Verb::Restart => track.facts.job.is_some(),
        // Of a signal that systemctl sent, systemd writes a line.
        Verb::Kill => track.facts.signal_requested,
        Verb::Start | Verb::Reload => false,
    };
    if !fits || !begins_near(begin, seen) {
        return;
    }
    let joined = JoinedRequest {
        actor: seen.request.actor.clone(),
        witness: seen.witness,
        apart: begin.at - said_at(seen),
    };
    let known = track.facts.request.as_ref();
    if known.is_none_or(|known| joined.rank() > known.rank()) {
        track.facts.request = Some(joined);
    }
}

fn begins_near(begin: Moment, seen: &SeenRequest) -> bool {
    begin.is_near_wall(said_at(seen))
}

fn said_at(seen: &SeenRequest) -> Timestamp {
    match seen.witness {
        Witness::Agent => seen.request.at,
        Witness::Sudo => seen.seen.at,
    }
}

/// Takes the stop of another unit as a possible reason of the stop of `unit`. Returns whether it
/// told anything.
fn attach_stop(
    dependencies: &super::Dependencies,
    unit: &UnitName,
    track: &mut UnitTrack,
    stop: &SeenStop,
) -> bool {
    let Some((begin, end)) = track.stop_span().filter(|_| *unit != stop.unit) else {
        return false;
    };
    let at = stop.moment.monotonic_us;
    let window = super::moment::JOIN_WINDOW_US;
    let from = begin.monotonic_us.saturating_sub(window);
    // What stops after its dependents is stopped when they are: however long that takes.
    let is_still_stopping = track.is_open();
    if track.facts.job.is_none() || at < from {
        return false;
    }
    if !is_still_stopping && at > end.monotonic_us.saturating_add(window) {
        return false;
    }
    if dependencies.takes_along(&stop.unit, stop.by_job, unit) {
        let is_first = track.facts.dependency.is_none();
        if is_first {
            track.facts.dependency = Some((stop.unit.clone(), stop.moment.at));
        }
        return is_first;
    }
    let is_suspect = stop.by_job
        && !dependencies.knows(unit)
        && !dependencies.takes_along(unit, true, &stop.unit)
        && !is_of_a_session(&stop.unit)
        && !track.facts.in_company;
    track.facts.in_company |= is_suspect;
    is_suspect
}

/// Sessions come and go all the time, and nothing depends on them.
fn is_of_a_session(unit: &UnitName) -> bool {
    let name = unit.as_str();
    name.ends_with(".scope")
        || name.ends_with(".slice")
        || name.starts_with("user@")
        || name.starts_with("user-runtime-dir@")
        || name.starts_with("run-user-")
}

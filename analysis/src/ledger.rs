//! The restart ledger: one row for each run of a unit, derived from events.
//!
//! Row by row, so that the server can do it within the transaction that stores the events, and in
//! any order and as often as it likes: what an event says of a run is merged into its row, and the
//! merge is commutative, associative and idempotent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    cause::{Certainty, Evidence, Stop, StopCause},
    event::{Event, Fact, HostBooted, UnitMoment, UnitStopped},
    identity::{BootId, InvocationId, UnitName},
    run::{Run, StartReason},
};

/// The key of a row, on one host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunKey {
    pub unit: UnitName,
    pub invocation: InvocationId,
}

/// What one event changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerChange {
    /// Read the row of `key`, if there is one, and store what [`RunPatch::merge`] makes of it.
    Upsert { key: RunKey, patch: RunPatch },
    /// Every run of `boot` that is open ended with it: [`BootEnd::close`] them.
    CloseBoot(BootEnd),
}

/// What one event says of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPatch {
    boot: BootId,
    started_at: Option<Timestamp>,
    ready_at: Option<Timestamp>,
    stopped: Option<(Timestamp, Stop)>,
    start: Option<StartReason>,
}

/// The end of a boot, which ended all that still ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootEnd {
    pub boot: BootId,
    pub at: Timestamp,
    pub stop: Stop,
}

/// What `event` changes. `None`: it is about no run.
pub fn change(event: &Event) -> Option<LedgerChange> {
    match &event.fact {
        Fact::UnitStarting(fact) => upsert(event, fact, |patch| {
            patch.started_at = Some(event.at);
        }),
        Fact::UnitStarted(fact) => upsert(event, fact, |patch| {
            patch.started_at = Some(event.at);
            patch.ready_at = Some(event.at);
        }),
        Fact::UnitStopped(fact) | Fact::UnitStartFailed(fact) | Fact::UnitCauseRevised(fact) => {
            upsert_stop(event, fact)
        }
        Fact::HostBooted(fact) => boot_end(event, fact).map(LedgerChange::CloseBoot),
        _ => None,
    }
}

/// The runs that `events` tell of, by unit and then by time.
pub fn runs_of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Run> {
    let mut runs: BTreeMap<RunKey, Run> = BTreeMap::new();
    let mut ends = Vec::new();
    for event in events {
        match change(event) {
            Some(LedgerChange::Upsert { key, patch }) => {
                let before = runs.remove(&key);
                runs.insert(key.clone(), patch.merge(key, before));
            }
            Some(LedgerChange::CloseBoot(end)) => ends.push(end),
            None => {}
        }
    }
    let mut runs: Vec<_> = runs.into_values().collect();
    for end in &ends {
        runs.iter_mut().for_each(|run| end.close(run));
    }
    sort_by_time(&mut runs);
    runs
}

/// Orders the runs of each unit from the oldest to the newest.
pub fn sort_by_time(runs: &mut [Run]) {
    runs.sort_by(|a, b| {
        let key = |run: &Run| {
            (
                run.started_at.or(run.ready_at).or(run.stopped_at),
                run.invocation,
            )
        };
        a.unit.cmp(&b.unit).then_with(|| key(a).cmp(&key(b)))
    });
}

fn upsert(
    event: &Event,
    fact: &UnitMoment,
    fill: impl FnOnce(&mut RunPatch),
) -> Option<LedgerChange> {
    let mut patch = RunPatch::empty(event.boot);
    patch.start = fact.start.clone();
    fill(&mut patch);
    Some(LedgerChange::Upsert {
        key: key(&fact.unit, fact.invocation)?,
        patch,
    })
}

fn upsert_stop(event: &Event, fact: &UnitStopped) -> Option<LedgerChange> {
    let mut patch = RunPatch::empty(event.boot);
    patch.stopped = Some((event.at, fact.stop.clone()));
    Some(LedgerChange::Upsert {
        key: key(&fact.unit, fact.invocation)?,
        patch,
    })
}

fn key(unit: &UnitName, invocation: Option<InvocationId>) -> Option<RunKey> {
    Some(RunKey {
        unit: unit.clone(),
        invocation: invocation?,
    })
}

fn boot_end(event: &Event, fact: &HostBooted) -> Option<BootEnd> {
    let evidence = fact
        .previous_orderly
        .map(|orderly| Evidence::BootEnded { orderly });
    Some(BootEnd {
        boot: fact.previous_boot?,
        // The last sign of life; without one, all that is known is that it ended before this.
        at: fact.previous_ended_at.unwrap_or(event.at),
        stop: Stop {
            cause: StopCause::Reboot,
            certainty: Certainty::Measured,
            evidence: evidence.into_iter().collect(),
            actor: None,
            exit: None,
        },
    })
}

impl RunPatch {
    fn empty(boot: BootId) -> Self {
        Self {
            boot,
            started_at: None,
            ready_at: None,
            stopped: None,
            start: None,
        }
    }

    /// The row of `key` after this.
    pub fn merge(self, key: RunKey, before: Option<Run>) -> Run {
        let mut run = before.unwrap_or(Run {
            unit: key.unit,
            invocation: key.invocation,
            boot: self.boot,
            started_at: None,
            ready_at: None,
            stopped_at: None,
            stop: None,
            start: StartReason::Unknown,
        });
        run.started_at = earliest(run.started_at, self.started_at);
        run.ready_at = earliest(run.ready_at, self.ready_at);
        if let Some(start) = self.start {
            run.start = std::cmp::max_by_key(run.start, start, start_weight);
        }
        let stopped = run.stopped_at.zip(run.stop.take());
        let best = stopped
            .into_iter()
            .chain(self.stopped)
            .max_by_key(stop_weight);
        (run.stopped_at, run.stop) = best.unzip();
        run
    }
}

impl BootEnd {
    /// Ends `run`, if it is of that boot and open.
    pub fn close(&self, run: &mut Run) {
        if run.boot != self.boot || run.stop.is_some() {
            return;
        }
        // A clock that was set back must not end a run before it began.
        let began = run.ready_at.max(run.started_at);
        run.stopped_at = Some(began.map_or(self.at, |began| began.max(self.at)));
        run.stop = Some(self.stop.clone());
    }
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

/// The reason that says more wins.
fn start_weight(start: &StartReason) -> (u8, String) {
    let rank = match start {
        StartReason::Unknown => 0,
        StartReason::Boot => 1,
        StartReason::Requested { actor: None } => 2,
        StartReason::Requested { actor: Some(_) } => 3,
        StartReason::Automatic { .. } => 4,
    };
    (rank, as_text(start))
}

/// What a stop is said to be is revised only with more evidence, so the conclusion from the most
/// evidence wins. With as much, "it cannot be told" is the later word, and then the surer one.
fn stop_weight((at, stop): &(Timestamp, Stop)) -> impl Ord + use<> {
    let own_words = !is_end_of_boot(stop);
    let certainty = match stop.certainty {
        Certainty::Unknown => 2,
        Certainty::Measured => 1,
        Certainty::Inferred => 0,
    };
    (
        own_words,
        stop.evidence.len(),
        certainty,
        request_weight(stop),
        as_text(stop),
        std::cmp::Reverse(*at),
    )
}

/// Of two requests the one that the stop followed sooner explains it, as in the fold.
fn request_weight(stop: &Stop) -> Option<(bool, std::cmp::Reverse<u64>)> {
    stop.evidence.iter().find_map(|fact| match fact {
        Evidence::Request { stop_after_ms, .. } => Some((
            *stop_after_ms >= 0,
            std::cmp::Reverse(stop_after_ms.unsigned_abs()),
        )),
        _ => None,
    })
}

/// Whether nothing is known of the run itself, but that its boot is over.
fn is_end_of_boot(stop: &Stop) -> bool {
    let only_boot = |evidence: &Evidence| matches!(evidence, Evidence::BootEnded { .. });
    stop.cause == StopCause::Reboot && stop.evidence.iter().all(only_boot)
}

/// A total order for what is of equal weight: the order of arrival must not matter.
fn as_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;

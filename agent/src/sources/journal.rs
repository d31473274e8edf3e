//! The journal: what happened to units, and why, by cursor, so that nothing is lost while the
//! agent does not run.

use std::{sync::Arc, time::Duration};

use analysis::{
    Timestamp,
    event::{Event, Fact, Gap, GapReason, SourceStarted},
    history::{Dependencies, UnitHistory},
    journal::JournalEntry,
};
use chrono::{TimeDelta, Utc};
use collect::{
    CollectError,
    host::ClockReading,
    journal::{Follower, JournalOptions, Position, Seek, lifecycle_matches, open},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    journal_cursor::EventCursor,
    told::{Told, not_at_all},
};
use crate::{
    clock::event_now,
    observed::{JOURNAL, Observed},
    spooler::JournalPlace,
    uplink::whole,
};

/// What is replayed before the cursor, so that the fold knows again what it knew: longer than a
/// unit's start, stop and restart belong together.
const PRIMING: TimeDelta = TimeDelta::minutes(5);
/// How long a read waits for entries; also how long a stop waits for us.
const WAIT: Duration = Duration::from_millis(500);
const ENTRIES_AT_ONCE: usize = 256;
/// Before the journal is opened again after it could not be read.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Which units take which along; the D-Bus source finds out, the journal's fold wants to know.
pub type SharedDependencies = watch::Receiver<Arc<Dependencies>>;

/// Reads the journal on a thread of its own: libsystemd blocks, and stays on one thread.
pub struct JournalReader {
    pub options: JournalOptions,
    /// How far back a host that never reported tells its history.
    pub first_read_back: TimeDelta,
    /// Where the host's cgroups begin in the kernel's log, if it shares its kernel.
    pub cgroup_root: Option<String>,
    pub place: watch::Receiver<JournalPlace>,
    pub dependencies: SharedDependencies,
    pub events: mpsc::Sender<Observed>,
    pub told: Told,
    pub stop: CancellationToken,
}

/// The spool takes nothing any more: the agent ends.
struct SpoolClosed;

/// Why one reading of the journal ended.
enum Ended {
    Stop,
    /// The server began a new epoch: read again from its cursor.
    Repositioned,
    Failed(CollectError),
}

impl JournalReader {
    /// Reads until `stop`. Blocks: for a thread of its own.
    pub fn run(mut self) {
        self.options.matches = lifecycle_matches(&[]);
        self.options.follow = true;
        let mut told = None;
        let mut place = self.place.borrow_and_update().clone();
        while !self.stop.is_cancelled() {
            if self.place.has_changed().unwrap_or(false) {
                place = self.place.borrow_and_update().clone();
            }
            match self.read_from(&mut place, &mut told) {
                Ok(Ended::Stop) | Err(SpoolClosed) => return,
                Ok(Ended::Repositioned) => {
                    info!("the journal is read again from the server's place")
                }
                Ok(Ended::Failed(error)) => {
                    let missing = not_at_all("journal", whole(&error));
                    if told.as_ref() != Some(&missing) {
                        self.told.runs_blocking(missing.clone());
                        told = Some(missing);
                    }
                    self.pause();
                }
            }
        }
    }

    /// Reads from `place` on, and moves it along: after a failure it goes on from there, and tells
    /// nothing twice.
    fn read_from(
        &mut self,
        place: &mut JournalPlace,
        told: &mut Option<SourceStarted>,
    ) -> Result<Ended, SpoolClosed> {
        let mut fold = self.new_fold();
        let (mut follower, rest) = match self.start(place, &mut fold) {
            Ok(started) => started,
            Err(error) => return Ok(Ended::Failed(error)),
        };
        let started = source_started(&follower);
        if told.as_ref() != Some(&started) {
            self.told.runs_blocking(started.clone());
            *told = Some(started);
        }
        self.send(Observed::Repositioned {
            place: place.number,
        })?;
        rest.into_iter()
            .try_for_each(|observed| self.send(observed))?;
        // The rest of its entry is told, too.
        let entry = place
            .cursor
            .as_deref()
            .map(|text| EventCursor::parse(text).entry);
        place.cursor = entry;
        loop {
            if self.stop.is_cancelled() {
                return Ok(Ended::Stop);
            }
            if self.place.has_changed().unwrap_or(false) {
                return Ok(Ended::Repositioned);
            }
            let batch = match follower.next_batch(ENTRIES_AT_ONCE, WAIT) {
                Ok(batch) => batch,
                Err(error) => return Ok(Ended::Failed(error)),
            };
            // After the wait: these entries may be of units that D-Bus told of meanwhile.
            if self.dependencies.has_changed().unwrap_or(false) {
                *fold.dependencies_mut() = (**self.dependencies.borrow_and_update()).clone();
            }
            if batch.corrupt > 0 {
                let detail = "entries of the journal could not be read";
                self.send(self.gap(GapReason::JournalVacuumed, Some(batch.corrupt), detail))?;
            }
            for entry in &batch.entries {
                let events = self.on_our_clock(entry, fold.apply(entry));
                told_by(entry, events, 0).try_for_each(|event| self.send(event))?;
                place.cursor = Some(entry.cursor.clone());
            }
        }
    }

    fn new_fold(&mut self) -> UnitHistory {
        let dependencies = (**self.dependencies.borrow_and_update()).clone();
        let fold = UnitHistory::new(dependencies);
        match &self.cgroup_root {
            Some(root) => fold.with_cgroup_root(root.clone()),
            None => fold,
        }
    }

    /// Opens the journal at `place`, with the fold primed. Gives also what is to be said first.
    fn start(
        &self,
        place: &JournalPlace,
        fold: &mut UnitHistory,
    ) -> Result<(Follower, Vec<Observed>), CollectError> {
        let Some(cursor) = place.cursor.as_deref().map(EventCursor::parse) else {
            let since = Position::Since(Utc::now() - self.first_read_back);
            let (follower, _) = Follower::start(&self.options, &since)?;
            return Ok((follower, Vec::new()));
        };
        let mut first = self.prime(&cursor, fold)?;
        let behind = Position::After(cursor.entry.clone());
        let (follower, seek) = match Follower::start(&self.options, &behind) {
            // A cursor of another journald, or of a hostile server: what is there is told anew.
            Err(CollectError::BadCursor(_)) => return self.start_anew(),
            other => other?,
        };
        if let Seek::CursorGone { oldest } = seek {
            first.push(self.vacuumed(cursor.at(), oldest));
        }
        Ok((follower, first))
    }

    /// Replays what came before the cursor. Gives those events of its entry that were not told yet.
    fn prime(
        &self,
        cursor: &EventCursor,
        fold: &mut UnitHistory,
    ) -> Result<Vec<Observed>, CollectError> {
        let Some(at) = cursor.at() else {
            return Ok(Vec::new());
        };
        // Not as a follower: that one does not wait for what is written already.
        let written = JournalOptions {
            follow: false,
            ..self.options.clone()
        };
        let mut source = open(&written)?.source;
        // The server gave the cursor: its time may be any.
        let from = at.checked_sub_signed(PRIMING).unwrap_or(at);
        source.seek(&Position::Since(from))?;
        while let Some(entry) = source.next().transpose()? {
            if entry.cursor == cursor.entry {
                let events = self.on_our_clock(&entry, fold.apply(&entry));
                let done = cursor.done.unwrap_or(events.len());
                return Ok(told_by(&entry, events, done).collect());
            }
            if entry.at > at || self.stop.is_cancelled() {
                break;
            }
            fold.apply(&entry);
        }
        Ok(Vec::new())
    }

    /// Gives the facts of `entry` their time since boot, where that can be told.
    fn on_our_clock(&self, entry: &JournalEntry, mut events: Vec<Event>) -> Vec<Event> {
        if entry.boot == self.told.boot && !events.is_empty() {
            let now = ClockReading::now();
            let monotonic_ns = entry.monotonic_us.saturating_mul(1_000);
            let since_boot = now.since_boot_of_noted(entry.at, monotonic_ns);
            // What is corrected, or was asked for, happened at another time.
            for event in events.iter_mut().filter(|event| event.at == entry.at) {
                event.since_boot_ns = since_boot;
            }
        }
        events
    }

    fn start_anew(&self) -> Result<(Follower, Vec<Observed>), CollectError> {
        let since = Position::Since(Utc::now() - self.first_read_back);
        let (follower, _) = Follower::start(&self.options, &since)?;
        Ok((follower, vec![self.vacuumed(None, None)]))
    }

    fn vacuumed(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> Observed {
        let moment = |at: Option<Timestamp>| {
            at.map_or("an unknown time".to_owned(), |at| {
                at.format("%FT%TZ").to_string()
            })
        };
        let detail = format!(
            "the journal no longer has the entry that was read last, of {}; its oldest is of {}",
            moment(from),
            moment(to)
        );
        warn!("{detail}");
        self.gap(GapReason::JournalVacuumed, None, &detail)
    }

    fn gap(&self, reason: GapReason, lost: Option<u64>, detail: &str) -> Observed {
        let gap = Gap {
            source: "journal".into(),
            reason,
            lost,
            detail: detail.to_owned(),
        };
        Observed::once(JOURNAL, event_now(self.told.boot, Fact::Gap(gap)))
    }

    /// Waits while the spool is behind: the journal keeps what was not read.
    fn send(&self, observed: Observed) -> Result<(), SpoolClosed> {
        self.events.blocking_send(observed).map_err(|_| SpoolClosed)
    }

    /// Until the journal may be there again, or `stop`.
    fn pause(&self) {
        let stop = self.stop.clone();
        tokio::runtime::Handle::current().block_on(async move {
            let _ = tokio::time::timeout(RETRY_AFTER, stop.cancelled()).await;
        });
    }
}

/// The events of one entry but the first `done`, each with its cursor.
fn told_by(
    entry: &JournalEntry,
    events: Vec<Event>,
    done: usize,
) -> impl Iterator<Item = Observed> {
    let count = events.len();
    events
        .into_iter()
        .enumerate()
        .skip(done)
        .map(move |(index, event)| {
            let cursor = EventCursor::behind(&entry.cursor, index, count);
            Observed::replayable(JOURNAL, event, cursor)
        })
}

fn source_started(follower: &Follower) -> SourceStarted {
    let (runs, degraded) = follower.runs();
    SourceStarted {
        source: "journal".into(),
        runs: runs.to_owned(),
        degraded: degraded.map(|error| whole(error)),
    }
}

//! The one owner of the spool: takes events in, makes them durable, and gives them to the uplink.
//!
//! Runs on a thread of its own, because fdatasync may take as long as the disk likes. Everybody
//! else talks to it over bounded channels: events come in by one, the uplink asks by another
//! ([`Link`]).

mod commit;
mod link;
mod open;

use std::time::Duration;

use delivery::{Action, AppendError, Appended, DirStorage, Hello, Sender, Spool};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior},
};
use tracing::{debug, warn};

use self::{commit::Commit, link::Request};
use crate::observed::{JOURNAL, Observed, draft};

pub use self::{
    link::{Link, SpoolerGone},
    open::open,
};

/// How often acknowledged segments are looked at for deletion.
const UPKEEP_PERIOD: Duration = Duration::from_secs(60);

/// Events that are taken in between two looks at the uplink's requests.
const EVENTS_AT_ONCE: usize = 512;

/// How far the spool is; everybody may watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub epoch: u64,
    /// Last number that survives a power cut.
    pub durable: u64,
    /// Last number that the server has stored, as far as we were told.
    pub acked: u64,
    pub bytes: u64,
    pub unacked: u64,
    pub dropped: u64,
    /// The disk takes nothing.
    pub stuck: bool,
}

/// Where the journal is to be read from. Changes when the server opens a new epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalPlace {
    /// Raised with every change.
    pub number: u64,
    /// `None`: nothing was ever read.
    pub cursor: Option<String>,
}

/// The spool and all that waits for it.
pub struct Spooler {
    spool: Spool<DirStorage>,
    sender: Sender,
    commit: Commit,
    acked: u64,
    free: open::FreeSpace,
    events: mpsc::Receiver<Observed>,
    requests: mpsc::Receiver<Request>,
    progress: watch::Sender<Progress>,
    place: watch::Sender<JournalPlace>,
}

impl Spooler {
    /// Runs until the sources and the uplink are gone. What was taken in is durable then.
    pub async fn run(mut self) {
        let mut upkeep = tokio::time::interval(UPKEEP_PERIOD);
        upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(EVENTS_AT_ONCE);
        let (mut sources, mut uplink) = (true, true);
        while sources || uplink {
            let due = self.commit.due();
            tokio::select! {
                request = self.requests.recv(), if uplink => match request {
                    Some(request) => self.answer(request),
                    None => uplink = false,
                },
                taken = self.events.recv_many(&mut batch, EVENTS_AT_ONCE), if sources => {
                    sources = taken > 0;
                    self.take_in(&mut batch);
                }
                () = sleep_until(due), if due.is_some() => self.sync(),
                _ = upkeep.tick() => self.upkeep(),
            }
            if !sources || self.commit.is_full() {
                self.sync();
            }
        }
        self.sync();
    }

    fn take_in(&mut self, batch: &mut Vec<Observed>) {
        for observed in batch.drain(..) {
            match observed {
                Observed::Event {
                    source,
                    event,
                    cursor,
                } => {
                    let draft = draft(source, &event, cursor);
                    let bytes = draft.payload.len();
                    match self.spool.append(draft) {
                        Ok(Appended::Event { .. }) => self.commit.add(bytes),
                        Ok(Appended::Gap { reason, .. }) => {
                            self.commit.add(0);
                            debug!(kind = event.fact.kind(), ?reason, "event declared lost");
                        }
                        // It was read before the epoch changed, and is read again.
                        Err(AppendError::Stale(_)) => {}
                        Err(error) => warn!("event not spooled: {error}"),
                    }
                }
                Observed::Repositioned { place } => {
                    if place == self.place.borrow().number {
                        self.spool.resume(JOURNAL);
                    }
                }
            }
        }
    }

    fn sync(&mut self) {
        if !self.commit.is_pending() {
            return;
        }
        let outcome = self.spool.sync();
        self.commit.done(outcome);
        self.publish();
    }

    fn upkeep(&mut self) {
        self.spool.expire(self.commit.uptime_ms());
        if let Some(max_bytes) = self.free.limit(&self.spool) {
            self.spool.set_max_bytes(max_bytes);
        }
        self.publish();
    }

    fn publish(&self) {
        let stats = self.spool.stats();
        self.progress.send_replace(Progress {
            epoch: self.spool.epoch(),
            durable: self.spool.synced_seq(),
            acked: self.acked,
            bytes: stats.bytes,
            unacked: stats.unacked,
            dropped: stats.dropped,
            stuck: self.commit.is_stuck(),
        });
    }

    /// Answers the uplink. That it hung up meanwhile is its own affair.
    fn answer(&mut self, request: Request) {
        match request {
            Request::Hello(answer) => {
                let _ = answer.send(self.hello());
            }
            Request::Welcome(welcome, answer) => {
                let acked = welcome.acked;
                let action = self.sender.on_welcome(&mut self.spool, *welcome);
                match &action {
                    Ok(Action::SendFrom(_)) => self.acked = acked,
                    Ok(Action::NewEpoch { cursors, .. }) => {
                        self.acked = 0;
                        let cursor = cursors.get(&JOURNAL).cloned();
                        self.reposition(cursor);
                    }
                    Ok(Action::Rehello(_)) | Err(_) => {}
                }
                self.publish();
                let _ = answer.send(action);
            }
            Request::NextBatch(answer) => {
                let _ = answer.send(self.sender.next_batch(&mut self.spool));
            }
            Request::Ack(acked, answer) => {
                let outcome = self.sender.on_ack(&mut self.spool, acked);
                if outcome.is_ok() {
                    self.acked = self.acked.max(acked);
                }
                self.publish();
                let _ = answer.send(outcome);
            }
            Request::Pause => self.sender.on_retry_after(),
            Request::Resume => self.sender.on_resume(),
            Request::Fenced => self.sender.on_fenced(),
            Request::Disconnected => self.sender.on_disconnect(),
        }
    }

    fn hello(&mut self) -> Hello {
        self.sync();
        self.sender.hello(&self.spool)
    }

    fn reposition(&mut self, cursor: Option<Vec<u8>>) {
        self.place.send_modify(|place| {
            place.number += 1;
            place.cursor = cursor.and_then(|bytes| String::from_utf8(bytes).ok());
        });
    }
}

async fn sleep_until(due: Option<Instant>) {
    if let Some(due) = due {
        tokio::time::sleep_until(due).await;
    }
}

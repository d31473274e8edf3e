//! Saying how a source runs: to whoever asks for the status, and as an event.

use analysis::{
    event::{Fact, SourceStarted},
    fleet::Capability,
    identity::BootId,
};
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::{
    clock::event_now,
    observed::{HOST, Observed},
    status::Board,
};

/// The name in `SourceStarted::runs` of a source that does not run.
const NOT_AT_ALL: &str = "none";

/// Takes what sources say of themselves.
#[derive(Clone)]
pub struct Told {
    pub boot: BootId,
    pub board: Board,
    pub events: mpsc::Sender<Observed>,
}

impl Told {
    /// A source runs.
    pub async fn runs(&self, started: SourceStarted) {
        self.note(&started);
        // The spool is gone only when the agent ends.
        let _ = self.events.send(self.observed(started)).await;
    }

    /// The same from a thread outside the runtime.
    pub fn runs_blocking(&self, started: SourceStarted) {
        self.note(&started);
        let _ = self.events.blocking_send(self.observed(started));
    }

    fn note(&self, started: &SourceStarted) {
        let runs = (started.runs != NOT_AT_ALL).then(|| started.runs.clone());
        match &started.degraded {
            None => info!(source = started.source, runs, "source runs"),
            Some(why) => warn!(
                source = started.source,
                runs, "source is not at its best: {why}"
            ),
        }
        self.board.source(Capability {
            source: started.source.clone(),
            runs,
            degraded: started.degraded.clone(),
        });
    }

    fn observed(&self, started: SourceStarted) -> Observed {
        Observed::once(HOST, event_now(self.boot, Fact::SourceStarted(started)))
    }
}

/// A source that does not run, and why.
pub(super) fn not_at_all(source: &str, why: impl Into<String>) -> SourceStarted {
    SourceStarted {
        source: source.to_owned(),
        runs: NOT_AT_ALL.to_owned(),
        degraded: Some(why.into()),
    }
}

/// A source that runs as well as it can.
pub(super) fn at_its_best(source: &str, runs: &str) -> SourceStarted {
    SourceStarted {
        source: source.to_owned(),
        runs: runs.to_owned(),
        degraded: None,
    }
}

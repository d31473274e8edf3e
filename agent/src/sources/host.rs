//! The agent about itself: that it started, and since when it was away.

use std::fs;

use analysis::{
    Timestamp,
    event::{AgentStarted, Fact, Gap, GapReason},
    identity::BootId,
};
use tokio::sync::mpsc;

use crate::{
    clock::event_now,
    observed::{HOST, Observed, PROCESS},
    state_dir::StateDir,
};

/// When the agent was last seen alive, read before this run leaves traces of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunBefore(Option<Timestamp>);

impl RunBefore {
    /// The status file is written every few seconds.
    pub fn of(state: &StateDir) -> Self {
        let written = fs::metadata(state.status_file()).and_then(|file| file.modified());
        Self(written.ok().map(Timestamp::from))
    }

    /// What was not seen meanwhile, to be said when processes are seen again. `None`: no agent ran
    /// on this host before.
    pub(super) fn gap(self, boot: BootId) -> Option<Observed> {
        let last = self.0?;
        let gap = Fact::Gap(Gap {
            source: "process".to_owned(),
            reason: GapReason::AgentDown,
            lost: None,
            detail: format!("the agent did not run since {}", last.format("%FT%TZ")),
        });
        Some(Observed::once(PROCESS, event_now(boot, gap)))
    }
}

/// Says that the agent runs.
pub async fn say_hello(boot: BootId, host_name: String, events: mpsc::Sender<Observed>) {
    let started = Fact::AgentStarted(AgentStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host_name,
    });
    // The spool is gone only when the agent ends.
    let _ = events
        .send(Observed::once(HOST, event_now(boot, started)))
        .await;
}

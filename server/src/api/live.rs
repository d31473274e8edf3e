//! Wake-ups for those who follow the events live.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use uuid::Uuid;

/// Wake-ups that wait for a busy follower. One that misses some is woken for all of them.
const WAKE_UPS: usize = 256;
/// So many may follow on one replica: each of them reads the database twice a second.
const FOLLOWERS: usize = 200;

/// Tells followers that there is something to read. Only saves time: they look by themselves
/// twice a second, which is how they see what other replicas store.
#[derive(Clone, Debug)]
pub struct LiveEvents {
    wake: broadcast::Sender<Uuid>,
    places: Arc<Semaphore>,
}

impl Default for LiveEvents {
    fn default() -> Self {
        Self {
            wake: broadcast::channel(WAKE_UPS).0,
            places: Arc::new(Semaphore::new(FOLLOWERS)),
        }
    }
}

impl LiveEvents {
    /// Events of this agent were committed.
    pub fn wake(&self, agent: Uuid) {
        // An error says that nobody follows.
        let _ = self.wake.send(agent);
    }

    /// A place among the followers. `None`: all are taken.
    pub(super) fn follow(&self) -> Option<Follower> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Follower {
            woken: self.wake.subscribe(),
            _place: place,
        })
    }
}

/// One who follows.
#[derive(Debug)]
pub(super) struct Follower {
    woken: broadcast::Receiver<Uuid>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// Waits for events of `agent`, or of any if `None`.
    pub async fn woken(&mut self, agent: Option<Uuid>) {
        loop {
            match self.woken.recv().await {
                Ok(woken) if agent.is_none_or(|agent| agent == woken) => break,
                Ok(_) => {}
                // Missed some: they may have been ours.
                Err(broadcast::error::RecvError::Lagged(_)) => break,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
        // Whatever else has come by now is read in the same pass.
        self.woken = self.woken.resubscribe();
    }
}

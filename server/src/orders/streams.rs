//! Which agents have their stream on this replica, and how to wake them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

/// The streams by agent: of two of one agent, the newer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<Uuid, Place>>>);

#[derive(Debug)]
struct Place {
    session: u64,
    /// Holds one wake-up at most: a woken stream does all there is to do.
    wake: Arc<Notify>,
}

impl Streams {
    /// Takes the agent's place for the stream `session`, which is woken by the answer.
    pub fn enter(&self, agent: Uuid, session: u64) -> StreamPlace {
        let wake = Arc::new(Notify::new());
        let place = Place {
            session,
            wake: Arc::clone(&wake),
        };
        self.places().insert(agent, place);
        StreamPlace {
            streams: self.clone(),
            agent,
            session,
            wake,
        }
    }

    /// There is something to do for this agent. Nothing if its stream is elsewhere.
    pub fn wake(&self, agent: Uuid) {
        if let Some(place) = self.places().get(&agent) {
            place.wake.notify_one();
        }
    }

    /// The map is whole between any two instructions, so a panic elsewhere harms nothing.
    fn places(&self) -> MutexGuard<'_, HashMap<Uuid, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one stream, until it is dropped.
#[derive(Debug)]
pub(crate) struct StreamPlace {
    streams: Streams,
    agent: Uuid,
    session: u64,
    wake: Arc<Notify>,
}

impl StreamPlace {
    /// Ends when there may be something to do. A wake-up that comes before is kept.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut places = self.streams.places();
        if places
            .get(&self.agent)
            .is_some_and(|place| place.session == self.session)
        {
            places.remove(&self.agent);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn the_newer_stream_is_woken_and_stays_when_the_older_goes() {
        let streams = Streams::default();
        let agent = Uuid::from_u128(1);
        let older = streams.enter(agent, 1);
        let newer = streams.enter(agent, 2);
        drop(older);
        streams.wake(agent);
        streams.wake(Uuid::from_u128(2));
        assert!(newer.woken().now_or_never().is_some());
        assert!(newer.woken().now_or_never().is_none(), "once");
        drop(newer);
        assert!(streams.places().is_empty());
    }
}

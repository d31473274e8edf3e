//! What all streams of server-sent events have in common: a client that is slow, cut, or gone.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::timeout;
use tracing::{debug, warn};

use super::auth::Caller;
use crate::app::App;

/// Something is sent this often, so that proxies and clients see that the stream lives.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A client that reads nothing for this long is cut.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream ends after this, so that clients spread over the replicas again.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

pub(super) type Message = Result<Event, Infallible>;

/// Why a stream ends.
pub(super) enum End {
    /// The client is gone: there is nobody to tell.
    Gone,
    /// There is nothing more to come.
    Done,
    /// It is told, and may come back with the id of its last message.
    Cut(&'static str),
}

/// The way to one client.
#[derive(Clone)]
pub(super) struct Client {
    messages: Sender<Message>,
}

impl Client {
    /// `waiting` messages may wait for it, besides the last word. When they do, nothing more is
    /// read from the database.
    pub(super) fn new(waiting: usize) -> (Self, Receiver<Message>) {
        let (messages, received) = mpsc::channel(waiting + 1);
        (Self { messages }, received)
    }

    /// Waits until the client has gone.
    pub(super) async fn gone(&self) {
        self.messages.closed().await;
    }

    pub(super) async fn send(&self, message: Event) -> Result<(), End> {
        match timeout(PATIENCE, self.messages.send(Ok(message))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Cut("the client read nothing for 30 seconds")),
        }
    }

    /// Lets `follow` send until it ends, or until `caller` may no longer look, and says why to the
    /// client. `follow` is dropped at any await.
    pub(super) async fn serve(self, app: App, caller: Caller, follow: impl Future<Output = End>) {
        // Kept free from the start, so that a client whose messages pile up can be told why.
        let Ok(last_word) = self.messages.reserve_owned().await else {
            return;
        };
        app.metrics.followers.inc();
        let stop = app.stop.clone();
        let ended = caller.until_ended(app.clone());
        let end = tokio::select! {
            () = stop.cancelled() => End::Cut("the server stops"),
            () = tokio::time::sleep(LIFETIME) => End::Cut("the stream is an hour old"),
            () = ended => End::Cut("the login or the token is no longer good"),
            end = follow => end,
        };
        app.metrics.followers.dec();
        // Types of their own, which clients that do not know them pass over.
        let message = match end {
            End::Gone => return,
            End::Done => Event::default().event("done").data("{}"),
            End::Cut(why) => {
                debug!("cut a follower: {why}");
                Event::default().event("cut").data(why)
            }
        };
        last_word.send(Ok(message));
    }
}

/// Reads in a row that failed. The client keeps its stream for a while, because Postgres will be
/// back; but it shall not take silence for a fleet where nothing happens.
pub(super) struct FailedReads {
    count: u32,
    most: u32,
}

impl FailedReads {
    /// The client is cut after `most` of them.
    pub(super) fn at_most(most: u32) -> Self {
        Self { count: 0, most }
    }

    pub(super) fn forget(&mut self) {
        self.count = 0;
    }

    pub(super) fn note(&mut self, error: &sqlx::Error) -> Result<(), End> {
        self.count += 1;
        if self.count == 1 {
            warn!(%error, "cannot read for a follower: {error}");
        }
        if self.count >= self.most {
            return Err(End::Cut("the database does not answer"));
        }
        Ok(())
    }
}

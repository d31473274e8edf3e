//! Events as they come: server-sent events.
//!
//! Each message is one `StoredEvent`, its id the cursor: a client that comes back with
//! `Last-Event-ID` misses nothing and sees nothing twice. A message with an id and no data moves
//! the cursor on where the filter lets nothing through.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc::{self, OwnedPermit, Sender};
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tracing::{debug, warn};

use super::auth::Caller;
use super::cursor;
use super::error::ApiError;
use super::events::{Params, position, stored};
use super::live::Follower;
use super::params::Query;
use crate::app::App;
use crate::db::events::{self, Filter, Position};

/// What other replicas store is seen after this.
const POLL: Duration = Duration::from_millis(500);
/// A follower reads the database at most this often, however many agents speak.
const PAUSE: Duration = Duration::from_millis(50);
/// Something is sent this often, so that proxies and clients see that the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Messages that wait for a slow client. When it is full, nothing is read from the database.
const MESSAGES: usize = 64;
/// After so many reads in a row that failed, at least ten seconds, the client is cut: it shall not
/// take silence for a quiet fleet.
const FAILED_READS: u32 = 20;
/// A client that reads nothing for this long is cut.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream ends after this, so that clients spread over the replicas again.
const LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Events that are read at once.
const PAGE: i64 = 256;

type Messages = Sender<Result<Event, Infallible>>;

/// `GET /events/stream`: server-sent events, each a stored event with its cursor as id.
#[utoipa::path(get, path = "/events/stream", tag = "events",
    params(Params, ("Last-Event-ID" = Option<String>, Header, description = "Go on behind this")),
    responses((status = 200, description = "Events as they come", body = String,
        content_type = "text/event-stream")))]
pub(super) async fn stream(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Params>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let filter = asked.filter(&app).await?;
    let start = match headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
        Some(id) if !id.is_empty() => Some(position("Last-Event-ID", id)?),
        _ => asked.start(&app)?,
    };
    let start = match start {
        Some(start) => start,
        None => Position::before(events::horizon(&app.db).await?),
    };
    let follower = app.live.follow().ok_or(ApiError::TooManyFollowers)?;
    let (messages, received) = mpsc::channel(MESSAGES);
    let follow = Follow {
        caller,
        app: app.clone(),
        filter,
        position: start,
        failed_reads: 0,
        follower,
        messages,
    };
    app.tasks.spawn(follow.run());
    Ok(Sse::new(ReceiverStream::new(received)).into_response())
}

/// One client that follows.
struct Follow {
    caller: Caller,
    app: App,
    filter: Filter,
    position: Position,
    /// In a row.
    failed_reads: u32,
    follower: Follower,
    messages: Messages,
}

/// Why a stream ends.
enum End {
    /// The client is gone: there is nobody to tell.
    Gone,
    /// It is told, and may come back with its cursor.
    Cut(&'static str),
}

impl Follow {
    async fn run(mut self) {
        // Kept free from the start, so that a client whose messages pile up can be told why.
        let Ok(last_word) = self.messages.clone().reserve_owned().await else {
            return;
        };
        self.app.metrics.followers.inc();
        let stop = self.app.stop.clone();
        let ended = self.caller.clone().until_ended(self.app.clone());
        let end = tokio::select! {
            () = stop.cancelled() => End::Cut("the server stops"),
            () = tokio::time::sleep(LIFETIME) => End::Cut("the stream is an hour old"),
            () = ended => End::Cut("the login or the token is no longer good"),
            end = self.follow() => end,
        };
        self.app.metrics.followers.dec();
        if let End::Cut(why) = end {
            debug!("cut a follower: {why}");
            cut(last_word, why);
        }
    }

    /// Safe to drop at any await: the client knows the cursor of what it got.
    async fn follow(&mut self) -> End {
        let mut told = Instant::now();
        // At once, so that a client that is cut before the first event knows where it was.
        if let Err(end) = self.tell_position().await {
            return end;
        }
        loop {
            let passed = self.pass().await;
            match passed {
                Ok(true) => told = Instant::now(),
                Ok(false) if told.elapsed() >= KEEP_ALIVE => {
                    told = Instant::now();
                    if let Err(end) = self.tell_position().await {
                        return end;
                    }
                }
                Ok(false) => {}
                Err(end) => return end,
            }
            tokio::time::sleep(PAUSE).await;
            tokio::select! {
                () = self.messages.closed() => return End::Gone,
                () = self.follower.woken(self.filter.agent) => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Sends everything up to the horizon. Answers whether there was something.
    async fn pass(&mut self) -> Result<bool, End> {
        let mut some = false;
        loop {
            let (rows, horizon) = match self.read().await {
                Ok(read) => read,
                Err(error) => {
                    self.note_failed(&error)?;
                    return Ok(some);
                }
            };
            self.failed_reads = 0;
            let more = i64::try_from(rows.len()).is_ok_and(|rows| rows == PAGE);
            for row in rows {
                some = true;
                self.position = row.position();
                let event = stored(row);
                let message = Event::default().id(&event.cursor).json_data(&event);
                let message = message.map_err(|_| End::Cut("an event cannot be written"))?;
                self.send(message).await?;
            }
            if !more {
                self.position = self.position.max(Position::before(horizon));
                return Ok(some);
            }
        }
    }

    /// The client keeps its stream for a while: Postgres will be back.
    fn note_failed(&mut self, error: &sqlx::Error) -> Result<(), End> {
        self.failed_reads += 1;
        if self.failed_reads == 1 {
            warn!(%error, "cannot read the events for a follower: {error}");
        }
        if self.failed_reads >= FAILED_READS {
            return Err(End::Cut("the database does not answer"));
        }
        Ok(())
    }

    async fn read(&self) -> sqlx::Result<(Vec<events::EventRow>, analysis::Timestamp)> {
        let horizon = events::horizon(&self.app.db).await?;
        let rows = events::page(&self.app.db, &self.filter, self.position, horizon, PAGE).await?;
        Ok((rows, horizon))
    }

    async fn tell_position(&self) -> Result<(), End> {
        self.send(Event::default().id(cursor::encode(&self.position)))
            .await
    }

    async fn send(&self, message: Event) -> Result<(), End> {
        match timeout(PATIENCE, self.messages.send(Ok(message))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Cut("the client read nothing for 30 seconds")),
        }
    }
}

/// Says why the stream ends: an event of its own type, which clients that do not know it pass over.
fn cut(last_word: OwnedPermit<Result<Event, Infallible>>, why: &str) {
    last_word.send(Ok(Event::default().event("cut").data(why)));
}

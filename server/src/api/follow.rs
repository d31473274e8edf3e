//! Events as they come: server-sent events.
//!
//! Each message is one `StoredEvent`, its id the cursor: a client that comes back with
//! `Last-Event-ID` misses nothing and sees nothing twice. A message with an id and no data moves
//! the cursor on where the filter lets nothing through.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;

use super::auth::Caller;
use super::cursor;
use super::error::ApiError;
use super::events::{Params, position, stored};
use super::following::{Client, End, FailedReads, KEEP_ALIVE};
use super::live::Follower;
use super::params::Query;
use crate::app::App;
use crate::db::events::{self, Filter, Position};

/// What other replicas store is seen after this.
const POLL: Duration = Duration::from_millis(500);
/// A follower reads the database at most this often, however many agents speak.
const PAUSE: Duration = Duration::from_millis(50);
/// Messages that wait for a slow client.
const MESSAGES: usize = 64;
/// At least ten seconds.
const FAILED_READS: u32 = 20;
/// Events that are read at once.
const PAGE: i64 = 256;

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
    let (client, received) = Client::new(MESSAGES);
    let follow = Follow {
        app: app.clone(),
        filter,
        position: start,
        failed_reads: FailedReads::at_most(FAILED_READS),
        follower,
        client: client.clone(),
    };
    app.tasks
        .spawn(client.serve(app.clone(), caller, follow.run()));
    Ok(Sse::new(ReceiverStream::new(received)).into_response())
}

/// One client that follows.
struct Follow {
    app: App,
    filter: Filter,
    position: Position,
    failed_reads: FailedReads,
    follower: Follower,
    client: Client,
}

impl Follow {
    /// Safe to drop at any await: the client knows the cursor of what it got.
    async fn run(mut self) -> End {
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
                () = self.client.gone() => return End::Gone,
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
                    self.failed_reads.note(&error)?;
                    return Ok(some);
                }
            };
            self.failed_reads.forget();
            let more = i64::try_from(rows.len()).is_ok_and(|rows| rows == PAGE);
            for row in rows {
                some = true;
                self.position = row.position();
                let event = stored(row);
                let message = Event::default().id(&event.cursor).json_data(&event);
                let message = message.map_err(|_| End::Cut("an event cannot be written"))?;
                self.client.send(message).await?;
            }
            if !more {
                self.position = self.position.max(Position::before(horizon));
                return Ok(some);
            }
        }
    }

    async fn read(&self) -> sqlx::Result<(Vec<events::EventRow>, analysis::Timestamp)> {
        let horizon = events::horizon(&self.app.db).await?;
        let rows = events::page(&self.app.db, &self.filter, self.position, horizon, PAGE).await?;
        Ok((rows, horizon))
    }

    async fn tell_position(&self) -> Result<(), End> {
        let position = Event::default().id(cursor::encode(&self.position));
        self.client.send(position).await
    }
}

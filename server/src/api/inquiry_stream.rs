//! An inquiry as it goes on: server-sent events.
//!
//! Each message `order` is the whole state of one host's part, so one that comes twice does no
//! harm. Its id is a place to resume: see `db::inquiries::PartRow::resume`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc::{self, OwnedPermit, Sender};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tracing::{debug, warn};
use uuid::Uuid;

use super::auth::Caller;
use super::error::ApiError;
use super::params::Path;
use super::{inquiries as api, parts};
use crate::app::App;
use crate::db::inquiries::{self, PartRow};
use crate::orders::Follower;

/// What nobody told of is seen after this.
const POLL: Duration = Duration::from_secs(1);
/// Between two reads, and so much more for each host: many of them change at once.
const PAUSE: Duration = Duration::from_millis(5);
const PAUSE_PER_HOST: Duration = Duration::from_micros(50);
/// Something is sent this often, so that proxies and clients see that the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Messages that wait for a slow client, besides the last: each may be a report of 16 MiB. When it
/// is full, nothing is read from the database.
const MESSAGES: usize = 2;
/// After so many reads in a row that failed, the client is cut: it shall not take silence for a
/// host that works.
const FAILED_READS: u32 = 10;
/// A client that reads nothing for this long is cut.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stream ends after this, so that followers spread over replicas that were added.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

type Messages = Sender<Result<Event, Infallible>>;

/// `GET /inquiries/{id}/stream`: first where each host is, then each change; at the end `done`.
#[utoipa::path(get, path = "/inquiries/{id}/stream", tag = "inquiries",
    params(("id" = analysis::identity::InquiryId, Path, description = "The inquiry"),
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last message seen")),
    responses((status = 200, description = "Messages `order` with a HostOrder, then `done`",
        content_type = "text/event-stream", body = String)))]
pub(super) async fn stream(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let resume = resume(&headers)?;
    let inquiry = api::find(&app, &id).await?.inquiry_id;
    let follower = app
        .orders
        .follow(&caller.name)
        .ok_or(ApiError::TooManyFollowers)?;
    let (messages, received) = mpsc::channel(MESSAGES + 1);
    let follow = Follow {
        caller,
        app: app.clone(),
        inquiry,
        resume,
        seen: HashMap::new(),
        failed_reads: 0,
        follower,
        messages,
    };
    app.tasks.spawn(follow.run());
    let stream = Sse::new(ReceiverStream::new(received));
    let stream = stream.keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(stream.into_response())
}

fn resume(headers: &HeaderMap) -> Result<i64, ApiError> {
    let id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    match id.filter(|id| !id.is_empty()) {
        None => Ok(0),
        Some(id) => id.parse().map_err(|_| ApiError::BadParameter {
            name: "Last-Event-ID",
            why: "not an id of this server".to_owned(),
        }),
    }
}

/// One client that follows.
struct Follow {
    caller: Caller,
    app: App,
    inquiry: Uuid,
    /// What was changed by an earlier transaction was seen, on this stream or an earlier one.
    resume: i64,
    /// By which transaction each part was changed when it was last sent.
    seen: HashMap<Uuid, i64>,
    /// In a row.
    failed_reads: u32,
    follower: Follower,
    messages: Messages,
}

/// Why a stream ends.
enum End {
    /// The client is gone: there is nobody to tell.
    Gone,
    /// Every host's part has ended.
    Done,
    /// It is told, and may come back with its last id.
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
        say(last_word, &end);
    }

    /// Safe to drop at any await: the client knows what it has seen.
    async fn follow(&mut self) -> End {
        loop {
            let hosts = match self.pass().await {
                Ok(hosts) => hosts,
                Err(end) => return end,
            };
            tokio::time::sleep(PAUSE + PAUSE_PER_HOST * hosts).await;
            tokio::select! {
                () = self.messages.closed() => return End::Gone,
                () = self.follower.woken(self.inquiry) => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Sends what has changed. Answers how many hosts there are.
    async fn pass(&mut self) -> Result<u32, End> {
        let rows = match inquiries::parts(&self.app.db, self.inquiry).await {
            Ok(rows) => rows,
            Err(error) => return self.note_failed(&error),
        };
        let Some(resume) = rows.first().map(|row| row.resume) else {
            return Err(End::Cut("the inquiry was deleted"));
        };
        if self.resume > resume {
            // Of a database that was restored since.
            self.resume = 0;
        }
        let is_new = |row: &&PartRow| {
            row.changed_in >= self.resume && self.seen.get(&row.order_id) != Some(&row.changed_in)
        };
        let fresh: Vec<&PartRow> = rows.iter().filter(is_new).collect();
        let last = fresh.len().saturating_sub(1);
        for (at, row) in fresh.into_iter().enumerate() {
            // Only behind the last one has everything of this read been seen.
            let id = if at == last { resume } else { self.resume };
            let json = match parts::json(&self.app.db, row).await {
                Ok(json) => json,
                Err(ApiError::Database(error)) => return self.note_failed(&error),
                Err(_) => return Err(End::Cut("a part cannot be written")),
            };
            let message = Event::default().event("order").id(id.to_string());
            self.send(message.data(json)).await?;
            self.seen.insert(row.order_id, row.changed_in);
        }
        self.resume = resume;
        self.failed_reads = 0;
        if rows.iter().all(|row| row.state == "ended") {
            return Err(End::Done);
        }
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }

    /// The client keeps its stream for a while: Postgres will be back.
    fn note_failed(&mut self, error: &sqlx::Error) -> Result<u32, End> {
        self.failed_reads += 1;
        if self.failed_reads == 1 {
            warn!(%error, "cannot read an inquiry for a follower: {error}");
        }
        if self.failed_reads >= FAILED_READS {
            return Err(End::Cut("the database does not answer"));
        }
        Ok(0)
    }

    async fn send(&self, message: Event) -> Result<(), End> {
        match timeout(PATIENCE, self.messages.send(Ok(message))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Cut("the client read nothing for 30 seconds")),
        }
    }
}

fn say(last_word: OwnedPermit<Result<Event, Infallible>>, end: &End) {
    let message = match end {
        End::Gone => return,
        End::Done => Event::default().event("done").data("{}"),
        End::Cut(why) => {
            debug!("cut a follower of an inquiry: {why}");
            Event::default().event("cut").data(why)
        }
    };
    last_word.send(Ok(message));
}

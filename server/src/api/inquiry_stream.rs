//! An inquiry as it goes on: server-sent events.
//!
//! Each message `order` is the whole state of one host's part, so one that comes twice does no
//! harm. Its id is a place to resume: see `db::inquiries::PartRow::resume`.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use super::auth::Caller;
use super::error::ApiError;
use super::following::{Client, End, FailedReads, KEEP_ALIVE};
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
/// Messages that wait for a slow client: each may be a report of 16 MiB.
const MESSAGES: usize = 2;
/// At least ten seconds.
const FAILED_READS: u32 = 10;

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
    let (client, received) = Client::new(MESSAGES);
    let follow = Follow {
        app: app.clone(),
        inquiry,
        resume,
        seen: HashMap::new(),
        failed_reads: FailedReads::at_most(FAILED_READS),
        follower,
        client: client.clone(),
    };
    app.tasks
        .spawn(client.serve(app.clone(), caller, follow.run()));
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
    app: App,
    inquiry: Uuid,
    /// What was changed by an earlier transaction was seen, on this stream or an earlier one.
    resume: i64,
    /// By which transaction each part was changed when it was last sent.
    seen: HashMap<Uuid, i64>,
    failed_reads: FailedReads,
    follower: Follower,
    client: Client,
}

impl Follow {
    /// Safe to drop at any await: the client knows what it has seen.
    async fn run(mut self) -> End {
        loop {
            let hosts = match self.pass().await {
                Ok(hosts) => hosts,
                Err(end) => return end,
            };
            tokio::time::sleep(PAUSE + PAUSE_PER_HOST * hosts).await;
            tokio::select! {
                () = self.client.gone() => return End::Gone,
                () = self.follower.woken(self.inquiry) => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Sends what has changed. Answers how many hosts there are.
    async fn pass(&mut self) -> Result<u32, End> {
        let rows = match inquiries::parts(&self.app.db, self.inquiry).await {
            Ok(rows) => rows,
            Err(error) => return self.failed_reads.note(&error).map(|()| 0),
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
                Err(ApiError::Database(error)) => {
                    return self.failed_reads.note(&error).map(|()| 0);
                }
                Err(_) => return Err(End::Cut("a part cannot be written")),
            };
            let message = Event::default().event("order").id(id.to_string());
            self.client.send(message.data(json)).await?;
            self.seen.insert(row.order_id, row.changed_in);
        }
        self.resume = resume;
        self.failed_reads.forget();
        if rows.iter().all(|row| row.state == "ended") {
            return Err(End::Done);
        }
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }
}

//! One stream of an agent, from Hello to its end.

mod end;
mod opening;
mod ordering;
mod storing;

use std::collections::BTreeSet;
use std::error::Error as _;
use std::time::{Duration, Instant};

use proto::v1::from_agent::Message as Said;
use proto::v1::from_server::Message as Answer;
use proto::v1::{self, FromAgent, FromServer, refused::Reason};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use tracing::debug;
use uuid::Uuid;

use super::backoff::random;
use super::budget::Budget;
use super::hello_facts::{capabilities, heard};
use super::revoked::Revoked;
use super::store::Speaker;
use crate::app::App;
use crate::db::hosts;
use crate::orders::StreamPlace;
use end::{End, revoked};

/// How often an agent that has nothing to send says that it lives.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// An agent that says nothing for this long is lost.
const SILENCE: Duration = Duration::from_secs(3 * HEARTBEAT.as_secs());
/// The first message has to come within this.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// Streams end after about this long, so that agents spread over replicas that were added.
const LIFETIME: Duration = Duration::from_secs(4 * 60 * 60);

pub(super) struct Session {
    app: App,
    agent: Uuid,
    answers: mpsc::Sender<Result<FromServer, Status>>,
    revoked: Revoked,
    budget: Budget,
    /// `None` before the first Hello.
    open: Option<Open>,
    /// Where it is woken for orders, from the Hello on.
    place: Option<StreamPlace>,
    /// What the agent was told of orders on this stream, and is not told again.
    told: BTreeSet<(Uuid, &'static str)>,
    /// It told of another host's order.
    spoke_of_others: bool,
}

/// What a Hello settled.
#[derive(Clone, Copy)]
struct Open {
    session: u64,
    speaker: Speaker,
}

impl Session {
    pub fn new(
        app: App,
        agent: Uuid,
        answers: mpsc::Sender<Result<FromServer, Status>>,
        revoked: Revoked,
    ) -> Self {
        let budget = Budget::full(Instant::now());
        Self {
            app,
            agent,
            answers,
            revoked,
            budget,
            open: None,
            place: None,
            told: BTreeSet::new(),
            spoke_of_others: false,
        }
    }

    /// Serves the stream until it ends, and says in the registry why it did.
    ///
    /// Only waiting for messages is ever cut short; a transaction that was begun comes to its end.
    pub async fn run(mut self, messages: Streaming<FromAgent>) {
        self.app.metrics.ingest.streams.inc();
        let end = match self.serve(messages).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        self.app.metrics.ingest.streams.dec();
        self.say_why(&end).await;
        self.note_end(&end).await;
    }

    async fn serve(
        &mut self,
        mut messages: Streaming<FromAgent>,
    ) -> Result<std::convert::Infallible, End> {
        let lifetime = tokio::time::sleep(LIFETIME.mul_f64(0.5 + random()));
        tokio::pin!(lifetime);
        let mut heard_at = tokio::time::Instant::now();
        loop {
            let patience = if self.open.is_some() {
                SILENCE
            } else {
                HELLO_WITHIN
            };
            // Backpressure: a batch is read only after the one before it is stored and answered.
            // HTTP/2 flow control then holds the agent back, and its events wait on its own disk.
            let said = tokio::select! {
                () = self.app.stop.cancelled() => return Err(End::ServerStops),
                () = &mut lifetime => return Err(End::TooOld),
                () = cut_off(&mut self.revoked, self.agent) => return Err(revoked()),
                () = woken(self.place.as_ref()), if self.open.is_some() => None,
                said = tokio::time::timeout_at(heard_at + patience, messages.message()) => Some(said),
            };
            let Some(said) = said else {
                if let Some(open) = self.open {
                    self.send_orders(open).await?;
                }
                continue;
            };
            heard_at = tokio::time::Instant::now();
            match said {
                Ok(Ok(Some(FromAgent {
                    message: Some(said),
                }))) => self.answer(said).await?,
                // What a newer agent says; the batches go on.
                Ok(Ok(Some(FromAgent { message: None }))) => {}
                Ok(Err(status)) if is_undecodable(&status) => {
                    self.note_malformed(0, 0, status.message()).await;
                    return Err(End::Refused(Reason::Malformed, status.message().to_owned()));
                }
                Ok(Ok(None) | Err(_)) | Err(_) => return Err(End::Lost),
            }
        }
    }

    async fn answer(&mut self, said: Said) -> Result<(), End> {
        match (said, self.open) {
            (Said::Hello(hello), _) => self.on_hello(hello).await,
            (Said::Batch(batch), Some(open)) => self.on_batch(batch, open).await,
            (Said::Heartbeat(beat), Some(open)) => self.on_heartbeat(beat, open).await,
            (Said::Goodbye(goodbye), _) => Err(End::Goodbye(goodbye.reason)),
            (Said::Order(told), Some(_)) => self.on_order(told).await,
            (Said::Batch(_) | Said::Heartbeat(_) | Said::Order(_), None) => Err(End::Refused(
                Reason::Protocol,
                "the first message has to be Hello".to_owned(),
            )),
        }
    }

    /// Asks the agent to wait, and does not listen to it until then.
    async fn hold_back(&mut self, wait: Duration) -> Result<(), End> {
        let wait = wait.mul_f64(1.0 + random() / 4.0);
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.send(Answer::RetryAfter(v1::RetryAfter { millis }))
            .await?;
        self.pause(wait).await
    }

    async fn pause(&mut self, wait: Duration) -> Result<(), End> {
        tokio::select! {
            () = self.app.stop.cancelled() => Err(End::ServerStops),
            () = self.answers.closed() => Err(End::Lost),
            () = cut_off(&mut self.revoked, self.agent) => Err(revoked()),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }

    async fn on_heartbeat(&mut self, beat: v1::Heartbeat, open: Open) -> Result<(), End> {
        let heard = heard(beat.last_durable_seq, beat.wall_clock_ns, self.app.now());
        let capabilities = capabilities(&beat.capabilities);
        match hosts::heard(
            &self.app.ingest_db,
            self.agent,
            open.session,
            heard,
            &capabilities,
        )
        .await
        {
            Ok(true) => Ok(()),
            Ok(false) => {
                let detail = format!("session {} was replaced", open.session);
                Err(End::Refused(Reason::Fenced, detail))
            }
            Err(error) => {
                debug!(agent = %self.agent, %error, "cannot note a heartbeat: {error}");
                Ok(())
            }
        }
    }

    async fn send(&self, answer: Answer) -> Result<(), End> {
        let message = FromServer {
            message: Some(answer),
        };
        self.answers.send(Ok(message)).await.map_err(|_| End::Lost)
    }
}

/// Ends when there may be orders for the agent.
async fn woken(place: Option<&StreamPlace>) {
    match place {
        Some(place) => place.woken().await,
        None => std::future::pending().await,
    }
}

/// Ends when the agent is revoked.
async fn cut_off(revoked: &mut Revoked, agent: Uuid) {
    if revoked
        .wait_for(|agents| agents.contains(&agent))
        .await
        .is_err()
    {
        // Nobody refreshes the set any more: the server stops, and the caller knows.
        std::future::pending().await
    }
}

/// Whether the agent sent what is no message: too long, compressed, or not protobuf. A connection
/// that broke has the same codes, and a source.
fn is_undecodable(status: &Status) -> bool {
    use tonic::Code;
    let code = matches!(
        status.code(),
        Code::OutOfRange | Code::Internal | Code::Unimplemented
    );
    code && status.source().is_none()
}

//! One stream of an agent, from Hello to its end.

use std::error::Error as _;
use std::time::{Duration, Instant};

use delivery::{Batch, Hello, Limits, Refusal};
use proto::v1::from_agent::Message as Said;
use proto::v1::from_server::Message as Answer;
use proto::v1::{self, FromAgent, FromServer, refused::Reason};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::backoff::{Backoff, random};
use super::budget::Budget;
use super::facts::malformed_gap;
use super::hello::{HelloAnswer, hello};
use super::hello_facts::{capabilities, heard, seconds, wall_ns};
use super::revoked::Revoked;
use super::store::{Outcome, Speaker, Stored, store};
use super::trouble::{Trouble, trouble};
use crate::app::App;
use crate::db::{gaps, hosts};
use crate::upkeep::partitions;

/// How often an agent that has nothing to send says that it lives.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// An agent that says nothing for this long is lost.
const SILENCE: Duration = Duration::from_secs(3 * HEARTBEAT.as_secs());
/// The first message has to come within this.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// Streams end after about this long, so that agents spread over replicas that were added.
const LIFETIME: Duration = Duration::from_secs(4 * 60 * 60);
/// While the disk of Postgres is full, agents are asked to wait so long.
const DISK_FULL_WAIT: Duration = Duration::from_secs(10);

/// Why a stream ended.
enum End {
    /// The agent hung up, or its connection broke.
    Lost,
    /// It said goodbye, for this reason.
    Goodbye(String),
    /// It was told why.
    Refused(Reason, String),
    ServerStops,
    /// It shall come back, perhaps to another replica.
    TooOld,
}

pub(super) struct Session {
    app: App,
    agent: Uuid,
    answers: mpsc::Sender<Result<FromServer, Status>>,
    revoked: Revoked,
    budget: Budget,
    /// `None` before the first Hello.
    open: Option<Open>,
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
                said = tokio::time::timeout(patience, messages.message()) => said,
            };
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
            // Nothing was ordered.
            (Said::Order(_), Some(_)) => Ok(()),
            (Said::Batch(_) | Said::Heartbeat(_) | Said::Order(_), None) => Err(End::Refused(
                Reason::Protocol,
                "the first message has to be Hello".to_owned(),
            )),
        }
    }

    async fn on_hello(&mut self, wire: v1::Hello) -> Result<(), End> {
        if !(wire.protocol_min..=wire.protocol_max).contains(&proto::PROTOCOL) {
            let ours = proto::PROTOCOL;
            let detail = format!("this server speaks version {ours} of the protocol");
            return Err(End::Refused(Reason::Protocol, detail));
        }
        let parsed = Hello::try_from(&wire).map_err(malformed)?;
        if parsed.epoch > MAX_EPOCH {
            return Err(End::Refused(
                Reason::Malformed,
                "epoch out of range".to_owned(),
            ));
        }
        let mut backoff = Backoff::new();
        let answer = loop {
            match hello(&self.app.ingest_db, self.agent, &parsed, &wire).await {
                Ok(answer) => break answer,
                Err(error) => self.wait_for_postgres(&error, &mut backoff).await?,
            }
        };
        match answer {
            HelloAnswer::Revoked => Err(revoked()),
            HelloAnswer::CloneSuspected => Err(clone_suspected()),
            HelloAnswer::Welcome(welcome) => self.welcome(&parsed, &wire, &welcome).await,
        }
    }

    async fn welcome(
        &mut self,
        hello: &Hello,
        wire: &v1::Hello,
        welcome: &delivery::Welcome,
    ) -> Result<(), End> {
        let now = self.app.now();
        let speaker = Speaker {
            agent: self.agent,
            boot: hello.boot_id,
            clock_offset_ms: heard(0, wire.wall_clock_ns, now).clock_offset_ms,
        };
        self.open = Some(Open {
            session: welcome.session,
            speaker,
        });
        info!(agent = %self.agent, session = welcome.session, acked = welcome.acked,
            "agent {} connected", self.agent);
        self.send(Answer::Welcome(v1::Welcome {
            heartbeat_s: seconds(HEARTBEAT),
            server_time_ns: wall_ns(now),
            ..welcome.into()
        }))
        .await
    }

    async fn on_batch(&mut self, wire: v1::Batch, open: Open) -> Result<(), End> {
        let arrived = Instant::now();
        let (epoch, first_seq) = (wire.epoch, wire.first_seq);
        let batch = match read(wire) {
            Ok(batch) => batch,
            Err(error) => {
                self.note_malformed(epoch, first_seq, &error.to_string())
                    .await;
                return Err(malformed(error));
            }
        };
        let bytes = batch
            .records
            .iter()
            .map(|record| record.payload.len())
            .sum();
        let stored = self.store(&batch, open).await?;
        self.app.metrics.ingest.stored(&stored, arrived.elapsed());
        if stored.events > 0 {
            self.app.live.wake(self.agent);
        }
        if stored.unreadable > 0 {
            warn!(agent = %self.agent, records = stored.unreadable,
                "agent {} sent what this version cannot read; it is stored as it came", self.agent);
        }
        if stored.carried_unchecked > 0 {
            warn!(agent = %self.agent, records = stored.carried_unchecked,
                "agent {} carried records over that may now be stored twice: to look for them took \
                too long", self.agent);
        }
        self.send(Answer::Ack(v1::Ack {
            session: open.session,
            acked: stored.acked,
        }))
        .await?;
        match self.budget.take(bytes, Instant::now()) {
            Some(wait) => self.hold_back(wait).await,
            None => Ok(()),
        }
    }

    /// Stores a batch, however long Postgres takes to come back.
    async fn store(&mut self, batch: &Batch, open: Open) -> Result<Stored, End> {
        let mut backoff = Backoff::new();
        loop {
            match store(&self.app.ingest_db, open.speaker, batch).await {
                Ok(Outcome::Stored(stored)) => return Ok(stored),
                Ok(Outcome::Refused(refusal)) => return Err(refused(&refusal)),
                Ok(Outcome::Revoked) => return Err(revoked()),
                Ok(Outcome::CloneSuspected) => return Err(clone_suspected()),
                Err(error) => self.wait_for_postgres(&error, &mut backoff).await?,
            }
        }
    }

    /// Waits until it makes sense to try the transaction again. The stream stays open: ten
    /// thousand agents that reconnect are worse for a Postgres that comes back than the same ones
    /// waiting.
    async fn wait_for_postgres(
        &mut self,
        error: &sqlx::Error,
        backoff: &mut Backoff,
    ) -> Result<(), End> {
        self.app.metrics.ingest.retried();
        let kind = trouble(error);
        match kind {
            Trouble::Lasting => {
                error!(agent = %self.agent, %error, "cannot store what agent {} sent", self.agent);
                let detail = "the server cannot store this; its log says why".to_owned();
                return Err(End::Refused(Reason::Malformed, detail));
            }
            Trouble::NoPartition => {
                if let Err(error) = partitions::ensure(&self.app.ingest_db).await {
                    warn!(%error, "cannot make a partition for today: {error}");
                }
            }
            Trouble::DiskFull => {
                warn!(%error, "the disk of Postgres is full");
                return self.hold_back(DISK_FULL_WAIT).await;
            }
            Trouble::Passing => debug!(agent = %self.agent, %error, "trying again: {error}"),
        }
        self.pause(backoff.wait(random())).await
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

    async fn note_malformed(&self, epoch: u64, first_seq: u64, what: &str) {
        let now = self.app.now();
        let gap = malformed_gap(self.agent, epoch, first_seq, what, now);
        let noted = async {
            let mut connection = self.app.ingest_db.acquire().await?;
            gaps::insert(&mut connection, self.agent, &[gap], now).await
        };
        if let Err(error) = noted.await {
            warn!(agent = %self.agent, %error, "cannot note a malformed batch: {error}");
        }
    }

    async fn say_why(&self, end: &End) {
        let End::Refused(reason, detail) = end else {
            return;
        };
        self.app.metrics.ingest.refused(name(*reason));
        warn!(agent = %self.agent, reason = name(*reason), "refused agent {}: {detail}", self.agent);
        let refused = v1::Refused {
            reason: (*reason).into(),
            detail: detail.clone(),
        };
        // The agent may be gone by now; it will hear it the next time.
        let _ = self.send(Answer::Refused(refused)).await;
    }

    async fn note_end(&self, end: &End) {
        let reason = match end {
            End::Goodbye(reason) if reason == "host-shut-down" => "host-shut-down",
            End::Goodbye(_) => "agent-stopped",
            End::ServerStops => "server-stopped",
            End::Lost | End::Refused(..) => "lost",
            // Back within seconds; if not, upkeep notes that it was lost.
            End::TooOld => return,
        };
        let Some(open) = self.open else {
            return;
        };
        info!(agent = %self.agent, session = open.session, reason,
            "agent {} disconnected: {reason}", self.agent);
        let noted =
            hosts::disconnected(&self.app.ingest_db, self.agent, open.session, reason).await;
        if let Err(error) = noted {
            debug!(agent = %self.agent, %error, "cannot note the end of a stream: {error}");
        }
    }
}

/// The epoch after this one still fits into Postgres' signed numbers.
const MAX_EPOCH: u64 = i64::MAX as u64 - 1;

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

fn revoked() -> End {
    End::Refused(Reason::Revoked, "this agent was revoked".to_owned())
}

fn clone_suspected() -> End {
    let detail = "two machines speak with this identity; enrol one of them again";
    End::Refused(Reason::CloneSuspected, detail.to_owned())
}

/// A batch within the limits that we told. Counted first: an empty record takes two bytes on the
/// wire and hundreds in memory, again at each step.
fn read(wire: v1::Batch) -> Result<Batch, proto::Malformed> {
    let records = wire.records.len();
    if records > Limits::default().max_records {
        return Err(proto::Malformed::Invalid {
            field: "records",
            found: format!("{records} at once"),
        });
    }
    Batch::try_from(wire)
}

fn malformed(error: proto::Malformed) -> End {
    End::Refused(Reason::Malformed, error.to_string())
}

fn refused(refusal: &Refusal) -> End {
    let reason = match refusal {
        Refusal::Fenced { .. } => Reason::Fenced,
        Refusal::WrongEpoch { .. } => Reason::WrongEpoch,
        Refusal::Gap { .. } => Reason::Gap,
        Refusal::Malformed(_) => Reason::Malformed,
    };
    End::Refused(reason, refusal.to_string())
}

fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::Unspecified => "unspecified",
        Reason::Fenced => "fenced",
        Reason::WrongEpoch => "wrong-epoch",
        Reason::Gap => "gap",
        Reason::Malformed => "malformed",
        Reason::Revoked => "revoked",
        Reason::Protocol => "protocol",
        Reason::CloneSuspected => "clone-suspected",
    }
}

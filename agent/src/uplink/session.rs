//! One stream: Hello, Welcome, then batches one way and acks the other.

use std::{ops::ControlFlow, time::Duration};

use chrono::Utc;
use delivery::SendError;
use proto::v1::{
    FromAgent, FromServer, agent_stream_client::AgentStreamClient, from_agent, from_server,
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tracing::info;

use super::{
    Goodbye, Uplink,
    connect::Connected,
    handshake::WELCOME_LIMIT,
    messages::{message, pause, say_goodbye, told},
    whole,
};
use crate::{spooler::SpoolerGone, status::Connection};

/// Messages between us and HTTP/2. When it is full the network is the slow part, and the spool
/// waits.
const MESSAGES_IN_FLIGHT: usize = 2;
/// For what is still unacknowledged when the agent stops.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// How a stream ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// We said goodbye.
    Closed,
    /// There is a new certificate: connect with it.
    Renewed,
    Broken(String),
    AskedToWait(Duration),
    /// The server will say the same again for a while.
    Hopeless(String),
}

pub(super) struct Session<'a> {
    pub(super) uplink: &'a mut Uplink,
    address: &'a str,
    /// There may be something to send.
    may_send: bool,
    /// There may be something to tell of orders.
    pub(super) may_tell: bool,
    /// The server wants no batches until then.
    paused_until: Option<Instant>,
    /// Set when the agent stops: no longer than this for what is left.
    leave_by: Option<Instant>,
}

pub(super) type Flow = ControlFlow<Ended>;
/// What goes on with the stream, unless our own spool is gone.
pub(super) type Step<T> = Result<ControlFlow<Ended, T>, SpoolerGone>;

impl<'a> Session<'a> {
    pub(super) fn new(uplink: &'a mut Uplink, address: &'a str) -> Self {
        Self {
            uplink,
            address,
            may_send: true,
            may_tell: true,
            paused_until: None,
            leave_by: None,
        }
    }

    pub(super) async fn run(mut self, connected: Connected) -> Result<Ended, SpoolerGone> {
        let (out, outgoing) = mpsc::channel(MESSAGES_IN_FLIGHT);
        let mut client = AgentStreamClient::new(connected.channel);
        self.uplink.host.addresses = connected.local_address.into_iter().collect();
        // Before the call: a server may answer not even the headers until it has read Hello.
        if out.send(self.hello().await?).await.is_err() {
            return Ok(Ended::Broken("the stream closed at once".into()));
        }
        let opened = client.stream(ReceiverStream::new(outgoing));
        let mut incoming = match timeout(WELCOME_LIMIT, opened).await {
            Ok(Ok(answer)) => answer.into_inner(),
            Ok(Err(status)) => return Ok(Ended::Broken(told(&status))),
            Err(_) => return Ok(Ended::Broken("the server does not answer Hello".into())),
        };
        let heartbeat = match self.shake_hands(&out, &mut incoming).await? {
            ControlFlow::Continue(heartbeat) => heartbeat,
            ControlFlow::Break(ended) => return Ok(ended),
        };
        info!(address = self.address, "stream open");
        self.uplink.board.connection(Connection::Online {
            since: Utc::now(),
            address: self.address.to_owned(),
        });
        let ended = self.stream(&out, &mut incoming, heartbeat).await?;
        if matches!(ended, Ended::Closed) {
            let reason = *self.uplink.goodbye.get_or_init(|| Goodbye::AgentStopped);
            say_goodbye(reason, out, incoming).await;
        }
        Ok(ended)
    }

    async fn stream(
        &mut self,
        out: &mpsc::Sender<FromAgent>,
        incoming: &mut Streaming<FromServer>,
        heartbeat: Duration,
    ) -> Result<Ended, SpoolerGone> {
        let mut heartbeat = interval_at(Instant::now() + heartbeat, heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let flow = tokio::select! {
                answer = incoming.message() => match answer {
                    Ok(Some(answer)) => self.on_message(answer).await?,
                    Ok(None) => ControlFlow::Break(Ended::Broken("the server closed it".into())),
                    Err(status) => ControlFlow::Break(Ended::Broken(told(&status))),
                },
                permit = out.reserve(), if self.may_send || self.may_tell => match permit {
                    // Orders first: somebody waits for them.
                    Ok(permit) if self.may_tell => self.tell_of_order(permit).await,
                    Ok(permit) => self.send_batch(permit).await?,
                    Err(_) => ControlFlow::Break(Ended::Broken("the stream closed".into())),
                },
                changed = self.uplink.progress.changed() => match changed {
                    Ok(()) => { self.may_send = true; ControlFlow::Continue(()) }
                    Err(_) => return Err(SpoolerGone),
                },
                changed = self.uplink.orders.changed() => match changed {
                    Ok(()) => { self.may_tell = true; ControlFlow::Continue(()) }
                    Err(gone) => ControlFlow::Break(Ended::Broken(gone.to_string())),
                },
                _ = heartbeat.tick() => {
                    // If there is no room, batches are on their way: they say that we live.
                    let _ = out.try_send(self.uplink.heartbeat());
                    ControlFlow::Continue(())
                }
                () = at(self.paused_until), if self.paused_until.is_some() => {
                    self.paused_until = None;
                    self.may_send = true;
                    self.uplink.link.resume().await?;
                    ControlFlow::Continue(())
                }
                Ok(()) = self.uplink.renewed.changed() => ControlFlow::Break(Ended::Renewed),
                () = self.uplink.closing.cancelled(), if self.leave_by.is_none() => {
                    self.leave_by = Some(Instant::now() + DRAIN_LIMIT);
                    ControlFlow::Continue(())
                }
                () = at(self.leave_by), if self.leave_by.is_some() => {
                    ControlFlow::Break(Ended::Closed)
                }
            };
            if let ControlFlow::Break(ended) = flow {
                return Ok(ended);
            }
            if self.leave_by.is_some() && self.is_drained() {
                return Ok(Ended::Closed);
            }
        }
    }

    /// Nothing that could still be delivered is left.
    fn is_drained(&self) -> bool {
        let progress = *self.uplink.progress.borrow();
        !self.may_tell && (progress.acked >= progress.durable || self.paused_until.is_some())
    }

    async fn send_batch(
        &mut self,
        permit: mpsc::Permit<'_, FromAgent>,
    ) -> Result<Flow, SpoolerGone> {
        match self.uplink.link.next_batch().await? {
            Ok(Some(batch)) => permit.send(message(from_agent::Message::Batch(batch.into()))),
            Ok(None) => self.may_send = false,
            Err(reason) => return broken(whole(&reason)),
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn on_message(&mut self, answer: FromServer) -> Result<Flow, SpoolerGone> {
        match answer.message {
            Some(from_server::Message::Ack(ack)) => {
                self.may_send = true;
                match self.uplink.link.ack(ack.acked).await? {
                    Ok(()) | Err(SendError::NoStream) => Ok(ControlFlow::Continue(())),
                    Err(reason) => broken(whole(&reason)),
                }
            }
            Some(from_server::Message::RetryAfter(wait)) => {
                self.uplink.link.pause().await?;
                self.paused_until = Some(Instant::now() + pause(&wait));
                Ok(ControlFlow::Continue(()))
            }
            Some(from_server::Message::Refused(refused)) => self.refused(&refused).await,
            Some(from_server::Message::Welcome(_)) => broken("a second welcome"),
            Some(message) => Ok(self.on_order_message(message).await),
            // Of a newer server, which knows that we do not know it.
            None => Ok(ControlFlow::Continue(())),
        }
    }
}

pub(super) fn broken<T>(reason: impl Into<String>) -> Step<T> {
    Ok(ControlFlow::Break(Ended::Broken(reason.into())))
}

async fn at(moment: Option<Instant>) {
    if let Some(moment) = moment {
        sleep_until(moment).await;
    }
}

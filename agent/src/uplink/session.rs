//! One stream: Hello, Welcome, then batches one way and acks the other.

use std::{ops::ControlFlow, time::Duration};

use chrono::Utc;
use delivery::{Action, SendError};
use proto::v1::{
    self, FromAgent, FromServer, agent_stream_client::AgentStreamClient, from_agent, from_server,
    refused::Reason,
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tracing::{error, info, warn};

use super::{Goodbye, Uplink, connect::Connected, whole};
use crate::{spooler::SpoolerGone, status::Connection};

/// Messages between us and HTTP/2. When it is full the network is the slow part, and the spool
/// waits.
const MESSAGES_IN_FLIGHT: usize = 2;
/// For the answer to Hello: the server may have to wait for a row lock.
const WELCOME_LIMIT: Duration = Duration::from_secs(30);
/// If the server names no period for heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// For what is still unacknowledged when the agent stops.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);
/// For the goodbye to arrive.
const GOODBYE_LIMIT: Duration = Duration::from_millis(500);
/// The longest wait that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

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
    uplink: &'a mut Uplink,
    address: &'a str,
    /// There may be something to send.
    may_send: bool,
    /// The server wants no batches until then.
    paused_until: Option<Instant>,
    /// Set when the agent stops: no longer than this for what is left.
    leave_by: Option<Instant>,
}

type Flow = ControlFlow<Ended>;
/// What goes on with the stream, unless our own spool is gone.
type Step<T> = Result<ControlFlow<Ended, T>, SpoolerGone>;

impl<'a> Session<'a> {
    pub(super) fn new(uplink: &'a mut Uplink, address: &'a str) -> Self {
        Self {
            uplink,
            address,
            may_send: true,
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

    async fn hello(&self) -> Result<FromAgent, SpoolerGone> {
        let hello = self.uplink.link.hello().await?;
        let host = v1::HostFacts {
            capabilities: self.uplink.board.capabilities(),
            ..self.uplink.host.clone()
        };
        Ok(message(from_agent::Message::Hello(v1::Hello {
            protocol_min: proto::PROTOCOL,
            protocol_max: proto::PROTOCOL,
            host: Some(host),
            wall_clock_ns: wall_clock_ns(),
            ..v1::Hello::from(&hello)
        })))
    }

    /// Until batches may be sent. Gives the period of heartbeats.
    async fn shake_hands(
        &mut self,
        out: &mpsc::Sender<FromAgent>,
        incoming: &mut Streaming<FromServer>,
    ) -> Step<Duration> {
        loop {
            let answer = match timeout(WELCOME_LIMIT, incoming.message()).await {
                Ok(Ok(Some(answer))) => answer,
                Ok(Ok(None)) => return broken("the server closed the stream"),
                Ok(Err(status)) => return broken(told(&status)),
                Err(_) => return broken("the server does not answer Hello"),
            };
            let welcome = match answer.message {
                Some(from_server::Message::Welcome(welcome)) => welcome,
                Some(from_server::Message::Refused(refused)) => {
                    return self
                        .refused(&refused)
                        .await
                        .map(|flow| flow.map_continue(|()| HEARTBEAT));
                }
                Some(from_server::Message::RetryAfter(wait)) => {
                    return Ok(ControlFlow::Break(Ended::AskedToWait(pause(&wait))));
                }
                // Acks of the stream before, and whatever else does not come before Welcome.
                Some(_) | None => continue,
            };
            let heartbeat = heartbeat_period(&welcome);
            let welcome = match welcome.try_into() {
                Ok(welcome) => welcome,
                Err(malformed) => return broken(format!("malformed welcome: {malformed}")),
            };
            match self.uplink.link.welcome(welcome).await? {
                Ok(Action::SendFrom(_)) => return Ok(ControlFlow::Continue(heartbeat)),
                Ok(Action::NewEpoch { epoch, .. }) => {
                    info!(epoch, "the server began a new numbering");
                    return Ok(ControlFlow::Continue(heartbeat));
                }
                Ok(Action::Rehello(reason)) => {
                    warn!(?reason, "the spool is not the one that the server knows");
                    if out.send(self.hello().await?).await.is_err() {
                        return broken("the server closed the stream");
                    }
                }
                Err(reason) => return broken(whole(&reason)),
            }
        }
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
                permit = out.reserve(), if self.may_send => match permit {
                    Ok(permit) => self.send_batch(permit).await?,
                    Err(_) => ControlFlow::Break(Ended::Broken("the stream closed".into())),
                },
                changed = self.uplink.progress.changed() => match changed {
                    Ok(()) => { self.may_send = true; ControlFlow::Continue(()) }
                    Err(_) => return Err(SpoolerGone),
                },
                _ = heartbeat.tick() => {
                    // If there is no room, batches are on their way: they say that we live.
                    let _ = out.try_send(self.heartbeat());
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
        progress.acked >= progress.durable || self.paused_until.is_some()
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
            // Of a newer server, which knows that we do not know it; orders come only to agents that
            // say they take them.
            Some(
                from_server::Message::Order(_)
                | from_server::Message::CancelOrder(_)
                | from_server::Message::OrderStored(_)
                | from_server::Message::OrderAsked(_),
            )
            | None => Ok(ControlFlow::Continue(())),
        }
    }

    async fn refused(&mut self, refused: &v1::Refused) -> Result<Flow, SpoolerGone> {
        let detail = &refused.detail;
        let ended = match refused.reason() {
            Reason::Fenced => {
                self.uplink.link.fenced().await?;
                Ended::Hopeless(format!(
                    "another stream has this agent's identity: {detail}"
                ))
            }
            Reason::CloneSuspected => {
                error!("two machines use this agent's identity; join one of them anew");
                Ended::Hopeless(format!("clone suspected: {detail}"))
            }
            Reason::Revoked => {
                error!("the server has revoked this agent");
                Ended::Hopeless(format!("revoked: {detail}"))
            }
            Reason::Protocol => Ended::Hopeless(format!("no common protocol: {detail}")),
            reason => Ended::Broken(format!("refused ({}): {detail}", reason.as_str_name())),
        };
        Ok(ControlFlow::Break(ended))
    }

    fn heartbeat(&self) -> FromAgent {
        let progress = *self.uplink.progress.borrow();
        message(from_agent::Message::Heartbeat(v1::Heartbeat {
            last_durable_seq: progress.durable,
            wall_clock_ns: wall_clock_ns(),
            spool: Some(v1::SpoolStatus {
                bytes: progress.bytes,
                unacked: progress.unacked,
                dropped: progress.dropped,
                pending_bytes: 0,
            }),
            capabilities: self.uplink.board.capabilities(),
        }))
    }
}

/// The host is not lost, it only goes. Waits until the server has closed its side too.
async fn say_goodbye(
    reason: Goodbye,
    out: mpsc::Sender<FromAgent>,
    mut incoming: Streaming<FromServer>,
) {
    let goodbye = v1::Goodbye {
        reason: reason.name().to_owned(),
    };
    let said = async {
        let _ = out
            .send(message(from_agent::Message::Goodbye(goodbye)))
            .await;
        drop(out);
        while let Ok(Some(_)) = incoming.message().await {}
    };
    if timeout(GOODBYE_LIMIT, said).await.is_err() {
        warn!("the server did not close the stream after our goodbye");
    }
}

fn message(message: from_agent::Message) -> FromAgent {
    FromAgent {
        message: Some(message),
    }
}

fn broken<T>(reason: impl Into<String>) -> Step<T> {
    Ok(ControlFlow::Break(Ended::Broken(reason.into())))
}

/// What a gRPC status says, with the cause on our side if there is one.
fn told(status: &tonic::Status) -> String {
    match std::error::Error::source(status) {
        Some(cause) => whole(cause),
        None => format!("{:?}: {}", status.code(), status.message()),
    }
}

fn heartbeat_period(welcome: &v1::Welcome) -> Duration {
    match welcome.heartbeat_s {
        0 => HEARTBEAT,
        seconds => Duration::from_secs(seconds.into()),
    }
}

fn pause(wait: &v1::RetryAfter) -> Duration {
    Duration::from_millis(wait.millis).min(LONGEST_PAUSE)
}

fn wall_clock_ns() -> i64 {
    Utc::now().timestamp_nanos_opt().unwrap_or(0)
}

async fn at(moment: Option<Instant>) {
    if let Some(moment) = moment {
        sleep_until(moment).await;
    }
}

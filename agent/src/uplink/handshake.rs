//! The beginning of a stream: Hello, Welcome, and whether the spool is the one the server knows.

use std::{ops::ControlFlow, time::Duration};

use delivery::Action;
use proto::v1::{self, FromAgent, FromServer, from_agent, from_server, refused::Reason};
use tokio::{sync::mpsc, time::timeout};
use tonic::Streaming;
use tracing::{error, info, warn};

use super::{
    messages::{message, pause, told, wall_clock_ns},
    session::{Ended, Flow, Session, Step, broken},
    whole,
};
use crate::spooler::SpoolerGone;

/// For the answer to Hello: the server may have to wait for a row lock.
pub(super) const WELCOME_LIMIT: Duration = Duration::from_secs(30);
/// If the server names no period for heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(15);

impl Session<'_> {
    pub(super) async fn hello(&self) -> Result<FromAgent, SpoolerGone> {
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
    pub(super) async fn shake_hands(
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
            let (server_time_ns, epoch) = (welcome.server_time_ns, welcome.epoch);
            let welcome = match welcome.try_into() {
                Ok(welcome) => welcome,
                Err(malformed) => return broken(format!("malformed welcome: {malformed}")),
            };
            match self.uplink.link.welcome(welcome).await? {
                Ok(action @ (Action::SendFrom(_) | Action::NewEpoch { .. })) => {
                    if matches!(action, Action::NewEpoch { .. }) {
                        info!(epoch, "the server began a new numbering");
                    }
                    let flow = self.take_orders(server_time_ns, epoch).await;
                    return Ok(flow.map_continue(|()| heartbeat));
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

    pub(super) async fn refused(&mut self, refused: &v1::Refused) -> Result<Flow, SpoolerGone> {
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
}

fn heartbeat_period(welcome: &v1::Welcome) -> Duration {
    match welcome.heartbeat_s {
        0 => HEARTBEAT,
        seconds => Duration::from_secs(seconds.into()),
    }
}

//! The uplink's side of the spooler.

use delivery::{Action, Batch, Hello, SendError, Welcome};
use tokio::sync::{mpsc, oneshot};

/// Requests that wait for the spooler. The uplink waits for each answer, so few ever do.
const REQUESTS_IN_FLIGHT: usize = 8;

/// What the uplink asks of the spooler.
pub(super) enum Request {
    Hello(oneshot::Sender<Hello>),
    Welcome(Box<Welcome>, oneshot::Sender<Result<Action, SendError>>),
    NextBatch(oneshot::Sender<Result<Option<Batch>, SendError>>),
    Ack(u64, oneshot::Sender<Result<(), SendError>>),
    Pause,
    Resume,
    Fenced,
    Disconnected,
}

/// The spooler has ended; the agent is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the spool is closed")]
pub struct SpoolerGone;

/// Talks to the spooler. The functions are those of [`delivery::Sender`], which has their meaning.
#[derive(Clone, Debug)]
pub struct Link {
    requests: mpsc::Sender<Request>,
}

pub(super) fn link() -> (Link, mpsc::Receiver<Request>) {
    let (requests, receiver) = mpsc::channel(REQUESTS_IN_FLIGHT);
    (Link { requests }, receiver)
}

impl Link {
    /// The first message of a stream. Everything taken in so far is durable.
    ///
    /// # Errors
    ///
    /// Here and below: [`SpoolerGone`].
    pub async fn hello(&self) -> Result<Hello, SpoolerGone> {
        self.ask(Request::Hello).await
    }

    pub async fn welcome(
        &self,
        welcome: Welcome,
    ) -> Result<Result<Action, SendError>, SpoolerGone> {
        self.ask(|answer| Request::Welcome(Box::new(welcome), answer))
            .await
    }

    pub async fn next_batch(&self) -> Result<Result<Option<Batch>, SendError>, SpoolerGone> {
        self.ask(Request::NextBatch).await
    }

    pub async fn ack(&self, acked: u64) -> Result<Result<(), SendError>, SpoolerGone> {
        self.ask(|answer| Request::Ack(acked, answer)).await
    }

    pub async fn pause(&self) -> Result<(), SpoolerGone> {
        self.tell(Request::Pause).await
    }

    pub async fn resume(&self) -> Result<(), SpoolerGone> {
        self.tell(Request::Resume).await
    }

    pub async fn fenced(&self) -> Result<(), SpoolerGone> {
        self.tell(Request::Fenced).await
    }

    pub async fn disconnected(&self) -> Result<(), SpoolerGone> {
        self.tell(Request::Disconnected).await
    }

    async fn tell(&self, request: Request) -> Result<(), SpoolerGone> {
        self.requests.send(request).await.map_err(|_| SpoolerGone)
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, SpoolerGone> {
        let (answer, answered) = oneshot::channel();
        self.tell(request(answer)).await?;
        answered.await.map_err(|_| SpoolerGone)
    }
}

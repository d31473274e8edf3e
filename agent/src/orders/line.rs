//! The stream's side of orders.

use analysis::identity::OrderId;
use proto::v1;
use tokio::sync::{mpsc, oneshot, watch};

/// Messages of the stream that wait for the desk. When it is full the stream is not read on: a
/// server that floods us with orders is held back by HTTP/2.
const REQUESTS_IN_FLIGHT: usize = 16;

/// What the stream says and asks.
#[derive(Debug)]
pub(super) enum Request {
    Connected {
        server_time_ns: i64,
        /// Of the host's events; another one than before if the disk was wiped or rolled back.
        epoch: u64,
    },
    Order(v1::Order),
    Cancel(OrderId),
    Stored(OrderId),
    Asked(OrderId),
    Next(oneshot::Sender<Option<v1::OrderUpdate>>),
}

/// The desk has ended; the agent is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody takes orders")]
pub(crate) struct LineGone;

/// Talks to the desk.
#[derive(Debug)]
pub(crate) struct Line {
    requests: mpsc::Sender<Request>,
    changed: watch::Receiver<u64>,
}

pub(super) fn line(changed: watch::Receiver<u64>) -> (Line, mpsc::Receiver<Request>) {
    let (requests, receiver) = mpsc::channel(REQUESTS_IN_FLIGHT);
    (Line { requests, changed }, receiver)
}

impl Line {
    /// A stream is open: what the server has not stored will be sent again.
    ///
    /// # Errors
    ///
    /// Here and below: [`LineGone`].
    pub(crate) async fn connected(&self, server_time_ns: i64, epoch: u64) -> Result<(), LineGone> {
        self.tell(Request::Connected {
            server_time_ns,
            epoch,
        })
        .await
    }

    pub(crate) async fn order(&self, order: v1::Order) -> Result<(), LineGone> {
        self.tell(Request::Order(order)).await
    }

    pub(crate) async fn cancel(&self, order_id: &[u8]) -> Result<(), LineGone> {
        self.about(order_id, Request::Cancel).await
    }

    pub(crate) async fn stored(&self, order_id: &[u8]) -> Result<(), LineGone> {
        self.about(order_id, Request::Stored).await
    }

    pub(crate) async fn asked(&self, order_id: &[u8]) -> Result<(), LineGone> {
        self.about(order_id, Request::Asked).await
    }

    /// What goes next to the server. `None`: nothing, until [`Line::changed`].
    pub(crate) async fn next(&self) -> Result<Option<v1::OrderUpdate>, LineGone> {
        let (answer, answered) = oneshot::channel();
        self.tell(Request::Next(answer)).await?;
        answered.await.map_err(|_| LineGone)
    }

    /// Waits until there may be something to send.
    pub(crate) async fn changed(&mut self) -> Result<(), LineGone> {
        self.changed.changed().await.map_err(|_| LineGone)
    }

    async fn about(
        &self,
        order_id: &[u8],
        request: impl FnOnce(OrderId) -> Request,
    ) -> Result<(), LineGone> {
        // An id that is none is no order of ours.
        match uuid::Uuid::from_slice(order_id) {
            Ok(id) => self.tell(request(OrderId(id))).await,
            Err(_) => Ok(()),
        }
    }

    async fn tell(&self, request: Request) -> Result<(), LineGone> {
        self.requests.send(request).await.map_err(|_| LineGone)
    }
}

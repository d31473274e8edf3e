//! Single messages, and what those of the other side mean.

use std::time::Duration;

use chrono::Utc;
use proto::v1::{self, FromAgent, FromServer, from_agent};
use tokio::{sync::mpsc, time::timeout};
use tonic::Streaming;
use tracing::warn;

use super::{Goodbye, Uplink, whole};

/// For the goodbye to arrive.
const GOODBYE_LIMIT: Duration = Duration::from_millis(500);
/// The longest wait that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

impl Uplink {
    pub(super) fn heartbeat(&self) -> FromAgent {
        let progress = *self.progress.borrow();
        message(from_agent::Message::Heartbeat(v1::Heartbeat {
            last_durable_seq: progress.durable,
            wall_clock_ns: wall_clock_ns(),
            spool: Some(v1::SpoolStatus {
                bytes: progress.bytes,
                unacked: progress.unacked,
                dropped: progress.dropped,
                pending_bytes: 0,
            }),
            capabilities: self.board.capabilities(),
        }))
    }
}

/// The host is not lost, it only goes. Waits until the server has closed its side too.
pub(super) async fn say_goodbye(
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

pub(super) fn message(message: from_agent::Message) -> FromAgent {
    FromAgent {
        message: Some(message),
    }
}

/// What a gRPC status says, with the cause on our side if there is one.
pub(super) fn told(status: &tonic::Status) -> String {
    match std::error::Error::source(status) {
        Some(cause) => whole(cause),
        None => format!("{:?}: {}", status.code(), status.message()),
    }
}

pub(super) fn pause(wait: &v1::RetryAfter) -> Duration {
    Duration::from_millis(wait.millis).min(LONGEST_PAUSE)
}

pub(super) fn wall_clock_ns() -> i64 {
    Utc::now().timestamp_nanos_opt().unwrap_or(0)
}

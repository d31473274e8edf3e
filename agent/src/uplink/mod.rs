//! Brings the spool to the server, over one stream at a time, for as long as the agent lives.

pub(crate) mod backoff;
pub(crate) mod connect;
mod handshake;
mod messages;
mod orders;
mod session;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::Utc;
use proto::v1;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use self::backoff::Backoff;
use self::{
    backoff::STABLE_AFTER,
    session::{Ended, Session},
};
use crate::{
    identity::Identity,
    orders::Line,
    spooler::{Link, Progress, SpoolerGone},
    status::{Board, Connection},
};

pub use self::connect::ConnectError;

/// After an answer that more attempts will not change soon: revoked, clone suspected, fenced.
const LONG_WAIT: Duration = Duration::from_secs(60);

/// Why an agent leaves; the server shows it as the reason that the host is offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goodbye {
    AgentStopped,
    HostShutdown,
}

impl Goodbye {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::AgentStopped => "agent-stopped",
            Self::HostShutdown => "host-shut-down",
        }
    }
}

/// What the uplink works with.
pub struct Uplink {
    pub identity: Arc<Identity>,
    pub link: Link,
    pub(crate) orders: Line,
    pub progress: watch::Receiver<Progress>,
    /// Changes when there is a new certificate.
    pub renewed: watch::Receiver<u64>,
    /// What the registry shall show of this host.
    pub host: v1::HostFacts,
    pub board: Board,
    /// Cancelled when all sources have ended and everything is in the spool.
    pub closing: CancellationToken,
    /// Why the agent stops, for the goodbye; set before `closing` is cancelled.
    pub goodbye: Arc<OnceLock<Goodbye>>,
}

impl Uplink {
    /// Runs until `closing`. Ends early only if the spool does.
    ///
    /// # Errors
    ///
    /// [`SpoolerGone`]: the other end of our own channel is gone.
    pub async fn run(mut self) -> Result<(), SpoolerGone> {
        let mut backoff = Backoff::default();
        let mut attempt = 0;
        while !self.closing.is_cancelled() {
            let address = self.address(attempt);
            attempt += 1;
            let started = Instant::now();
            let ended = self.one_stream(&address).await?;
            self.link.disconnected().await?;
            if started.elapsed() >= STABLE_AFTER {
                backoff.reset();
            }
            let wait = match ended {
                Ended::Closed => break,
                Ended::Renewed => {
                    info!("connecting again with the renewed certificate");
                    continue;
                }
                Ended::Broken(reason) => self.offline(reason, backoff.next_wait()),
                Ended::AskedToWait(wait) => self.offline(
                    "the server asked to wait".into(),
                    wait + backoff.next_wait(),
                ),
                Ended::Hopeless(reason) => self.offline(reason, LONG_WAIT + backoff.next_wait()),
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = self.closing.cancelled() => break,
            }
        }
        Ok(())
    }

    fn address(&self, attempt: usize) -> String {
        let addresses = &self.identity.enrolment.stream_addresses;
        match addresses.len() {
            0 => String::new(),
            count => addresses[attempt % count].clone(),
        }
    }

    async fn one_stream(&mut self, address: &str) -> Result<Ended, SpoolerGone> {
        // Before the certificate is taken: one that comes after it must be noticed.
        self.renewed.mark_unchanged();
        let tls = Arc::clone(&self.identity.credentials().tls);
        let connected = tokio::select! {
            connected = connect::connect(address, tls) => connected,
            () = self.closing.cancelled() => return Ok(Ended::Closed),
        };
        match connected {
            Ok(connected) => Session::new(self, address).run(connected).await,
            Err(error) => Ok(Ended::Broken(whole(&error))),
        }
    }

    fn offline(&self, reason: String, wait: Duration) -> Duration {
        warn!(
            wait_ms = wait.as_millis(),
            "no stream to the server: {reason}"
        );
        self.board.connection(Connection::Offline {
            since: Utc::now(),
            reason,
        });
        wait
    }
}

/// An error and its causes in one line.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

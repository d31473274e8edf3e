//! Where the parts of the agent write down how they are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use analysis::{Timestamp, fleet::Capability};
use chrono::Utc;
use proto::v1;
use tokio::sync::watch;

use super::{CertificateView, Connection, SpoolView, Status};
use crate::{identity::Identity, manners::Meter, spooler::Progress};

/// Shared by all parts.
#[derive(Clone, Debug)]
pub struct Board {
    inner: Arc<Mutex<Inner>>,
    identity: Arc<Identity>,
    progress: watch::Receiver<Progress>,
}

#[derive(Debug)]
struct Inner {
    started_at: Timestamp,
    connection: Connection,
    sources: Vec<Capability>,
    renew_at: Option<Timestamp>,
    meter: Meter,
}

impl Board {
    pub fn new(identity: Arc<Identity>, progress: watch::Receiver<Progress>) -> Self {
        let inner = Inner {
            started_at: Utc::now(),
            connection: Connection::Connecting,
            sources: Vec::new(),
            renew_at: None,
            meter: Meter::start(),
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
            identity,
            progress,
        }
    }

    pub fn connection(&self, connection: Connection) {
        self.lock().connection = connection;
    }

    pub fn renew_at(&self, at: Timestamp) {
        self.lock().renew_at = Some(at);
    }

    /// A source runs, runs in another way, or does not run.
    pub fn source(&self, capability: Capability) {
        let mut inner = self.lock();
        match inner
            .sources
            .iter_mut()
            .find(|known| known.source == capability.source)
        {
            Some(known) => *known = capability,
            None => inner.sources.push(capability),
        }
    }

    /// The sources, as the server is told.
    pub fn capabilities(&self) -> Vec<v1::Capability> {
        let wire = |capability: &Capability| v1::Capability {
            source: capability.source.clone(),
            runs: capability.runs.clone().unwrap_or_default(),
            degraded: capability.degraded.clone().unwrap_or_default(),
        };
        self.lock().sources.iter().map(wire).collect()
    }

    /// Everything at this moment. The cost is that since the last call.
    pub fn status(&self) -> Status {
        let progress = *self.progress.borrow();
        let mut inner = self.lock();
        Status {
            agent_id: self.identity.enrolment.agent_id,
            server: self.identity.enrolment.server.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started_at: inner.started_at,
            at: Utc::now(),
            connection: inner.connection.clone(),
            sources: inner.sources.clone(),
            spool: view(progress),
            certificate: CertificateView {
                expires_at: self.identity.credentials().expires_at,
                renew_at: inner.renew_at,
            },
            cost: inner.meter.measure(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What a panicking part left is still a status.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn view(progress: Progress) -> SpoolView {
    SpoolView {
        epoch: progress.epoch,
        durable: progress.durable,
        acked: progress.acked,
        lag: progress.unacked,
        bytes: progress.bytes,
        dropped: progress.dropped,
        stuck: progress.stuck,
    }
}

//! Where the parts of the agent write down how they are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use analysis::{Timestamp, fleet::Capability};
use chrono::Utc;
use proto::v1;
use tokio::sync::watch;

use super::{CertificateView, Connection, SpoolView, Status};
use crate::{identity::Identity, manners::Meter, sources, spooler::Progress};

/// Shared by all parts.
#[derive(Clone, Debug)]
pub struct Board {
    inner: Arc<Mutex<Inner>>,
    sources: watch::Sender<Vec<Capability>>,
    identity: Arc<Identity>,
    progress: watch::Receiver<Progress>,
}

#[derive(Debug)]
struct Inner {
    started_at: Timestamp,
    connection: Connection,
    renew_at: Option<Timestamp>,
    meter: Meter,
}

impl Board {
    pub fn new(identity: Arc<Identity>, progress: watch::Receiver<Progress>) -> Self {
        let inner = Inner {
            started_at: Utc::now(),
            connection: Connection::Connecting,
            renew_at: None,
            meter: Meter::start(),
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
            sources: watch::Sender::default(),
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
        self.sources.send_modify(|sources| {
            let same = |known: &&mut Capability| known.source == capability.source;
            match sources.iter_mut().find(same) {
                Some(known) => *known = capability,
                None => sources.push(capability),
            }
        });
    }

    /// Waits till the process source has said how it runs, or that it does not.
    pub async fn until_watching(&self) {
        let mut told = self.sources.subscribe();
        let is_known = |known: &Capability| known.source == sources::PROCESS;
        // The sender is ours: it cannot go.
        let _ = told.wait_for(|told| told.iter().any(is_known)).await;
    }

    /// The sources, as the server is told.
    pub fn capabilities(&self) -> Vec<v1::Capability> {
        let wire = |capability: &Capability| v1::Capability {
            source: capability.source.clone(),
            runs: capability.runs.clone().unwrap_or_default(),
            degraded: capability.degraded.clone().unwrap_or_default(),
        };
        self.sources.borrow().iter().map(wire).collect()
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
            sources: self.sources.borrow().clone(),
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

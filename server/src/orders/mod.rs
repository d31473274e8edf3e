//! Orders: questions on their way to hosts, and the answers on their way back.
//!
//! The tables are the truth. A row is written by whichever replica is asked; the replica that holds
//! the agent's stream claims it, sends it, and stores what comes back. `NOTIFY` only saves time:
//! each replica also looks once a second. Every end is in the audit, in the same transaction.

pub mod inquire;
pub mod key;
mod limit;
mod listen;
mod metrics;
mod report;
mod streams;
mod update;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use analysis::Timestamp;
use sqlx::PgPool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tracing::error;
use uuid::Uuid;

use key::{NoOrderKey, OrderKey};
use limit::AccountLimit;
use streams::Streams;

pub use listen::run;
pub use metrics::OrderMetrics;
pub use report::inflate;
pub(crate) use streams::StreamPlace;
pub(crate) use update::{Told, apply, note_other};

/// An order that runs for this much longer than it may is asked after.
pub(crate) const OVERDUE_AFTER: Duration = Duration::from_secs(10);
/// Wake-ups that wait for a busy follower. One that misses some is woken for all of them.
const WAKE_UPS: usize = 256;
/// So many may follow inquiries on one replica. Each may hold a report or two in memory; more are
/// told to come again.
const FOLLOWERS: usize = 100;

/// Of them one account may be so many, and leaves places for the others.
const FOLLOWERS_OF_ONE: usize = 20;

/// What handlers and streams share about orders. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Orders(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    key: Result<OrderKey, NoOrderKey>,
    streams: Streams,
    changed: broadcast::Sender<Uuid>,
    places: Arc<Semaphore>,
    followed_by: Mutex<HashMap<String, usize>>,
    limit: AccountLimit,
}

impl Orders {
    /// Reads the key of this server, and makes the first one if there is none at all. Without a key
    /// the server goes on: only orders are refused.
    ///
    /// # Errors
    ///
    /// If Postgres does not answer.
    pub async fn open(db: &PgPool, key_file: &Path, now: Timestamp) -> sqlx::Result<Self> {
        let key = key::open(db, key_file, now).await?;
        if let Err(problem) = &key {
            error!(hint = problem.hint(), "no orders can be given: {problem}");
        }
        Ok(Self(Arc::new(Shared {
            key,
            streams: Streams::default(),
            changed: broadcast::channel(WAKE_UPS).0,
            places: Arc::new(Semaphore::new(FOLLOWERS)),
            followed_by: Mutex::default(),
            limit: AccountLimit::default(),
        })))
    }

    /// The key that signs.
    ///
    /// # Errors
    ///
    /// Why this server cannot give orders.
    pub fn key(&self) -> Result<&OrderKey, &NoOrderKey> {
        self.0.key.as_ref()
    }

    /// The public keys that hosts which join are to trust: those that this server has seen the other
    /// half of. What else stands in the table, anybody who writes it may have put there.
    pub fn trusted_keys(&self) -> impl Iterator<Item = &[u8]> {
        self.0.key.iter().map(OrderKey::public)
    }

    /// The streams of agents that this replica holds.
    pub(crate) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    pub(crate) fn limit(&self) -> &AccountLimit {
        &self.0.limit
    }

    /// An inquiry has changed; wakes its followers on this replica.
    pub fn changed(&self, inquiry: Uuid) {
        // An error says that nobody follows.
        let _ = self.0.changed.send(inquiry);
    }

    /// A place among those who follow inquiries. `None`: all are taken, or `account` has its share.
    pub(crate) fn follow(&self, account: &str) -> Option<Follower> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().ok()?;
        let share = Share::take(self, account)?;
        Some(Follower {
            changed: self.0.changed.subscribe(),
            _place: place,
            _share: share,
        })
    }

    /// How many places each account has. Whole between any two instructions.
    fn followed_by(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        let counts = self.0.followed_by.lock();
        counts.unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who follows an inquiry.
#[derive(Debug)]
pub(crate) struct Follower {
    changed: broadcast::Receiver<Uuid>,
    _place: OwnedSemaphorePermit,
    _share: Share,
}

/// One of the places of an account, until it is dropped.
#[derive(Debug)]
struct Share {
    orders: Orders,
    account: String,
}

impl Share {
    fn take(orders: &Orders, account: &str) -> Option<Self> {
        let mut counts = orders.followed_by();
        let count = counts.entry(account.to_owned()).or_default();
        if *count >= FOLLOWERS_OF_ONE {
            return None;
        }
        *count += 1;
        Some(Self {
            orders: orders.clone(),
            account: account.to_owned(),
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.orders.followed_by();
        if let Some(count) = counts.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}

impl Follower {
    /// Waits until `inquiry` may have changed.
    pub async fn woken(&mut self, inquiry: Uuid) {
        loop {
            match self.changed.recv().await {
                Ok(changed) if changed == inquiry => break,
                Ok(_) => {}
                // Missed some: they may have been ours.
                Err(broadcast::error::RecvError::Lagged(_)) => break,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
        // Whatever else has come by now is read in the same pass.
        self.changed = self.changed.resubscribe();
    }
}

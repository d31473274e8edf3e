//! The batches of a stream, however long Postgres takes to come back.

use std::time::{Duration, Instant};

use delivery::{Batch, Limits};
use proto::v1;
use proto::v1::from_server::Message as Answer;
use proto::v1::refused::Reason;
use tracing::{debug, error, warn};

use super::end::{End, clone_suspected, malformed, refused, revoked};
use super::{Open, Session};
use crate::db::gaps;
use crate::ingest::backoff::{Backoff, random};
use crate::ingest::facts::malformed_gap;
use crate::ingest::store::{Outcome, Stored, store};
use crate::ingest::trouble::{Trouble, trouble};
use crate::upkeep::partitions;

/// While the disk of Postgres is full, agents are asked to wait so long.
const DISK_FULL_WAIT: Duration = Duration::from_secs(10);

/// Largest batch: the limit we give (512 KiB), and what it may be passed by.
const MAX_BATCH_BYTES: usize = 1024 * 1024;

impl Session {
    pub(super) async fn on_batch(&mut self, wire: v1::Batch, open: Open) -> Result<(), End> {
        let arrived = Instant::now();
        let (epoch, first_seq) = (wire.epoch, wire.first_seq);
        let batch = match read(wire) {
            Ok(batch) => batch,
            Err(error) => {
                self.note_malformed(epoch, first_seq, &error.to_string())
                    .await;
                return Err(malformed(error));
            }
        };
        let bytes = batch
            .records
            .iter()
            .map(|record| record.payload.len())
            .sum();
        let stored = self.store(&batch, open).await?;
        self.app.metrics.ingest.stored(&stored, arrived.elapsed());
        if stored.events > 0 {
            self.app.live.wake(self.agent);
        }
        if stored.unreadable > 0 {
            warn!(agent = %self.agent, records = stored.unreadable,
                "agent {} sent what this version cannot read; it is stored as it came", self.agent);
        }
        if stored.carried_unchecked > 0 {
            warn!(agent = %self.agent, records = stored.carried_unchecked,
                "agent {} carried records over that may now be stored twice: to look for them took \
                too long", self.agent);
        }
        self.send(Answer::Ack(v1::Ack {
            session: open.session,
            acked: stored.acked,
        }))
        .await?;
        match self.budget.take(bytes, Instant::now()) {
            Some(wait) => self.hold_back(wait).await,
            None => Ok(()),
        }
    }

    /// Stores a batch, however long Postgres takes to come back.
    async fn store(&mut self, batch: &Batch, open: Open) -> Result<Stored, End> {
        let mut backoff = Backoff::new();
        loop {
            match store(&self.app.ingest_db, open.speaker, batch).await {
                Ok(Outcome::Stored(stored)) => return Ok(stored),
                Ok(Outcome::Refused(refusal)) => return Err(refused(&refusal)),
                Ok(Outcome::Revoked) => return Err(revoked()),
                Ok(Outcome::CloneSuspected) => return Err(clone_suspected()),
                Err(error) => self.wait_for_postgres(&error, &mut backoff).await?,
            }
        }
    }

    /// Waits until it makes sense to try the transaction again. The stream stays open: ten
    /// thousand agents that reconnect are worse for a Postgres that comes back than the same ones
    /// waiting.
    pub(super) async fn wait_for_postgres(
        &mut self,
        error: &sqlx::Error,
        backoff: &mut Backoff,
    ) -> Result<(), End> {
        self.app.metrics.ingest.retried();
        let kind = trouble(error);
        match kind {
            Trouble::Lasting => {
                error!(agent = %self.agent, %error, "cannot store what agent {} sent", self.agent);
                let detail = "the server cannot store this; its log says why".to_owned();
                return Err(End::Refused(Reason::Malformed, detail));
            }
            Trouble::NoPartition => {
                if let Err(error) = partitions::ensure(&self.app.ingest_db).await {
                    warn!(%error, "cannot make a partition for today: {error}");
                }
            }
            Trouble::DiskFull => {
                warn!(%error, "the disk of Postgres is full");
                return self.hold_back(DISK_FULL_WAIT).await;
            }
            Trouble::Passing => debug!(agent = %self.agent, %error, "trying again: {error}"),
        }
        self.pause(backoff.wait(random())).await
    }

    pub(super) async fn note_malformed(&self, epoch: u64, first_seq: u64, what: &str) {
        let now = self.app.now();
        let gap = malformed_gap(self.agent, epoch, first_seq, what, now);
        let noted = async {
            let mut connection = self.app.ingest_db.acquire().await?;
            gaps::insert(&mut connection, self.agent, &[gap], now).await
        };
        if let Err(error) = noted.await {
            warn!(agent = %self.agent, %error, "cannot note a malformed batch: {error}");
        }
    }
}

/// A batch within the limits that we told. Counted first: an empty record takes two bytes on the
/// wire and hundreds in memory, again at each step.
fn read(wire: v1::Batch) -> Result<Batch, proto::Malformed> {
    let records = wire.records.len();
    if records > Limits::default().max_records {
        return Err(proto::Malformed::Invalid {
            field: "records",
            found: format!("{records} at once"),
        });
    }
    let bytes: usize = wire.records.iter().map(bytes_of).sum();
    if bytes > MAX_BATCH_BYTES {
        return Err(proto::Malformed::Invalid {
            field: "records",
            found: format!("{bytes} bytes at once"),
        });
    }
    Batch::try_from(wire)
}

fn bytes_of(record: &v1::Record) -> usize {
    record.payload.len() + record.cursor.len()
}

//! Who of the replicas does it.

use sqlx::PgPool;
use uuid::Uuid;

use crate::db::leases;

/// A replica that dies in the middle of the work holds it up for this long.
const SECONDS: i32 = 120;

/// A lease that this replica holds.
#[derive(Debug)]
pub(super) struct Lease {
    name: &'static str,
    holder: Uuid,
    generation: i64,
}

impl Lease {
    /// `None`: another replica has it.
    pub async fn take(db: &PgPool, name: &'static str, holder: Uuid) -> sqlx::Result<Option<Self>> {
        Self::take_for(db, name, holder, SECONDS).await
    }

    /// The same for work that has to go on sooner if this replica dies.
    pub async fn take_for(
        db: &PgPool,
        name: &'static str,
        holder: Uuid,
        seconds: i32,
    ) -> sqlx::Result<Option<Self>> {
        let generation = leases::acquire(db, name, holder, seconds).await?;
        Ok(generation.map(|generation| Self {
            name,
            holder,
            generation,
        }))
    }

    /// Prolongs it. False: somebody else had it in the meantime, and what was begun is theirs.
    pub async fn still_held(&self, db: &PgPool) -> sqlx::Result<bool> {
        let generation = leases::acquire(db, self.name, self.holder, SECONDS).await?;
        Ok(generation == Some(self.generation))
    }
}
